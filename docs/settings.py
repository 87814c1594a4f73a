"""Writes the page of settings from the fields of the configurations: `python docs/settings.py`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

import firth
from firth.cli import cli
from firth.settings import ELSEWHERE

PAGE = Path(__file__).with_suffix(".md")
BEGINNING = """\
# Settings

Written by `python docs/settings.py`; do not edit.

Settings decide the result of a training. In Python they are keywords of `firth.train`, or fields of
`firth.TrainingConfig`; on the command line they are options of `firth train`. What does not change the result, such as
`threads`, is [an argument of `train`](api/training.md). All wrong settings are named at once, before any work starts.
Choices may be spelled with other case and hyphens: `skip_gram` is "skip-gram".
"""
OF_TEXT = """
## Text

How text becomes tokens. These settings alone form a `firth.TextConfig`. [Text and tokens](text.md) has examples.
"""
OF_TRAINING = """
## Training

[How it learns](rounds.md) says what they do in the algorithm. [The map of settings](settings-map.md) has scores and
speeds, next to gensim's, for the windows, negative samples, rates and architectures that people choose most.
"""
OTHER_NAMES = """
## Names in gensim and fastText

firth does not accept these names; the error gives firth's.

| there | here |
| --- | --- |
"""


def page() -> str:
    """The whole page."""
    text_fields = dataclasses.fields(firth.TextConfig)
    names = {field.name for field in text_fields}
    training_fields = [field for field in dataclasses.fields(firth.TrainingConfig) if field.name not in names]
    elsewhere = ELSEWHERE
    others = [f"| `{there}` | `{here}` |\n" for there, here in elsewhere.items()]
    parts = [BEGINNING, OF_TEXT, *map(_entry, text_fields), OF_TRAINING, *map(_entry, training_fields)]
    return "".join([*parts, OTHER_NAMES, *others])


def _entry(field: dataclasses.Field[object]) -> str:
    meaning = field.metadata["doc"][0].upper() + field.metadata["doc"][1:]
    options = ", ".join(f"`{option}`" for option in _options()[field.name])
    facts = f"`{field.type}`, default `{field.default!r}` · {field.metadata['wanted']} · {options}"
    return f"\n### `{field.name}`\n\n{meaning}.\n\n{facts}\n"


def _options() -> dict[str, list[str]]:
    """The options of `firth train`, by the names of the settings."""
    train = cli.get_command(click.Context(cli), "train")
    assert train is not None
    return {param.name: [*param.opts, *param.secondary_opts] for param in train.params if param.name}


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
