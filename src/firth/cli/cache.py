"""The command that lists and clears what firth keeps: cache."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import click

from firth.cli import options
from firth.cli.common import cli, print_json, print_table
from firth.storage.caches import user_cache
from firth.storage.kept import KINDS, beyond, kept, remove


@cli.command(short_help="What firth keeps for the next time: list and clear it.")
@click.option("--clear", is_flag=True, help="Remove what is listed.")
@click.option("--kind", type=click.Choice(KINDS), help="Only encoded corpora, and so on.")
@click.option("--days", type=click.FloatRange(0), help="Only what was not used for so many days.")
@click.option(
    "--limit", type=click.FloatRange(0), metavar="MB", help="Only what is beyond this many MB, least used first."
)
@click.option("--cache", type=options.PATH, help="The folder. [default: the user's cache folder]")
@options.as_json
def cache(
    clear: bool, kind: str | None, days: float | None, limit: float | None, cache: Path | None, as_json: bool
) -> None:
    """List the encoded corpora, the machine code and the texts that firth keeps; with --clear, remove them.

    All of it is made again when it is needed. Corpora go by themselves when they were not used for 90 days, or for 7
    where all together take more than 10 GB.
    """
    root = cache or user_cache()
    found = kept(root, [kind] if kind else KINDS)
    if days is not None or limit is not None:
        found = beyond(found, days=days, most_bytes=None if limit is None else int(limit * 1e6))
    in_use = remove(found) if clear else []
    if as_json:
        gone = [
            dataclasses.asdict(one) | {"path": str(one.path), "removed": clear and one not in in_use} for one in found
        ]
        return print_json(gone)
    found = [one for one in found if one not in in_use]
    rows = [(one.kind, f"{one.bytes / 1e6:9,.1f}", f"{one.days:8,.1f}", one.source) for one in found]
    if rows:
        print_table(("kind", "       MB", "days ago", "of"), rows, as_csv=False)
    megabytes = sum(one.bytes for one in found) / 1e6
    if in_use:
        click.echo(f"not removed, because of another program that uses it or a lack of permission: {len(in_use):,}")
    click.echo(
        f"{'removed ' if clear else ''}{megabytes:,.1f} MB in {root}" if found or in_use else f"nothing in {root}"
    )
