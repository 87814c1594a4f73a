"""Commands that learn from text: train, train-more, phrases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, facts, load_model, print_json, print_table, quoted
from firth.cli.options import PATH, START, given
from firth.cli.settings import LISTS, column_options, options_of, said, text_of, words_of
from firth.config import TextConfig, TrainingConfig

if TYPE_CHECKING:
    from firth.model import Word2Vec
    from firth.reporting.progress_bar import ProgressBar
    from firth.training.checkpoints import Checkpoints
    from firth.vectors.word_vectors import WordVectors

align_option = click.option(
    "--align", "aligned_with", type=PATH, help="Turn the vectors into the space of this model, such as yesterday's."
)
resume_option = click.option(
    "--resume", is_flag=True, help="Go on where an interrupted training was, if there was one."
)


class Watch:
    """Sees the events of a training: shows a bar, if there is one, and notes how many files were read."""

    def __init__(self, bar: ProgressBar | None):
        self.bar = bar
        self.files = 0

    def __call__(self, event: Any) -> None:
        """Note and show an event."""
        self.files = getattr(event, "files", self.files)
        if self.bar is not None:
            self.bar(event)

    def told(self) -> str:
        """How many files were read, for a message, if they were several."""
        return f", from {self.files:,} files" if self.files > 1 else ""


@contextmanager
def watching(progress: bool | None) -> Iterator[Watch]:
    """What sees the events of a command's work, with a bar if it is wanted."""
    from firth.reporting.progress_bar import ProgressBar, wanted

    with ProgressBar() as bar:
        yield Watch(bar if wanted(progress) else None)


