"""Files as a stranger might send them: every format that is read, from bytes that may hold anything.

`READERS` are used twice: by `tools/fuzz.py`, which looks for bytes that do harm, and by `test_found.py`, which
reads again what it found, kept in `found/FORMAT.zip`. A reader may return, or raise a `FirthError`; nothing else.
"""

from __future__ import annotations

import contextlib
import io
import json
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

import firth
from firth import corpus, model
from firth.atlas.columns import read_columns
from firth.checkpoints import NAMES, STATE, Checkpoints
from firth.config import TextConfig
from firth.encoding import NUMBERS, Numbering
from firth.errors import FirthError, FirthWarning
from firth.evaluation import PairScore
from firth.files import sha256_of
from firth.index import FILE, load_index
from firth.kernels import compiler
from firth.rounds import initial_parameters
from firth.sources import as_source
from firth.tables import column
from firth.vectors import WordVectors
from tests.strangers import archives
from tests.strangers.intact import CUT, INDEXED, WORDS, vectors_of, whole

__all__ = ["FOUND", "READERS", "found", "pack", "whole"]

FOUND = Path(__file__).parent / "found"
Reader = Callable[[bytes, Path], None]


def _write(content: bytes, folder: Path, names: Iterable[str]) -> None:
    """The parts of the content as files; what is missing is not written."""
    for name, part in zip(names, content.split(CUT), strict=False):
        (folder / name).write_bytes(part)


def _load(path: Path, format: str | None = None) -> WordVectors:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FirthWarning)  # of vectors that are not finite
        return firth.load(path, format=format)


def _look_at(vectors: WordVectors) -> None:
    """What anybody does with vectors they were sent."""
    with contextlib.suppress(FirthError):
        assert vectors["unseen words"].shape == (vectors.vector_size,)
    if vectors.words:
        word = vectors.words[0]
        assert vectors[word].shape == (vectors.vector_size,)
        vectors.most_similar(word, topn=3)


def _vectors(*names: str, format: str | None = None) -> Reader:
    def read(content: bytes, folder: Path) -> None:
        _write(content, folder, names)
        _look_at(_load(folder / names[0], format))

    return read


def read_packed_vectors(content: bytes, folder: Path) -> None:
    """Vectors as text, packed as the first byte says, by a name that does not tell."""
    (folder / "vectors.vec.gz").write_bytes(archives.packed(content))
    _look_at(_load(folder / "vectors.vec.gz"))


def _as_altered(path: Path, alter: Callable[[dict[str, object]], None]) -> None:
    """Checksums do not stop who can also write checksums."""
    try:
        content = json.loads(path.read_bytes())
        alter(content)
        path.write_text(json.dumps(content), "ascii")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass


