"""Make the documents' tables from `benchmarks/results`:

    python -m benchmarks.tables            # writes them
    python -m benchmarks.tables --check    # exit 1 if they are not what it would write

A table stands between `<!-- table: NAME -->` and `<!-- end -->`, where NAME is that of a file of results. The page
`docs/settings-map.md` is made as a whole.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from benchmarks._lib.results import RESULTS, Result
from benchmarks.compare.settings_table import page

ROOT = Path(__file__).parents[1]
MAP = ROOT / "docs" / "settings-map.md"
TABLE = re.compile(r"(<!-- table: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def documents() -> dict[Path, str]:
    """Each document that has tables, and what it should hold. Raises `OSError` if a table has no results."""
    paths = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    found = {path: with_tables(text) for path in paths if TABLE.search(text := path.read_text("utf-8"))}
    return found | {MAP: page()}


def with_tables(text: str) -> str:
    """A document's text with its tables made anew."""

    def made(place: re.Match[str]) -> str:
        return f"{place[1]}\n{Result.read(RESULTS / f'{place[2]}.json').table()}\n\n{place[3]}"

    return TABLE.sub(made, text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing")
    options = parser.parse_args()
    old = {path: text for path, text in documents().items() if path.read_text("utf-8") != text}
    for path, text in old.items():
        print(f"{path.relative_to(ROOT)} {'is not what its results say' if options.check else 'written'}")
        if not options.check:
            path.write_text(text, "utf-8")
    sys.exit(1 if old and options.check else 0)


if __name__ == "__main__":
    main()
