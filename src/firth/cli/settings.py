"""Options for what is read, and for every setting of a text or a training."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli.options import Command, given, remembered
from firth.config import TextConfig
from firth.errors import shortened
from firth.phrases import ENGLISH_CONNECTOR_WORDS

if TYPE_CHECKING:
    from firth.vectors.word_vectors import WordVectors


class Window(click.ParamType):  # type: ignore[type-arg]
    """A whole number, or "sentence"."""

    name = "integer|sentence"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or the word."""
        try:
            return value if value == "sentence" else int(value)
        except ValueError:
            self.fail(f"{shortened(value)} is not a valid integer, nor 'sentence'.", param, ctx)


def words_of(lists: Mapping[str, tuple[str, ...]]) -> Callable[[Any], tuple[str, ...]]:
    """A type of options: the words of a file, one a line; or a list that has a name."""

    def words(value: Any) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        if value in lists:
            return lists[value]
        try:
            return tuple(filter(None, map(str.strip, Path(value).read_text(encoding="utf-8-sig").splitlines())))
        except (OSError, UnicodeDecodeError) as error:
            raise click.BadParameter(f"cannot read words, one a line, from {shortened(value)}: {error}") from error

    return words


def text(value: str) -> str:
    """A text in which a backslash and a t are a tab, as shells pass it."""
    return value.replace("\\t", "\t")


TYPES = {"int": int, "float": float, "str": str, "int | str": Window()}
"""How the values of settings are given, by their types."""
LISTS = {"connector_words": {"english": ENGLISH_CONNECTOR_WORDS}}
"""Lists of words that have a name on the command line."""
COLUMN = "firth.column"
"""What `given` knows of: the column of a table that a command reads."""
column_options = remembered(
    COLUMN,
    {
        "--column": (
            "column",
            {"metavar": "NAME", "help": "The column to learn from, of CSV, JSON lines, Parquet or Arrow files."},
        ),
        "--group-by": (
            "group_by",
            {"metavar": "NAME", "help": "Rows are events: the column of their sessions. Each is a sentence."},
        ),
        "--order-by": (
            "order_by",
            {"metavar": "NAME", "help": "The column of the events' times. [default: as they come]"},
        ),
        "--delimiter": ("delimiter", {"type": text, "help": "What separates the cells of CSV. [default: found]"}),
        "--no-quotes": (
            "no_quotes",
            {"is_flag": True, "default": None, "help": "Quotes in CSV are plain text, and stand around no cell."},
        ),
        "--skip-nulls": (
            "skip_nulls",
            {"is_flag": True, "default": None, "help": "Leave out rows without a value in that column."},
        ),
    },
)


def text_of(sources: tuple[str, ...], of_table: Mapping[str, Any] | None = None) -> Any:
    """What is named on the command line, as a source: standard input, an encoded corpus, files, folders and globs, or
    a column of tables, as the options say, or `of_table`.
    """
    from firth.corpus.corpus import is_encoded
    from firth.corpus.sources import files

    if "-" in sources and len(sources) > 1:
        raise click.UsageError("- (standard input) cannot be mixed with files")
    of_table = given(COLUMN) if of_table is None else of_table
    if of_table and "column" not in of_table:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in of_table)
        raise click.UsageError(f"{flags} is for tables: name the --column")
    read: Any = sys.stdin.buffer if sources == ("-",) else list(sources)
    if of_table:
        from firth.corpus.tables import column

        how = {name: value for name, value in of_table.items() if name not in {"column", "no_quotes"}}
        return column(read, of_table["column"], quotes="no_quotes" not in of_table, **how)
    if sources == ("-",):
        return read
    return sources[0] if len(sources) == 1 and is_encoded(sources[0]) else files(sources)


def options_of(
    kind: type[TextConfig], *, of_model: bool = False, without: Collection[str] = ()
) -> Callable[[Command], Command]:
    """A decorator that gives a command an option for every field of a configuration, `without` some; with `of_model`,
    None is a field that is not given, which a model has.
    """

    def decorate(command: Command) -> Command:
        for field in reversed(dataclasses.fields(kind)):
            if field.name not in without:
                command = _option_of(field, of_model=of_model)(command)
        return command

    return decorate


def said(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a command's settings that somebody gave, and not the defaults."""
    context = click.get_current_context()
    default = click.core.ParameterSource.DEFAULT
    return {name: value for name, value in settings.items() if context.get_parameter_source(name) != default}


def _option_of(field: dataclasses.Field[Any], *, of_model: bool) -> Callable[[Command], Command]:
    flag = "--" + field.name.replace("_", "-")
    told = field.metadata["doc"][0].upper() + field.metadata["doc"][1:] + "."
    options: dict[str, Any] = {"default": field.default, "help": told}
    if isinstance(field.default, bool):
        flag = f"{flag}/--no-{field.name.replace('_', '-')}"
    elif isinstance(field.default, tuple):
        lists: Mapping[str, tuple[str, ...]] = LISTS.get(field.name, {})
        told = f"{told[:-1]}: a file of them, one a line{''.join(f', or {name}' for name in lists)}."
        options |= {"type": words_of(lists), "metavar": "|".join([*lists, "FILE"]), "help": told}
    elif choices := field.metadata["choices"]:
        options["type"] = click.Choice(choices)
    else:
        options["type"] = text if field.name == "separator" else TYPES[field.type.removesuffix(" | None")]
    options["show_default"] = field.default not in (None, ())
    if of_model:
        options |= {"default": None, "show_default": "the model's"}
    return click.option(flag, field.name, **options)


NOT_OF_TEXTS = {"sentences", "errors"}
"""Settings of a text that mean nothing where each line is a text, or that an option of the model has the name of."""
splitting = options_of(TextConfig, of_model=True, without=NOT_OF_TEXTS)


def split_as_told(model: WordVectors, settings: Mapping[str, Any]) -> TextConfig | None:
    """How texts become words of a model: its own settings, with those that somebody gave; None if nobody gave one."""
    changed = {name: value for name, value in settings.items() if value is not None}
    return dataclasses.replace(model.text_config, **changed) if changed else None
