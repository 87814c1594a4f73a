"""The embedded corpus: the manual of the Python that runs this, which every machine has.

Its prose is the reference topics of `pydoc_data` and the docstrings of the standard library, parsed and not
imported, tests left out: some 340,000 words of English, about the size of the tutorial's corpus.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from firth.errors import SourceError
from firth.storage.caches import user_cache
from firth.storage.files import atomic_file

EDITION = 2
"""Changes whenever the text is taken from the sources in another way: the file in the cache is then another."""
_NOT_PROSE = re.compile(r"[^\w\s']+|_")  # os.path is two words; so is :class:`dict`
LEFT_OUT = {"test", "tests", "idle_test", "site-packages", "dist-packages", "lib2to3", "__pycache__"}


def python_docs(cache: Path | None = None) -> Path:
    """The path of the embedded corpus: the manual of the Python that runs this, one paragraph a line, as a text file.

    Parameters
    ----------
    cache
        The folder to write it to the first time; by default firth's folder among the user's caches.

    Raises
    ------
    SourceError
        If this Python comes without the sources of its standard library.
    """
    folder = cache or user_cache() / "texts"
    path = folder / f"python-{sys.version.split()[0]}-edition{EDITION}.txt"
    if not path.exists():
        paragraphs = list(manual_paragraphs())
        if not paragraphs:
            raise SourceError(
                "this Python comes without the sources of its standard library, so it has no manual to learn from:"
                " train on a text of your own (firth train FILE)"
            )
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_file(path, overwrite=True) as temporary:
            temporary.write_text("\n".join(paragraphs) + "\n", "utf-8", newline="\n")
    return path


def manual_paragraphs() -> Iterator[str]:
    """Every paragraph of the manual on a line of its own, in the same order every time; examples are left out."""
    yield from _paragraphs("\n\n".join(_topics()))
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py"), key=lambda path: path.parts):  # as on all systems
        if not LEFT_OUT.intersection(path.relative_to(library).parts):
            for docstring in _docstrings(path):
                yield from _paragraphs(docstring)


def _topics() -> list[str]:
    found = importlib.util.find_spec("pydoc_data")
    if found is None or not found.submodule_search_locations:
        return []
    path = Path(found.submodule_search_locations[0]) / "topics.py"
    tree = _parsed(path)
    strings = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)] if tree else []
    return [text for text in strings if isinstance(text, str) and " " in text]


def _docstrings(path: Path) -> Iterator[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    tree = _parsed(path)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, documented) and (docstring := ast.get_docstring(node)):
            yield docstring


def _parsed(path: Path) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old code, about its backslashes
            return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\r", "").split("\n\n"):
        if ">>>" not in paragraph:
            line = " ".join(_NOT_PROSE.sub(" ", paragraph).split())
            if line:
                yield line.encode("utf-8", "ignore").decode()
