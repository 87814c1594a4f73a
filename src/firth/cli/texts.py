"""The command that makes vectors of texts, embed; and options of folders of static embeddings, which export has."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, load_model, print_json
from firth.cli.options import PATH, given, remembered
from firth.cli.settings import COLUMN, column_options, split_as_told, splitting, text_of
from firth.errors import SourceError

if TYPE_CHECKING:
    from firth.reporting.events import Embedding
    from firth.reporting.progress_bar import ProgressBar
    from firth.vectors.word_vectors import WordVectors

WEIGHING, CARD = "firth.weighing", "firth.card"
"""What `given` knows of: how words are weighted, and what a model's card says."""

weighing = remembered(
    WEIGHING,
    {
        "--weights": (
            "weights",
            {"type": click.Choice(["sif", "usif", "mean"]), "help": "How words count in a text. [default: sif]"},
        ),
        "--a": ("a", {"type": float, "help": "The a of SIF's weights a / (a + p). [default: 0.001]"}),
        "--remove": (
            "remove",
            {"type": click.IntRange(0), "help": "How many common components to remove. [default: 1 (sif), 5 (usif)]"},
        ),
        "--fit": ("fit", {"metavar": "SOURCE", "help": "Texts that tell what texts have in common, one a line."}),
        "--fit-column": ("fit_column", {"metavar": "NAME", "help": "Their column, where these are a table."}),
    },
)
carding = remembered(
    CARD,
    {
        "--license": ("license", {"metavar": "NAME", "help": "For a folder's card: mit, cc-by-sa-4.0, …"}),
        "--language": ("language", {"multiple": True, "metavar": "CODE", "help": "For a folder's card: en, de, …"}),
    },
)


def parameters_of(model: WordVectors, settings: dict[str, Any]) -> dict[str, Any]:
    """The parameters of `TextVectors` that the command line has, `settings` those of how texts are split."""
    parameters = {name: value for name, value in given(WEIGHING).items() if not name.startswith("fit")}
    config = split_as_told(model, settings)
    return parameters | ({"config": config} if config else {})


def texts_to_fit() -> Any:
    """The texts of --fit; None where it is not given."""
    source, column = given(WEIGHING).get("fit"), given(WEIGHING).get("fit_column")
    if source is None:
        if column is not None:
            raise click.UsageError("--fit-column names a column of --fit, which is not given")
        return None
    if column is None:
        return text_of((source,), of_table={})
    from firth.corpus.tables import column as column_of

    return column_of(source, column)


def options_of_folder(model: WordVectors, format: str | None, settings: dict[str, Any]) -> dict[str, Any]:
    """What `firth.export` needs to know for a folder of static embeddings; nothing for other formats.

    Raises `UsageError` for options that such a folder alone has.
    """
    from firth.formats import is_static_embedding

    found = parameters_of(model, settings) | given(CARD)
    if is_static_embedding(format):
        texts = texts_to_fit()
        found.setdefault("config", model.text_config)  # other vectors of a model do not know how its text was split
        return {name: value for name, value in found.items() if value != ()} | ({"fit": texts} if texts else {})
    if used := [name for name, value in (given(WEIGHING) | given(CARD) | settings).items() if value not in (None, ())]:
        raise click.UsageError(f"--{used[0].replace('_', '-')} is for folders: --format static-embedding")
    return {}


@cli.command(short_help="Vectors of texts: SIF, uSIF or plain means.")
@options.model
@options.sources
@options.reading
@click.option("-o", "--output", required=True, type=PATH, help="The file: .parquet, .npy, .csv or .jsonl.")
@options.overwrite
@weighing
@click.option("--no-text", is_flag=True, help="Leave the texts themselves out of the file.")
@click.option("--ids", metavar="NAME", help="A column of the table that is written beside the vectors.")
@column_options
@options.progress
@options.as_json
@splitting
def embed(
    model: Path,
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    no_text: bool,
    ids: str | None,
    progress: bool | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Write a vector for each line of SOURCE, or each row of its --column, in their order.

    A text's vector is the mean of its words' vectors, weighted by SIF or uSIF, without the components that all texts
    share. These are found in the texts themselves, or in those of --fit. A text without a word of MODEL has zeros.

    \b
    .parquet   text, words (how many the model knows), vector
    .csv .jsonl   the same
    .npy       the vectors alone, (n, d) float32
    Before these come the ids of --ids, or of the sessions of --group-by.

    \b
    firth embed words.firth texts.txt -o texts.parquet --weights usif
    firth embed words.firth reviews.csv --column review --ids id -o reviews.parquet --fit more.txt
    """
    from firth.reporting.progress_bar import ProgressBar, wanted
    from firth.storage.files import refuse_to_overwrite
    from firth.texts.tables import writer_of
    from firth.texts.text_vectors import TextVectors

    refuse_to_overwrite(output, overwrite=overwrite)
    writer_of(output)
    loaded = load_model(model)
    of_table = given(COLUMN) | ({"ids": ids} if ids else {})
    texts, vectors = text_of(sources, of_table), TextVectors(loaded, **parameters_of(loaded, settings))
    if isinstance(texts, str):
        raise SourceError(f"{texts} is an encoded corpus, which has no texts any more: name the text itself")
    if ids and output.suffix.lower() == ".npy":
        raise click.UsageError("--ids: a .npy file has the vectors alone")
    with ProgressBar() as bar:
        watch = _Watch(bar if wanted(progress) else None)
        to_fit = _to_fit(vectors, texts)
        vectors.fit(to_fit, report=watch)
        watch.all_texts = watch.texts if to_fit is texts else None
        written = vectors.write(texts, output, texts=not no_text, overwrite=overwrite, report=watch)
    if as_json:
        return print_json({"output": str(output), **written._asdict(), "vector_size": loaded.vector_size})
    click.echo(f"wrote {output}: {written.texts:,} texts, {loaded.vector_size:,} dimensions")


class _Watch:
    """Sees how far the work on texts is, and shows it on a bar, if there is one."""

    def __init__(self, bar: ProgressBar | None):
        self.bar = bar
        self.texts = 0
        self.all_texts: int | None = None  # as the reading of the same texts before has shown

    def __call__(self, event: Embedding) -> None:
        self.texts = event.texts
        if self.bar is not None:
            self.bar(dataclasses.replace(event, all_texts=event.all_texts or self.all_texts))


def _to_fit(vectors: Any, texts: Any) -> Any:
    """The texts to fit on: those of --fit, or those that are embedded, where they can be read twice."""
    from firth.texts.documents import can_be_read_again

    found = texts_to_fit()
    if found is not None or not vectors.learns:
        return found
    if not can_be_read_again(texts):
        raise SourceError(
            "these texts can be read only once, and are needed twice: to learn what they have in common, and to embed"
            " them. Put them in a file, name others to learn from, --fit FILE, or learn nothing, --weights sif --remove"
            " 0"
        )
    return texts
