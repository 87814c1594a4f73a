import struct

import numpy as np
import pytest
from numpy.testing import assert_allclose

import firth
from firth.errors import FirthError, FirthWarning, FormatError, UnwritableWordError
from firth.formats import fasttext
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary
from tests.helpers.subwords import buckets_by_hand, small


def test_fasttext__what_is_written_is_read(tmp_path):
    vectors = small()
    assert firth.export(vectors, tmp_path / "small.bin") == [tmp_path / "small.bin"]
    found = firth.load(tmp_path / "small.bin")
    assert found.vocabulary == vectors.vocabulary
    assert_allclose(found.vectors, vectors.vectors, rtol=1e-6)
    assert_allclose(found["theüber"], vectors["theüber"], rtol=1e-6)
    assert found.subwords.ngrams == vectors.subwords.ngrams
    again = firth.export(found, tmp_path / "again.bin")[0]
    assert again.read_bytes()[:4] == fasttext.MAGIC
    assert_allclose(firth.load(again).vectors, vectors.vectors, rtol=1e-6)


def test_fasttext__words_without_counts_are_written_with_1_and_read_without(tmp_path):
    bare = small().with_counts([0] * 4)
    path = firth.export(bare, tmp_path / "bare.bin")[0]
    assert path.read_bytes().count(struct.pack("<qb", 1, 0)) >= 4
    assert not firth.load(path).vocabulary.has_counts
    some = small().with_counts([9, 0, 0, 0])
    assert firth.load(firth.export(some, tmp_path / "some.bin")[0]).vocabulary.counts.tolist() == [9, 1, 1, 1]


def test_fasttext__words_with_spaces_keep_their_vectors_under_another_name(tmp_path):
    spaced = small().add("new york", [1, 2, 3], counts=1)
    with pytest.warns(FirthWarning, match="written with _: 'new_york'"):
        replaced = firth.load(firth.export(spaced, tmp_path / "replaced.bin", spaces="replace")[0])
    assert_allclose(replaced["new_york"], [1, 2, 3], atol=1e-5)
    assert_allclose(replaced[["the", "theüber"]], spaced[["the", "theüber"]], rtol=1e-6)
    with pytest.warns(FirthWarning, match="1 of 5 words are left out, as fasttext files cannot hold them: 'new york'"):
        skipped = firth.load(firth.export(spaced, tmp_path / "skipped.bin", spaces="skip")[0])
    assert skipped.words == small().words
    assert_allclose(skipped.vectors, small().vectors, rtol=1e-6)


def by_hand(
    words=(("a", 3), ("bc", 2)), *, width=2, buckets=4, min_n=2, max_n=3, rows=None, quantised=0, more=b"", **at
):
    """A file as fastText writes it, put together with struct."""
    rows = len(words) + buckets if rows is None else rows
    entries = at.get("entries", len(words))
    settings = [width, 5, 1, 1, 5, 1, 2, at.get("model", 2), buckets, min_n, max_n, 100]
    content = struct.pack("<ii12id", 793712314, at.get("version", 12), *settings, 1e-4)
    content += struct.pack("<iiiqq", entries, at.get("promised", entries), 0, 5, at.get("pruned", -1))
    for word, count in words:
        content += word.encode("utf-8", "surrogateescape") + b"\0" + struct.pack("<qb", count, at.get("kind", 0))
    content += struct.pack("<Bqq", quantised, rows, at.get("columns", width))
    content += np.arange(rows * width, dtype="<f4").tobytes()
    return content + struct.pack("<Bqq", 0, len(words), width) + np.zeros(len(words) * width, "<f4").tobytes()


def test_fasttext__a_file_by_hand(tmp_path):
    path = tmp_path / "hand.bin"
    path.write_bytes(by_hand())
    found = firth.load(path)
    assert found.words == ["a", "bc"]
    assert found.vocabulary.counts.tolist() == [3, 2]
    rows = np.arange(12.0).reshape(6, 2)
    of_a = buckets_by_hand("a", 2, 3, 4)
    assert_allclose(found["a"], (rows[0] + sum(rows[2 + b] for b in of_a)) / (1 + len(of_a)))
    path.write_bytes(by_hand(buckets=0, max_n=0))
    plain = firth.load(path)
    assert plain.subwords is None
    assert plain.vectors.tolist() == [[0, 1], [2, 3]]


