"""What the commands share: the group they belong to, how they load a model, and how answers are shown."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth._version import __version__
from firth.cli.options import READING, given, word

if TYPE_CHECKING:
    from firth.vectors.word_vectors import WordVectors


def load_model(path: Path, kept: str = READING) -> WordVectors:
    """Load a model, or a file of vectors, as the command's options say."""
    from firth.model import load

    return load(path, **given(kept))


COMMANDS = {
    "align": "daily",
    "analogy": "query",
    "cache": "cache",
    "cite": "cite",
    "compare": "inspect",
    "demo": "demo",
    "drift": "daily",
    "evaluate": "inspect",
    "embed": "texts",
    "explore": "query",
    "export": "export",
    "index": "query",
    "induce": "daily",
    "info": "query",
    "map": "inspect",
    "phrases": "train",
    "picture": "inspect",
    "projector": "inspect",
    "similar": "query",
    "stability": "inspect",
    "train": "train",
    "train-more": "train",
    "tutorial": "demo",
}
"""The commands, and the module of each: it is loaded when the command is asked for, as it takes its time to start."""


class WithWords(click.Command):
    """A command that says, where it takes words, how one is given that begins with a dash, such as the id -10."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the command line apart, as click does."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            arguments = [param for param in self.params if isinstance(param, click.Argument)]
            if not any(getattr(argument.type, "func", None) is word for argument in arguments):
                raise
            message = f"{error.format_message()} Words that begin with a dash come last, after --."
            raise click.UsageError(message, ctx) from error


class Commands(click.Group):
    """A group whose commands add themselves when their module is loaded."""

    command_class = WithWords

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name; None if there is none."""
        if cmd_name in COMMANDS:
            importlib.import_module(f"firth.cli.{COMMANDS[cmd_name]}")
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="firth")
def cli() -> None:
    """Learn vectors for words, or any tokens, from text; then ask them things.

    \b
    firth demo                              learn from the manual of your own Python: no download
    firth train corpus.txt -o words.firth   learn from your text
    firth similar words.firth king          the words most like one
    firth analogy words.firth man king woman
    firth explore words.firth               type words and analogies, see neighbors
    firth map words.firth                   a map of the words, to look at in the browser; also: projector
    firth evaluate words.firth simlex.txt   scores by test sets; also: stability, compare
    firth drift today.firth old.firth       what changed since yesterday; also: align, induce
    firth embed words.firth texts.txt -o texts.parquet
    firth export words.firth vectors.txt    for other programs
    firth tutorial shakespeare.txt          TensorFlow's word2vec tutorial, step by step

    Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong, 130 interrupted, 143 stopped by SIGTERM.
    """


def facts(model: WordVectors) -> dict[str, Any]:
    """What a model is, and how it was made, where that is known."""
    from firth.model import Word2Vec

    known: dict[str, Any] = {
        "words": len(model),
        "vector_size": model.vector_size,
        "tokens_of_these_words": int(model.vocabulary.counts.sum()) if model.vocabulary.has_counts else None,
        "words_are_whole_numbers": model.vocabulary.integers,
        "first_words": model.words[:10],
    }
    if isinstance(model, Word2Vec):
        known["settings"] = dataclasses.asdict(model.config)
        known["history"] = [dataclasses.asdict(result) for result in model.history]
        known["provenance"] = [dataclasses.asdict(text) for text in model.provenance]
    return known


def quoted(argument: object) -> str:
    """A path or a word, as it is typed into a shell."""
    if os.name == "nt":
        import subprocess  # only a hint needs it

        return subprocess.list2cmdline([str(argument)])
    import shlex

    return shlex.quote(str(argument))


def print_json(value: Any) -> None:
    """A value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def print_table(header: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, as_csv: bool) -> None:
    """Rows in columns, or as CSV. Numbers with a fraction have four digits; what is not there is empty."""
    if as_csv:
        import csv  # only some answers need it

        writer = csv.writer(sys.stdout, lineterminator="\n")
        return writer.writerows([header, *rows])
    from firth.html_table import cell

    cells = [[cell(value) for value in row] for row in (header, *rows)]
    filled = [i for i in range(len(header)) if any(row[i] for row in cells[1:])]
    widths = [max(len(row[i]) for row in cells) for i in filled]
    right = [all(not isinstance(row[i], str) for row in rows) for i in filled]
    for row in cells:
        padded = [row[i].rjust(w) if r else row[i].ljust(w) for i, w, r in zip(filled, widths, right, strict=True)]
        click.echo("  ".join(padded).rstrip())
