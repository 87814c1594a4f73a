"""Commands that ask a model: similar, analogy, explore, index, info."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from firth.cli import options
from firth.cli.common import cli, facts, load_model, print_json

if TYPE_CHECKING:
    from firth.vectors.index import NeighborIndex
    from firth.vectors.neighbors import Neighbors
    from firth.vectors.word_vectors import WordVectors


def searched(model: Path, *, approximate: bool) -> WordVectors | NeighborIndex:
    """What finds neighbors: the vectors themselves, or the index that was built of them."""
    loaded = load_model(model)
    if not approximate:
        return loaded
    from firth.vectors.index import index_path, load_index

    return load_index(loaded, index_path(model))


def answer(query: str, found: Neighbors) -> dict[str, Any]:
    """Neighbors, for JSON."""
    return {"query": query, "similar": [{"word": word, "cosine": round(c, 6)} for word, c in found]}


def print_neighbors(found: Neighbors) -> None:
    """A line for each, the cosine first."""
    for word, cosine in found:
        click.echo(f"{cosine:.4f}  {word}")


@cli.command(short_help="The words most similar to a word.")
@options.model
@options.words
@options.reading
@options.topn
@options.approximate
@options.as_json
def similar(model: Path, words: tuple[str, ...], topn: int, approximate: bool, as_json: bool) -> None:
    """The words whose vectors are nearest to a word's, with the cosine between them.

    MODEL is a folder that `firth train` wrote, or a file of vectors (.txt, .vec, .bin, .tsv, .safetensors).
    """
    answers = searched(model, approximate=approximate).most_similar(list(words), topn=topn)
    if as_json:
        return print_json([answer(word, found) for word, found in zip(words, answers, strict=True)])
    for word, found in zip(words, answers, strict=True):
        if len(words) > 1:
            click.secho(word, bold=True)
        print_neighbors(found)


@cli.command(short_help="A is to B as C is to what?")
@options.model
@click.argument("a", type=options.word)
@click.argument("b", type=options.word)
@click.argument("c", type=options.word)
@options.reading
@options.topn
@options.approximate
@options.as_json
def analogy(model: Path, a: str, b: str, c: str, topn: int, approximate: bool, as_json: bool) -> None:
    """What is to C as B is to A: the words nearest to B - A + C.

    \b
    firth analogy words.firth man king woman       queen, one hopes
    """
    found = searched(model, approximate=approximate).analogy(a, b, c, topn=topn)
    if as_json:
        return print_json(answer(f"{b} - {a} + {c}", found))
    print_neighbors(found)


@cli.command(short_help="Type words and analogies, see neighbors.")
@options.model
@options.reading
@options.topn
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
    from firth.cli.repl import session

    session(load_model(model), topn=topn)


@cli.command(short_help="An index for fast approximate neighbors.")
@options.model
@options.reading
@click.option(
    "--recall",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.955,
    show_default=True,
    help="Fraction of the true ten nearest to find.",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another seed, another index.")
@click.option("--threads", type=click.IntRange(1), help="Default: all processors.")
@options.overwrite
@options.as_json
def index(model: Path, recall: float, seed: int, threads: int | None, overwrite: bool, as_json: bool) -> None:
    """Build an index, save it with the model, and say what fraction of the true nearest words it finds, and how fast.

    For half a million words and more; below, `firth similar` is as fast without. Use it by firth similar --approximate.
    A model's folder gets index.safetensors, a file of vectors NAME.index.safetensors beside it.
    """
    from firth.storage.files import refuse_to_overwrite
    from firth.vectors.index import build_index, index_path

    path = index_path(model)
    refuse_to_overwrite(path, overwrite=overwrite)
    built = build_index(load_model(model), recall=recall, seed=seed, threads=threads)
    built.save(path, overwrite=overwrite)
    measured = built.measured
    if as_json:
        return print_json({"index": str(path), **dataclasses.asdict(measured), "speedup": measured.speedup})
    click.echo(f"wrote {path}: recall@10 {measured.recall:.3f}, {measured.seconds * 1e3:.2f} ms a query in batches,")
    click.echo(f"{measured.speedup:.1f} times as fast as looking at all words")


@cli.command(short_help="What a model is, and how it was made.")
@options.model
@options.reading
@options.as_json
def info(model: Path, as_json: bool) -> None:
    """What a model is, and how it was made."""
    from firth.history import Provenance

    known = facts(load_model(model))
    if as_json:
        return print_json(known)
    for name, value in known.items():
        if name == "history":
            losses = ", ".join(f"{result['loss']:.4f}" for result in value)
            click.echo(f"loss of each epoch (nats a pair): {losses}")
        elif name == "provenance":
            texts = [Provenance(**text).told() for text in value] or ["not known"]
            click.echo("\n".join(f"learned from: {text}" for text in texts))
        elif isinstance(value, dict):
            click.echo(f"{name}: " + ", ".join(f"{key}={setting!r}" for key, setting in value.items()))
        elif value is None:
            click.echo(f"{name.replace('_', ' ')}: not known, the file has no counts")
        elif isinstance(value, bool):
            click.echo(f"{name.replace('_', ' ')}: {'yes' if value else 'no'}")
        elif isinstance(value, list):
            click.echo(f"{name.replace('_', ' ')}: {' '.join(value)}")
        else:
            click.echo(f"{name.replace('_', ' ')}: {value:,}")
