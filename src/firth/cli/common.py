"""What the commands share: the group they belong to, options, and how answers are shown."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth._version import __version__

if TYPE_CHECKING:
    from firth.model import Word2Vec
    from firth.vectors.word_vectors import Neighbors, WordVectors

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace what is at the output path.")
topn_option = click.option(
    "-n", "--topn", type=click.IntRange(1), default=10, show_default=True, help="How many words."
)


class Word(click.ParamType):  # type: ignore[type-arg]
    """A word, in UTF-8 whatever the locale is."""

    name = "word"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word; Python gives bytes that are no text in the locale's encoding as surrogates."""
        word = str(value)
        return word if word.isascii() or word.isprintable() else os.fsencode(word).decode("utf-8", "replace")


READING, START = "firth.reading", "firth.start"
"""Where a command keeps how it reads files of vectors; and those to start from."""
READING_OPTIONS: dict[str, dict[str, Any]] = {
    "format": {
        "metavar": "NAME",
        "help": "Of a file: word2vec-text, word2vec-binary, glove, fasttext, tsv, safetensors. [default: by name]",
    },
    "limit": {"type": click.IntRange(1), "help": "Read the first vectors only, so many."},
    "errors": {
        "type": click.Choice(["strict", "replace", "ignore"]),
        "help": "What to do with words in a file that are not UTF-8. [default: strict]",
    },
    "numbers-in-words": {"is_flag": True, "default": None, "help": "Words in a file may end in numbers."},
    "counts": {
        "type": click.Path(path_type=Path),
        "metavar": "FILE",
        "help": "How often the words occur: a word and its count a line.",
    },
}


def reading_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command options for how it reads files of vectors."""
    return _reading_options(
        command, READING, {name: f"--{name}" for name in READING_OPTIONS} | {"format": "--model-format"}
    )


def start_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command options for how it reads a file of vectors to start from."""
    return _reading_options(command, START, {name: f"--start-{name}" for name in READING_OPTIONS if name != "counts"})


def _reading_options(command: Callable[..., None], kept: str, flags: dict[str, str]) -> Callable[..., None]:
    def remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        if value is not None and param.name is not None:
            name = param.name.removeprefix("start_").removeprefix("model_")
            ctx.meta.setdefault(kept, {})[name] = value

    for name, options in reversed(READING_OPTIONS.items()):
        if name in flags:
            command = click.option(flags[name], **options, expose_value=False, callback=remember)(command)
    return command


def how_to_read(kept: str = READING) -> dict[str, Any]:
    """How the command's options say that files of vectors are read."""
    how: dict[str, Any] = click.get_current_context().meta.get(kept, {})
    return how


def load_model(path: Path, kept: str = READING) -> WordVectors:
    """Load a model, or a file of vectors, as the command's options say."""
    from firth.model import load

    return load(path, **how_to_read(kept))


COMMANDS = {
    "analogy": "query",
    "cache": "cache",
    "compare": "inspect",
    "demo": "train",
    "evaluate": "inspect",
    "explore": "query",
    "export": "query",
    "index": "query",
    "info": "query",
    "map": "inspect",
    "phrases": "train",
    "picture": "inspect",
    "projector": "inspect",
    "similar": "query",
    "stability": "inspect",
    "train": "train",
    "train-more": "train",
    "tutorial": "train",
}
"""The commands, and the module of each: it is loaded when the command is asked for, as it takes its time to start."""


class Commands(click.Group):
    """A group whose commands add themselves when their module is loaded."""

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
    firth export words.firth vectors.txt    for other programs
    firth tutorial shakespeare.txt          TensorFlow's word2vec tutorial, step by step

    Exit codes: 0 done, 1 it could not be done, 2 the command line is wrong, 130 interrupted, 143 stopped by SIGTERM.
    """


def facts(model: Word2Vec) -> dict[str, Any]:
    """What a model is, and how it was made."""
    return {
        "words": len(model),
        "vector_size": model.vector_size,
        "tokens_of_these_words": int(model.vocabulary.counts.sum()),
        "first_words": model.words[:10],
        "settings": dataclasses.asdict(model.config),
        "history": [dataclasses.asdict(result) for result in model.history],
    }


def quoted(argument: object) -> str:
    """A path or a word, as it is typed into a shell."""
    import shlex  # only a hint needs it

    return shlex.quote(str(argument))


def answer(query: str, found: Neighbors) -> dict[str, Any]:
    """Neighbors, for JSON."""
    return {"query": query, "similar": [{"word": word, "cosine": round(c, 6)} for word, c in found]}


def print_json(value: Any) -> None:
    """A value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def print_table(header: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, as_csv: bool) -> None:
    """Rows in columns, or as CSV. Numbers with a fraction have four digits; what is not there is empty."""
    if as_csv:
        import csv  # only some answers need it

        writer = csv.writer(sys.stdout, lineterminator="\n")
        return writer.writerows([header, *rows])
    cells = [[_cell(value) for value in row] for row in (header, *rows)]
    filled = [i for i in range(len(header)) if any(row[i] for row in cells[1:])]
    widths = [max(len(row[i]) for row in cells) for i in filled]
    right = [all(not isinstance(row[i], str) for row in rows) for i in filled]
    for row in cells:
        padded = [row[i].rjust(w) if r else row[i].ljust(w) for i, w, r in zip(filled, widths, right, strict=True)]
        click.echo("  ".join(padded).rstrip())


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.1e}" if 0 < abs(value) < 1e-4 else f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def print_neighbors(found: Neighbors) -> None:
    """A line for each, the cosine first."""
    for word, cosine in found:
        click.echo(f"{cosine:.4f}  {word}")
