"""Encoding by the machines of a cluster: each reads pieces of the text by itself, and text goes from none to another.

The corpus lies in the driver's cache, as if it had been encoded there. Machines that see this folder, too, write what
they have read there; that of others, numbers and lists of words, is sent.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from firth.cluster.nodes import Nodes
from firth.cluster.work import NodeWorkers
from firth.config import TextConfig
from firth.corpus.assembling import Workers, encode_in_pieces
from firth.corpus.corpus import VERSION, Corpus, is_encoded
from firth.corpus.cutting import PIECE_BYTES, Piece, cut
from firth.corpus.encoding import default_cache, encode, found_in, work_folder
from firth.corpus.pieces import check_visible, digests_of
from firth.corpus.sources import as_source
from firth.errors import FormatError, SourceError
from firth.reporting.events import Reading
from firth.storage.files import atomic_file
from firth.storage.kept import remove_old_corpora, touch


class Locally:
    """Works here, one item after the other."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results of a function for all items."""
        return map(function, items)


class CarriedHere:
    """Machines that write pieces' folders to disks of their own, from where they are sent."""

    def __init__(self, workers: Workers):
        self.workers = workers

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results of a function that writes a folder, for all pieces and their folders."""
        items = list(items)
        for (_, folder), (result, files) in zip(items, self.workers.map(partial(_carry, function), items), strict=True):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name, content in files.items():
                (folder / name).write_bytes(content)
            yield result


def _carry(function: Callable[[Any], Any], item: tuple[Piece, Path]) -> tuple[Any, dict[str, bytes]]:
    """What a function comes to for a piece, and the files of the folder that it has written."""
    piece, folder = item
    with tempfile.TemporaryDirectory(prefix="firth-") as here:
        place = Path(here) / folder.name
        result = function((piece, place))
        return result, {path.name: path.read_bytes() for path in place.iterdir()}


def encode_on_nodes(
    source: Any,
    nodes: Nodes,
    *,
    config: TextConfig,
    cache: str | Path | None,
    threads: int,
    report: Callable[[Reading], None],
    piece_bytes: int | None = None,
) -> Corpus:
    """The encoding of a source, as `encode` gives it, by the machines of a cluster if it has several pieces in files.

    What is small, or in memory, is encoded here. Raises `SourceError` if a machine does not see a file, or sees
    another.
    """
    piece_bytes = piece_bytes or PIECE_BYTES
    config = TextConfig(**{field.name: getattr(config, field.name) for field in dataclasses.fields(TextConfig)})
    here = partial(encode, config=config, cache=cache, report=report, threads=threads)
    if isinstance(source, Corpus) or (isinstance(source, str | Path) and is_encoded(source)):
        return here(source)
    found = as_source(source) if not hasattr(source, "batches") else source
    try:
        pieces = cut(found, config, piece_bytes)
    except SourceError:  # what is in memory, for one
        return here(found)
    if len(pieces) < 2:
        return here(found)
    cache = default_cache() if cache is None else Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(json.dumps([[piece.as_json() for piece in pieces], repr(config)]).encode()).hexdigest()[:32]
    known, workers = cache / f"pieces-{key}.json", NodeWorkers(nodes)
    cpus = min(node.cpus for node in nodes.alive)
    _check_all_see(nodes, pieces)
    try:
        return _known(known, pieces, workers, cpus, report)
    except (OSError, ValueError, KeyError, FormatError):
        remove_old_corpora(cache)
    with work_folder(cache / f"pieces-{key}") as work:
        shared = sees_all(nodes, work)
        made = work / "corpus"
        shutil.rmtree(made, ignore_errors=True)
        corpus = encode_in_pieces(
            found,
            made,
            config,
            workers if shared else Locally(),
            piece_bytes=piece_bytes,
            owners=len(nodes.alive) if shared else 1,
            threads=cpus,
            work=work,
            readers=None if shared else CarriedHere(workers),
            report=report,
        )
        kept = cache / f"{corpus.fingerprint[:32]}-{VERSION}"
        digests = [digest for place in sorted(work.glob("piece-*")) for digest in _digests_told(place)]
        if not is_encoded(kept):
            shutil.rmtree(kept, ignore_errors=True)
            made.rename(kept)
    with atomic_file(known, overwrite=True) as temporary:
        temporary.write_text(json.dumps({"corpus": kept.name, "digests": digests}), "utf-8")
    return Corpus(kept)


def _known(
    known: Path, pieces: list[Piece], workers: Workers, threads: int, report: Callable[[Reading], None]
) -> Corpus:
    """The corpus that was made of the same pieces before, if their content is the same. Raises `KeyError` if not."""
    told = json.loads(known.read_text("utf-8"))
    kept = known.parent / str(told["corpus"])
    if not is_encoded(kept):
        raise KeyError(kept)
    touch(kept)
    digests = [digest for some in workers.map(partial(digests_of, threads=threads), pieces) for digest in some]
    if digests != told["digests"]:
        raise KeyError("the content is another")
    return found_in(kept, report)


def _digests_told(place: Path) -> list[Any]:
    told: list[Any] = json.loads((place / "piece.json").read_text("utf-8"))["digests"]
    return told


def _check_all_see(nodes: Nodes, pieces: list[Piece]) -> None:
    """Raise `SourceError` if a machine does not see a file of a piece, or sees another."""

    def read() -> list[tuple[str, str | None]]:
        names = list(map(str, nodes.alive))
        told = nodes.results([node.actor.run.remote(what_is_unseen, pieces) for node in nodes.alive])
        return list(zip(names, told, strict=True))

    for node, unseen in nodes.again_where_lost(read):
        if unseen is not None:
            raise SourceError(
                f"on {node}: {unseen}. Or encode the text here, and train on the result: firth.encode(source)"
            )


def what_is_unseen(pieces: list[Piece]) -> str | None:
    """What is wrong with the first file of pieces that is not here as it should be; None if all are."""
    try:
        for piece in pieces:
            check_visible(piece)
    except SourceError as error:
        return str(error)
    return None


def sees_all(nodes: Nodes, folder: Path) -> bool:
    """Whether all machines see a folder of this one."""
    secret, path = secrets.token_hex(), folder / "seen"
    path.write_text(secret, "utf-8")

    def read() -> list[str | None]:
        return nodes.results([node.actor.run.remote(text_of, path.absolute()) for node in nodes.alive])

    return all(text == secret for text in nodes.again_where_lost(read))


def text_of(path: Path) -> str | None:
    """What stands in a file here, if it is there."""
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None
