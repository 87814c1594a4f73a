"""Options that commands share, and how those for reading files come to be known where the files are read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., None]
PATH = click.Path(path_type=Path)


def word(value: str) -> str:
    """A word, in UTF-8 whatever the locale is: Python gives bytes that are no text in its encoding as surrogates."""
    return value if value.isascii() or value.isprintable() else os.fsencode(value).decode("utf-8", "replace")


model = click.argument("model", type=PATH)
words = click.argument("words", nargs=-1, required=True, type=word, metavar="WORD...")
sources = click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
as_csv = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
overwrite = click.option("--overwrite", is_flag=True, help="Replace what is at the output path.")
topn = click.option("-n", "--topn", type=click.IntRange(1), default=10, show_default=True, help="How many words.")
approximate = click.option("--approximate", is_flag=True, help="Use the index that firth index built.")
threads = click.option("--threads", type=click.IntRange(1), help="Default: all processors. The result is the same.")


def node_count(value: str) -> int | str:
    """How many machines: a number, or all."""
    return int(value) if value.isdecimal() else value


nodes = click.option(
    "--nodes", type=node_count, default="1", metavar="N|all", help="Machines of a Ray cluster that train. [default: 1]"
)
ray = click.option("--ray", metavar="ADDRESS", help="The cluster, or local. [default: that of this machine]")
progress = click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
cache = click.option("--cache", type=PATH, help="Where encoded text is kept for the next time.")

READING_OPTIONS: dict[str, dict[str, Any]] = {
    "format": {
        "metavar": "NAME",
        "help": "Of a file: word2vec-text, word2vec-binary, glove, fasttext, tsv, safetensors, parquet, numpy, csv,"
        " json-lines. [default: by name]",
    },
    "limit": {"type": click.IntRange(1), "help": "Read only the first n vectors."},
    "errors": {
        "type": click.Choice(["strict", "replace", "ignore"]),
        "help": "What to do with words in a file that are not UTF-8. [default: strict]",
    },
    "numbers-in-words": {"is_flag": True, "default": None, "help": "Words in a file may end in numbers."},
    "counts": {"type": PATH, "metavar": "FILE", "help": "How often the words occur: a word and its count a line."},
}


def remembered(kept: str, flags: dict[str, tuple[str, dict[str, Any]]]) -> Callable[[Command], Command]:
    """A decorator that gives a command options by their flags, whose values `given` knows by names of their own."""

    def decorate(command: Command) -> Command:
        for flag, (name, how) in reversed(flags.items()):
            command = click.option(flag, **how, expose_value=False, callback=_keeper(kept, name))(command)
        return command

    return decorate


def _keeper(kept: str, name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def keep(context: click.Context, _: click.Parameter, value: Any) -> None:
        if value is not None:
            context.meta.setdefault(kept, {})[name.replace("-", "_")] = value

    return keep


def given(kept: str) -> dict[str, Any]:
    """The values of the remembered options that the command line has, by name."""
    values: dict[str, Any] = click.get_current_context().meta.get(kept, {})
    return values


READING, START = "firth.reading", "firth.start"
"""What `given` knows of: how a command reads files of vectors, and those to start from."""
reading = remembered(
    READING,
    {"--model-format" if name == "format" else f"--{name}": (name, how) for name, how in READING_OPTIONS.items()},
)
starting = remembered(
    START, {f"--start-{name}": (name, how) for name, how in READING_OPTIONS.items() if name != "counts"}
)
