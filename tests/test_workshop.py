"""What a release, CI and a citation rely on fits together."""

import re
import runpy
import tomllib
from pathlib import Path

import firth

ROOT = Path(__file__).parents[1]


def text_of(name):
    return (ROOT / name).read_text("utf-8")


def test_version__is_the_same_in_the_citation_and_the_readme():
    released = firth.__version__.removesuffix(".dev0")
    assert re.search(r"^version: (.+)$", text_of("CITATION.cff"), re.MULTILINE)[1] == released
    assert f"version = {{{released}}}" in text_of("README.md")
    assert f"## {released} " in text_of("CHANGELOG.md")


def test_ci__calls_make_targets_that_exist():
    called = re.findall(r"run: make (\w+)", text_of(".github/workflows/ci.yml"))
    assert set(called) == {"test", "lowest", "check", "coverage"}
    assert set(called) <= set(re.findall(r"^(\w+):", text_of("Makefile"), re.MULTILINE))


def test_pre_commit__downloads_nothing():
    config = text_of(".pre-commit-config.yaml")
    assert re.findall(r"repo: (\S+)", config) == ["local"]
    assert set(re.findall(r"language: (\w+)", config)) == {"system"}


def test_lowest__holds_every_dependency_at_its_lower_bound():
    held = runpy.run_path(str(ROOT / "tools" / "versions.py"))["lowest"]()
    assert {"numpy", "numba", "pytest"} <= {line.split("==")[0] for line in held}
    assert not [line for line in held if not re.match(r"[\w-]+==[\d.]+(; .+)?$", line)]


def test_extras__hold_nothing_for_developers():
    project = tomllib.loads(text_of("pyproject.toml"))
    extras, groups = project["project"]["optional-dependencies"], project["dependency-groups"]
    assert not set(extras) & set(groups)
    assert not {"browser", "check", "keras", "test"} & set(extras)
