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
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np

import firth
from firth import model, model_folder
from firth.analysis.scores import PairScore
from firth.config import TextConfig, TrainingConfig
from firth.corpus import corpus
from firth.corpus.numbering import NUMBERS, Numbering
from firth.corpus.scanning import Scanner
from firth.corpus.sources import as_source
from firth.corpus.tables import column
from firth.errors import FirthError, FirthWarning
from firth.formats.counts import read_counts as counts_of
from firth.gensim.models.fasttext import load_facebook_model
from firth.jit import target
from firth.phrases import Phrases
from firth.storage import folders
from firth.storage.files import sha256_of
from firth.storage.tensors import write_tensor
from firth.training.checkpoints import FORMAT, NAMES, STATE, Checkpoints, Identity
from firth.training.rounds import Done
from firth.training.schedule import initial_parameters
from firth.vectors.index import FILE, _fingerprint, load_index
from firth.vectors.subwords import Composition, Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.visual.columns import read_columns
from firth.vocabulary import Vocabulary
from tests.strangers import archives, prose, rows

FOUND = Path(__file__).parent / "found"
CUT = b"\n--cut--\n"
"""Between the files of a format that has several."""

SAVED = (model_folder.VOCABULARY, model_folder.VECTORS, model_folder.SUBWORDS)
MODEL = (
    model_folder.VOCABULARY,
    model_folder.VECTORS,
    model_folder.OUTPUT,
    model_folder.PHRASES,
    model_folder.SUBWORDS,
)
"""Files of a folder, after the one that tells of them."""

Reader = Callable[[bytes, Path], None]


def vectors_of(words: int, width: int = 4) -> WordVectors:
    """Some vectors."""
    numbers = np.random.default_rng(0).normal(size=(words, width)).astype(np.float32)
    return WordVectors(Vocabulary([f"w{i}" for i in range(words)], range(words, 0, -1)), numbers)


def with_subwords(words: int) -> WordVectors:
    """Some vectors with subwords."""
    some, ngrams = vectors_of(words), Ngrams(2, 3, 20)
    used = Composition(some.words, ngrams).used
    parts = Subwords(ngrams, some.vectors, used, vectors_of(len(used)).vectors)
    return WordVectors(some.vocabulary, parts.compose_all(some.words), parts)


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
    found = _load_folder(content, folder, (folders.ABOUT, *MODEL))
    _look_at(found)
    assert found.output_vectors.shape == found.vectors.shape


def read_saved(content: bytes, folder: Path) -> None:
    """model.json of vectors that were not trained here, the vocabulary, the vectors; with checksums that are right."""
    _look_at(_load_folder(content, folder, (folders.ABOUT, *SAVED)))


def read_counts(content: bytes, folder: Path) -> None:
    """A file of counts."""
    _write(content, folder, ["counts.txt"])
    firth.export(vectors_of(4), folder / "v.txt", counts=False, overwrite=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FirthWarning)
        with contextlib.suppress(FirthError):
            counts = counts_of(folder / "counts.txt")
            assert all(type(count) is int and count >= 0 for count in counts.values())
        found = firth.load(folder / "v.txt", counts=folder / "counts.txt")
    assert found.words == vectors_of(4).words


def _load_folder(content: bytes, folder: Path, names: Sequence[str]) -> WordVectors:
    _write(content, folder, names)

    def alter(about: dict[str, object]) -> None:
        if isinstance(files := about.get("files"), dict):
            for name in names[1:]:
                if (folder / name).is_file() and isinstance(files.get(name), dict):
                    path = folder / name
                    files[name] |= {"bytes": path.stat().st_size, "sha256": sha256_of(path)}
        about["sha256"] = folders._digest(about)

    _as_altered(folder / folders.ABOUT, alter)
    return _load(folder)


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


INDEXED = vectors_of(1000)


def read_corpus(content: bytes, folder: Path) -> None:
    """An encoded corpus, on which a training is begun."""
    _write(
        content, folder, ("corpus.json", "ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "phrases.json")
    )
    found = corpus.Corpus(folder)
    if target.is_enabled() and len(found) < 10_000:
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


def read_map_columns(content: bytes, folder: Path) -> None:
    """The columns a map is colored by."""
    path = folder / "columns.csv"
    path.write_bytes(content)
    read_columns(path)


def read_trained_fasttext(content: bytes, folder: Path) -> None:
    """A model of fastText's that training could go on from."""
    path = folder / "model.bin"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FirthWarning)  # of words that come twice
        load_facebook_model(path)


