import json
import math
import struct
import warnings

import numpy as np
import pytest
import safetensors.numpy

import firth
from firth import export, load
from firth.errors import FirthWarning, FormatError, OutputExistsError, UnwritableWordError
from firth.formats import FORMATS, read
from firth.vectors import WordVectors
from firth.vocabulary import Vocabulary

SUFFIXES = ["v.safetensors", "vectors.txt", "v.vec", "v.bin", "vectors.tsv", "other.tsv"]


def words_like(vectors, words):
    return WordVectors(Vocabulary(words, [1] * len(words)), vectors.vectors[: len(words)])


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__reads_back_word_for_word_and_bit_for_bit(vectors, tmp_path, name):
    numbers = vectors.vectors.copy()
    numbers[0, :4] = [1e-38, -3.4e38, 0.1, 1 / 3]
    original = WordVectors(vectors.vocabulary, numbers)
    written = export(original, tmp_path / name)
    assert sorted(written) == sorted(tmp_path.iterdir())
    again = load(tmp_path / name)
    assert again.words == original.words
    assert again.vectors.dtype == np.float32
    assert again.vectors.tobytes() == numbers.tobytes()


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__a_word_it_cannot_hold_is_refused_before_anything_is_written(vectors, tmp_path, name):
    bad = {"tsv": "tab\there", "ors": "line\nend"}.get(name[-3:], "new york")
    with pytest.raises(
        UnwritableWordError, match=r"cannot hold the word '(new york|tab.+here|line.+end)'.*white space"
    ):
        export(words_like(vectors, ["fine", bad]), tmp_path / name)
    with pytest.raises(UnwritableWordError, match=r"'' \(and 1 more\)"):
        export(words_like(vectors, ["fine", "", bad]), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_export__words_with_spaces_survive_in_tsv(vectors, tmp_path):
    words = ["new york", " a ", "b\u2028c", "d\u3000e", '"']
    export(words_like(vectors, words), tmp_path / "vectors.tsv")
    assert load(tmp_path / "vectors.tsv").words == words


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__unicode_white_space_and_marks_survive(vectors, tmp_path, name):
    words = ["a\u00a0b", "a\u2028b", "\ufeffx", "e\u0301", "😀", "\x85"]
    export(words_like(vectors, words), tmp_path / name)
    assert load(tmp_path / name).words == words


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__never_overwrites_unasked(vectors, tmp_path, name):
    paths = export(vectors, tmp_path / name)
    before = [path.read_bytes() for path in paths]
    paths[0].unlink()
    if len(paths) > 1:  # the words alone are in the way too
        with pytest.raises(OutputExistsError):
            export(vectors, tmp_path / name)
    export(vectors, tmp_path / name, overwrite=True)
    with pytest.raises(OutputExistsError):
        export(vectors, tmp_path / name)
    assert [path.read_bytes() for path in paths] == before


def test_export__an_unknown_ending_is_answered_with_the_known(vectors, tmp_path):
    with pytest.raises(FormatError, match=r"\.txt/\.vec \(word2vec text\)"):
        export(vectors, tmp_path / "v.docx")
    export(vectors, tmp_path / "v.docx", format="tsv")
    assert read(tmp_path / "v.docx", format="tsv").words == vectors.words
    with pytest.raises(FormatError, match="no format is called 'pdf'"):
        export(vectors, tmp_path / "v", format="pdf")


def test_read__a_file_of_word2vec_c(tmp_path):
    """word2vec.c ends each vector with a line end, and its text lines with a space."""
    (tmp_path / "c.txt").write_bytes(b"2 3\n</s> 0.5 -1.000000 2.000000 \nking 1 2 3 \n")
    assert load(tmp_path / "c.txt")["king"].tolist() == [1, 2, 3]
    vectors = [b"</s> " + struct.pack("<3f", 0.5, -1, 2), b"king " + struct.pack("<3f", 1, 2, 3)]
    (tmp_path / "c.bin").write_bytes(b"2 3\n" + b"\n".join(vectors) + b"\n")
    (tmp_path / "g.bin").write_bytes(b"2 3\n" + b"".join(vectors))  # gensim's have no line ends
    for name in ("c.bin", "g.bin"):
        assert load(tmp_path / name).words == ["</s>", "king"]
        assert load(tmp_path / name)["king"].tolist() == [1, 2, 3]


def test_read__the_tutorials_two_files(tmp_path):
    (tmp_path / "vectors.tsv").write_text("0.1\t0.2\n-0.3\t4e-5\n")
    (tmp_path / "metadata.tsv").write_text("[UNK]\nthe\n")
    assert load(tmp_path / "vectors.tsv")["the"].tolist() == np.float32([-0.3, 4e-5]).tolist()


BAD_TEXT = {
    b"": "line 1: wanted the number of words",
    b"king 1 2\nqueen 1\n": "line 2 has 1 values, the first line 2",
    b"king 1 2\nqueen 1 x\n": "line 2: .*'x'",
    b"-1 3\n": "line 1",
    b"0 3\n": "line 1",
    b"99999999999999999999 3\na 1 2 3\n": "line 1",
    b"2 3\na 1 2 3\n": "has 1 words, the header promised 2: it is cut short",
    b"1 3\na 1 2 3\nb 1 2 3\n": "line 3: the header promised 1 words",
    b"2 3\na 1 2 3\nb 1 2\n": "line 3 has 2 values, the header promised 3: is this the binary format",
    b"1 3\na 1 x 3\n": "line 2: .*'x'",
    b"2 1\na 1\na 2\n": "'a' comes a second time, as word 2",
    b"1 1\n\xff 1\n": "line 2: the word is not UTF-8",
    b"9999999999 100\na 1\n": "line 2 has 1 values",
}


@pytest.mark.parametrize("content", BAD_TEXT, ids=repr)
def test_read__text_that_is_not_whole_is_named_by_line(tmp_path, content):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(FormatError, match=f"v.txt.*{BAD_TEXT[content]}"):
        load(tmp_path / "v.txt")


BAD_BINARY = {
    b"": "line 1",
    b"2 2\na " + bytes(8): "promises 2 words",
    b"9999999999 100\n" + bytes(50): "promises 9,999,999,999 words",
    b"1 2\n" + bytes(20): "has no word, where word 1",
    b"1 2\na " + bytes(8) + b"\nmore": "goes on after the 1 words",
    b"1 2\n\xff " + bytes(8): "word 1 is not UTF-8",
    b"2 1\na " + bytes(4) + b"\na " + bytes(4) + b"\n": "second time",
}


@pytest.mark.parametrize("content", BAD_BINARY, ids=repr)
def test_read__binary_that_is_not_whole_says_where(tmp_path, content):
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(FormatError, match=f"v.bin.*{BAD_BINARY[content]}"):
        load(tmp_path / "v.bin")


@pytest.mark.parametrize(
    ("vectors_text", "words_text", "message"),
    [
        ("1\t2\n3\n", "a\nb\n", "line 2 has 1 values, those before 2"),
        ("1\t2\n3\tx\n", "a\nb\n", "line 2.*'x"),
        ("1\t2\n", "a\nb\n", "has 1 vectors, but metadata.tsv has 2 words"),
        ("", "", "has 0 vectors"),
        ("1\n2\n", "a\na\n", "second time"),
        ("1\n", None, "needs the words beside it, in metadata.tsv"),
    ],
)
def test_read__tsv_that_does_not_fit_says_so(tmp_path, vectors_text, words_text, message):
    (tmp_path / "vectors.tsv").write_text(vectors_text)
    if words_text is not None:
        (tmp_path / "metadata.tsv").write_text(words_text)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "vectors.tsv")


