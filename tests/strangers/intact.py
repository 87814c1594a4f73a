"""Files of every format that is read, as they should be: what the fuzzing begins with."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

import firth
from firth import model
from firth.checkpoints import FORMAT, NAMES, STATE, Checkpoints, Identity
from firth.config import TextConfig, TrainingConfig
from firth.encoding import Numbering
from firth.index import _fingerprint
from firth.phrases import Phrases
from firth.rounds import Done, initial_parameters
from firth.scanning import Scanner
from firth.subwords import Composition, Ngrams, Subwords
from firth.tensors import write_tensor
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.strangers import archives

CUT = b"\n--cut--\n"
"""Between the files of a format that has several."""


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


INDEXED = vectors_of(1000)


def whole(name: str, folder: Path) -> list[bytes]:
    """Files of a format as they should be, to begin with."""
    make = {
        "model": _whole_model,
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
        "csv": lambda folder: [b"word,kind,n\nw1,a,1\nw2,b,2\n", b"word\tkind\nw1\ta\n"],
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
        "tokenizer": _whole_tokenizer,
        "fasttext": _whole_fasttext,
    }
    return make[name](folder)


WORDS = b"the king and the queen and the old man\nthe man sees the king\n"


def _exported(folder: Path, name: str) -> list[bytes]:
    paths = firth.export(vectors_of(4), folder / name)
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
    names = ("model.json", model.VOCABULARY, model.VECTORS, model.OUTPUT, model.PHRASES, model.SUBWORDS)
    return [CUT.join((saved / name).read_bytes() for name in names)]


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