READERS: dict[str, Reader] = {
    "word2vec-text": _vectors("vectors.txt"),
    "word2vec-binary": _vectors("vectors.bin"),
    "fasttext": _vectors("vectors.bin"),
    "fasttext-trained": read_trained_fasttext,
    "glove": _vectors("vectors.any", format="glove"),
    "packed-vectors": read_packed_vectors,
    "tsv": _vectors("vectors.tsv", "metadata.tsv"),
    "tensors": _vectors("tensors.tsv", "metadata.tsv"),
    "safetensors": _vectors("vectors.safetensors", "words.txt"),
    "tokenizer": _vectors("vectors.safetensors", "tokenizer.json"),
    "vectors-parquet": _vectors("vectors.parquet"),
    "vectors-csv": _vectors("vectors.csv"),
    "vectors-json-lines": _vectors("vectors.jsonl"),
    "numpy": _vectors("vectors.npy", "vectors.words.txt"),
    "model": read_model,
    "saved": read_saved,
    "inner": _vectors(model_folder.VECTORS, model_folder.VOCABULARY),
    "counts": read_counts,
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
    "map-columns": read_map_columns,
    "csv": rows.read_csv,
    "json-lines": rows.read_json_lines,
    "prose": prose.read_prose,
}
"""A new reader is a line here, and one in `whole`."""


def found(name: str) -> dict[str, bytes]:
    """The inputs that are kept for a format, by their names."""
    path = FOUND / f"{name}.zip"
    if not path.exists():
        return {}
    with zipfile.ZipFile(path) as kept:
        return {entry: kept.read(entry) for entry in kept.namelist()}


def whole(name: str, folder: Path) -> list[bytes]:
    """Files of a format as they should be, to begin with."""
    make = {
        "model": _whole_model,
        "saved": _whole_saved,
        "inner": _whole_inner,
        "counts": lambda folder: [b"w0 9\nw1 5\nw2 3\nw3 1\n", "\ufeffword\tcount\r\nw0\t7\r\nnew w\t2\r\n".encode()],
        "checkpoint": _whole_checkpoint,
        "index": _whole_index,
        "corpus": _whole_corpus,
        "interrupted": _whole_interrupted,
        "parquet": lambda folder: _whole_table(folder, "parquet"),
        "arrow": lambda folder: _whole_table(folder, "arrow"),
        "text": lambda folder: [WORDS, "\ufeffzwölf Boxkämpfer\r\n".encode()],
        "gzip": lambda folder: _packed("gzip"),
        "zstd": lambda folder: _packed("zstd"),
        "test-set": lambda folder: [b"w1 w2 0.5\nw3\tw4\t7\n", b": a\nw1 w2 w3 w4\n", b"w1\nw2\nw3\n\nw9\n\n"],
        "csv": rows.whole_csv,
        "json-lines": rows.whole_json_lines,
        "prose": prose.whole_prose,
        "map-columns": lambda folder: [b"word,kind,n\nw1,a,1\nw2,b,2\n", b"word\tkind\nw1\ta\n"],
        "word2vec-text": lambda folder: [*_exported(folder, "a.txt"), b"w1 0.5 1 2\nw2 1 2 -3e4\n"],
        "word2vec-binary": lambda folder: _exported(folder, "a.bin"),
        "tar": archives.whole_tars,
        "zip": archives.whole_zips,
        "archive": archives.whole_archives,
        "glove": lambda folder: [b"w1 0.5 1 2\nw2 1 2 -3e4\n", b"w 1 0.5 1\nw 2 1 2\n", b"w1 1\r\nw2 2\r\n"],
        "packed-vectors": lambda folder: [
            bytes([packing]) + content
            for packing in range(len(archives.PACKINGS))
            for content in (*_exported(folder, f"{packing}.txt"), b"w1 0.5 1\nw2 1 2\n")
        ],
        "tensors": lambda folder: [
            b"0.5\t1\n-2\t3e-4\n" + CUT + metadata
            for metadata in (b"w1\nw2\n", b"word\tcount\nw1\t3\nw2\t2\n", b"count\tlabel\n3\tw1\n2\tw2\n")
        ],
        "test-set-columns": lambda folder: [
            b"\x00,word1,word2,score\n0,w1,w2,7.5\n1,w3,w4,2\n2,w5,w6,3\n",
            b"\x021\tw1\tn\tw2\tv\t...\t...\t7\n2\tw3\tn\tw4\tv\t...\t...\t2\n",
            b'\x01"w1";"w2";7.5\n"w3";"w4";2\n"w 5";"w6";1\n',
            b"\x00w1-n w2-n 50.0\nw3-v w4-v 20.0\nw5-j w6-n 1\n",
        ],
        "tsv": lambda folder: _exported(folder, "a.tsv"),
        "safetensors": lambda folder: _exported(folder, "a.safetensors"),
        "vectors-parquet": lambda folder: _exported(folder, "a.parquet"),
        "vectors-csv": lambda folder: [*_exported(folder, "a.csv"), b'count,word,x,y\n3,"w,1",0.5,1\n2,w2,nan,-3e4\n'],
        "vectors-json-lines": lambda folder: _exported(folder, "a.jsonl"),
        "numpy": lambda folder: _exported(folder, "a.npy"),
        "tokenizer": _whole_tokenizer,
        "fasttext": _whole_fasttext,
        "fasttext-trained": _whole_fasttext,
    }
    return make[name](folder)


