"""What people train on, as a source: files or what is in memory, by what the user gives."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import Any

from firth.corpus.in_memory import NO_TOKEN_LISTS, Texts, TokenLists, is_token_list, kind_of
from firth.corpus.paths import files_of
from firth.corpus.remote import is_address, shown
from firth.corpus.text_files import TextFiles, TextStream
from firth.corpus.tokenizing import Source
from firth.errors import SourceError, shortened

UNORDERED = set | frozenset | type(iter(set()))
"""What has another order in every process."""


def as_source(source: Any) -> Source:
    """The source that the user means.

    A path, address or glob (as `str` or `Path`), or a list of `Path`; a folder, for all files in it and below; an open
    binary file; an iterable of strings of text, or of lists of tokens. Raises `SourceError` for anything else, for
    files that cannot be read, and for an iterable that yields nothing.
    """
    if isinstance(source, str | os.PathLike):
        return files([source])
    if hasattr(source, "read"):
        if not isinstance(source.read(0), bytes):
            raise SourceError("the open file gives text, not bytes: open it in binary mode ('rb')")
        return TextStream(source)
    if hasattr(source, "column_names") or (hasattr(source, "columns") and hasattr(source, "__getitem__")):
        raise SourceError(f"{kind_of(source)} is a table: name its column, firth.column(table, 'text')")
    if isinstance(source, UNORDERED):
        raise SourceError(
            f"{kind_of(source)} has no order, so that each run would learn from its sentences in another: pass a list,"
            " such as sorted(…)"
        )
    if isinstance(source, bytes | bytearray | dict) or not isinstance(source, Iterable):
        raise SourceError(
            f"cannot train on {kind_of(source)}: wanted a path, an open binary file, an iterable of strings,"
            " or an iterable of token lists"
        )
    items = iter(source)
    first = next(items, items)
    if first is items:
        raise SourceError("the source yields nothing: is it empty, or a generator that has been used up already?")
    everything = itertools.chain([first], items)
    if isinstance(first, os.PathLike):
        return files(everything)
    if isinstance(first, str):
        if os.path.isfile(first):  # noqa: PTH113  (unlike Path's, it takes a long text for no file)
            raise SourceError(
                f"a list of strings is text to learn, but {shortened(first)} is a file: for files, pass pathlib.Path"
                " objects"
            )
        if is_address(first) and " " not in first and not first.startswith("http"):  # links are what people write, too
            raise SourceError(
                f"a list of strings is text to learn, but {shortened(shown(first))} is an address: for files, pass"
                " pathlib.Path objects"
            )
        return Texts(everything)
    if is_token_list(first):
        return TokenLists(everything)
    raise SourceError(f"item 1 is {kind_of(first)}: wanted strings of text, or lists of tokens{NO_TOKEN_LISTS}")


def files(paths: Iterable[str | os.PathLike[str]]) -> TextFiles:
    """Several files, folders and globs, in this order."""
    if isinstance(paths, UNORDERED):
        raise SourceError(f"{kind_of(paths)} of paths has no order: pass a list, such as sorted(…)")
    expanded = [files_of(given) for given in paths]
    found = {path for below, is_folder in expanded if is_folder for path in below}
    return TextFiles((path for those, _ in expanded for path in those), found)
