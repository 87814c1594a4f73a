"""Options for what is read, and for every setting of a text or a training."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from firth.config import TextConfig, TrainingConfig
from firth.errors import shortened
from firth.phrases import ENGLISH_CONNECTOR_WORDS


class NumberOr(click.ParamType):  # type: ignore[type-arg]
    """A whole number, or else this word."""

    def __init__(self, word: str):
        self.word = word
        self.name = f"integer|{word}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or the word."""
        if value == self.word:
            return value
        try:
            return int(value)
        except ValueError:
            self.fail(f"{shortened(value)} is not a valid integer, nor {self.word!r}.", param, ctx)


class WordsOf(click.ParamType):  # type: ignore[type-arg]
    """The words of a file, one a line; or a list that has a name."""

    name = "file"

    def __init__(self, lists: Mapping[str, tuple[str, ...]] | None = None):
        self.lists = lists or {}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The words."""
        if isinstance(value, tuple):
            return value
        if value in self.lists:
            return self.lists[value]
        try:
            return tuple(filter(None, map(str.strip, Path(value).read_text(encoding="utf-8-sig").splitlines())))
        except (OSError, UnicodeDecodeError) as error:
            self.fail(f"cannot read words, one a line, from {shortened(value)}: {error}", param, ctx)


class Separator(click.ParamType):  # type: ignore[type-arg]
    """A string, in which a backslash and a t are a tab, as shells pass it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The string."""
        return str(value).replace("\\t", "\t")


TYPES = {"int": int, "float": float, "str": str, "int | str": NumberOr("sentence")}
"""How the values of settings are given, by their types."""
LISTS = {"connector_words": {"english": ENGLISH_CONNECTOR_WORDS}}
"""Lists of words that have a name on the command line."""
COLUMN_OPTIONS = (
    click.option(
        "--column", metavar="NAME", help="The column to learn from, of CSV, JSON lines, Parquet or Arrow files."
    ),
    click.option("--delimiter", type=Separator(), help="What stands between the cells of CSV. [default: found]"),
    click.option("--no-quotes", is_flag=True, help="Quotes in CSV are plain text, and stand around no cell."),
    click.option("--skip-nulls", is_flag=True, help="Leave out rows without a value in that column."),
)


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command options for a column of tables."""
    for option in reversed(COLUMN_OPTIONS):
        command = option(command)
    return command


def text_of(
    sources: tuple[str, ...], column: str | None, delimiter: str | None, no_quotes: bool, skip_nulls: bool
) -> Any:
    """What is named on the command line, as a source: standard input, an encoded corpus, files, folders and globs, or
    a column of tables.
    """
    from firth.corpus.corpus import is_encoded
    from firth.corpus.sources import files

    if "-" in sources and len(sources) > 1:
        raise click.UsageError("- (standard input) cannot be mixed with files")
    if column is None and (delimiter is not None or no_quotes or skip_nulls):
        raise click.UsageError("--delimiter, --no-quotes and --skip-nulls are for tables: name the --column")
    given: Any = sys.stdin.buffer if sources == ("-",) else list(sources)
    if column is not None:
        from firth.corpus.tables import column as column_of

        return column_of(given, column, delimiter=delimiter, quotes=not no_quotes, skip_nulls=skip_nulls)
    if sources == ("-",):
        return given
    return sources[0] if len(sources) == 1 and is_encoded(sources[0]) else files(sources)


def text_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every field of `TextConfig`."""
    return options_of(TextConfig, command)


def text_options_of_model(command: Callable[..., None]) -> Callable[..., None]:
    """The same, where a model has a value for each."""
    return options_of(TextConfig, command, of_model=True)


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every field of `TrainingConfig`."""
    return options_of(TrainingConfig, command)


def options_of(kind: type[TextConfig], command: Callable[..., None], *, of_model: bool = False) -> Callable[..., None]:
    """Give a command an option for every field of a configuration; None where it is not given, and a model has it."""
    for field in reversed(dataclasses.fields(kind)):
        flag = "--" + field.name.replace("_", "-")
        text = field.metadata["doc"][0].upper() + field.metadata["doc"][1:] + "."
        options: dict[str, Any] = {"default": field.default, "help": text}
        if isinstance(field.default, bool):
            flag = f"{flag}/--no-{field.name.replace('_', '-')}"
        elif isinstance(field.default, tuple):
            lists: Mapping[str, tuple[str, ...]] = LISTS.get(field.name, {})
            told = f"{text[:-1]}: a file of them, one a line{''.join(f', or {name}' for name in lists)}."
            options |= {"type": WordsOf(lists), "metavar": "|".join([*lists, "FILE"]), "help": told}
        elif choices := field.metadata["choices"]:
            options["type"] = click.Choice(choices)
        else:
            options["type"] = Separator() if field.name == "separator" else TYPES[field.type.removesuffix(" | None")]
        options["show_default"] = field.default not in (None, ())
        if of_model:
            options |= {"default": None, "show_default": "the model's"}
        command = click.option(flag, field.name, **options)(command)
    return command