WORDS = b"the king and the queen and the old man\nthe man sees the king\n"


def _exported(folder: Path, name: str) -> list[bytes]:
    paths = firth.export(vectors_of(4), folder / name, counts=False)
    return [CUT.join(path.read_bytes() for path in paths)]


def _whole_fasttext(folder: Path) -> list[bytes]:
    (path,) = firth.export(with_subwords(3), folder / "f.bin")
    return [path.read_bytes()]


def _whole_tokenizer(folder: Path) -> list[bytes]:
    write_tensor(folder / "t.safetensors", "embeddings", vectors_of(3).vectors)
    matrix = (folder / "t.safetensors").read_bytes()
    of_words: list[dict[str, object]] = [{"a": 0, "b": 2, "c": 1}, {"vocab": [["a", 0.1], ["b", 0.2], ["c", -1]]}]
    bodies = [{"model": {"vocab": of_words[0]}}, {"model": of_words[1]}]
    return [matrix + CUT + json.dumps(body).encode() for body in bodies]


def _whole_model(folder: Path) -> list[bytes]:
    some = with_subwords(5)
    made = model.Word2Vec(
        some.vocabulary,
        some.vectors,
        some.vectors + 1,
        TrainingConfig(vector_size=4, epochs=1),
        [model.EpochResult(1, 3.5, 10)],
        phrases=Phrases([{("a", "b"): 1.5}, {("a_b", "c"): 2.0}]),
        subwords=some.subwords,
    )
    saved = made.save(folder / "m.firth")
    return [CUT.join((saved / name).read_bytes() for name in (folders.ABOUT, *MODEL))]


def _whole_saved(folder: Path) -> list[bytes]:
    saved = with_subwords(5).save(folder / "v.firth")
    return [CUT.join((saved / name).read_bytes() for name in (folders.ABOUT, *SAVED))]


def _whole_inner(folder: Path) -> list[bytes]:
    saved = vectors_of(4).save(folder / "v.firth")
    return [CUT.join((saved / name).read_bytes() for name in (model_folder.VECTORS, model_folder.VOCABULARY))]


def _whole_checkpoint(folder: Path) -> list[bytes]:
    identity = Identity(TrainingConfig(vector_size=4), "x", "y")
    state = [{"epoch": 1, "loss": 0.5, "pairs": 3}]
    path = Checkpoints(folder / "c").save(identity, Done(1, 2, 0.5, 3), state, initial_parameters(5, 4, 1))
    assert json.loads((path / STATE).read_bytes())["format"] == FORMAT
    return [CUT.join((path / name).read_bytes() for name in (STATE, *NAMES))]


def _whole_index(folder: Path) -> list[bytes]:
    from safetensors.numpy import save

    about = {
        "format": "firth index 1",
        "vectors": _fingerprint(INDEXED),
        "lists_asked": 2,
        "recall": 0.9,
        "seconds": 1e-5,
        "exact_seconds": 1e-4,
    }
    lists = np.arange(1000, dtype=np.int32) % 7
    return [save({"middles": INDEXED.vectors[:7], "lists": lists}, metadata={"firth": json.dumps(about)})]


def _whole_corpus(folder: Path) -> list[bytes]:
    path = folder / "text.txt"
    path.write_bytes(WORDS)
    made = firth.encode(path, folder / "e")
    (made.folder / "phrases.json").write_text(Phrases([{("the", "king"): 1.5}]).as_json(), "ascii")
    names = ("corpus.json", "ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "phrases.json")
    return [CUT.join((made.folder / name).read_bytes() for name in names)]


def _whole_interrupted(folder: Path) -> list[bytes]:
    scanner = Scanner(TextConfig())
    numbers = scanner.scan(WORDS)
    Numbering(1, len(numbers), [(0, len(numbers))]).save(folder, [scanner])
    table = (folder / "table-1-0.safetensors").read_bytes()
    return [CUT.join([(folder / STATE).read_bytes(), table, numbers.astype("<i4").tobytes()])]


def _whole_table(folder: Path, kind: str) -> list[bytes]:
    import pyarrow
    from pyarrow import feather, parquet

    made = []
    for number, values in enumerate((["the king", None, "a queen"], [["the", "king"], ["a"]])):
        path = folder / f"{number}.{kind}"
        table = pyarrow.table({"text": values})
        if kind == "parquet":
            parquet.write_table(table, path)
        else:
            feather.write_feather(table, path, compression="uncompressed")
        made.append(path.read_bytes())
    return made


def _packed(kind: str) -> list[bytes]:
    if kind == "gzip":
        import gzip

        return [gzip.compress(WORDS), gzip.compress(WORDS) * 2]
    import zstandard

    return [zstandard.ZstdCompressor().compress(WORDS)]


def pack(inputs: Iterable[tuple[str, bytes]]) -> bytes:
    """A zip file of inputs; the same for the same inputs."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as kept:
        for name, content in sorted(inputs):
            kept.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
