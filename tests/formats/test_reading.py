"""Other programs' files, as they come."""

import bz2
import gzip
import lzma
import math
import secrets
import struct
import warnings
import zipfile

import numpy as np
import pytest
import safetensors.numpy

import firth
from firth import export, load
from firth.cli.options import READING_OPTIONS
from firth.errors import FirthWarning, FormatError
from firth.formats import FORMATS, read
from firth.formats.text_rows import LONGEST_LINE
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.formats import LONG, SUFFIXES


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
    b"2 3\n": "has no words, the header promised 2: it is cut short",
    b"2 3\na 1 2 3\nb 1 2\n": "line 3 has 2 values, the header promised 3: is this the binary format",
    b"1 3\na 1 x 3\n": "line 2: .*'x'",
    b"1 1\n\xff 1\n": "line 2: the word is not UTF-8.*errors='replace'",
    b"king 1 2\nqueen 0.5 1 2\n": "line 2 has more numbers than 2.*'queen 0.5 1 2'",
    b"3 2 1\nking 0.5 1 2 3\n": "line 2 has more numbers than 2.*'king 0.5 1 2 3'",
    b"2 2\nking 1 2\nqueen 0.5 1 2\n": "line 3 has more numbers than 2.*'queen 0.5 1 2'",
    b"king 1 2\nnew york nan 1 2\n": "line 2 has more numbers than 2.*'new york nan 1 2'",
    b"king 1 2 3\nqueen 1 2\n": "line 2 has 2 values, the first line 3",
    b"king 1 2 3\nnew york 1 2\n": "line 2: .*'york'",
    b"0.1 0.2 0.3\n-0.4 0.5 0.6\n": "has numbers only, and no words",
    b" 0.1 0.2\n 0.3 0.4\n": "line 2 has 2 numbers and no word",
    b"king\t1\t2\nqueen\t1\t2\t3\n": "line 2 has 3 values, the first line 2",
    b"king,0.1,0.2\n": "line 1: wanted the number of words",
    b"9999999999 100\na 1\n": "line 2 has 1 values",
}


@pytest.mark.parametrize("content", BAD_TEXT, ids=repr)
def test_read__text_that_is_not_whole_is_named_by_line(tmp_path, content):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(FormatError, match=f"v.txt.*{BAD_TEXT[content]}"):
        load(tmp_path / "v.txt")


