"""Commands to look at vectors and judge them: map, projector, picture, evaluate, stability, compare."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, load_model, print_json, print_table, quoted
from firth.cli.options import PATH
from firth.errors import shortened

if TYPE_CHECKING:
    from firth.analysis.evaluation import Unknown
    from firth.analysis.scores import Score


def three_columns(value: str) -> tuple[int, ...]:
    """The numbers of three columns, counted from 1."""
    parts = value.split(",")
    if len(parts) != 3 or len(set(parts)) != 3 or not all(part.isdecimal() and int(part) for part in parts):
        raise click.BadParameter(f"{shortened(value)} is not three different columns, counted from 1, such as 2,4,8.")
    return tuple(map(int, parts))


@cli.command("map", short_help="A map of the words, as one HTML file.")
@options.model
@options.reading
@click.option("-o", "--output", type=PATH, help="The file. [default: the model's name, .html]")
@options.overwrite
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
@options.progress
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
    from firth.reporting.progress_bar import steps, wanted
    from firth.storage.files import refuse_to_overwrite, refuse_to_pack
    from firth.visual.columns import read_columns
    from firth.visual.map import pages
    from firth.visual.page import show
    from firth.visual.projection import can_tsne

    output = output or Path(model.name).with_suffix(".html")
    refuse_to_pack(output)
    refuse_to_overwrite(output, overwrite=overwrite)
    loaded = load_model(model)
    settings: dict[str, Any] = {"words": words, "seed": seed, "threads": threads, "title": f"Map of {model.name}"}
    settings["columns"] = read_columns(columns) if columns else None
    chosen = projection or ("tsne" if can_tsne(min(words, len(loaded))) else "pca")
    with steps("t-SNE", chosen == "tsne" and wanted(progress)) as report:
        drawn = pages(loaded, projection=chosen, report=report, **settings)
        next(drawn).save(output, overwrite=overwrite)
        click.echo(f"wrote {output}, a map by PCA of {min(words, len(loaded)):,} words")
        if open_it if open_it is not None else sys.stdout.isatty():
            show(output)
        better = next(drawn, None)
    if better is not None:
        better.save(output, overwrite=True)
        click.echo(f"wrote {output}, with a map by t-SNE: reload it in the browser")
    elif projection is None and len(loaded) > 100:
        click.echo("for one that keeps neighborhoods: pip install 'firth[map]'")


@cli.command(short_help="Show the vectors in TensorBoard's projector.")
@options.model
@options.reading
@click.option("-o", "--output", type=PATH, help="The folder. [default: the model's name, .projector]")
@options.overwrite
@click.option("--port", type=click.IntRange(1, 65_535), default=6006, show_default=True, help="Where it listens.")
@click.option("--serve/--no-serve", default=None, help="Start TensorBoard. [default: where it is installed]")
def projector(model: Path, output: Path | None, overwrite: bool, port: int, serve: bool | None) -> None:
    """Write a folder for TensorBoard's Embedding Projector, and start TensorBoard on this machine only.

    The first 100,000 words: it shows no more. Its two files can be loaded at projector.tensorflow.org, too.
    """
    from firth.visual.tensorboard import can_serve, serve_folder, write_projector

    output = output or Path(model.name).with_suffix(".projector")
    if serve is None:
        serve = can_serve()
    written = write_projector(load_model(model), output, overwrite=overwrite)
    click.echo(f"wrote {written}")
    if not serve:
        click.echo(f"to see it: pip install 'firth[tensorboard]', then tensorboard --logdir {quoted(written)}")
        return
    with serve_folder(written, port) as (process, address):
        click.echo(f"{address} (Ctrl-C stops it)")
        process.wait()


@cli.group(short_help="Pictures for papers: PNG, SVG or PDF.")
def picture() -> None:
    """Pictures for papers, as PNG, SVG or PDF by the ending of OUTPUT. Needs the extra firth[pictures].

    \b
    firth picture words words.firth capitals.pdf paris france rome italy
    firth picture similarities words.firth heat.svg king queen man woman
    firth picture curve words.firth other.firth curves.png
    """


@picture.command("words")
@options.model
@click.argument("output", type=PATH)
@options.words
@options.reading
@click.option("--inches", type=(float, float), default=(7.0, 5.0), show_default=True, help="Width and height.")
@options.overwrite
def picture_words(
    model: Path, output: Path, words: tuple[str, ...], inches: tuple[float, float], overwrite: bool
) -> None:
    """Chosen words, where PCA puts them, with labels that do not overlap."""
    from firth.visual.figures import draw_words

    click.echo(f"wrote {draw_words(load_model(model), words, output, inches=inches, overwrite=overwrite)}")


@picture.command("similarities")
@options.model
@click.argument("output", type=PATH)
@options.words
@options.reading
@options.overwrite
def picture_similarities(model: Path, output: Path, words: tuple[str, ...], overwrite: bool) -> None:
    """The cosines between words, as a heat map."""
    from firth.visual.figures import draw_similarities

    click.echo(f"wrote {draw_similarities(load_model(model), words, output, overwrite=overwrite)}")


@picture.command("curve")
@click.argument("models", nargs=-1, required=True, type=PATH, metavar="MODEL...")
@click.argument("output", type=PATH)
@options.overwrite
def picture_curve(models: tuple[Path, ...], output: Path, overwrite: bool) -> None:
    """The loss of each epoch, of one model or several."""
    from firth.model import Word2Vec
    from firth.visual.figures import draw_curves

    loaded = {model.name: load_model(model) for model in models}
    losses = {name: [r.loss for r in m.history] if isinstance(m, Word2Vec) else [] for name, m in loaded.items()}
    click.echo(f"wrote {draw_curves(losses, output, overwrite=overwrite)}")


@cli.command(short_help="Scores by the field's test sets.")
@options.model
@click.argument("tests", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path), metavar="TEST...")
@options.reading
@click.option(
    "--first",
    "first_words",
    type=click.IntRange(1),
    default=300_000,
    show_default=True,
    help="Words looked at: the most frequent.",
)
@click.option(
    "--columns",
    type=three_columns,
    metavar="WORD,WORD,SCORE",
    help="Of word pairs: word, word, score, such as 2,4,8. [default: by content]",
)
@click.option(
    "--unknown",
    type=click.Choice(["skip", "wrong"]),
    default="skip",
    show_default=True,
    help="Questions with unknown words: left out, or counted as wrong (pairs: as cosine 0).",
)
@click.option("--case-sensitive", is_flag=True, help="King and king are two words.")
@click.option("--details", is_flag=True, help="List each pair or question, with its answer.")
@options.as_json
@options.as_csv
def evaluate(
    model: Path,
    tests: tuple[Path, ...],
    first_words: int,
    columns: tuple[int, ...] | None,
    unknown: Unknown,
    case_sensitive: bool,
    details: bool,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Score vectors by test sets: what kind each is, its lines tell.

    \b
    word pairs   two words and people's score a line (WordSim-353, SimLex-999, MEN): Spearman, with its 95% interval,
                 and Pearson; p is two-sided
    analogies    ": section" lines and four words a line (Google's questions-words): 3CosAdd and 3CosMul
    outliers     words that belong together, an empty line, words that do not; a file, or a folder of them (8-8-8)

    \b
    firth evaluate words.firth wordsim353.tsv simlex999.txt questions-words.txt
    """
    from firth.analysis.evaluation import evaluate as score_by

    loaded = load_model(model)
    how: dict[str, Any] = {"first_words": first_words, "columns": columns, "unknown": unknown}
    scores = [score_by(loaded, test, case_sensitive=case_sensitive, **how) for test in tests]
    if as_json:
        return print_json([dataclasses.asdict(score) if details else _summary(score) for score in scores])
    if details:
        rows = [row for score in scores for row in _answer_rows(score)]
        return print_table(("test", "part", "question", "wanted", "answer", "3CosMul", "right"), rows, as_csv=as_csv)
    rows = [row for score in scores for row in _score_rows(score)]
    print_table(("test", "part", "score", "3CosMul", "low", "high", "p", "asked", "unknown"), rows, as_csv=as_csv)
    if not as_csv:
        which = "most frequent" if loaded.vocabulary.has_counts else "first in the file"
        click.echo(f"among the {min(first_words, len(loaded)):,} {which} of {len(loaded):,} words")


