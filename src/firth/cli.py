"""The command: each part of it parses, makes one call, and shows the result."""

from __future__ import annotations

import csv
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth import __version__
from firth.config import TrainingConfig
from firth.errors import FirthError

if TYPE_CHECKING:
    from firth.evaluation import Score
    from firth.model import Word2Vec
    from firth.vectors import Neighbors

DEMO_WORDS = ("exception", "month", "file", "thread", "integer", "import")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for other programs.")
csv_option = click.option("--csv", "as_csv", is_flag=True, help="Print CSV, for spreadsheets.")
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace what is at the output path.")
topn_option = click.option(
    "-n", "--topn", type=click.IntRange(1), default=10, show_default=True, help="How many words."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
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


def training_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for every field of `TrainingConfig`."""
    for field in reversed(dataclasses.fields(TrainingConfig)):
        flag = "--" + field.name.replace("_", "-")
        text = field.metadata["doc"][0].upper() + field.metadata["doc"][1:] + "."
        options: dict[str, Any] = {"default": field.default, "help": text}
        if isinstance(field.default, bool):
            flag = f"{flag}/--no-{field.name.replace('_', '-')}"
        else:
            options["type"] = float if "float" in field.type else int if "int" in field.type else str
        options["show_default"] = field.default is not None
        command = click.option(flag, field.name, **options)(command)
    return command


@cli.command(short_help="Learn vectors from text.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The model's folder.")
@overwrite_option
@click.option("--threads", type=click.IntRange(1), help="Default: all processors. The result is the same.")
@click.option("--column", metavar="NAME", help="The column to learn from, of Parquet or Arrow files.")
@click.option("--cache", type=click.Path(path_type=Path), help="Where encoded text is kept for the next time.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted training was, if there was one.")
@click.option("--tensorboard", type=click.Path(path_type=Path), help="A folder for logs that TensorBoard shows.")
@click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
@json_option
@training_options
def train(
    sources: tuple[str, ...],
    output: Path,
    overwrite: bool,
    threads: int | None,
    column: str | None,
    cache: Path | None,
    resume: bool,
    tensorboard: Path | None,
    progress: bool | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Learn vectors from text, one sentence a line, and save them as a model.

    SOURCE is a file (packed with gzip, bzip2, xz or zstd or not), a folder with all files below it, a glob in
    quotes, several of these, or - for standard input.

    \b
    firth train corpus.txt -o words.firth
    firth train 'news/*.txt.gz' -o news.firth --vector-size 200 --epochs 10
    firth train reviews.parquet --column text -o reviews.firth
    zcat sessions.gz | firth train - -o items.firth --no-lowercase --no-strip-punctuation --separator ,

    Every few minutes, and when it is interrupted (Ctrl-C, SIGTERM), the training is saved in OUTPUT.checkpoints: the
    same command with --resume goes on, even after a power failure, to the same result.
    """
    from firth.checkpoints import Checkpoints
    from firth.model import check_output
    from firth.sources import files

    config = TrainingConfig.of(settings)
    check_output(output, overwrite=overwrite)
    if "-" in sources and len(sources) > 1:
        raise click.UsageError("- (standard input) cannot be mixed with files")
    source: Any = sys.stdin.buffer if sources == ("-",) else None
    if column is not None:
        from firth.tables import column as column_of

        if source is not None:
            raise click.UsageError("--column is for files, not for standard input")
        source = column_of(list(sources), column)
    source = source or files(sources)
    from firth.training import train as train_model

    checkpoints = Checkpoints(output.with_name(f"{output.name}.checkpoints"))
    if overwrite and not resume:
        checkpoints.remove()
    model = train_model(
        source,
        config=config,
        threads=threads,
        progress=progress,
        cache=cache,
        tensorboard=tensorboard,
        checkpoints=checkpoints.folder,
        resume=resume,
    )
    model.save(output, overwrite=overwrite)
    checkpoints.remove()
    if as_json:
        return _print_json(_facts(model) | {"model": str(output)})
    click.echo(f"{len(model):,} words, {model.vector_size} dimensions, saved to {output}")
    click.echo(f"try: firth similar {output} {model.words[min(100, len(model) - 1)]}")


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
@click.option("--threads", type=click.IntRange(1), help="Default: all processors. The result is the same.")
@click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
def demo(output: Path, overwrite: bool, threads: int | None, progress: bool | None) -> None:
    """Learn vectors from text that this machine has already: the manual of your own Python.

    No download, a few seconds. Shows what was learnt, and what to try next.
    """
    from firth.model import check_output
    from firth.python_docs import python_docs

    check_output(output, overwrite=overwrite)
    click.echo(f"Learning from the manual of Python {sys.version.split()[0]}", nl=False)
    text = python_docs()
    click.echo(f" ({text.stat().st_size / 1e6:.1f} MB of text, in {text})")
    from firth.training import train as train_model

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
    firth = "firth" if command.name != "firth" or _on_path(command) else os.path.relpath(command)
    click.echo(f"  {firth} similar {output} tuple")
    click.echo(f"  {firth} analogy {output} file open socket")
    click.echo(f"  {firth} map {output}")
    click.echo(f"  {firth} export {output} vectors.txt")
    click.echo(f"  {firth} train YOUR_TEXT.txt -o words.firth")


def _on_path(command: Path) -> bool:
    return str(command.absolute().parent) in os.environ.get("PATH", "").split(os.pathsep)


@cli.command(short_help="TensorFlow's word2vec tutorial, step by step.")
@click.argument("text", type=click.Path(path_type=Path))
@click.option("-o", "--output", default="tutorial", show_default=True, type=click.Path(path_type=Path))
@overwrite_option
@click.option("--faithful", is_flag=True, help="Reproduce the tutorial's errors too, to compare its numbers.")
@click.option("--epochs", type=click.IntRange(1), default=20, show_default=True, help="Passes over the examples.")
@click.option("--optimizer", default="adam", show_default=True, help="sgd, adagrad, adam or lazy_adam.")
@click.option("--seed", type=click.IntRange(0), default=42, show_default=True, help="Another seed, another result.")
@click.option("--tensorboard/--no-tensorboard", default=None, help="Write logs. [default: where it is installed]")
@click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
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
    from firth.kernels.compiler import Compiling
    from firth.progress import ProgressBar, wanted
    from firth.tensorboard import is_installed
    from firth.tutorial import Result, Step, run

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


@cli.command(short_help="The words most similar to a word.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@topn_option
@click.option("--approximate", is_flag=True, help="Use the index that firth index built.")
@json_option
def similar(model: Path, words: tuple[str, ...], topn: int, approximate: bool, as_json: bool) -> None:
    """The words whose vectors are nearest to a word's, with the cosine between them.

    MODEL is a folder that `firth train` wrote, or a file of vectors (.txt, .vec, .bin, .tsv, .safetensors).
    """
    from firth.model import load

    loaded = load(model)
    if approximate:
        from firth.index import index_path, load_index

        answers = load_index(loaded, index_path(model)).most_similar(list(words), topn=topn)
    else:
        answers = loaded.most_similar(list(words), topn=topn)
    if as_json:
        return _print_json([_as_json(word, found) for word, found in zip(words, answers, strict=True)])
    for word, found in zip(words, answers, strict=True):
        if len(words) > 1:
            click.secho(word, bold=True)
        _print_neighbors(found)


@cli.command(short_help="A is to B as C is to what?")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("a")
@click.argument("b")
@click.argument("c")
@topn_option
@json_option
def analogy(model: Path, a: str, b: str, c: str, topn: int, as_json: bool) -> None:
    """What is to C as B is to A: the words nearest to B - A + C.

    \b
    firth analogy words.firth man king woman       queen, one hopes
    """
    from firth.model import load

    found = load(model).analogy(a, b, c, topn=topn)
    if as_json:
        return _print_json(_as_json(f"{b} - {a} + {c}", found))
    _print_neighbors(found)


@cli.command("map", short_help="A map of the words, as one HTML file.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file. [default: the model's name, .html]")
@overwrite_option
@click.option("--words", type=click.IntRange(1), default=30_000, show_default=True, help="The most frequent words.")
@click.option(
    "--projection",
    type=click.Choice(["pca", "tsne"]),
    help="pca: at once; tsne: keeps neighborhoods, takes minutes. [default: tsne, where it is installed]",
)
@click.option(
    "--columns", type=click.Path(exists=True, path_type=Path), help="CSV or TSV: a word, and colors to choose."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another map.")
@click.option("--threads", type=click.IntRange(1), help="Default: all processors.")
@click.option("--open/--no-open", "open_it", default=None, help="Open it in the browser. [default: at a terminal]")
@click.option("--progress/--quiet", default=None, help="Show a bar. [default: at a terminal]")
def map_command(
    model: Path,
    output: Path | None,
    overwrite: bool,
    words: int,
    projection: str | None,
    columns: Path | None,
    seed: int,
    threads: int | None,
    open_it: bool | None,
    progress: bool | None,
) -> None:
    """Draw the words as a map: one HTML file, which works offline, to search, zoom and select in.

    MODEL is a folder that `firth train` wrote, or any file of vectors (.txt, .vec, .bin, .tsv, .safetensors). The
    map by PCA is there at once; that by t-SNE, from the extra firth[map], follows in the same file: reload the page.

    \b
    firth map words.firth
    firth map glove.txt --words 50000 --columns topics.csv -o glove.html
    """
    from firth.atlas import word_map
    from firth.atlas.columns import read_columns
    from firth.atlas.page import show
    from firth.atlas.projection import can_tsne
    from firth.files import refuse_to_overwrite
    from firth.model import load
    from firth.progress import steps, wanted

    output = output or Path(model.name).with_suffix(".html")
    refuse_to_overwrite(output, overwrite=overwrite)
    loaded = load(model)
    settings: dict[str, Any] = {"words": words, "seed": seed, "threads": threads, "title": f"Map of {model.name}"}
    settings["columns"] = read_columns(columns) if columns else None
    page = word_map(loaded, projection="pca", **settings).save(output, overwrite=overwrite)
    click.echo(f"wrote {page}, a map by PCA of {min(words, len(loaded)):,} words")
    if open_it if open_it is not None else sys.stdout.isatty():
        show(page)
    if projection is None:
        projection = "tsne" if can_tsne(min(words, len(loaded))) else "pca"
        if projection == "pca" and len(loaded) > 100:
            click.echo("for one that keeps neighborhoods: pip install 'firth[map]'")
    if projection == "tsne":
        with steps("t-SNE", wanted(progress)) as report:
            better = word_map(loaded, projection="tsne", report=report, **settings)
        better.save(output, overwrite=True)
        click.echo(f"wrote {page}, with a map by t-SNE: reload it in the browser")


@cli.command(short_help="Scores by the field's test sets.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("tests", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="TEST...")
@click.option(
    "--first",
    "first_words",
    type=click.IntRange(1),
    default=300_000,
    show_default=True,
    help="Words looked at: the most frequent.",
)
@json_option
@csv_option
def evaluate(model: Path, tests: tuple[Path, ...], first_words: int, as_json: bool, as_csv: bool) -> None:
    """Score vectors by test sets: what kind each is, its lines tell.

    \b
    word pairs   two words and people's score a line (WordSim-353, SimLex-999, MEN): Spearman, with its 95% interval
    analogies    ": section" lines and four words a line (Google's questions-words): 3CosAdd and 3CosMul
    outliers     words that belong together, an empty line, words that do not; a file, or a folder of them (8-8-8)

    \b
    firth evaluate words.firth wordsim353.tsv simlex999.txt questions-words.txt
    """
    from firth.evaluation import evaluate as score_by
    from firth.model import load

    loaded = load(model)
    scores = [score_by(loaded, test, first_words=first_words) for test in tests]
    if as_json:
        return _print_json([dataclasses.asdict(score) for score in scores])
    rows = [row for score in scores for row in _score_rows(score)]
    _print_table(("test", "part", "score", "3CosMul", "low", "high", "asked", "unknown"), rows, as_csv=as_csv)
    if not as_csv:
        click.echo(f"among the {min(first_words, len(loaded)):,} most frequent of {len(loaded):,} words")


def _score_rows(score: Score) -> list[tuple[Any, ...]]:
    from firth.evaluation import AnalogyScore, PairScore

    if isinstance(score, PairScore):
        return [(score.name, "Spearman", score.spearman, None, score.low, score.high, score.pairs, score.missing)]
    if isinstance(score, AnalogyScore):
        parts = [(s.name, s.add, s.mul, s.questions, s.missing) for s in score.sections]
        parts.append(("all analogies", score.add, score.mul, score.questions, score.missing))
        return [(score.name, name, add, mul, None, None, asked, missing) for name, add, mul, asked, missing in parts]
    return [
        (score.name, part, share, None, None, None, score.groups, score.missing)
        for part, share in (("outliers found", score.accuracy), ("mean position", score.position))
    ]


@cli.command(short_help="How far refits agree on words' neighbors.")
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MODEL MODEL...")
@topn_option
@click.option("--show", type=click.IntRange(0), default=10, show_default=True, help="Show the least stable words.")
@json_option
@csv_option
def stability(models: tuple[Path, ...], topn: int, show: int, as_json: bool, as_csv: bool) -> None:
    """How far models of the same text agree: the overlap of each word's nearest neighbors (Jaccard, 0 to 1).

    Refit with another --seed to learn which words' neighbors can be relied on. --csv gives every word.
    """
    from firth.comparison import stability as stability_of
    from firth.model import load

    if len(models) < 2:
        raise click.UsageError("stability is between two models at least")
    found = stability_of([load(model) for model in models], topn=topn)
    rows = list(zip(found.words, found.overlap.tolist(), strict=True))
    if as_json:
        return _print_json({"mean": found.mean, "topn": topn, "words": dict(rows)})
    if as_csv:
        return _print_table(("word", "overlap"), rows, as_csv=True)
    click.echo(f"mean overlap of {topn} neighbors over {len(rows):,} words: {found.mean:.4f}")
    if show:
        _print_table(("least stable", "overlap"), found.least_stable(show), as_csv=False)


@cli.command(short_help="The words that moved most from one model to another.")
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@topn_option
@click.option("--min-count", type=click.IntRange(0), default=0, help="Only words that occur so often in both.")
@json_option
@csv_option
def compare(before: Path, after: Path, topn: int, min_count: int, as_json: bool, as_csv: bool) -> None:
    """Lay one model on the other (orthogonal Procrustes), and list the words that moved most, with their neighbors.

    For slices of time, or before and after a change: firth compare 1990s.firth 2000s.firth --min-count 50
    """
    from firth.comparison import compare as compare_models
    from firth.model import load

    found = compare_models(load(before), load(after), min_count=min_count)
    rows = [
        (word, moved, *(" ".join(w for w, _ in side) for side in found.neighbors(word, topn=5)))
        for word, moved in found.most_moved(len(found.words) if as_csv else topn)
    ]
    if as_json:
        keys = ("word", "distance", "before", "after")
        return _print_json([dict(zip(keys, row, strict=True)) for row in rows])
    _print_table(("word", "moved", "neighbors before", "neighbors after"), rows, as_csv=as_csv)


@cli.command(short_help="An index for fast approximate neighbors.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.955,
    show_default=True,
    help="Share of the true ten nearest to find.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another index.")
@click.option("--threads", type=click.IntRange(1), help="Default: all processors.")
@overwrite_option
@json_option
def index(model: Path, recall: float, seed: int, threads: int | None, overwrite: bool, as_json: bool) -> None:
    """Build an index, save it with the model, and say what share of the true nearest words it finds, and how fast.

    For half a million words and more; below, `firth similar` is as fast without. Use it by firth similar --approximate.
    A model's folder gets index.safetensors, a file of vectors NAME.index.safetensors beside it.
    """
    from firth.files import refuse_to_overwrite
    from firth.index import build_index, index_path
    from firth.model import load

    path = index_path(model)
    refuse_to_overwrite(path, overwrite=overwrite)
    built = build_index(load(model), recall=recall, seed=seed, threads=threads)
    built.save(path, overwrite=overwrite)
    measured = built.measured
    if as_json:
        return _print_json({"index": str(path), **dataclasses.asdict(measured), "speedup": measured.speedup})
    click.echo(f"wrote {path}: recall@10 {measured.recall:.3f}, {measured.seconds * 1e3:.2f} ms a query in batches,")
    click.echo(f"{measured.speedup:.1f} times as fast as looking at all words")


@cli.group(short_help="Pictures for papers: PNG, SVG or PDF.")
def picture() -> None:
    """Pictures for papers, as PNG, SVG or PDF by the ending of OUTPUT. Needs the extra firth[pictures].

    \b
    firth picture words words.firth capitals.pdf paris france rome italy
    firth picture similarities words.firth heat.svg king queen man woman
    firth picture curve words.firth other.firth curves.png
    """


@picture.command("words")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@click.option("--inches", type=(float, float), default=(7.0, 5.0), show_default=True, help="Width and height.")
@overwrite_option
def picture_words(
    model: Path, output: Path, words: tuple[str, ...], inches: tuple[float, float], overwrite: bool
) -> None:
    """Chosen words, where PCA puts them, with labels that do not overlap."""
    from firth.model import load
    from firth.pictures import draw_words

    click.echo(f"wrote {draw_words(load(model), words, output, inches=inches, overwrite=overwrite)}")


@picture.command("similarities")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.argument("words", nargs=-1, required=True, metavar="WORD...")
@overwrite_option
def picture_similarities(model: Path, output: Path, words: tuple[str, ...], overwrite: bool) -> None:
    """The cosines between words, as a heat map."""
    from firth.model import load
    from firth.pictures import draw_similarities

    click.echo(f"wrote {draw_similarities(load(model), words, output, overwrite=overwrite)}")


@picture.command("curve")
@click.argument("models", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="MODEL...")
@click.argument("output", type=click.Path(path_type=Path))
@overwrite_option
def picture_curve(models: tuple[Path, ...], output: Path, overwrite: bool) -> None:
    """The loss of each epoch, of one model or several."""
    from firth.model import Word2Vec, load
    from firth.pictures import draw_curves

    loaded = {model.name: load(model) for model in models}
    losses = {name: [r.loss for r in m.history] if isinstance(m, Word2Vec) else [] for name, m in loaded.items()}
    click.echo(f"wrote {draw_curves(losses, output, overwrite=overwrite)}")


@cli.command(short_help="Type words and analogies, see neighbors.")
@click.argument("model", type=click.Path(path_type=Path))
@topn_option
def explore(model: Path, topn: int) -> None:
    """A session at the terminal: type a word, or words to add and subtract, and see what is near.

    \b
    king                  the words nearest to king
    king - man + woman    those nearest to a sum
    man : king :: woman   what is to woman as king is to man
    king ~ queen          how similar two words are
    ? king queen axe      which does not belong
    :20                   show 20 words from now on
    :q                    leave (or Ctrl-D)

    The Tab key completes words, the arrow keys bring back what was typed, in earlier sessions too.
    """
    from firth.explore import session
    from firth.model import load

    session(load(model), topn=topn)


@cli.command(short_help="Show the vectors in TensorBoard's projector.")
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The folder. [default: the model's name, .projector]"
)
@overwrite_option
@click.option("--port", type=click.IntRange(1, 65_535), default=6006, show_default=True, help="Where it listens.")
@click.option("--serve/--no-serve", default=None, help="Start TensorBoard. [default: where it is installed]")
def projector(model: Path, output: Path | None, overwrite: bool, port: int, serve: bool | None) -> None:
    """Write a folder for TensorBoard's Embedding Projector, and start TensorBoard on this machine only.

    The first 100,000 words: it shows no more. Its two files can be loaded at projector.tensorflow.org, too.
    """
    from firth.model import load
    from firth.projector import can_serve, serve_folder
    from firth.tensorboard import write_projector

    output = output or Path(model.name).with_suffix(".projector")
    if serve is None:
        serve = can_serve()
    written = write_projector(load(model), output, overwrite=overwrite)
    click.echo(f"wrote {written}")
    if not serve:
        click.echo(f"to see it: pip install 'firth[tensorboard]', then tensorboard --logdir {written}")
        return
    with serve_folder(written, port) as (process, address):
        click.echo(f"{address} (Ctrl-C stops it)")
        process.wait()


@cli.command(short_help="Write the vectors for other programs.")
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("output", type=click.Path(path_type=Path))
@click.option("--format", "format", help="Default: by the output's ending.")
@overwrite_option
def export(model: Path, output: Path, format: str | None, overwrite: bool) -> None:
    """Write vectors in another program's format, by the ending of OUTPUT.

    \b
    .txt .vec   word2vec's text format: gensim, fastText, spaCy and most others read it
    .bin        word2vec's binary format
    .tsv        numbers, with the words in a metadata.tsv beside: the Embedding Projector's
    .safetensors  a matrix, with the words in a .words.txt beside
    """
    from firth.formats import export as export_vectors
    from firth.model import load

    for path in export_vectors(load(model), output, format=format, overwrite=overwrite):
        click.echo(f"wrote {path}")


@cli.command(short_help="What a model is, and how it was made.")
@click.argument("model", type=click.Path(path_type=Path))
@json_option
def info(model: Path, as_json: bool) -> None:
    """What a model is, and how it was made."""
    from firth.model import Word2Vec, load

    loaded = load(model)
    if isinstance(loaded, Word2Vec):
        facts = _facts(loaded)
    else:
        facts = {"words": len(loaded), "vector_size": loaded.vector_size, "first_words": loaded.words[:10]}
    if as_json:
        return _print_json(facts)
    for name, value in facts.items():
        if name == "history":
            losses = ", ".join(f"{result['loss']:.4f}" for result in value)
            click.echo(f"loss of each epoch (nats a pair): {losses}")
        elif isinstance(value, dict):
            click.echo(f"{name}: " + ", ".join(f"{key}={setting!r}" for key, setting in value.items()))
        elif isinstance(value, list):
            click.echo(f"{name.replace('_', ' ')}: {' '.join(value)}")
        else:
            click.echo(f"{name.replace('_', ' ')}: {value:,}")


def _facts(model: Word2Vec) -> dict[str, Any]:
    return {
        "words": len(model),
        "vector_size": model.vector_size,
        "tokens_of_these_words": int(model.vocabulary.counts.sum()),
        "first_words": model.words[:10],
        "settings": dataclasses.asdict(model.config),
        "history": [dataclasses.asdict(result) for result in model.history],
    }


def _as_json(query: str, found: Neighbors) -> dict[str, Any]:
    return {"query": query, "similar": [{"word": word, "cosine": round(c, 6)} for word, c in found]}


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _print_table(header: tuple[str, ...], rows: Sequence[tuple[Any, ...]], *, as_csv: bool) -> None:
    """Rows in columns, or as CSV. Numbers with a fraction have four digits; what is not there is empty."""
    if as_csv:
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
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _print_neighbors(found: Neighbors) -> None:
    for word, cosine in found:
        click.echo(f"{cosine:.4f}  {word}")


def main() -> None:
    """Run the command. Exit codes: 0 done, 1 an error of the task, 2 of the command line, 130 interrupted."""
    try:
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as error:
        interrupted = error.__cause__ or error.__context__ or error  # click turns one into the other
        click.echo(f"firth: {str(interrupted) or 'interrupted'}", err=True)
        code = getattr(interrupted, "exit_code", 130)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except (FirthError, OSError, MemoryError) as error:
        click.echo(f"firth: {error or type(error).__name__}", err=True)
        code = 1
    sys.exit(code or 0)
