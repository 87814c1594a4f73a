"""Every Python example of the README and the docs runs."""

import dataclasses
import importlib.util
import inspect
import json
import re
import runpy
import shutil
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import firth
from firth.reporting import events
from tools import notebooks

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
OF_NOTEBOOKS = DOCS / "examples"
"""Where the site's pages of notebooks are made."""
OF_THE_SITE = sorted(page for page in DOCS.rglob("*.md") if page.parent != OF_NOTEBOOKS)
PAGES = [ROOT / "README.md", ROOT / "benchmarks" / "README.md", *OF_THE_SITE]
EXAMPLES = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples():
    for page in PAGES:
        if found := EXAMPLES.findall(page.read_text("utf-8")):
            yield pytest.param("\n".join(found), id=str(page.relative_to(ROOT)))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("code", list(examples()))
def test_docs__examples_run(code, in_a_folder_with_a_corpus):
    for needed in re.finditer(r"# needs (\w+)", code):
        if importlib.util.find_spec(needed[1]) is None:
            code = code[: code.rfind("\n", 0, needed.start()) + 1]
            break
    if "load_file(" in code:
        firth.train("corpus.txt", progress=False, epochs=1).save("corpus.firth")
    exec(compile(code, "example", "exec"), {})


def test_docs__links_lead_somewhere():
    for page in [*PAGES, *NOTEBOOKS]:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            path = (page.parent / target).resolve()
            made_of = ROOT / "examples" / f"{path.stem}.ipynb" if path.parent == OF_NOTEBOOKS else path
            assert made_of.exists(), f"{page.name} links to {target}"


def test_site__every_page_is_in_the_navigation():
    listed = re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    of_notebooks = [f"examples/{path.stem}.md" for path in NOTEBOOKS]
    assert sorted(listed) == sorted([*of_notebooks, *(page.relative_to(DOCS).as_posix() for page in OF_THE_SITE)])


@pytest.mark.long
def test_site__loads_nothing_from_outside(tmp_path):
    pytest.importorskip("zensical", reason="needs the dependency group docs")
    for name in ("docs", "src"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("mkdocs.yml", "CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, tmp_path)
    for path in NOTEBOOKS:
        notebooks.write_page(json.loads(path.read_text("utf-8")), path.stem, tmp_path / "docs" / "examples")
    build = [Path(sys.executable).parent / "zensical", "build", "--strict"]
    subprocess.run(build, cwd=tmp_path, check=True)
    pages = list((tmp_path / "build" / "site").rglob("*.html"))
    assert len(pages) > 20
    for page in pages:
        loaded = re.findall(
            r"<(?:script|link|img|iframe)[^>]* (?:src|href)=[\"']?((?:https?:)?//[^\s\"'>]+)", page.read_text("utf-8")
        )
        assert not loaded, f"{page.name} loads {loaded}"


def test_reference__every_public_name_is_on_one_page():
    pages = [page.read_text("utf-8") for page in (DOCS / "api").glob("*.md")]
    named = [name for page in pages for name in re.findall(r"^::: firth\.(\w+)$", page, re.MULTILINE)]
    assert sorted(named) == sorted(firth.__all__)


def test_settings__the_page_is_what_the_fields_say():
    assert (DOCS / "settings.md").read_text("utf-8") == runpy.run_path(str(DOCS / "settings.py"))["page"]()


def test_readme__names_every_module():
    text = (ROOT / "README.md").read_text("utf-8")
    folder = ROOT / "src" / "firth"
    packages = [f"{path.parent.name}/" for path in folder.glob("[a-z]*/__init__.py")]
    for name in [*(path.name for path in folder.glob("[a-z]*.py")), *packages]:
        assert f"`{name}`" in text, f"the tour leaves out {name}"


def test_progress__page_names_every_event_and_all_its_fields():
    text = (ROOT / "docs" / "progress.md").read_text("utf-8")
    for event in typing.get_args(events.Event):
        (row,) = re.findall(rf"^\| `{event.__name__}` \|.*$", text, re.MULTILINE)
        for field in dataclasses.fields(event):
            assert f"`{field.name}`" in row, f"{event.__name__}.{field.name}"
            assert field.name in inspect.getdoc(event)


def test_pictures__are_what_the_code_draws():
    drawn = runpy.run_path(str(DOCS / "pictures.py"))
    for name in ("speed", "windows", "example"):
        assert (DOCS / "pictures" / f"{name}.svg").read_text("utf-8") == drawn[name]()


def test_reliability__every_test_it_names_exists():
    named = set(re.findall(r"`(test_\w+__\w+)`", (DOCS / "reliability.md").read_text("utf-8")))
    assert len(named) > 25
    there = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert not {name for name in named if f"def {name}(" not in there}