def _summary(score: Score) -> dict[str, Any]:
    """A score without its answers, for JSON."""
    about = {name: value for name, value in vars(score).items() if name not in {"answers", "sections"}}
    if sections := getattr(score, "sections", None):
        about["sections"] = [{name: value for name, value in vars(s).items() if name != "answers"} for s in sections]
    return about


def _answer_rows(score: Score) -> list[tuple[Any, ...]]:
    """A row for each pair, question or group, in the file's order."""
    from firth.analysis.scores import AnalogyScore, PairScore

    if isinstance(score, PairScore):
        return [
            (score.name, "pair", f"{a.first} {a.second}", a.score, a.cosine, None, _right(None, a.cosine))
            for a in score.answers
        ]
    if isinstance(score, AnalogyScore):
        return [
            (score.name, section.name, " ".join(a.question), a.wanted, a.add, a.mul, _right(a.right_add, a.add))
            for section in score.sections
            for a in section.answers
        ]
    return [
        (score.name, "outlier", " ".join(a.group), a.wanted, a.found, None, _right(a.found == a.wanted, a.found))
        for a in score.answers
    ]


def _right(is_right: bool | None, answer: object) -> str | None:
    if answer is None:
        return "unknown"
    return None if is_right is None else "yes" if is_right else "no"


