"""Files that firth does not read: what they are, by their first bytes, and how to go on with them."""

from __future__ import annotations

from pathlib import Path

from firth.errors import shortened
from firth.formats.numpy_file import WITHOUT_WORDS
from firth.formats.reading import unpacked

HEAD_BYTES = 1 << 12
OLD_FASTTEXT_SETTINGS = 12
"""Whole numbers that files of fastText before version 11 begin with, without a magic number."""

OLD_FASTTEXT = (
    "is a fastText model of before 2017, which is another format: its .vec, beside it, holds the vectors of its"
    " words, and firth reads that; or train it again with a later fastText"
)
OTHERS = {
    b"\x93NUMPY": WITHOUT_WORDS,
    b"\x89HDF": "is HDF5, such as ConceptNet's Numberbatch or Keras's weights: export its vectors as text (.txt)",
    b"GGUF\x02": "is a language model (GGUF), and no table of words with their vectors",
    b"GGUF\x03": "is a language model (GGUF), and no table of words with their vectors",
}
CLASS_BYTES = 150
"""A pickle begins with its class, or soon names it."""
NEVER = "firth never unpickles, as that runs whatever the file says"
GENSIM = (
    (b"FastTextKeyedVectors", "FastTextKeyedVectors", "FastTextKeyedVectors.load({name!r})"),
    (b"gensim.models.fasttext", "FastText model (save_facebook_model keeps its n-grams)", "FastText.load({name!r}).wv"),
    (b"gensim.models.word2vec", "Word2Vec model", "Word2Vec.load({name!r}).wv"),
    (b"gensim.models.doc2vec", "Doc2Vec model", "Doc2Vec.load({name!r}).wv"),
    (b"gensim.models.keyedvectors", "KeyedVectors", "KeyedVectors.load({name!r})"),
)
"""What gensim's pickles hold, by the first of these marks in them, and how gensim loads the vectors."""


def what_it_is(path: Path) -> str | None:
    """What a file is that firth does not read, and how to go on; None if it may be one that firth does."""
    if not path.is_file():
        return None
    with unpacked(path) as file:
        head = file.read(HEAD_BYTES)
    if head[:1] == b"\x80" and head[1:2] in {b"\x02", b"\x03", b"\x04", b"\x05"}:
        return _pickle(head, path.name)
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    if _is_old_fasttext(head):
        return OLD_FASTTEXT
    return next((what for start, what in OTHERS.items() if head.startswith(start)), None)


def _pickle(head: bytes, name: str) -> str:
    for mark, kind, load in GENSIM:
        if mark in head[:CLASS_BYTES]:
            return (
                f"is gensim's {kind}, pickled: {NEVER}. In Python with gensim:"
                f" {load.format(name=name)}.save_word2vec_format('vectors.bin', binary=True); firth reads vectors.bin"
            )
    return f"is a Python pickle: {NEVER}. Write its vectors as text, a word and its numbers a line"


def _archive(path: Path) -> str:
    import zipfile  # which imports what unpacks

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        names = []
    if any(name.endswith("data.pkl") for name in names):
        return "is PyTorch's, pickled: firth never unpickles. Save its matrix as .safetensors, and its words beside it"
    if names and all(name.endswith(".npy") for name in names):
        return "is NumPy's .npz, without words. In Python: firth.WordVectors(firth.Vocabulary(words, counts), array)"
    inside = f" (in it: {shortened(', '.join(names[:3]))[1:-1]})" if names else ""
    return f"is a zip archive: unpack it first{inside}"


def _is_old_fasttext(head: bytes) -> bool:
    """Whether it begins as fastText's files did before 2017: the settings, sensible numbers, and no magic number."""
    if len(head) < 4 * OLD_FASTTEXT_SETTINGS + 8:
        return False
    numbers = [int.from_bytes(head[i : i + 4], "little") for i in range(0, 4 * OLD_FASTTEXT_SETTINGS, 4)]
    width, _, _, _, _, _, loss, model = numbers[:8]
    return 0 < width <= 10_000 and loss in {1, 2, 3} and model in {1, 2, 3} and max(numbers) < 1 << 30
