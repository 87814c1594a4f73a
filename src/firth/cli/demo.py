"""Commands to begin with: demo, on a text that is here already, and TensorFlow's tutorial."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from firth.cli import options
from firth.cli.common import cli, quoted
from firth.cli.options import PATH

DEMO_WORDS = ("exception", "month", "file", "thread", "integer", "import")


@cli.command(short_help="Learn from the manual of your own Python.")
@click.option(
    "-o",
    "--output",
    default="demo.firth",
    show_default=True,
    type=PATH,
    help="The model.",
)
@options.overwrite
@options.threads
@options.progress
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
@click.argument("text", type=PATH)
@click.option("-o", "--output", default="tutorial", show_default=True, type=PATH)
@options.overwrite
@click.option("--faithful", is_flag=True, help="Reproduce the tutorial's errors too, to compare its numbers.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Passes over the examples.")
@click.option("--optimizer", default="adam", show_default=True, help="sgd, adagrad, adam or lazy-adam.")
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Another seed, another result.")
@click.option("--tensorboard/--no-tensorboard", default=None, help="Write logs. [default: where it is installed]")
@options.progress
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
