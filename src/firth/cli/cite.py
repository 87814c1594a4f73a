"""The command that says how to cite: cite."""

from __future__ import annotations

from pathlib import Path

import click

from firth.cli.common import cli
from firth.cli.options import PATH


@cli.command(short_help="How to cite firth, and how a model was trained.")
@click.argument("model", type=PATH, required=False)
def cite(model: Path | None) -> None:
    """An entry of BibTeX for firth; with MODEL, also how it was trained, for a methods section.

    \b
    firth cite >> references.bib
    firth cite words.firth
    """
    from firth.citation import cite as citation
    from firth.model import Word2Vec

    click.echo(citation(Word2Vec.load(model, verify=False) if model else None))
