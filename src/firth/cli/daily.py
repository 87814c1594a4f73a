"""Commands for vectors that are trained again every day: align, drift."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, load_model, print_json, print_table, quoted
from firth.cli.options import PATH
from firth.cli.settings import words_of

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
        rows = found.rows([word for word, _ in found.most_drifted(show)])
        print_table(("drifted most", *found.header[1:]), rows, as_csv=False)


def _as_json(found: Drift) -> dict[str, Any]:
    """The means, and the measures of each word."""
    about = {"words": len(found), "new": found.new, "gone": found.gone, "topn": found.topn, "means": found.means()}
    about["aligned_cosine"] = found.aligned_cosine if found.aligned_cosine == found.aligned_cosine else None
    about["baseline"] = found.baseline.means() if found.baseline else None
    return about | {"drift": [dict(zip(found.header, row, strict=True)) for row in found.rows(found.words)]}
