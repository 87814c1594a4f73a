"""Commands that learn: train, train-more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli.common import (
    START,
    cli,
    facts,
    how_to_read,
    json_option,
    load_model,
    overwrite_option,
    print_json,
    quoted,
    start_options,
)
from firth.cli.long_work import cache_option, progress_option, threads_option, watching
from firth.cli.settings import column_options, text_of, text_options_of_model, training_options
from firth.config import TrainingConfig

if TYPE_CHECKING:
    from firth.training.checkpoints import Checkpoints

resume_option = click.option(
    "--resume", is_flag=True, help="Go on where an interrupted training was, if there was one."
)


@cli.command(short_help="Learn vectors from text.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The model's folder.")
@overwrite_option
@threads_option
@column_options
@click.option("--start", type=click.Path(path_type=Path), help="Vectors to start from: a model, or another program's.")
@start_options
@click.option("--freeze", is_flag=True, help="Words that have a vector to start from keep it.")
@cache_option
@resume_option
@click.option("--tensorboard", type=click.Path(path_type=Path), help="A folder for logs that TensorBoard shows.")
@progress_option
@json_option
@training_options
def train(
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    threads: int | None,
    column: str | None,
    delimiter: str | None,
    no_quotes: bool,
    skip_nulls: bool,
    cache: Path | None,
    resume: bool,
    start: Path | None,
    freeze: bool,
    tensorboard: Path | None,
    progress: bool | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Learn vectors from text, one sentence a line, and save them as a model.

    SOURCE is a file (packed with gzip, bzip2, xz or zstd or not), a tar or zip archive, a folder with all files below
    it, a glob in quotes, several of these, or - for standard input.

    \b
    firth train corpus.txt -o words.firth
    firth train 'news/*.txt.gz' -o news.firth --vector-size 200 --epochs 10
    firth train reviews.csv --column text -o reviews.firth
    zcat sessions.gz | firth train - -o items.firth --no-lowercase --no-strip-punctuation --separator ,

    Every few minutes, and when it is interrupted (Ctrl-C, SIGTERM), the training is saved in OUTPUT.checkpoints: the
    same command with --resume goes on, even after a power failure, to the same result.
    """
    from firth.storage.folders import check_output

    if start is None and how_to_read(START):
        raise click.UsageError(
            "the options --start-… say how vectors to start from are read: name their file by --start"
        )
    config = TrainingConfig.of(settings)
    check_output(output, overwrite=overwrite)
    source = text_of(sources, column, delimiter, no_quotes, skip_nulls)
    from firth.training.train import train as train_model

    with (
        checkpoints_beside(output, overwrite=overwrite, resume=resume) as checkpoints,
        watching(progress) as watch,
    ):
        model = train_model(
            source,
            config=config,
            threads=threads,
            progress=watch,
            cache=cache,
            tensorboard=tensorboard,
            checkpoints=checkpoints,
            resume=resume,
            start=load_model(start, START) if start else None,
            frozen=freeze,
        )
        model.save(output, overwrite=overwrite)
    if as_json:
        return print_json(facts(model) | {"model": str(output), "files": watch.files or None})
    click.echo(f"{len(model):,} words, {model.vector_size} dimensions{watch.told()}, saved to {output}")
    click.echo(f"try: firth similar {quoted(output)} {quoted(model.words[min(100, len(model) - 1)])}")


@contextmanager
def checkpoints_beside(output: Path, *, overwrite: bool, resume: bool) -> Iterator[Checkpoints]:
    """The checkpoints of a model that is to be written, which this process has to itself; they go when that is done.

    Raises if another process is writing that model, or has done so since the command began.
    """
    from firth.storage.folders import check_output
    from firth.training.checkpoints import Checkpoints

    checkpoints = Checkpoints(output.with_name(f"{output.name}.checkpoints"))
    with checkpoints.alone():
        check_output(output, overwrite=overwrite)
        if overwrite and not resume:
            checkpoints.clear()
        yield checkpoints
        checkpoints.remove()


@cli.command("train-more", short_help="Let a model learn from more text.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The new model's folder.")
@overwrite_option
@click.option(
    "--vocabulary",
    type=click.Choice(["keep", "grow", "replace"]),
    default="grow",
    show_default=True,
    help="Only the words that the model knows learn; new ones come to them; or the new text's words alone.",
)
@click.option("--freeze", is_flag=True, help="The words that the model knows keep their vectors.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the new text. [default: by its size]")
@click.option("--learning-rate", type=float, help="At the start; it falls to the model's least. [default: the model's]")
@threads_option
@column_options
@cache_option
@resume_option
@progress_option
@json_option
@text_options_of_model
def train_more(
    model: Path,
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    vocabulary: str,
    freeze: bool,
    threads: int | None,
    column: str | None,
    delimiter: str | None,
    no_quotes: bool,
    skip_nulls: bool,
    cache: Path | None,
    resume: bool,
    progress: bool | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Let MODEL learn from more text, with its own settings, and save what comes of it as another model.

    \b
    firth train-more words.firth news-of-today.txt -o words-today.firth

    Interrupted, it goes on with --resume, as train does.
    """
    from firth.errors import FormatError
    from firth.model import Word2Vec, load
    from firth.storage.folders import check_output

    check_output(output, overwrite=overwrite)
    loaded = load(model)
    if not isinstance(loaded, Word2Vec):
        raise FormatError(f"{model} is no firth model: start from it with firth train --start {quoted(model)}")
    given = {name: value for name, value in settings.items() if value is not None}
    with (
        checkpoints_beside(output, overwrite=overwrite, resume=resume) as checkpoints,
        watching(progress) as watch,
    ):
        more = loaded.train_more(
            text_of(sources, column, delimiter, no_quotes, skip_nulls),
            vocabulary=vocabulary,
            frozen=freeze,
            threads=threads,
            progress=watch,
            cache=cache,
            checkpoints=checkpoints,
            resume=resume,
            **given,
        )
        more.save(output, overwrite=overwrite)
    if as_json:
        return print_json(facts(more) | {"model": str(output), "files": watch.files or None})
    new = sum(word not in loaded for word in more.words)
    click.echo(f"{len(more):,} words, {new:,} of them new{watch.told()}, saved to {output}")