def _score_rows(score: Score) -> list[tuple[Any, ...]]:
    from firth.analysis.scores import AnalogyScore, PairScore

    if isinstance(score, PairScore):
        asked = (score.pairs, score.missing)
        return [
            (score.name, "Spearman", score.spearman, None, score.low, score.high, score.spearman_p, *asked),
            (score.name, "Pearson", score.pearson, None, None, None, score.pearson_p, *asked),
        ]
    if isinstance(score, AnalogyScore):
        parts = [(s.name, s.add, s.mul, s.questions, s.missing) for s in score.sections]
        parts.append(("all analogies", score.add, score.mul, score.questions, score.missing))
        return [(score.name, name, add, mul, *[None] * 3, asked, missing) for name, add, mul, asked, missing in parts]
    return [
        (score.name, part, value, *[None] * 4, score.groups, score.missing)
        for part, value in (("outliers found", score.accuracy), ("mean position", score.position))
    ]


@cli.command(short_help="How far refits agree on words' neighbors.")
@click.argument("models", nargs=-1, required=True, type=PATH, metavar="MODEL MODEL...")
@options.reading
@options.topn
@click.option("--show", type=click.IntRange(0), default=10, show_default=True, help="Show the least stable words.")
@options.as_json
@options.as_csv
def stability(models: tuple[Path, ...], topn: int, show: int, as_json: bool, as_csv: bool) -> None:
    """How far models of the same text agree: the overlap of each word's nearest neighbors (Jaccard, 0 to 1).

    Refit with another --seed to learn which words' neighbors can be relied on. --csv gives every word.
    """
    from firth.analysis.comparison import stability as stability_of
    from firth.html_table import of_words

    if len(models) < 2:
        raise click.UsageError("stability is between two models at least")
    found = stability_of([load_model(model) for model in models], topn=topn)
    rows = list(zip(found.words, found.overlap.tolist(), strict=True))
    if as_json:
        return print_json({"mean": found.mean, "topn": topn, "words": dict(rows)})
    if as_csv:
        return print_table(("word", "overlap"), rows, as_csv=True)
    click.echo(f"mean overlap of {topn} neighbors over {len(rows):,} words: {found.mean:.4f}")
    if show:
        print_table(("least stable", "overlap"), of_words(found.least_stable(show)), as_csv=False)


@cli.command(short_help="The words that moved most from one model to another.")
@click.argument("before", type=PATH)
@click.argument("after", type=PATH)
@click.argument("words", nargs=-1, type=options.word, metavar="[WORD...]")
@options.reading
@options.topn
@click.option("--min-count", type=click.IntRange(0), default=0, help="Only words that occur so often in both.")
@click.option(
    "--without", multiple=True, type=options.word, metavar="WORD", help="Leave out a word; can be said several times."
)
@options.as_json
@options.as_csv
def compare(
    before: Path,
    after: Path,
    words: tuple[str, ...],
    topn: int,
    min_count: int,
    without: tuple[str, ...],
    as_json: bool,
    as_csv: bool,
) -> None:
    """Lay one model on the other (orthogonal Procrustes), and list the words that moved most, with their neighbors.

    Where words are given, these are shown, in their order.

    \b
    firth compare 1990s.firth 2000s.firth --min-count 50     slices of time, or before and after a change
    firth compare 1990s.firth 2000s.firth mouse cell
    """
    from firth.analysis.comparison import compare as compare_models
    from firth.html_table import of_words

    found = compare_models(load_model(before), load_model(after), min_count=min_count)
    moved = [(word, found[word]) for word in words]
    if not words:
        moved = found.most_moved(len(found) if as_csv else topn, without=without)
    near = found.neighbors([word for word, _ in moved], topn=5)
    rows = [
        (*row, *(" ".join(str(word) for word, _ in side) for side in sides))
        for row, *sides in zip(moved, *near, strict=True)
    ]
    if as_json:
        keys = ("word", "distance", "before", "after")
        return print_json([dict(zip(keys, row, strict=True)) for row in rows])
    print_table(("word", "moved", "neighbors before", "neighbors after"), of_words(rows), as_csv=as_csv)