def test_read__large_binary_files_are_read_in_pieces(tmp_path):
    rng = np.random.default_rng(0)
    large = WordVectors(
        Vocabulary([f"word{i}" for i in range(6000)], [1] * 6000),
        rng.normal(size=(6000, 300)).astype(np.float32),
    )
    export(large, tmp_path / "v.bin")
    again = load(tmp_path / "v.bin")
    assert again.words == large.words
    assert (again.vectors == large.vectors).all()


def test_formats__have_endings_of_their_own():
    suffixes = [suffix for format in FORMATS for suffix in format.suffixes]
    assert len(set(suffixes)) == len(suffixes)


def test_read__gloves_file_has_no_header(tmp_path):
    (tmp_path / "glove.txt").write_text("the 0.1 -2\n. . . 3 4e-1\nмир 5 6\n", "utf-8")
    vectors = load(tmp_path / "glove.txt")
    assert vectors.words == ["the", ". . .", "мир"]
    assert vectors[". . ."].tolist() == np.float32([3, 0.4]).tolist()


def test_safetensors__are_read_as_they_were_written(tmp_path, vectors):
    export(vectors, tmp_path / "v.safetensors")
    again = load(tmp_path / "v.safetensors")
    assert again.words == vectors.words
    assert (again.vectors == vectors.vectors).all()


