"""The notebooks of examples/, run and written as pages of the site: `python -m tools.notebooks`.

In git they stand without outputs: what they show is what this version gives, on this machine, whenever the site is
built. A cell that raises ends the build. `python -m tools.notebooks --clean` takes the outputs out of notebooks that
were saved with them. Needs the dependency group check.
"""

import argparse
import base64
import html
import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
PAGES = ROOT / "docs" / "examples"
"""Where the site has them. Git does not."""
SECONDS_A_CELL = 300
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
LINK_TO_NOTEBOOK = re.compile(r"\]\((\w+)\.ipynb\)")
FRAME = re.compile(r'srcdoc="([^"]*)"')
Notebook = dict[str, Any]


def notebooks() -> list[Path]:
    """The paths of all notebooks."""
    return sorted(EXAMPLES.glob("*.ipynb"))


def cleaned(notebook: Notebook) -> Notebook:
    """A notebook as git has it: cells and their sources, no outputs, nothing about who ran it and how."""
    cells = []
    for number, cell in enumerate(notebook["cells"], 1):
        kind, source = cell["cell_type"], "".join(cell["source"]).strip().splitlines(keepends=True)
        made = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source}
        of_code = {"execution_count": None, "outputs": []} if kind == "code" else {}
        cells.append(dict(sorted((made | of_code).items())))
    about = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": about, "nbformat": 4, "nbformat_minor": 5}


def as_text(notebook: Notebook) -> str:
    """A notebook as its file holds it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def run(path: Path, folder: Path) -> Notebook:
    """A notebook with its outputs, run in an empty folder. Raises `nbclient.exceptions.CellExecutionError`."""
    import nbclient
    import nbformat

    notebook = nbformat.reads(path.read_text("utf-8"), as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    client = nbclient.NotebookClient(
        notebook, timeout=SECONDS_A_CELL, kernel_name="python3", resources=resources, coalesce_streams=True
    )
    client.execute()
    return notebook


def write_page(notebook: Notebook, name: str, folder: Path) -> Path:
    """Write a notebook as a page of Markdown, with its pictures and maps in files beside it; return the page."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, cell in enumerate(notebook["cells"]):
        source = "".join(cell["source"]).strip()
        if cell["cell_type"] == "markdown":
            parts.append(LINK_TO_NOTEBOOK.sub(r"](\1.md)", source.replace("](../docs/", "](../")))
            continue
        parts.append(f"```python\n{source}\n```")
        for k, output in enumerate(cell["outputs"]):
            parts.append(shown(output, folder / f"{name}-{number}-{k}"))
    file = f"[{name}.ipynb]({name}.ipynb)"
    parts.append(f"*This page is a notebook, {file}, run by firth's tests. Its numbers come from the last run.*")
    (folder / f"{name}.ipynb").write_text(as_text(cleaned(notebook)), "utf-8")
    page = folder / f"{name}.md"
    page.write_text("\n\n".join(part for part in parts if part) + "\n", "utf-8")
    return page


def shown(output: dict[str, Any], beside: Path) -> str:
    """An output as Markdown. What is no text is written to a file; `beside` is its path without an ending."""
    if output["output_type"] == "stream":
        return _fenced("".join(output["text"]))
    data = output["data"]
    if "image/png" in data:
        beside.with_suffix(".png").write_bytes(base64.b64decode(data["image/png"]))
        width = output["metadata"].get("image/png", {}).get("width", 672)
        return f'![What the cell draws]({beside.name}.png){{ width="{width}" }}'
    if "text/html" in data:
        content = "".join(data["text/html"])
        if found := FRAME.search(content):  # a map: a page of its own
            beside.with_suffix(".html").write_text(html.unescape(found[1]), "utf-8")
            content = FRAME.sub(f'src="{beside.name}.html" title="A map of words"', content)
        return f'<div class="output">{content}</div>'
    return _fenced("".join(data["text/plain"]))


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```" if text.strip() else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clean", action="store_true", help="take the outputs out of the files, and run nothing")
    clean = parser.parse_args().clean
    if not clean:
        shutil.rmtree(PAGES, ignore_errors=True)  # of notebooks that were others
    for path in notebooks():
        if clean:
            path.write_text(as_text(cleaned(json.loads(path.read_text("utf-8")))), "utf-8")
            continue
        begun = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            page = write_page(run(path, Path(folder)), path.stem, PAGES)
        print(f"{page.relative_to(ROOT)}: {time.perf_counter() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
