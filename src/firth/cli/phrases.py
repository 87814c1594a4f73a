"""The command that finds phrases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from firth.cli.common import cli, csv_option, json_option, print_json, print_table, topn_option
from firth.cli.long_work import cache_option, watching
from firth.cli.settings import LISTS, WordsOf, column_options, text_of, text_options
from firth.config import TextConfig


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