BAD_BINARY = {
    b"": "line 1",
    b"2 2\na " + bytes(8) + b"b " + bytes(7): "ends, or has no word, where word 2 of 2 should be",
    b"9999999999 100\n" + bytes(50): "has no word, where word 1 of 9,999,999,999",
    b"1 2\n" + bytes(20): "has no word, where word 1",
    b"1 2\na " + bytes(8) + b"\nmore": "goes on after the 1 words",
    b"1 2\n\xff " + bytes(8): "word 1: the word is not UTF-8",
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
        ("1\t2\n3\t" + "4" * (2 * LONGEST_LINE), "a\nb\n", "line 3 has 1 values, those before 2"),
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


def test_read__a_word_may_end_in_a_number_if_that_is_allowed(tmp_path):
    (tmp_path / "g.txt").write_text("the 0.1 0.2\nsection 4 0.5 1\nat name@domain.com 3 4\n")
    with pytest.raises(FormatError, match=r"line 2 .*--numbers-in-words"):
        load(tmp_path / "g.txt")
    found = load(tmp_path / "g.txt", numbers_in_words=True)
    assert found.words == ["the", "section 4", "at name@domain.com"]
    assert found["section 4"].tolist() == [0.5, 1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tabs.txt", "a\t1\t2\nb c\t3\t4\n"),
        ("a tab and spaces.vec", "a\t1 2\nb c\t3 4\n"),
        ("tabs and a header.txt", "2\t2\na\t1\t2\nb c\t3\t4\n"),
        ("spaces at the end.txt", "a 1 2 \r\nb c 3 4  \r\n"),
        ("aligned.txt", "a    1  2\nb c  3  4\n"),
        ("an empty line.txt", "2 2\na 1 2\nb c 3 4\n\n"),
        ("byte order mark.txt", "\ufeff2 2\na 1 2\nb c 3 4\n"),
        ("one.tsv", "a\t1\t2\nb c\t3\t4\n"),
    ],
)
def test_read__lines_in_other_programs_ways(tmp_path, name, content):
    (tmp_path / name).write_bytes(content.encode())
    found = load(tmp_path / name)
    assert (found.words, found.vectors.tolist()) == (["a", "b c"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("names of columns, tabs.txt", '\t0\t1\na\t0.5\t2\nb c\t3\t4\n"\t5\t6\n'),
        ("names of columns, tabs.tsv", '\t0\t1\na\t0.5\t2\nb c\t3\t4\n"\t5\t6\n'),
        ("names of columns, spaces.txt", 'word 1 2\na 0.5 2\n"b c" 3 4\n" 5 6\n'),
        ("quotes.txt", '"a" 0.5 2\n"b c" 3 4\n"""" 5 6\n'),
        ("index.txt", '0 a 0.5 2\n1 b c 3 4\n2 " 5 6\n'),
        ("R.txt", '"1" "a" 0.5 2\n"2" "b c" 3 4\n"3" """" 5 6\n'),
    ],
)
def test_read__what_pandas_and_r_write_around_words_is_no_word(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    found = load(tmp_path / name)
    assert (found.words, found.vectors.tolist()) == (["a", "b c", '"'], [[0.5, 2], [3, 4], [5, 6]])


def test_read__quotes_and_numbers_that_are_words_stay(tmp_path):
    (tmp_path / "v.txt").write_text('"a" 0 1\n1 2 3\n2 4 5\n3 6 7\n" 8 9\n"" 8 1\n')
    assert load(tmp_path / "v.txt").words == ['"a"', "1", "2", "3", '"', '""']
    (tmp_path / "v.txt").write_text("1 2 3\n2 4 5\n3 6 7\n")
    assert load(tmp_path / "v.txt").words == ["1", "2", "3"]
    (tmp_path / "v.txt").write_text("1 a 2 3\n2 b 4 5\n4 c 6 7\n")
    assert load(tmp_path / "v.txt").words == ["1 a", "2 b", "4 c"]
    (tmp_path / "v.txt").write_text('2 2\n"a" 0 1\n"b" 2 3\n')  # whoever writes a header writes words as they are
    assert load(tmp_path / "v.txt").words == ['"a"', '"b"']


@pytest.mark.parametrize("white", ["\u00a0", "\u3000", "\u2028", " "])
@pytest.mark.parametrize("header", ["", "2 2\n"])
def test_read__the_first_word_may_be_white_space(tmp_path, white, header):
    (tmp_path / "v.txt").write_text(f"{header}{white} 1 2\nb 3 4\n", "utf-8")
    found = load(tmp_path / "v.txt")
    assert (found.words, found.vectors.tolist()) == ([white, "b"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(("promised", "hint"), [(1, r"\. All"), (3, ": it may be cut short. All")])
def test_read__another_number_of_words_than_the_header_says_is_a_warning(tmp_path, promised, hint):
    (tmp_path / "v.txt").write_text(f"{promised} 2\na 1 2\nb 3 4\n")
    rows = b"a " + struct.pack("<2f", 1, 2) + b"\nb " + struct.pack("<2f", 3, 4) + b"\n"
    (tmp_path / "v.bin").write_bytes(f"{promised} 2\n".encode() + rows)
    for name in ("v.txt", "v.bin"):
        with pytest.warns(FirthWarning, match=f"{name} has 2 words, its header promised {promised}{hint} are read"):
            found = load(tmp_path / name)
        assert (found.words, found.vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin", "v.tsv"])
def test_read__of_words_that_come_twice_the_first_counts(tmp_path, name):
    (tmp_path / "v.txt").write_text("4 2\na 1 2\nb 3 4\na 5 6\na 7 8\n")
    (tmp_path / "v.vec").write_text("a 1 2\nb 3 4\na 5 6\na 7 8\n")
    rows = [word + struct.pack("<2f", i, i + 1) for word, i in ((b"a ", 1), (b"b ", 3), (b"a ", 5), (b"a ", 7))]
    (tmp_path / "v.bin").write_bytes(b"4 2\n" + b"".join(rows))
    (tmp_path / "v.tsv").write_text("1\t2\n3\t4\n5\t6\n7\t8\n")
    (tmp_path / "v.metadata.tsv").write_text("a\nb\na\na\n")
    with pytest.warns(FirthWarning, match="2 of 4 words come a second time, the first of them 'a' as word 3"):
        found = load(tmp_path / name)
    assert (found.words, found.vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


@pytest.mark.parametrize(("errors", "word"), [("replace", "caf\ufffd"), ("ignore", "caf")])
def test_read__words_that_are_not_utf8_are_replaced_or_cut_on_request(tmp_path, errors, word):
    (tmp_path / "v.txt").write_bytes(b"2 2\ncaf\xe9 1 2\nb 3 4\n")
    (tmp_path / "g.txt").write_bytes(b"caf\xe9 1 2\nb 3 4\n")
    rows = b"caf\xe9 " + struct.pack("<2f", 1, 2) + b"b " + struct.pack("<2f", 3, 4)
    (tmp_path / "v.bin").write_bytes(b"2 2\n" + rows)
    (tmp_path / "v.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "v.metadata.tsv").write_bytes(b"caf\xe9\nb\n")
    for name in ("v.txt", "g.txt", "v.bin", "v.tsv"):
        assert load(tmp_path / name, errors=errors).words == [word, "b"]
        with pytest.raises(FormatError, match=r"not UTF-8 text: b'caf.xe9'"):
            load(tmp_path / name)
    with pytest.raises(ValueError, match="errors must be"):
        load(tmp_path / "v.txt", errors="surrogateescape")


@pytest.mark.parametrize("name", SUFFIXES)
def test_read__a_limit_gives_the_first_rows(vectors, tmp_path, name):
    export(vectors, tmp_path / name)
    for limit in (1, 3, 100):
        found = load(tmp_path / name, limit=limit)
        assert found.words == vectors.words[:limit]
        assert (found.vectors == vectors.vectors[:limit]).all()
    with pytest.raises(ValueError, match="limit must be 1 or more"):
        load(tmp_path / name, limit=0)


@pytest.mark.parametrize("name", ["v.txt", "g.txt", "v.bin", "v.txt.gz"])
def test_read__what_is_behind_the_limit_is_not_read(tmp_path, name):
    rows = "a 1 2\nb 3 4\n"
    (tmp_path / "v.txt").write_text(f"9 2\n{rows}c nonsense\n")
    (tmp_path / "g.txt").write_text(f"{rows}c nonsense\n")
    (tmp_path / "v.txt.gz").write_bytes(gzip.compress(f"9 2\n{rows}".encode() + secrets.token_bytes(1 << 20))[:-20])
    binary = b"a " + struct.pack("<2f", 1, 2) + b"b " + struct.pack("<2f", 3, 4)
    (tmp_path / "v.bin").write_bytes(b"9 2\n" + binary + b"c none")
    assert load(tmp_path / name, limit=2).vectors.tolist() == [[1, 2], [3, 4]]
    with pytest.raises(FormatError):
        load(tmp_path / name)


PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("packed", PACKERS)
@pytest.mark.parametrize("name", ["v.txt", "v.vec", "v.bin", "vectors.tsv"])
def test_read__packed_files_are_unpacked(vectors, tmp_path, name, packed):
    path, *_ = export(vectors, tmp_path / name)
    content = PACKERS[packed](path.read_bytes())
    path.unlink()
    (tmp_path / f"{name}.{packed}").write_bytes(content)
    found = load(tmp_path / f"{name}.{packed}")
    assert (found.words, found.vectors.tobytes()) == (vectors.words, vectors.vectors.tobytes())
    (tmp_path / f"{name}.{packed}").write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(FormatError, match=r"(cut short|vectors, but|has no word|line 1: wanted)"):
        load(tmp_path / f"{name}.{packed}")


def test_read__packed_by_zstd(vectors, tmp_path):
    zstandard = pytest.importorskip("zstandard")
    path, *_ = export(vectors, tmp_path / "v.vec")
    (tmp_path / "v.vec.zst").write_bytes(zstandard.compress(path.read_bytes()))
    assert load(tmp_path / "v.vec.zst").vectors.tobytes() == vectors.vectors.tobytes()


def test_read__a_format_may_be_named(vectors, tmp_path):
    for name in ("word2vec-text", "word2vec binary", "glove", "tsv", "safetensors"):
        path, *_ = export(vectors, tmp_path / f"{name} file", format=name)
        assert load(path, format=name).vectors.tobytes() == vectors.vectors.tobytes()
    (tmp_path / "one number").write_text("7 3\n8 4\n")
    assert load(tmp_path / "one number", format="glove")["7"].tolist() == [3]
    with pytest.raises(FormatError, match="Or name its format"):
        load(tmp_path / "one number")


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "a\nb\n"),
        ("word\tcount\n", "a\t3\nb\t1\n"),
        ("count\tWord\n", "3\ta\n1\tb\n"),
        ("first\tsecond\n", "a\t3\nb\t1\n"),
        ("word\n", "a\nb\n"),
        ("", "a\t3\nb\t1\n"),
    ],
)
@pytest.mark.parametrize("name", ["tensors.tsv", "vectors.tsv"])
def test_tsv__metadata_may_have_columns_with_names(tmp_path, name, header, words):
    (tmp_path / name).write_text("1\t2\n3\t4\n")
    (tmp_path / "metadata.tsv").write_text(header + words)
    found = load(tmp_path / name)
    assert (found.words, found.vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


def test_read__numbers_too_large_for_float32_are_infinite_without_a_warning(tmp_path):
    (tmp_path / "v.txt").write_text("2 2\na 1e39 -1e39\nb inf nan\n")
    (tmp_path / "v.tsv").write_text("1e39\t-1e39\ninf\tnan\n")
    (tmp_path / "v.metadata.tsv").write_text("a\nb\n")
    safetensors.numpy.save_file({"v": np.array([[1e39, -1e39], [np.inf, np.nan]])}, tmp_path / "v.safetensors")
    (tmp_path / "words.txt").write_text("a\nb\n")
    for name in ("v.txt", "v.tsv", "v.safetensors"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = read(tmp_path / name).vectors
        np.testing.assert_array_equal(found, np.float32([[np.inf, -np.inf], [np.inf, np.nan]]))


def a_pickle(module, name):
    """As gensim 4 writes them: the class first."""
    return b"\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x16" + module + b"\x94\x8c\x08" + name + b"\x94\x93\x94)\x81\x94}\x94."


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (
            "w.model",
            a_pickle(b"gensim.models.word2vec", b"Word2Vec"),
            r"Word2Vec\.load\('w.model'\)\.wv\.save_word2vec",
        ),
        ("w.kv", a_pickle(b"gensim.models.keyedvectors", b"KeyedVectors"), r"'?KeyedVectors\.load\('w.kv'\)\.save"),
        ("f.kv", a_pickle(b"gensim.models.fasttext", b"FastTextKeyedVectors"), r"FastTextKeyedVectors\.load\('f.kv'\)"),
        ("f.bin", a_pickle(b"gensim.models.fasttext", b"FastText"), r"FastText\.load\('f.bin'\)\.wv"),
        ("p.pkl", b"\x80\x04\x95\x01}.", "is a Python pickle: firth never unpickles"),
        ("w.npy", b"\x93NUMPY\x01\0", "is a NumPy array, without words"),
        ("n.h5", b"\x89HDF\r\n\x1a\n", "is HDF5"),
        ("v.zip", b"PK\x03\x04", "is a zip archive: unpack it first"),
        (
            "old.bin",
            struct.pack("<12id", 100, 5, 5, 5, 5, 1, 2, 2, 2000000, 3, 6, 100, 1e-4) + bytes(40),
            "before 2017",
        ),
    ],
)
def test_read__what_firth_does_not_read_is_told_how_to_go_on(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=f"{name} is .*{message}|{name} {message}"):
        load(tmp_path / name)


def test_read__torchs_and_numpys_archives_are_known(tmp_path):
    with zipfile.ZipFile(tmp_path / "m.pt", "w") as archive:
        archive.writestr("m/data.pkl", b"")
    with pytest.raises(FormatError, match=r"m\.pt is PyTorch's, pickled"):
        load(tmp_path / "m.pt")
    np.savez(tmp_path / "v.npz", vectors=np.eye(2))
    with pytest.raises(FormatError, match=r"is NumPy's \.npz"):
        load(tmp_path / "v.npz")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("v.txt", f"{LONG}\na 1\n"),
        ("v.txt", f"2 2\na 1 {LONG}\nb 1 2\n"),
        ("v.txt", f"2 2\na 1 2\n{LONG} 7 1 2\n"),
        ("v.txt", f"a 1 2\n 3 4\n{LONG}\n"),
        ("v.tsv", f"1\t{LONG}\n"),
        ("v.glove", LONG),
    ],
)
def test_read__messages_quote_the_beginning_of_what_is_long(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    (tmp_path / "v.metadata.tsv").write_text("a\n")
    with pytest.raises(FormatError) as wrong:
        load(tmp_path / name, format="glove" if name == "v.glove" else None)
    assert len(str(wrong.value).replace(str(tmp_path), "")) < 350


def test_help__of_the_command_names_every_format():
    for name in {format.name.replace(" ", "-") for format in FORMATS} - {"firth"}:  # a folder, which says so itself
        assert name in READING_OPTIONS["format"]["help"], f"{name} is not in the help of --model-format"
