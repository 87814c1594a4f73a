"""The notebooks of examples/: they run, show what they say they show, and become pages of the site."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import firth
from tools import notebooks
from tools.notebooks import as_text, cleaned, write_page

ALL = [pytest.param(path, id=path.stem) for path in notebooks.notebooks()]
PNG = base64.b64encode(b"\x89PNG").decode()


def outputs_of(notebook):
    return [output for cell in notebook["cells"] if cell["cell_type"] == "code" for output in cell["outputs"]]


def printed(notebook):
    return "".join(output["text"] for output in outputs_of(notebook) if output["output_type"] == "stream")


def number_in(text, pattern):
    return float(re.search(pattern, text)[1])


def shop_is_found(text):
    assert number_in(text, r"([\d.]+) of the neighbors are on the same shelf") > 0.9
    assert "12 of 12 are right" in text
    by_session = number_in(text, r"by_session +([\d.]+)")
    assert 2 * number_in(text, r"by_popularity +([\d.]+)") < by_session < number_in(text, r"by_the_rules +([\d.]+)")


def search_is_better_by_meaning(text):
    by_words, plain, sif = (number_in(text, rf"{way} +([\d.]+)") for way in ("words in common", "plain mean", "SIF"))
    assert by_words < sif > plain > 0.02


def halves_differ_more_than_seeds(text):
    between, chance = (
        number_in(text, rf"mean distance between {what}: +([\d.]+)") for what in ("the halves", "two seeds")
    )
    assert between > 2 * chance


def candidates_are_told_apart(text):
    first, last = map(float, re.search(r"loss ([\d.]+) at first, ([\d.]+) at last", text).groups())
    assert first == pytest.approx(np.log(5), abs=0.01)
    assert last < first - 0.3
    assert number_in(text, r"accuracy ([\d.]+)") > 0.5


SAYS = {
    "novels": halves_differ_more_than_seeds,
    "search": search_is_better_by_meaning,
    "shop": shop_is_found,
    "tutorial": candidates_are_told_apart,
}
"""What each notebook teaches, to be seen in what it prints."""


@pytest.mark.parametrize("path", ALL)
def test_notebook__is_in_git_without_outputs(path):
    text = path.read_text("utf-8")
    assert text == as_text(cleaned(json.loads(text))), "python -m tools.notebooks --clean"
    assert outputs_of(json.loads(text)) == []
    assert path.stem in SAYS


@pytest.mark.long
@pytest.mark.parametrize("path", ALL)
def test_notebook__runs_anywhere_and_shows_what_it_teaches(path, tmp_path):
    pytest.importorskip("nbclient", reason="needs the dependency group check")
    pytest.importorskip("ipykernel", reason="needs the dependency group check")
    pytest.importorskip("matplotlib", reason="the extra firth[pictures] is not installed")
    made = notebooks.run(path, tmp_path)
    assert all(cell["execution_count"] for cell in made["cells"] if cell["cell_type"] == "code")
    shown = json.dumps(outputs_of(made))
    for folder in (tmp_path, Path.home(), notebooks.ROOT):
        assert json.dumps(str(folder))[1:-1] not in shown
    assert '"stderr"' not in shown
    SAYS[path.stem](printed(made))
    page = write_page(made, path.stem, tmp_path / "pages").read_text("utf-8")
    for name in re.findall(rf'[("]({path.stem}-[\w-]+\.\w+)', page):
        assert (tmp_path / "pages" / name).stat().st_size > 1000


def notebook_of(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def markdown(source):
    return {"cell_type": "markdown", "source": source, "metadata": {}}


def code(source, *outputs):
    made = [{"metadata": {}, "output_type": "display_data"} | output for output in outputs]
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": made, "execution_count": 3}


def test_page__has_text_code_and_what_it_shows(tmp_path):
    shop = code("1 + 1", {"data": {"text/plain": "2"}}, {"output_type": "stream", "text": "a\n", "name": "stdout"})
    table = code("t", {"data": {"text/html": "<table></table>", "text/plain": "T"}})
    page = write_page(notebook_of(markdown("# One"), shop, table), "one", tmp_path).read_text("utf-8")
    assert page.startswith(
        "# One\n\n```python\n1 + 1\n```\n\n```text\n2\n```\n\n```text\na\n```\n\n```python\nt\n```\n\n"
    )
    assert '<div class="output"><table></table></div>' in page
    assert outputs_of(json.loads((tmp_path / "one.ipynb").read_text("utf-8"))) == []


def test_page__has_pictures_and_maps_in_files_beside_it(tmp_path):
    words = firth.WordVectors(["a", "b"], [[1, 0], [0, 1]])
    map = firth.word_map(words, projection="pca")
    drawn = {"data": {"image/png": PNG, "text/plain": "Picture"}, "metadata": {"image/png": {"width": 384}}}
    cells = code("p", drawn), code("m", {"data": {"text/html": map._repr_html_()}})
    page = write_page(notebook_of(*cells), "one", tmp_path).read_text("utf-8")
    assert '![What the cell draws](one-0-0.png){ width="384" }' in page
    assert (tmp_path / "one-0-0.png").read_bytes() == b"\x89PNG"
    assert 'src="one-1-0.html"' in page
    assert "srcdoc" not in page
    assert (tmp_path / "one-1-0.html").read_text("utf-8") == map.html


def test_page__links_lead_to_other_pages(tmp_path):
    cell = markdown("[a](../docs/how-to/daily.md) [b](shop.ipynb) [c](https://example.org/x.ipynb)")
    page = write_page(notebook_of(cell), "one", tmp_path).read_text("utf-8")
    assert page.startswith("[a](../how-to/daily.md) [b](shop.md) [c](https://example.org/x.ipynb)")


def test_cleaned__of_what_jupyter_saves_is_cells_alone():
    saved = notebook_of(markdown(["# A\n", "b\n"]), code(" x\n", {"data": {}}) | {"id": "abc"})
    saved["metadata"] = {"language_info": {"version": "3.99"}, "widgets": {}}
    made = cleaned(saved)
    assert [cell["source"] for cell in made["cells"]] == [["# A\n", "b"], ["x"]]
    assert [cell["id"] for cell in made["cells"]] == ["cell-1", "cell-2"]
    assert made["cells"][1]["outputs"] == []
    assert "3.99" not in as_text(made)