def read_model(content: bytes, folder: Path) -> None:
    """model.json, the vocabulary, the vectors, the output vectors; with checksums that are right."""
    names = ("model.json", model.VOCABULARY, model.VECTORS, model.OUTPUT, model.PHRASES, model.SUBWORDS)
    _write(content, folder, names)

    def alter(about: dict[str, object]) -> None:
        if isinstance(files := about.get("files"), dict):
            for name in names[1:]:
                if (folder / name).is_file() and isinstance(files.get(name), dict):
                    path = folder / name
                    files[name] |= {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        about["sha256"] = model._digest(about)

    _as_altered(folder / "model.json", alter)
    found = _load(folder)
    _look_at(found)
    assert found.output_vectors.shape == found.vectors.shape


def read_checkpoint(content: bytes, folder: Path) -> None:
    """state.json and both matrices."""
    path = folder / "checkpoint-000001"
    path.mkdir(exist_ok=True)
    _write(content, path, (STATE, *NAMES))

    def alter(state: dict[str, object]) -> None:
        state["sha256"] = {name: sha256_of(path / name) for name in NAMES if (path / name).is_file()}

    _as_altered(path / STATE, alter)
    if found := Checkpoints(folder).newest():
        found.identity.differences(found.identity)
        found.restore(initial_parameters(5, 4, 1))


def read_index(content: bytes, folder: Path) -> None:
    """An index of a thousand vectors."""
    (folder / FILE).write_bytes(content)
    load_index(INDEXED, folder / FILE).most_similar("w1")


def read_corpus(content: bytes, folder: Path) -> None:
    """An encoded corpus, on which a training is begun."""
    _write(
        content, folder, ("corpus.json", "ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "phrases.json")
    )
    found = corpus.Corpus(folder)
    if compiler.is_enabled() and len(found) < 10_000:
        firth.train(found, vector_size=4, epochs=1, min_count=1, sample=0, threads=1, progress=False)


def read_interrupted(content: bytes, folder: Path) -> None:
    """The work of an encoding that was killed: how far it came, its table, its numbers; their checksums are right."""
    text = folder / "text.txt"
    text.write_bytes(WORDS)
    cache = folder / "cache"
    work = cache / f".{as_source(text).fingerprint(TextConfig())[:32]}-{corpus.VERSION}.{NUMBERS}"
    work.mkdir(parents=True)
    _write(content, work, (STATE, "table", NUMBERS))

    def alter(state: dict[str, object]) -> None:
        if (work / "table").is_file():
            state["tables"] = [sha256_of(work / "table")]
            (work / "table").rename(Numbering(int(str(state["blocks"]))).table(work, 0))

    _as_altered(work / STATE, alter)
    firth.encode(text, cache=cache, threads=1).check()


def _table(kind: str) -> Reader:
    def read(content: bytes, folder: Path) -> None:
        path = folder / f"table.{kind}"
        path.write_bytes(content)
        source = column(str(path), "text", skip_nulls=True)
        source.fingerprint(TextConfig())
        for batch in source.batches(TextConfig()):
            assert len(batch.tokens) >= 0

    return read


def _text(suffix: str) -> Reader:
    def read(content: bytes, folder: Path) -> None:
        path = folder / f"text{suffix}"
        path.write_bytes(content)
        firth.encode(path, cache=folder / "cache", threads=1)

    return read


def read_test_set(content: bytes, folder: Path) -> None:
    """Word pairs, analogies or outliers."""
    path = folder / "set.txt"
    path.write_bytes(content)
    firth.evaluate(ASKED, path)


def read_test_set_columns(content: bytes, folder: Path) -> None:
    """A test set of which the first byte says what columns are asked for; whatever these hold, a score is a score."""
    path = folder / "set.txt"
    path.write_bytes(content[1:])
    columns = COLUMNS[content[0] % len(COLUMNS)] if content else None
    score = firth.evaluate(ASKED, path, columns=columns, unknown="wrong")
    if isinstance(score, PairScore):
        assert not abs(score.spearman) > 1.0000001


ASKED = vectors_of(30)
COLUMNS = (None, (1, 2, 3), (2, 4, 8), (2, 3, 1), (9, 8, 7))


def read_csv(content: bytes, folder: Path) -> None:
    """The columns a map is colored by."""
    path = folder / "columns.csv"
    path.write_bytes(content)
    read_columns(path)


READERS: dict[str, Reader] = {
    "word2vec-text": _vectors("vectors.txt"),
    "word2vec-binary": _vectors("vectors.bin"),
    "fasttext": _vectors("vectors.bin"),
    "glove": _vectors("vectors.any", format="glove"),
    "packed-vectors": read_packed_vectors,
    "tsv": _vectors("vectors.tsv", "metadata.tsv"),
    "tensors": _vectors("tensors.tsv", "metadata.tsv"),
    "safetensors": _vectors("vectors.safetensors", "words.txt"),
    "tokenizer": _vectors("vectors.safetensors", "tokenizer.json"),
    "model": read_model,
    "checkpoint": read_checkpoint,
    "index": read_index,
    "corpus": read_corpus,
    "interrupted": read_interrupted,
    "parquet": _table("parquet"),
    "arrow": _table("arrow"),
    "text": _text(".txt"),
    "gzip": _text(".txt.gz"),
    "zstd": _text(".txt.zst"),
    "tar": archives.read_tar,
    "zip": archives.read_zip,
    "archive": archives.read_archive,
    "test-set": read_test_set,
    "test-set-columns": read_test_set_columns,
    "csv": read_csv,
}
"""A new reader is a line here, and one in `whole`: a column of a CSV or JSON lines file would be `_table("csv")`."""


def found(name: str) -> dict[str, bytes]:
    """The inputs that are kept for a format, by their names."""
    path = FOUND / f"{name}.zip"
    if not path.exists():
        return {}
    with zipfile.ZipFile(path) as kept:
        return {entry: kept.read(entry) for entry in kept.namelist()}


def pack(inputs: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip file of inputs; the same for the same inputs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as kept:
        for name, content in sorted(inputs):
            kept.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