def test_safetensors__with_the_words_of_a_model_or_a_tokenizer(tmp_path, model):
    folder = model.save(tmp_path / "m.firth")
    assert load(folder / "vectors.safetensors").words == model.words
    safetensors.numpy.save_file({"embeddings": np.eye(3, dtype=np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(FormatError, match="needs its words beside it, one a line"):
        load(tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": {"b": 2, "[PAD]": 0, "a": 1}}}))
    assert load(tmp_path / "model.safetensors")["a"].tolist() == [0, 1, 0]
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"vocab": [["x", -1.0]]}}))
    with pytest.raises(FormatError, match="3 vectors, but there are 1 words"):
        load(tmp_path / "model.safetensors")
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(FormatError, match="cannot be read"):
        load(tmp_path / "model.safetensors")


def test_safetensors__of_two_tensors_or_none_are_refused(tmp_path):
    for tensors in ({"a": np.eye(2, dtype=np.float32), "b": np.eye(2, dtype=np.float32)}, {"a": np.eye(2)}, {}):
        safetensors.numpy.save_file(tensors, tmp_path / "v.safetensors")
        with pytest.raises(FormatError, match=r"has no tensor|not of float32"):
            load(tmp_path / "v.safetensors")


def test_read__a_fasttext_model_is_known_by_its_first_bytes(tmp_path):
    (tmp_path / "m.bin").write_bytes((793712314).to_bytes(4, "little") + bytes(100))
    with pytest.raises(FormatError, match="version 0 of fastText's files"):
        read(tmp_path / "m.bin")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.txt", b"4 2\na 1 2\nb nan 0\nc 1e39 0\nd 3 4\n"),
        ("v.txt", b"c 1e39 0\nb nan 0\na 1 2\nd 3 4\n"),
        ("v.tsv", b"1\t2\nnan\t0\n1e39\t0\n3\t4\n"),
        ("v.bin", b"4 2\n" + b"".join(b"%c " % w + struct.pack("<2f", *v) for w, v in zip(
            b"abcd", [(1, 2), (math.nan, 0), (math.inf, 0), (3, 4)], strict=True))),
    ],
)  # fmt: skip
def test_load__says_once_how_many_vectors_are_not_finite(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "v.metadata.tsv").write_text("a\nb\nc\nd\n")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        vectors = load(tmp_path / name)
        found = vectors.most_similar("a")
    assert [warning.category for warning in said] == [FirthWarning]
    assert "2 of 4 words have a vector that is not finite" in str(said[0].message)
    assert {"'b'", "'c'"} <= set(str(said[0].message).replace(",", "").split())
    assert said[0].filename == __file__
    assert [word for word, _ in found] == ["d"]


def test_load__of_a_model_says_it_too_unless_nothing_is_verified(tmp_path, model):
    numbers = model.vectors.copy()
    numbers[3] = np.nan
    broken = firth.Word2Vec(model.vocabulary, numbers, model.output_vectors, model.config, model.history)
    folder = broken.save(tmp_path / "m")
    with pytest.warns(FirthWarning, match="1 of 8 words"):
        load(folder)
    assert load(folder, verify=False).is_finite.sum() == 7
    export(broken, tmp_path / "v.safetensors")
    with pytest.warns(FirthWarning, match="1 of 8 words"):
        load(tmp_path / "v.safetensors")
