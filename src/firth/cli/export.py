"""The command that writes vectors for other programs: export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, load_model
from firth.cli.options import PATH
from firth.cli.settings import splitting
from firth.cli.texts import carding, options_of_folder, weighing

if TYPE_CHECKING:
    from firth.formats.words import Spaces


@cli.command(short_help="Write the vectors for other programs.")
@options.model
@click.argument("output", type=PATH)
@options.reading
@click.option("--format", "format", help="Default: by the output's ending.")
@click.option(
    "--vectors",
    type=click.Choice(["input", "output", "mean", "concatenated"]),
    default="input",
    show_default=True,
    help="Which vectors of a firth model.",
)
@click.option(
    "--spaces",
    type=click.Choice(["error", "replace", "skip"]),
    default="error",
    show_default=True,
    help="Words that the format cannot hold: written with _ for each space, or left out.",
)
@click.option("--about", type=PATH, help="A table about the words, joined by word: .parquet, .csv, .jsonl, .arrow.")
@click.option("--on", metavar="NAME", help="Its column of the words. [default: word, or the first]")
@click.option("--no-counts", is_flag=True, help="Write no counts beside, in OUTPUT.counts.txt.")
@options.overwrite
@weighing
@carding
@splitting
def export(
    model: Path,
    output: Path,
    format: str | None,
    vectors: str,
    spaces: Spaces,
    about: Path | None,
    on: str | None,
    no_counts: bool,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Write vectors in another format, by the ending of OUTPUT, and how often the words occur, where that is known.

    \b
    .txt .vec   word2vec's text format: gensim, fastText, spaCy and most others read it
    .bin        word2vec's binary format
    .tsv        numbers, with the words in a metadata.tsv beside: the Embedding Projector's
    .safetensors  a matrix, with the words in a .words.txt beside
    .parquet    a table: word, count, vector; with --about, what a catalogue says of the words
    .npy        an array, with the words in a .words.txt beside
    .csv .jsonl   a row a word
    .firth      a folder, with checksums: what firth loads fastest

    With --format static-embedding, OUTPUT is a folder that sentence-transformers, model2vec and the Hugging Face Hub
    open: words with the weights --weights of SIF or uSIF, and without --remove components of the texts --fit.

    \b
    firth export words.firth vectors.txt                       and vectors.txt.counts.txt
    firth export glove.txt glove.firth --counts vocab.txt      counts from GloVe's vocab_count
    firth export items.firth items.parquet --about catalogue.parquet --on id
    firth export words.firth embeddings --format static-embedding --fit texts.txt --license mit --language en
    """
    from firth.formats import export as export_vectors
    from firth.model import Word2Vec

    model_itself = loaded = load_model(model)
    if vectors != "input":
        if not isinstance(loaded, Word2Vec):
            raise click.UsageError(f"{model} has no {vectors} vectors: only a firth model has")
        loaded = loaded.choose(vectors)
    if (about or on) and output.suffix.lower() != ".parquet" and format != "parquet":
        raise click.UsageError("--about and --on are for .parquet files")
    how: dict[str, Any] = {"format": format, "spaces": spaces, "counts": not no_counts, "overwrite": overwrite}
    how |= {"about": about, "on": on} | options_of_folder(model_itself, format, settings)
    for path in export_vectors(loaded, output, **how):
        click.echo(f"wrote {path}")
