"""Commands for vectors that are trained again every day: align, drift, induce."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, load_model, print_json, print_table, quoted
from firth.cli.options import PATH, given
from firth.cli.query import answer, print_neighbors
from firth.cli.settings import COLUMN, column_options, split_as_told, splitting, text_of, words_of

if TYPE_CHECKING:
    from firth.analysis.drift import Drift

COSINES_APART = 0.2
"""By so much an alignment must raise the mean cosine for the command to recommend one."""
words_option = click.option(
    "--words", type=words_of({}), default=(), metavar="FILE", help="Only these words, one a line. [default: all shared]"
)


@cli.command(short_help="Turn a model into the space of yesterday's.")
@click.argument("today", type=PATH)
@click.argument("yesterday", type=PATH)
@options.reading
@click.option("-o", "--output", required=True, type=PATH, help="The turned model's folder.")
@options.overwrite
@words_option
@click.option(
    "--weights",
    type=click.Choice(["even", "counts"]),
    default="even",
    show_default=True,
    help="Each word decides alike, or by how often it occurs.",
)
@click.option("--min-count", type=click.IntRange(0), default=0, help="Only words that occur so often in both decide.")
def align(
    today: Path,
    yesterday: Path,
    output: Path,
    overwrite: bool,
    words: tuple[str, ...],
    weights: str,
    min_count: int,
) -> None:
    """Turn TODAY into the space of YESTERDAY (orthogonal Procrustes), so that vectors of both can be compared.

    Input and output vectors turn together: cosines, neighbors and scores of the model stay as they are.

    \b
    firth align today.firth yesterday.firth -o today.aligned.firth
    firth train today.txt --align yesterday.firth -o today.firth     in one step
    """
    from firth.analysis.alignment import align as align_models
    from firth.storage.folders import check_output

    check_output(output, overwrite=overwrite)
    how: dict[str, Any] = {"words": list(words) or None, "weights": weights, "min_count": min_count}
    aligned = align_models(load_model(today), load_model(yesterday), **how)
    aligned.save(output, overwrite=overwrite)
    click.echo(f"{len(aligned):,} words, in the space of {yesterday}, saved to {output}")


@cli.command(short_help="How far a model is from yesterday's.")
@click.argument("today", type=PATH)
@click.argument("yesterday", type=PATH)
@options.reading
@words_option
@options.topn
@click.option("--baseline", type=PATH, help="Yesterday's text, trained with another --seed: what chance does.")
@click.option("--show", type=click.IntRange(0), default=10, show_default=True, help="Show the words that drifted most.")
@options.as_json
@options.as_csv
def drift(
    today: Path,
    yesterday: Path,
    words: tuple[str, ...],
    topn: int,
    baseline: Path | None,
    show: int,
    as_json: bool,
    as_csv: bool,
) -> None:
    """How far TODAY's vectors are from YESTERDAY's, in all and per word, for who stored some. --csv gives every word.

    \b
    cosine     of a word's two vectors, as they are: firth align, or --align of firth train, brings them together
    kept       the share of yesterday's n neighbors that are still among the n nearest
    answered   the share of them that yesterday's vector finds among today's

    \b
    firth drift today.firth yesterday.firth --baseline yesterday-seed-2.firth
    """
    from firth.analysis.drift import drift as drift_of

    refit = load_model(baseline) if baseline else None
    models = load_model(today), load_model(yesterday)
    found = drift_of(*models, topn=topn, words=list(words) or None, baseline=refit)
    if as_json:
        return print_json(_as_json(found))
    if as_csv:
        return print_table(found.header, found.rows(found.words), as_csv=True)
    by_seed = found.baseline.means() if found.baseline else {}
    means = [(name, value, by_seed.get(name)) for name, value in found.means().items()]
    print_table(("mean", "today", "another seed"), means, as_csv=False)
    click.echo(f"{len(found):,} words compared, {found.new:,} new, {found.gone:,} gone; {topn} neighbors")
    if found.aligned_cosine - found.means()["cosine"] > COSINES_APART:
        click.echo(
            f"aligned, the mean cosine is {found.aligned_cosine:.4f}: firth align {quoted(today)} {quoted(yesterday)}"
        )
    if show:
        from firth.html_table import of_words

        rows = found.rows([word for word, _ in found.most_drifted(show)])
        print_table(("drifted most", *found.header[1:]), of_words(rows), as_csv=False)


def _as_json(found: Drift) -> dict[str, Any]:
    """The means, and the measures of each word."""
    about = {"words": len(found), "new": found.new, "gone": found.gone, "topn": found.topn, "means": found.means()}
    about["aligned_cosine"] = found.aligned_cosine if found.aligned_cosine == found.aligned_cosine else None
    about["baseline"] = found.baseline.means() if found.baseline else None
    return about | {"drift": [dict(zip(found.header, row, strict=True)) for row in found.rows(found.words)]}


def weights_of(value: str) -> str | int:
    """The word log, or a whole number."""
    return int(value) if value.isdecimal() else value


@cli.command(short_help="A vector for a word that was never trained.")
@options.model
@click.argument("examples", type=PATH)
@options.reading
@click.option("--word", required=True, type=options.word, help="The word, as the examples have it.")
@click.option("--corpus", metavar="SOURCE", help="The text that the model learned from.")
@column_options
@click.option("--transform", type=PATH, metavar="FILE.npy", help="Where what --corpus told is kept for the next word.")
@click.option("--window", type=click.IntRange(1), help="Tokens of context on a side. [default: the model's window]")
@click.option(
    "--weights", type=weights_of, default="log", show_default=True, metavar="log|N", help="How much each word decides."
)
@click.option("-o", "--output", type=PATH, help="Save the model with the word in it.")
@options.overwrite
@options.topn
@options.cache
@options.as_json
@splitting
def induce(
    model: Path,
    examples: Path,
    word: str,
    corpus: str | None,
    transform: Path | None,
    window: int | None,
    weights: str | int,
    output: Path | None,
    overwrite: bool,
    topn: int,
    cache: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Make a vector for a word that MODEL does not know, of EXAMPLES of its use, one a line; show its neighbors.

    \b
    firth induce words.firth examples.txt --word "vibe coding" --corpus corpus.txt --transform words.npy
    firth induce words.firth others.txt --word rizz --transform words.npy -o more.firth

    The corpus tells how contexts become vectors (à la carte, Khodak et al. 2018): a matrix, which FILE.npy keeps.
    """
    import numpy as np

    from firth.induction import alacarte
    from firth.storage.files import refuse_to_pack
    from firth.storage.folders import check_output

    if corpus is None and transform is None:
        raise click.UsageError("name the text that the model learned from, --corpus, or its matrix, --transform")
    if corpus is None and given(COLUMN):
        raise click.UsageError("--column and what goes with it are of the --corpus: name it")
    if transform is not None:
        refuse_to_pack(transform)
    if output is not None:
        check_output(output, overwrite=overwrite)
    loaded, contexts = load_model(model), _lines_of(examples)
    config = split_as_told(loaded, settings)
    how: dict[str, Any] = {"window": window, "weights": weights, "cache": cache, "config": config}
    if corpus is not None:
        carte = alacarte(loaded, text_of((corpus,)), **how)
    else:
        carte = alacarte(loaded, transform=_matrix_of(Path(str(transform))), **how)
    found = carte.induce(contexts, word=word)
    if corpus is not None and transform is not None:
        _save_matrix(carte.transform, transform, overwrite=overwrite)
    known = word in loaded
    near = loaded.most_similar(positive=[found.vector], topn=topn + known)
    near[:] = [pair for pair in near if str(pair[0]) != word][:topn]
    if output is not None:
        more = loaded.replace(word, found.vector) if known else loaded.add(word, found.vector)
        more.save(output, overwrite=overwrite)
    if as_json:
        used = {"contexts": found.contexts, "left_out": found.left_out, "context_words": found.context_words}
        return print_json(answer(word, near) | used | {"vector": np.round(found.vector.astype(float), 8).tolist()})
    print_neighbors(near)
    left_out = f", {found.left_out:,} without a known word left out" if found.left_out else ""
    click.echo(f"of {found.contexts:,} contexts, {found.context_words:,} known words{left_out}")
    if output is not None:
        click.echo(f"{len(loaded) + (not known):,} words, saved to {output}")


def _lines_of(path: Path) -> list[str]:
    """The lines of a text that are not empty. Raises `FormatError` if it is not UTF-8."""
    from firth.errors import FormatError

    try:
        return list(filter(str.strip, path.read_text("utf-8-sig").splitlines()))
    except UnicodeDecodeError as error:
        raise FormatError(f"{path} is not a text in UTF-8: {error}") from error


def _matrix_of(path: Path) -> Any:
    """The array in a file of NumPy's. Raises `FormatError` if it is none."""
    import numpy as np

    from firth.errors import FormatError

    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise FormatError(f"{path} holds no matrix: {error}") from error


def _save_matrix(matrix: Any, path: Path, *, overwrite: bool) -> None:
    """Write an array as a file of NumPy's, whole or not at all."""
    import numpy as np

    from firth.storage.files import atomic_file

    with atomic_file(path, overwrite=overwrite) as temporary, temporary.open("wb") as file:
        np.save(file, matrix)
