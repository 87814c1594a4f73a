"""Everything public is documented: names, parameters, settings; and the examples in docstrings run."""

import dataclasses
import doctest
import importlib
import inspect
import pkgutil
import re
from functools import cached_property
from pathlib import Path

import numpy as np
import pytest

import firth

ENTRY = re.compile(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: : .+)?$")
"""A line of a numpydoc section that names parameters: `name`, `name : type`, or `one, another : type`."""


def public_objects():
    """Each public function and class, and each public method and property of these classes."""
    for name in firth.__all__:
        thing = getattr(firth, name)
        if callable(thing):  # what a constant is, is said below it
            yield name, thing
        if inspect.isclass(thing):
            for attribute in dir(thing):
                method = inspect.getattr_static(thing, attribute)
                if not attribute.startswith("_") and _is_of_firth(thing, attribute) and _has_doc(method):
                    yield f"{name}.{attribute}", method


def _is_of_firth(thing, attribute):
    home = next(base for base in thing.__mro__ if attribute in vars(base))
    return home.__module__.startswith("firth")


def _has_doc(method):
    return inspect.isroutine(method) or isinstance(method, property | cached_property)


def public_callables():
    for name, found in public_objects():
        thing = getattr(found, "__func__", found)
        if callable(thing):
            yield name, thing


def section(doc, title):
    """The lines of a numpydoc section, dedented."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?=^[\w ]+\n-+\n|\Z)", doc, re.DOTALL | re.MULTILINE)
    return found[1].splitlines() if found else []


def described_parameters(doc):
    """The names in the sections of parameters that have a type or a text."""
    lines = [*section(doc, "Parameters"), *section(doc, "Other Parameters")]
    for number, line in enumerate(lines):
        if entry := ENTRY.match(line):
            following = lines[number + 1] if number + 1 < len(lines) else ""
            if following.startswith("    ") or " : " in line:
                yield from re.findall(r"\w+", entry[1])


def wanted_parameters(thing):
    """The parameters that somebody can pass."""
    if inspect.isclass(thing) and not inspect.isfunction(thing.__init__):
        return []
    parameters = inspect.signature(thing).parameters.values()
    return [p.name for p in parameters if p.name not in {"self", "cls"} and p.kind is not p.VAR_POSITIONAL]


@pytest.mark.parametrize(("name", "thing"), [pytest.param(*found, id=found[0]) for found in public_objects()])
def test_public_name__has_a_docstring(name, thing):
    doc = inspect.getdoc(thing)
    assert doc
    assert doc[0].isupper() or not doc[0].isalpha(), doc.splitlines()[0]
    if dataclasses.is_dataclass(thing):
        assert not doc.startswith(f"{name}("), "the one that dataclasses make up"


@pytest.mark.parametrize(("name", "thing"), [pytest.param(*found, id=found[0]) for found in public_callables()])
def test_public_parameter__has_a_description(name, thing):
    described, parameters = set(described_parameters(inspect.getdoc(thing) or "")), set(wanted_parameters(thing))
    missing, unknown = parameters - described, described - parameters - {"settings"}
    assert not missing, f"the docstring of firth.{name} lacks {', '.join(sorted(missing))} in its section Parameters"
    assert not unknown, f"the docstring of firth.{name} describes {', '.join(sorted(unknown))}, which it does not have"


def test_described_parameters__are_those_with_a_type_or_a_text():
    doc = """A sum.

Parameters
----------
a, b : int
*rest
    More numbers.
bare

Returns
-------
c : int
"""
    assert list(described_parameters(doc)) == ["a", "b", "rest"]


@pytest.mark.parametrize("config", [firth.TextConfig, firth.TrainingConfig])
def test_settings__each_says_what_it_is_and_what_it_may_be(config):
    for field in dataclasses.fields(config):
        assert field.metadata["doc"], field.name
        assert field.metadata["wanted"], field.name


def examples():
    """Of all modules, public or not, without importing those that have none."""
    for module in pkgutil.walk_packages(firth.__path__, "firth."):
        path = Path(module.module_finder.find_spec(module.name).origin)
        if re.search(r"^ +>>> ", path.read_text("utf-8"), re.MULTILINE):
            found = doctest.DocTestFinder().find(importlib.import_module(module.name))
            yield from (pytest.param(example, id=example.name) for example in found if example.examples)


@pytest.mark.parametrize("example", list(examples()))
def test_docstring__examples_run(example, in_a_folder_with_a_corpus):
    model = firth.train("corpus.txt", epochs=1, progress=False)
    example.globs.update(firth=firth, np=np, Path=Path, model=model)
    failed, _ = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS, verbose=False).run(example)
    assert not failed