def test_fasttext__the_first_words_words_that_come_twice_and_words_that_are_not_utf8(tmp_path):
    path = tmp_path / "hand.bin"
    path.write_bytes(by_hand((("a", 3), ("bc", 2), ("a", 1))))
    with pytest.warns(FirthWarning, match="1 of 3 words come a second time, the first of them 'a' as word 3"):
        found = firth.load(path)
    assert (found.words, found.vocabulary.counts.tolist()) == (["a", "bc"], [3, 2])
    rows = np.arange(14.0).reshape(7, 2)  # three of words, then those of the buckets
    of_bc = buckets_by_hand("bc", 2, 3, 4)
    assert_allclose(found["bc"], (rows[1] + sum(rows[3 + b] for b in of_bc)) / (1 + len(of_bc)))
    path.write_bytes(by_hand())
    whole, first = firth.load(path), firth.load(path, limit=1)
    assert first.words == ["a"]
    assert_allclose(first["bc"], whole.subwords.compose("bc"))
    path.write_bytes(by_hand((("caf\udce9", 3), ("bc", 2))))
    with pytest.raises(FormatError, match="word 1: the word is not UTF-8"):
        firth.load(path)
    assert firth.load(path, errors="ignore").words == ["caf", "bc"]


@pytest.mark.parametrize("name", ["m.ftz", "m.bin", "m.model"])
def test_fasttext__a_quantised_model_is_told_how_to_go_on(tmp_path, name):
    (tmp_path / name).write_bytes(by_hand(quantised=1))
    with pytest.raises(FormatError, match=r"has been quantised \(\.ftz\).*print-word-vectors model\.ftz"):
        firth.load(tmp_path / name)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 13}, "version 13"),
        ({"pruned": 3}, "pruned"),
        ({"quantised": 1}, "quantised"),
        ({"entries": 2_000_000_000}, "cut short"),
        ({"entries": 2, "promised": 3}, "cut short"),
        ({"entries": 0}, "cut short"),
        ({"kind": 1}, "promises 2 words and has 0"),
        ({"width": 0, "columns": 0}, "cut short"),
        ({"columns": 3}, "promises vectors"),
        ({"rows": 5}, "5 vectors for 2 words"),
        ({"buckets": -1}, "cut short"),
        ({"buckets": 2_000_000_000, "rows": 6}, "6 vectors"),
        ({"min_n": 0}, "makes no sense"),
        ({"min_n": 9}, "makes no sense"),
        ({"max_n": 133_121}, "makes no sense"),
    ],
    ids=str,
)
def test_fasttext__what_does_not_fit_is_named(tmp_path, changes, message):
    (tmp_path / "bad.bin").write_bytes(by_hand(**changes))
    with pytest.raises(FormatError, match=message):
        firth.load(tmp_path / "bad.bin")


def test_fasttext__cut_short_anywhere_is_refused(tmp_path):
    whole = by_hand()
    needed = len(whole) - struct.calcsize("<Bqq") - 2 * 2 * 4  # the output matrix is not read
    for length in range(4, needed):
        (tmp_path / "cut.bin").write_bytes(whole[:length])
        with pytest.raises(FormatError):
            firth.load(tmp_path / "cut.bin")


@pytest.mark.parametrize(("word", "found"), [("new york", "white space"), ("a\0b", r"'\\x00'")])
def test_fasttext__the_character_that_it_cannot_hold_is_named(tmp_path, word, found):
    with pytest.raises(UnwritableWordError, match=f"it has {found} in it"):
        firth.export(small().add(word, [1, 2, 3], counts=1), tmp_path / "bad.bin")


def test_fasttext__cannot_hold_every_word(tmp_path):
    vectors = small()
    bad = WordVectors(Vocabulary(["new york", *vectors.words[1:]], [1] * 4), vectors.vectors, vectors.subwords)
    with pytest.raises(UnwritableWordError):
        firth.export(bad, tmp_path / "bad.bin")
    with pytest.raises(FirthError, match="subwords"):
        firth.export(WordVectors(vectors.vocabulary, vectors.vectors), tmp_path / "bad.bin", format="fasttext")
    assert list(tmp_path.iterdir()) == []
