"""Phrases of wiki100 beside gensim's: are they the same, with the same scores, and how long does it take?

gensim is timed from the text, which it splits at white space; firth from the encoded text, and the encoding by itself.
"""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import firth
from benchmarks._lib.corpora import WORK, cut, wiki100
from benchmarks._lib.processes import peers_python, run
from benchmarks._lib.results import Cell, Column, arguments, finish

Found = TypeVar("Found")


def timed(work: Callable[[], Found]) -> tuple[float, Found]:
    """Seconds of the processor, and what the work gave."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def compare(corpus: Path, scoring: str) -> tuple[list[list[Cell]], float]:
    """gensim's row and firth's; and seconds of encoding."""
    scores = WORK / "phrases.json"
    theirs = run(peers_python(), "one_phrases", corpus, scoring.replace("mikolov", "default"), scores)
    wanted = json.loads(scores.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as cache:
        encoding, encoded = timed(lambda: firth.encode(corpus, cache=cache, threads=1))
        finding, phrases = timed(lambda: firth.find_phrases(encoded, scoring=scoring))
        joining, joined = timed(lambda: firth.join_phrases(encoded, phrases, cache=cache))
        if len(joined) != theirs["tokens"]:
            raise SystemExit(f"{scoring}: joined, gensim has {theirs['tokens']:,} tokens, firth {len(joined):,}")
    ours = phrases.scores()
    apart = max(abs(ours[phrase] - wanted[phrase]) / abs(wanted[phrase]) for phrase in ours.keys() & wanted.keys())
    same = f"yes, to {apart:.0e}" if set(ours) == set(wanted) else "no"
    return [
        [f"gensim, {scoring}", len(wanted), "", theirs["finding"], theirs["joining"]],
        [f"firth, {scoring}", len(ours), same, finding, joining],
    ], encoding


def main() -> None:
    options = arguments(__doc__, megabytes=100)
    corpus = cut(wiki100(), options.megabytes)
    # so that all is compiled
    firth.join_phrases([["a", "b"]] * 9, firth.find_phrases([["a", "b"]] * 9, scoring="npmi"))
    rows, encodings = [], []
    for scoring in ("mikolov", "npmi"):
        found, encoding = compare(corpus, scoring)
        rows += found
        encodings.append(encoding)
    columns = [Column(""), Column("phrases", 0), Column("the same, with the same scores")]
    columns += [Column("finding, s", 2), Column("joining, s", 2)]
    note = f"Encoding took {min(encodings):.1f} to {max(encodings):.1f} s."
    what = f"Phrases of {options.megabytes} MB of `wiki100`, one thread, processor time"
    finish("phrases", what, columns, rows, save=options.save, note=note)


if __name__ == "__main__":
    main()
