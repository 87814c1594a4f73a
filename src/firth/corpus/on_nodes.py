"""Encoding by the machines of a cluster: each reads pieces of the text by itself, and text goes from none to another.

The corpus lies in the driver's cache, as if it had been encoded there. Machines that see this folder, too, write what
they have read there; that of others, numbers and lists of words, is sent.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from firth.cluster.nodes import Node, Nodes
from firth.cluster.work import NodeWorkers
from firth.config import TextConfig
from firth.corpus.assembling import Workers, encode_in_pieces
from firth.corpus.corpus import VERSION, Corpus, is_encoded
from firth.corpus.cutting import PIECE_BYTES, Piece, cut
from firth.corpus.encoding import default_cache, encode, found_in, work_folder
from firth.corpus.paths import path_of
from firth.corpus.pieces import check_visible, digests_of
from firth.corpus.sources import as_source
from firth.errors import FormatError, SourceError
from firth.reporting.events import Reading
from firth.storage.files import atomic_file, atomic_folder
from firth.storage.kept import remove_old_corpora, touch
from firth.storage.system import remove_folder, rename

GLIMPSED_BYTES = 1 << 16
"""Of the beginning and the end of a file, by which machines see whether they have the same."""


class Locally:
    """Works here, one item after the other."""

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results of a function for all items."""
        return map(function, items)


class CarriedHere:
    """Workers without a shared disk: the folders that they write are sent here."""

    def __init__(self, workers: Workers):
        self.workers = workers

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results of a function that writes a folder, for all pieces and their folders."""
        items = list(items)
        for (_, folder), (result, files) in zip(items, self.workers.map(partial(_carry, function), items), strict=True):
            with atomic_folder(folder, overwrite=True) as new:
                for name, content in files.items():
                    (new / name).write_bytes(content)
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
    known = cache / f"pieces-{key}.json"
    cpus = min(node.cpus for node in nodes.alive)
    check = partial(_check_files, nodes, Files.of(pieces))
    nodes.again_where_lost(lambda: [check(node) for node in nodes.alive])
    workers = NodeWorkers(nodes, check)
    try:
        return _known(known, pieces, workers, cpus, report)
    except (OSError, ValueError, KeyError, FormatError):
        remove_old_corpora(cache)
    with work_folder(cache / f"pieces-{key}") as work:
        seen = Seen.put_into(work)
        shared = nodes.again_where_lost(lambda: all(sees(nodes, node, seen) for node in nodes.alive))
        if shared:
            workers = NodeWorkers(nodes, partial(_check_sees, nodes, seen, check))
        made = work / "corpus"
        remove_folder(made)
        fingerprint = encode_in_pieces(
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
        ).fingerprint  # the corpus itself would hold its files open
        kept = cache / f"{fingerprint[:32]}-{VERSION}"
        digests = [digest for place in sorted(work.glob("piece-*")) for digest in _digests_told(place)]
        if not is_encoded(kept):
            remove_folder(kept)
            rename(made, kept)
    with atomic_file(known, overwrite=True) as temporary:
        temporary.write_text(json.dumps({"corpus": kept.name, "digests": digests}), "utf-8", newline="\n")
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


class Files(NamedTuple):
    """Files of pieces, and what tells whether another machine has the same: sizes, times, hashes of both their ends."""

    pieces: list[Piece]
    told: dict[str, tuple[int, int, str]]

    @classmethod
    def of(cls, pieces: list[Piece]) -> Files:
        """As this machine sees them; those at addresses are one for all. Raises `SourceError` if one is not here."""
        told = {}
        for piece in pieces:
            check_visible(piece)
            for path in (path_of(part.path) for part in piece.parts):
                if isinstance(path, Path) and str(path) not in told:
                    status = path.stat()
                    told[str(path)] = status.st_size, status.st_mtime_ns, _hash_of_ends(path, status.st_size)
        return cls(pieces, told)


def _hash_of_ends(path: Path, size: int) -> str:
    with path.open("rb") as file:
        begin = file.read(GLIMPSED_BYTES)
        file.seek(max(0, size - GLIMPSED_BYTES))
        return hashlib.sha256(begin + file.read(GLIMPSED_BYTES)).hexdigest()


def what_differs(here: Files) -> str | None:
    """What is wrong with the first file that is not on this machine as it is on the driver's; None if all are."""
    try:
        there = Files.of(here.pieces)
    except (SourceError, OSError) as error:
        return str(error)
    for path, told in here.told.items():
        if there.told[path] != told:
            what = "another content" if there.told[path][2] != told[2] else "another time of change"
            return f"{path} has {what} there: copy it as it is, with its time (rsync --archive, cp --archive)"
    return None


def _check_files(nodes: Nodes, here: Files, node: Node) -> None:
    """Raise `SourceError` if a machine does not see a file, or sees another."""
    (different,) = nodes.results([node.run(what_differs, here)])
    if different is not None:
        raise SourceError(
            f"on {node}: {different}. Or encode the text here, and train on the result: firth.encode(source)"
        )


class Seen(NamedTuple):
    """A file in a folder of this machine, which nobody else can know the content of."""

    path: Path
    secret: str

    @classmethod
    def put_into(cls, folder: Path) -> Seen:
        """Write one."""
        found = cls((folder / "seen").absolute(), secrets.token_hex())
        found.path.write_text(found.secret, "utf-8", newline="\n")
        return found


def sees(nodes: Nodes, node: Node, seen: Seen) -> bool:
    """Whether a machine sees a file of this one."""
    (text,) = nodes.results([node.run(text_of, seen.path)])
    return bool(text == seen.secret)


def _check_sees(nodes: Nodes, seen: Seen, check: Callable[[Node], None], node: Node) -> None:
    """Raise `SourceError` if a machine does not see the files, or the folder that all others see."""
    check(node)
    if not sees(nodes, node, seen):
        raise SourceError(f"{node} does not see the cache, {seen.path.parent.parent}, as the others do")


def text_of(path: Path) -> str | None:
    """What stands in a file here, if it is there."""
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None
