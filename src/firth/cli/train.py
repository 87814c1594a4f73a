"""Commands that learn: train, demo, tutorial."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli.common import (
    START,
    cli,
    csv_option,
    facts,
    how_to_read,
    json_option,
    load_model,
    overwrite_option,
    print_json,
    print_table,
    quoted,
    start_options,
    topn_option,
)
from firth.cli.settings import (
    LISTS,
    WordsOf,
    column_options,
    text_of,
    text_options,
    text_options_of_model,
    training_options,
)
from firth.config import TextConfig, TrainingConfig

if TYPE_CHECKING:
    from firth.reporting.progress_bar import ProgressBar
    from firth.training.checkpoints import Checkpoints

threads_option = click.option(
    "--threads", type=click.IntRange(1), help="Default: all processors. The result is the same."
)
progress_option = click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
resume_option = click.option(
    "--resume", is_flag=True, help="Go on where an interrupted training was, if there was one."
)
cache_option = click.option(
    "--cache", type=click.Path(path_type=Path), help="Where encoded text is kept for the next time."
)
DEMO_WORDS = ("exception", "month", "file", "thread", "integer", "import")


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


@cli.command(short_help="Phrases of a text: words that stand together often.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--passes", type=click.IntRange(1, 10), default=1, show_default=True, help="Two find up to four words.")
@click.option("--min-count", type=click.IntRange(1), default=5, show_default=True, help="Rarer pairs are no phrases.")
@click.option("--threshold", type=float, help="The score of a phrase is above it. [default: 10, or 0.5 with npmi]")
@click.option("--scoring", type=click.Choice(["mikolov", "npmi"]), default="mikolov", show_default=True)
@click.option(
    "--connector-words",
    type=WordsOf(LISTS["connector_words"]),
    default=(),
    metavar="english|FILE",
    help="Words that phrases may hold, but not begin or end with: a file of them, one a line, or english.",
)
@topn_option
@column_options
@cache_option
@json_option
@csv_option
@text_options
def phrases(
    sources: tuple[str, ...],
    passes: int,
    min_count: int,
    threshold: float | None,
    scoring: str,
    connector_words: tuple[str, ...],
    topn: int,
    column: str | None,
    delimiter: str | None,
    no_quotes: bool,
    skip_nulls: bool,
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
            text_of(sources, column, delimiter, no_quotes, skip_nulls),
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


@cli.command(short_help="Learn from the manual of your own Python.")
@click.option(
    "-o",
    "--output",
    default="demo.firth",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The model.",
)
@overwrite_option
@threads_option
@progress_option
def demo(output: Path, overwrite: bool, threads: int | None, progress: bool | None) -> None:
    """Learn vectors from text that this machine has already: the manual of your own Python.

    No download, a few seconds. Shows what was learnt, and what to try next.
    """
    from firth.corpus.python_docs import python_docs
    from firth.storage.folders import check_output

    check_output(output, overwrite=overwrite)
    click.echo(f"Learning from the manual of Python {sys.version.split()[0]}", nl=False)
    text = python_docs()
    click.echo(f" ({text.stat().st_size / 1e6:.1f} MB of text, in {text})")
    from firth.training.train import train as train_model

    model = train_model(text, threads=threads, progress=progress)
    model.save(output, overwrite=overwrite)
    last = model.history[-1]
    click.echo(
        f"\n{len(model):,} words, {model.vector_size} numbers each, {last.epoch} passes over the text;"
        f" mean loss of a pair {model.history[0].loss:.3f} at first, {last.loss:.3f} at the end\n"
    )
    asked = [word for word in DEMO_WORDS if word in model]
    for word, neighbors in zip(asked, model.most_similar(asked, topn=6), strict=True):
        click.echo(f"  {click.style(word, bold=True):>12}  {', '.join(w for w, _ in neighbors)}")
    click.echo(f"\nThe model is in {output}. Try next:")
    command = Path(sys.argv[0])
    firth = "firth" if command.name != "firth" or _on_path(command) else quoted(os.path.relpath(command))
    click.echo(f"  {firth} similar {quoted(output)} tuple")
    click.echo(f"  {firth} analogy {quoted(output)} file open socket")
    click.echo(f"  {firth} map {quoted(output)}")
    click.echo(f"  {firth} export {quoted(output)} vectors.txt")
    click.echo(f"  {firth} train YOUR_TEXT.txt -o words.firth")


def _on_path(command: Path) -> bool:
    return str(command.absolute().parent) in os.environ.get("PATH", "").split(os.pathsep)


@cli.command(short_help="TensorFlow's word2vec tutorial, step by step.")
@click.argument("text", type=click.Path(path_type=Path))
@click.option("-o", "--output", default="tutorial", show_default=True, type=click.Path(path_type=Path))
@overwrite_option
@click.option("--faithful", is_flag=True, help="Reproduce the tutorial's errors too, to compare its numbers.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Passes over the examples.")
@click.option("--optimizer", default="adam", show_default=True, help="sgd, adagrad, adam or lazy-adam.")
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Another seed, another result.")
@click.option("--tensorboard/--no-tensorboard", default=None, help="Write logs. [default: where it is installed]")
@progress_option
def tutorial(
    text: Path,
    output: Path,
    overwrite: bool,
    faithful: bool,
    epochs: int,
    optimizer: str,
    seed: int,
    tensorboard: bool | None,
    progress: bool | None,
) -> None:
    """Go through TensorFlow's word2vec tutorial on a text: every step of the notebook, and what there is to see.

    TEXT is the tutorial's shakespeare.txt, or any text with a sentence a line. The folder OUTPUT gets vectors.tsv and
    metadata.tsv, for the Embedding Projector. The tutorial's known errors are mended, unless --faithful.
    """
    from firth.reporting.events import Compiling
    from firth.reporting.progress_bar import ProgressBar, wanted
    from firth.tutorial.walkthrough import Result, Step, run
    from firth.visual.tensorboard import is_installed

    steps = run(
        text,
        output,
        faithful=faithful,
        epochs=epochs,
        optimizer=optimizer,
        seed=seed,
        overwrite=overwrite,
        tensorboard=is_installed() if tensorboard is None else tensorboard,
    )
    with ProgressBar() as bar:
        for event in steps:
            if isinstance(event, Step):
                bar.close()
                click.secho(f"\n{event.title}", bold=True)
                for line in event.lines:
                    click.echo(f"  {line}")
            elif isinstance(event, Compiling):
                click.echo(f"  {event} …", err=True)
            elif not isinstance(event, Result):
                if wanted(progress):
                    bar(event)
                elif event.epoch in {1, event.epochs} or event.epoch % 5 == 0:
                    held_out = event.validation_accuracy
                    more = "" if held_out is None else f", on held-out examples {held_out:.4f}"
                    click.echo(f"  epoch {event.epoch}: loss {event.loss:.4f}, accuracy {event.accuracy:.4f}{more}")
