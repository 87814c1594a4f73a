"""Counts of words, in files of their own."""

import gzip

import pytest

from firth import export, load
from firth.errors import FirthWarning, FormatError, OutputExistsError
from firth.vectors.word_vectors import WordVectors
from tests.helpers.formats import SUFFIXES


@pytest.mark.parametrize("name", SUFFIXES)
def test_export__counts_are_written_beside_and_read_by_name_alone(vectors, tmp_path, name):
    *_, beside = export(vectors, tmp_path / name)
    assert beside == tmp_path / f"{name}.counts.txt"
    assert beside.read_text("utf-8").startswith("the 8\nking 7\nqueen 6\n")
    assert not load(tmp_path / name).vocabulary.has_counts
    assert load(tmp_path / name, counts=beside).vocabulary == vectors.vocabulary
    assert load(tmp_path / name, counts=str(beside), limit=3).vocabulary.counts.tolist() == [8, 7, 6]
    with pytest.raises(OutputExistsError):
        export(vectors, tmp_path / name)
    (tmp_path / name).unlink()
    with pytest.raises(OutputExistsError):  # the counts alone are in the way too
        export(vectors, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_export__writes_no_counts_where_there_are_none_or_none_are_wanted(vectors, tmp_path):
    assert export(vectors, tmp_path / "v.txt", counts=False) == [tmp_path / "v.txt"]
    bare = WordVectors(vectors.words, vectors.vectors)
    assert export(bare, tmp_path / "b.txt") == [tmp_path / "b.txt"]


COUNTS = {
    "word2vec.c's -save-vocab": "the 8\nking 5\n42 3\n",
    "tabs": "the\t8\nking\t5\n42\t3\n",
    "names above, Windows' line ends": "\ufeffword\tcount\r\nthe\t8\r\nking\t5\r\n42\t3\r\n",
    "another order, other words": "of 99\n42 3\n\nking 5\nthe 8\nnew york 7",
}


@pytest.mark.parametrize("kind", COUNTS)
def test_load__takes_counts_from_a_file(tmp_path, kind):
    (tmp_path / "v.txt").write_text("the 1 2\nking 3 4\n42 5 6\n")
    (tmp_path / "vocab.txt").write_text(COUNTS[kind], newline="")
    (tmp_path / "vocab.txt.gz").write_bytes(gzip.compress(COUNTS[kind].encode()))
    for name in ("vocab.txt", "vocab.txt.gz"):
        loaded = load(tmp_path / "v.txt", counts=tmp_path / name)
        assert (loaded.words, loaded.vocabulary.counts.tolist()) == (["the", "king", "42"], [8, 5, 3])
        assert loaded.count("king") == 5
    assert load(loaded.save(tmp_path / "v.firth")).vocabulary == loaded.vocabulary


def test_load__takes_counts_of_words_with_spaces_and_from_mappings(tmp_path):
    (tmp_path / "v.txt").write_text("2 2\nnew york 1 2\nking 3 4\n")
    (tmp_path / "c.txt").write_text("new york 3\nking 4\n")
    assert load(tmp_path / "v.txt", counts=tmp_path / "c.txt").vocabulary.counts.tolist() == [3, 4]
    assert load(tmp_path / "v.txt", counts={"king": 2}).vocabulary.counts.tolist() == [0, 2]


def test_load__words_without_a_count_in_the_file_are_said(tmp_path):
    (tmp_path / "v.txt").write_text("the 1 2\nking 3 4\n42 5 6\n")
    (tmp_path / "c.txt").write_text("king 4\nking 5\n")
    with pytest.warns(FirthWarning) as warned:
        loaded = load(tmp_path / "v.txt", counts=tmp_path / "c.txt")
    assert loaded.vocabulary.counts.tolist() == [0, 4, 0]
    assert "1 words come again with other counts, such as 'king'" in str(warned[0].message)
    assert "2 of 3 words are not in it, such as 'the': their count is 0" in str(warned[1].message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("the 8\nking\n", "line 2: wanted a word, a space or tab, its count; got 'king'"),
        ("the 8\nking -1\n", "line 2: wanted"),
        ("the 8\nking 1.5\n", "line 2: wanted"),
        ("the,8\n", "line 1: wanted"),
        ("     12 the\n", "line 1: wanted"),
        ("the 8\n7\n", "line 2: wanted"),
        (f"the {10**18}\n", "line 1: wanted"),
        (f"the 8\n{'x' * 9999}\n", "line 2: wanted.{1,150}$"),
        ("elsewhere 8\n", "none of the 2 words, such as 'the'"),
        ("", "none of the 2 words, such as 'the'"),
    ],
)
def test_load__counts_that_are_none_are_refused_with_the_line(tmp_path, content, message):
    (tmp_path / "v.txt").write_text("the 1 2\nking 3 4\n")
    (tmp_path / "c.txt").write_text(content)
    with pytest.raises(FormatError, match=message):
        load(tmp_path / "v.txt", counts=tmp_path / "c.txt")
    with pytest.raises(FormatError, match="no file of counts"):
        load(tmp_path / "v.txt", counts=tmp_path / "none.txt")