@cli.command(short_help="Learn vectors from text.")
@options.sources
@click.option("-o", "--output", required=True, type=PATH, help="The model's folder.")
@options.overwrite
@options.threads
@options.nodes
@options.ray
@column_options
@click.option("--start", type=PATH, help="Vectors to start from: a model, or another program's.")
@options.starting
@click.option("--freeze", is_flag=True, help="Words that have a vector to start from keep it.")
@align_option
@options.cache
@resume_option
@click.option("--tensorboard", type=PATH, help="A folder for logs that TensorBoard shows.")
@options.progress
@options.as_json
@options_of(TrainingConfig)
def train(
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    threads: int | None,
    nodes: int | str,
    ray: str | None,
    cache: Path | None,
    resume: bool,
    start: Path | None,
    freeze: bool,
    aligned_with: Path | None,
    tensorboard: Path | None,
    progress: bool | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Learn vectors from text, one sentence a line, and save them as a model.

    SOURCE is a file (packed with gzip, bzip2, xz or zstd or not), a tar or zip archive, a folder with all files below
    it, a glob in quotes, an address (s3://…), several of these, or - for standard input.

    \b
    firth train corpus.txt -o words.firth
    firth train 'news/*.txt.gz' -o news.firth --vector-size 200 --epochs 10
    firth train reviews.csv --column text -o reviews.firth
    firth train 'crawl/*.txt' -o crawl.firth --shards 8 --nodes all
    firth train today.txt --align yesterday.firth -o today.firth
    zcat sessions.gz | firth train - -o items.firth --no-lowercase --no-strip-punctuation --separator ,

    Every few minutes, and when it is interrupted (Ctrl-C, SIGTERM), the training is saved in OUTPUT.checkpoints: the
    same command with --resume goes on, even after a power failure, to the same result.
    """
    from firth.storage.folders import check_output

    if start is None and given(START):
        raise click.UsageError(
            "the options --start-… say how vectors to start from are read: name their file by --start"
        )
    chosen = said(settings)
    if start is None:
        config = TrainingConfig.of(chosen)
    check_output(output, overwrite=overwrite)
    vectors = load_model(start, START) if start else None
    from firth.training.train import train as train_model
    from firth.training.warm_start import configured, settings_of

    if vectors is not None:
        config = configured(chosen, settings_of(vectors))
    space = space_of(aligned_with, config.vector_size)
    source = text_of(sources)

    with checkpoints_beside(output, overwrite=overwrite, resume=resume) as checkpoints, watching(progress) as watch:
        model = train_model(
            source,
            threads=threads,
            nodes=nodes,
            ray=ray,
            progress=watch,
            cache=cache,
            tensorboard=tensorboard,
            checkpoints=checkpoints,
            resume=resume,
            start=vectors,
            frozen=freeze,
            **chosen,
        )
        save_aligned(model, space, output, overwrite=overwrite)
    if as_json:
        return print_json(facts(model) | {"model": str(output), "files": watch.files or None})
    click.echo(f"{len(model):,} words, {model.vector_size} dimensions{watch.told()}, saved to {output}")
    click.echo(f"try: firth similar {quoted(output)} {quoted(model.words[min(100, len(model) - 1)])}")


def space_of(path: Path | None, vector_size: int) -> WordVectors | None:
    """The vectors that a model is to be aligned with, if it is. Raises `FirthError`, before the training, if they have
    other dimensions.
    """
    if path is None:
        return None
    from firth.errors import ConfigError

    space = load_model(path)
    if space.vector_size != vector_size:
        raise ConfigError(
            f"the vectors of {path}, to align with, have {space.vector_size} numbers, and the model's {vector_size}"
        )
    return space


def save_aligned(model: Word2Vec, space: WordVectors | None, output: Path, *, overwrite: bool) -> None:
    """Save a model, turned into a space if one is given. What cannot be turned is saved as it is, and is an error."""
    if space is None:
        model.save(output, overwrite=overwrite)
        return
    from firth.analysis.alignment import align
    from firth.errors import FirthError

    try:
        aligned = align(model, space)
    except FirthError as error:
        model.save(output, overwrite=overwrite)
        raise FirthError(f"{output} is saved, but not aligned: {error}") from error
    aligned.save(output, overwrite=overwrite)


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
@options.model
@options.sources
@click.option("-o", "--output", required=True, type=PATH, help="The new model's folder.")
@options.overwrite
@click.option(
    "--vocabulary",
    type=click.Choice(["keep", "grow", "replace"]),
    default="grow",
    show_default=True,
    help="Only the words that the model knows learn; new ones come to them; or the new text's words alone.",
)
@click.option("--freeze", is_flag=True, help="The words that the model knows keep their vectors.")
@click.option(
    "--epochs", type=click.IntRange(1), help="Passes over the new text. [default: 1, or more where it is not small]"
)
@click.option("--learning-rate", type=float, help="At the start; it falls to the model's least. [default: the model's]")
@options.threads
@column_options
@align_option
@options.cache
@resume_option
@options.progress
@options.as_json
@options_of(TextConfig, of_model=True)
def train_more(
    model: Path,
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    vocabulary: str,
    freeze: bool,
    threads: int | None,
    aligned_with: Path | None,
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
    space = space_of(aligned_with, loaded.vector_size)
    changed = {name: value for name, value in settings.items() if value is not None}
    with checkpoints_beside(output, overwrite=overwrite, resume=resume) as checkpoints, watching(progress) as watch:
        more = loaded.train_more(
            text_of(sources),
            vocabulary=vocabulary,
            frozen=freeze,
            threads=threads,
            progress=watch,
            cache=cache,
            checkpoints=checkpoints,
            resume=resume,
            **changed,
        )
        save_aligned(more, space, output, overwrite=overwrite)
    if as_json:
        return print_json(facts(more) | {"model": str(output), "files": watch.files or None})
    new = sum(word not in loaded for word in more.words)
    click.echo(f"{len(more):,} words, {new:,} of them new{watch.told()}, saved to {output}")


@cli.command(short_help="Phrases of a text: words that stand together often.")
@options.sources
@click.option("--passes", type=click.IntRange(1, 10), default=1, show_default=True, help="Two find up to four words.")
@click.option("--min-count", type=click.IntRange(1), default=5, show_default=True, help="Rarer pairs are no phrases.")
@click.option("--threshold", type=float, help="The score of a phrase is above it. [default: 10, or 0.5 with npmi]")
@click.option("--scoring", type=click.Choice(["mikolov", "npmi"]), default="mikolov", show_default=True)
@click.option(
    "--connector-words",
    type=words_of(LISTS["connector_words"]),
    default=(),
    metavar="english|FILE",
    help="Words that phrases may hold, but not begin or end with: a file of them, one a line, or english.",
)
@options.topn
@column_options
@options.cache
@options.as_json
@options.as_csv
@options_of(TextConfig)
def phrases(
    sources: tuple[str, ...],
    passes: int,
    min_count: int,
    threshold: float | None,
    scoring: str,
    connector_words: tuple[str, ...],
    topn: int,
    cache: Path | None,
    as_json: bool,
    as_csv: bool,
    **settings: Any,
) -> None:
    """Show the phrases of a text, those with the highest scores first.

    \b
    firth phrases corpus.txt --passes 2 -n 50
    firth phrases corpus.txt --connector-words english
    firth train corpus.txt -o words.firth --phrase-passes 2
    """
    from firth.corpus.phrase_detection import find_phrases

    with watching(None) as watch:
        found = find_phrases(
            text_of(sources),
            passes=passes,
            min_count=min_count,
            threshold=threshold,
            scoring=scoring,
            connector_words=connector_words,
            config=TextConfig.of(settings),
            cache=cache,
            report=watch,
        )
    scores = list(found.scores().items())
    if as_json:
        highest = [{"phrase": p, "score": s} for p, s in scores[:topn]]
        return print_json({"phrases": len(scores), "files": watch.files or None, "highest": highest})
    print_table(("phrase", "score"), scores[:topn], as_csv=as_csv)
    if not as_csv:
        click.echo(f"{len(scores):,} phrases{watch.told()}")
