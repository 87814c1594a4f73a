"""Encoding in pieces: the bytes and the errors of encoding at once."""

import concurrent.futures
import gzip
import io
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import firth
from firth.config import TextConfig
from firth.corpus import pieces as encoded_pieces
from firth.corpus.assembling import assemble, encode_in_pieces, write_range
from firth.corpus.cutting import Piece, cut
from firth.corpus.decoding import read_blocks
from firth.corpus.encoding import encode
from firth.corpus.pieces import check_unchanged, check_visible, encode_piece, load_piece, table_of, translate_piece
from firth.corpus.word_ranges import Owner, boundaries_of, deal, first_ids
from firth.errors import ConfigError, CorpusError, FirthError, FormatError, OutputExistsError, SourceError
from firth.jit import target
from firth.storage import system
from tests.helpers.pieces import OneAfterTheOther, bytes_of, in_pieces
from tests.helpers.text import CONFIGS, TEXT, TRICKY

WORDS = st.text(st.one_of(st.sampled_from(TRICKY + "\n"), st.characters(codec="utf-8")), max_size=8).map(str.encode)
ODD_BYTES = [b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"a\0b\0" * 20, b"\x1f\x8b", b'{"a":', b"\xe2\x80", b"\xc3\n"]
ENDS = [b"\n", b"\r\n", b"\r", b" ", b"\n\n", b"\n\xef\xbb\xbf", b", "]
CONTENTS = st.lists(
    st.tuples(st.one_of(WORDS, WORDS, st.sampled_from(ODD_BYTES)), st.sampled_from(ENDS)), max_size=20
).map(lambda parts: b"".join(part + end for part, end in parts))
OTHER_CONFIGS = [
    TextConfig(errors="replace"),
    TextConfig(errors="ignore", lowercase=False),
    TextConfig(encoding="latin-1"),
    TextConfig(encoding="utf-16-le", errors="replace"),
    TextConfig(sentences="punctuation", unicode_punctuation=True),
]


def outcome(work, folder):
    """The bytes that are written, or the error that is raised."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            work(folder)
        except FirthError as error:
            return type(error), str(error)
    return bytes_of(folder)


@pytest.mark.long
@pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off, this takes too long")
@settings(max_examples=200, deadline=None)
@given(
    contents=st.lists(CONTENTS, min_size=1, max_size=3),
    config=st.sampled_from([*CONFIGS, *OTHER_CONFIGS]),
    piece_bytes=st.sampled_from([1, 7, 30, 100]),
    owners=st.integers(1, 4),
    block_bytes=st.sampled_from([5, 16, 1 << 19]),
)
def test_pieces__give_the_bytes_and_errors_of_encode(contents, config, piece_bytes, owners, block_bytes):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("firth.corpus.decoding.BLOCK_BYTES", block_bytes)
        patch.setattr("firth.corpus.decoding.LONGEST_TOKEN_BYTES", max(30, block_bytes))
        patch.setattr("firth.corpus.fingerprints.CHUNK_BYTES", 16)
        patch.setattr("firth.corpus.word_list.WORDS_AT_A_TIME", 3)
        patch.setattr("firth.corpus.assembling.WORDS_AT_A_TIME", 3)
        patch.setattr(system, "flush", lambda path: None)
        folder = Path(name)
        paths = [folder / f"{number}.txt" for number in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content)
        at_once = outcome(lambda to: encode(paths, to, config=config), folder / "at once")
        of_pieces = outcome(
            lambda to: in_pieces(paths, to, config, piece_bytes=piece_bytes, owners=owners), folder / "in pieces"
        )
        assert of_pieces == at_once


@pytest.mark.parametrize("separator", [None, ",", "::", "--"])
def test_read_blocks__which_tokens_are_too_long_does_not_depend_on_where_blocks_begin(separator, monkeypatch):
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 16)
    monkeypatch.setattr("firth.corpus.decoding.LONGEST_TOKEN_BYTES", 30)
    config = TextConfig(separator=separator)
    for before in range(20):
        for end in (b"\n", b"\nb", b""):
            fits, is_longer = (b"b\n" * before + b"a" * size + end for size in (30, 31))
            assert b"a" * 30 in b"".join(read_blocks(io.BytesIO(fits), "x", config))
            with pytest.raises(SourceError, match="x has a token of more than"):
                list(read_blocks(io.BytesIO(is_longer), "x", config))


BEGINNINGS = {
    "a.txt": b"a\0" * 40 + b"\n" + b"what follows is text in UTF-8\n" * 20,
    "b.txt": b"\n" + b"a\0" * 400 + b"\n",
    "a.json": b'{\n"text": "the king"}\n' * 20,
    "b.json": b'{"text": "the king"}\n' * 20,
    "c.json": b"\n\n\n[\n{}\n]\n" * 20,
    "a.csv": b"text,number\nthe king,1\n" * 20,
    "table": b"PAR1\n" * 50,
    "other": b"Rar!\x1a\x07\n" * 50,
    "markup": b"<html>\n" * 50,
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_pieces__whether_a_file_is_text_is_told_by_its_beginning(name, tmp_path):
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / name).write_bytes(BEGINNINGS[name])
    for number, source in enumerate([folder / name, folder]):  # named, and found
        at_once = outcome(lambda to: encode(source, to), tmp_path / f"at once {number}")  # noqa: B023
        of_pieces = outcome(lambda to: in_pieces(source, to, piece_bytes=60), tmp_path / f"in pieces {number}")  # noqa: B023
        assert of_pieces == at_once


def test_pieces__a_token_without_end_is_refused_as_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 64)
    monkeypatch.setattr("firth.corpus.decoding.LONGEST_TOKEN_BYTES", 128)
    monkeypatch.setattr(system, "flush", lambda path: None)
    path = tmp_path / "a.txt"
    for lines in range(100):
        path.write_bytes(b"a\n" * lines + b"b" * 200 + b"\nc\n")
        at_once = outcome(lambda to: encode(path, to), tmp_path / f"at once {lines}")
        assert outcome(lambda to: in_pieces(path, to, piece_bytes=70), tmp_path / f"in pieces {lines}") == at_once


def test_pieces__a_line_of_bytes_that_are_not_utf8_is_counted_from_the_beginning(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"fine\n" * 100 + b"\xff\n")
    with pytest.raises(SourceError, match="line 101: byte 0xff"):
        in_pieces(path, tmp_path / "out", piece_bytes=50)
    assert [found.name for found in tmp_path.iterdir()] == ["a.txt"]  # and nothing half-written stays


def test_cut__is_made_after_line_ends_and_hashes_every_chunk_once(tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.fingerprints.CHUNK_BYTES", 10)
    path = tmp_path / "a.txt"
    path.write_text("a b c\nd e\n\nf g h i j k l m n o p q r s t\nu\n")  # 44 bytes
    pieces = cut(path, piece_bytes=10)
    read = [path.read_bytes()[part.begin : part.end] for piece in pieces for part in piece.parts]
    assert read == [b"a b c\nd e\n", b"\nf g h i j k l m n o p q r s t\n", b"u\n"]
    hashed = [range(part.first_chunk, part.last_chunk) for piece in pieces for part in piece.parts]
    assert [chunk for some in hashed for chunk in some] == [0, 1, 2, 3, 4]
    assert sum(piece.bytes for piece in pieces) == path.stat().st_size


def test_cut__small_files_are_put_together(tmp_path):
    for name in "abcdef":
        (tmp_path / name).write_text("word\n")
    assert [[Path(part.path).name for part in piece.parts] for piece in cut(tmp_path, piece_bytes=12)] == [
        ["a", "b"],
        ["c", "d"],
        ["e", "f"],
    ]


def test_cut__what_is_not_text_as_it_is_stays_whole(tmp_path):
    lines = b"a line of text\n" * 20
    (tmp_path / "packed").write_bytes(gzip.compress(os.urandom(100).hex().encode() + lines))
    (tmp_path / "wide").write_bytes(lines.decode().encode("utf-16"))
    (tmp_path / "macintosh").write_bytes(lines.replace(b"\n", b"\r"))
    (tmp_path / "text").write_bytes(lines)
    with tarfile.open(tmp_path / "archive", "w") as archive:
        archive.add(tmp_path / "text", "text")
    for path in tmp_path.iterdir():
        assert (len(cut(path, piece_bytes=50)) > 1) == (path.name == "text"), path
    assert len(cut(tmp_path / "text", TextConfig(sentences="paragraph"), 50)) == 1
    assert len(cut(tmp_path / "text", TextConfig(encoding="latin-1"), 50)) == 1


def test_piece__is_the_same_after_json(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text;n\nthe king;1\n")
    (piece,) = cut(firth.column(path, "text", delimiter=";"))
    assert Piece.of_json(piece.as_json()) == piece
    assert json.loads(piece.as_json())["options"]["delimiter"] == ";"


@pytest.mark.parametrize("source", [["a text"], [["a", "list"]], (text for text in ["a"])])
def test_pieces__of_what_is_not_in_files_is_refused(source, tmp_path):
    with pytest.raises(SourceError, match=r"only files can be cut into pieces, not the .*: write them to files first"):
        in_pieces(source, tmp_path / "out")


def test_pieces__that_make_no_sense_are_refused(text, tmp_path):
    with pytest.raises(ConfigError, match="piece_bytes=0"):
        cut(text, piece_bytes=0)
    with pytest.raises(ConfigError, match="owners=0"):
        in_pieces(text, tmp_path / "out", owners=0)
    encode(text, tmp_path / "out")
    with pytest.raises(OutputExistsError):
        in_pieces(text, tmp_path / "out")


def test_pieces__of_an_encoded_corpus_are_that_corpus(text, tmp_path):
    corpus = encode(text, tmp_path / "out")
    assert in_pieces(corpus, tmp_path / "new") is corpus
    assert in_pieces(tmp_path / "out", tmp_path / "new").folder == tmp_path / "out"


def test_pieces__of_archives_packed_files_and_text(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "text").write_text(TEXT * 5)
    with tarfile.open(source / "archive.tar.gz", "w:gz") as archive:
        archive.add(source / "text", "one")
        archive.add(source / "text", "two")
    (source / "packed.gz").write_bytes(gzip.compress(b"more words\n"))
    encode(source, tmp_path / "at once")
    assert in_pieces(source, tmp_path / "in pieces", piece_bytes=50, owners=2).files == 4
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")


@pytest.mark.parametrize("piece_bytes", [1, 1000, 1 << 28])
def test_pieces__of_columns_in_files(tmp_path, piece_bytes):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    texts = [f"the {n} Cat\nsat on {n % 7}" if n % 5 else None for n in range(100)]
    items = [[f"item {n % 11}", "a\tb", "a\nb"] for n in range(100)]
    table = pyarrow.table({"text": texts, "items": items})
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=7)
    parquet.write_table(table[:3], tmp_path / "b.parquet")
    parquet.write_table(table[:0], tmp_path / "c.parquet")
    rows = [json.dumps({"text": text, "items": some}) for text, some in zip(texts, items, strict=True)]
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    (tmp_path / "b.jsonl").write_text("\n".join(rows[:3]))
    for kind in ("parquet", "jsonl"):
        for name in ("text", "items"):
            column = firth.column(str(tmp_path / f"*.{kind}"), name, skip_nulls=True)
            at_once, of_pieces = tmp_path / f"{kind} {name}", tmp_path / f"{kind} {name} in pieces"
            encode(column, at_once)
            in_pieces(column, of_pieces, piece_bytes=piece_bytes, owners=2)
            assert bytes_of(of_pieces) == bytes_of(at_once)
            assert len(cut(column, piece_bytes=1)) == (17 if kind == "parquet" else 2)


def test_pieces__a_row_without_a_value_is_named_by_its_number_in_the_file(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": ["a"] * 9 + [None]}), tmp_path / "a.parquet", row_group_size=3)
    with pytest.raises(SourceError, match=r"row 10 of 'text' in .* has no value"):
        in_pieces(tmp_path / "a.parquet", tmp_path / "out", column="text", piece_bytes=1)


ROWS = [
    '{"x": "the king"}',
    '{"x": "and\\nthe Queen", "y": 1}',
    "",
    " ",
    '{"x": "a \u2028 b"}',
    '{"x":["a","b"]}',
]
BROKEN = [
    '{"y": "no x"}',
    '{"x": null}',
    '{"x": 17}',
    '{"x": "not closed',
    "[1, 2]",
    "no JSON",
    "\ufeff",
    '{"x": NaN}',
    "\udcff",
]


@pytest.mark.long
@pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off, this takes too long")
@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(st.sampled_from(ROWS[:5]), max_size=12),
    other=st.tuples(st.sampled_from([*BROKEN, *ROWS]), st.integers(0, 12)),
    skip_nulls=st.booleans(),
    config=st.sampled_from([TextConfig(), TextConfig(sentences="punctuation"), TextConfig(errors="ignore")]),
)
def test_pieces__of_json_lines_give_the_bytes_and_errors_of_encode(rows, other, skip_nulls, config):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(system, "flush", lambda path: None)
        patch.setattr("firth.corpus.fingerprints.CHUNK_BYTES", 16)
        folder = Path(name)
        path = folder / "a.jsonl"
        rows.insert(other[1], other[0])
        path.write_text("\n".join(['{"x": "first"}', *rows]), "utf-8", errors="surrogateescape")
        column = firth.column(path, "x", skip_nulls=skip_nulls)
        at_once = outcome(lambda to: encode(column, to, config=config), folder / "at once")
        of_pieces = outcome(lambda to: in_pieces(column, to, config, piece_bytes=20), folder / "in pieces")
        if "where rows before hold others" in str(at_once) or "holds strings of text in some" in str(of_pieces):
            assert at_once[0] == of_pieces[0] == SourceError  # another machine does not know the rows before
        else:
            assert of_pieces == at_once
        can_be_cut = b"\n" in path.read_bytes()[19:-1] and not skip_nulls
        assert (len(cut(column, config, 20)) > 1) == can_be_cut


def test_pieces__text_in_some_files_and_lists_in_others_are_refused(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": "a text"}\n')
    (tmp_path / "b.jsonl").write_text('{"x": ["a", "list"]}\n')
    with pytest.raises(SourceError, match="holds strings of text in some files, and lists of tokens in others"):
        in_pieces(str(tmp_path / "*.jsonl"), tmp_path / "out", column="x", piece_bytes=1)


def test_pieces__without_a_word(tmp_path):
    (tmp_path / "a.txt").write_text("...\n!\n")
    with pytest.raises(CorpusError, match=r"there is not one word in .*a\.txt"):
        in_pieces(tmp_path / "a.txt", tmp_path / "out", piece_bytes=1)


def test_encode_piece__a_second_time_reads_nothing(text, tmp_path, monkeypatch):
    piece = cut(text, piece_bytes=20)[1]
    first = encode_piece(piece, tmp_path / "piece")
    words, counts = table_of(tmp_path / "piece")
    assert list(words) == sorted(words)
    assert counts.sum() == first.tokens

    def fail(*_):
        raise AssertionError("the text was read again")

    with monkeypatch.context() as patch:
        patch.setattr("firth.corpus.text_files.read_blocks", fail)
        assert encode_piece(piece, tmp_path / "piece") == first == load_piece(tmp_path / "piece")
        with pytest.raises(AssertionError):  # of another configuration
            encode_piece(piece, tmp_path / "piece", TextConfig(lowercase=False))
    (tmp_path / "piece" / "numbers.i32").write_bytes(b"1234")
    with pytest.raises(FormatError, match="is damaged"):
        translate_piece(tmp_path / "piece", np.zeros(first.words, np.int32))
    with pytest.raises(FormatError, match="has not all ids"):
        assemble(tmp_path / "out", "a text", TextConfig(), [tmp_path / "piece"], [])
    assert encode_piece(piece, tmp_path / "piece") == first == load_piece(tmp_path / "piece")
    os.utime(text, (0, 0))
    with monkeypatch.context() as patch, pytest.raises(AssertionError):  # and of another file, for all we know
        patch.setattr("firth.corpus.text_files.read_blocks", fail)
        encode_piece(piece, tmp_path / "piece")


def test_encode_piece__overwrites_nothing_but_pieces(text, tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(OutputExistsError):
        encode_piece(cut(text)[0], tmp_path / "mine")
    with pytest.raises(FormatError, match="is not an encoded piece"):
        load_piece(tmp_path / "mine")


def test_encode_piece__killed_leaves_nothing_that_is_taken_for_whole(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"the cat {n} sat on {n % 1000}\n" for n in range(100_000)))
    lines = f"""
import time
from pathlib import Path
from firth.corpus import pieces
from firth.corpus.cutting import cut
def slowly(*of):
    print("now", flush=True)
    time.sleep(60)
pieces.write_ids = slowly
pieces.encode_piece(cut({str(path)!r})[0], Path({str(tmp_path)!r}) / "piece")
"""
    with subprocess.Popen([sys.executable, "-c", lines], stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"now\n"
        os.kill(process.pid, signal.SIGKILL)
    assert not (tmp_path / "piece").exists()
    with pytest.raises(FormatError):
        load_piece(tmp_path / "piece")
    assert encode_piece(cut(path)[0], tmp_path / "piece").tokens == 600_000


def test_encode_in_pieces__goes_on_with_the_pieces_that_it_has(text, tmp_path, monkeypatch):
    text.write_text(TEXT * 10)
    seen = []
    encode_one = encoded_pieces._encode

    def count(*of):
        seen.append(of[0])
        if len(seen) == 3:
            raise KeyboardInterrupt
        return encode_one(*of)

    monkeypatch.setattr(encoded_pieces, "_encode", count)
    with pytest.raises(KeyboardInterrupt):
        in_pieces(text, tmp_path / "out", piece_bytes=100, work=tmp_path / "work")
    in_pieces(text, tmp_path / "out", piece_bytes=100, work=tmp_path / "work")
    assert len(seen) == len(cut(text, piece_bytes=100)) + 1
    encode(text, tmp_path / "at once")
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "at once")
    with pytest.raises(SourceError, match="holds no files"):  # what was passed on is no text
        encode(tmp_path / "work")


def test_encode_piece__of_a_file_that_is_not_there(text, tmp_path):
    piece = cut(text, piece_bytes=20)[1]
    check_visible(piece)
    text.unlink()
    with pytest.raises(SourceError, match=r"cannot read .*text.txt: No such file.*on all of them"):
        encode_piece(piece, tmp_path / "piece")
    with pytest.raises(SourceError, match=r"cannot read .*text.txt: No such file.*on all of them"):
        check_visible(piece)


def test_encode_piece__of_a_file_that_has_changed(text, tmp_path):
    piece = cut(text, piece_bytes=20)[1]
    content = text.read_bytes()
    text.write_bytes(content[:-1])
    with pytest.raises(SourceError, match=r"text.txt has 56 bytes, not the 57 that it had"):
        encode_piece(piece, tmp_path / "piece")
    text.write_bytes(content.replace(b"\n", b" "))
    with pytest.raises(SourceError, match=r"text.txt has no line end where it had one"):
        encode_piece(piece, tmp_path / "piece")
    assert not list(tmp_path.glob("*piece*"))


def test_encode_in_pieces__of_a_file_that_changes_meanwhile(text, tmp_path):
    class Meddling(OneAfterTheOther):
        def map(self, function, items):
            for number, item in enumerate(items):
                os.utime(text, (number, number))
                yield function(item)

    with pytest.raises(SourceError, match="changed while it was read"):
        encode_in_pieces(text, tmp_path / "out", None, Meddling(), piece_bytes=20)
    assert not (tmp_path / "out").exists()


def test_encode_in_pieces__reports_how_far_it_is(text, tmp_path):
    seen = []
    in_pieces(text, tmp_path / "out", piece_bytes=20, report=seen.append)
    assert len(seen) == len(cut(text, piece_bytes=20)) > 1
    assert seen[-1].bytes_read == seen[-1].total_bytes == text.stat().st_size
    assert (seen[-1].tokens, seen[-1].files) == (12, 1)


def test_pieces__on_machines_that_share_no_disk(text, tmp_path):
    text.write_text(TEXT * 5)
    pieces = cut(text, piece_bytes=60)
    disks = [tmp_path / f"disk {number}" for number in range(len(pieces))]
    encoded = [encode_piece(piece, disk) for piece, disk in zip(pieces, disks, strict=True)]
    boundaries = boundaries_of([piece.sample for piece in encoded], 3)
    owners = [Owner() for _ in range(3)]
    for number, disk in enumerate(disks):
        for owner, sent in zip(owners, deal(*table_of(disk), boundaries), strict=True):
            owner.add(number, *pickle.loads(pickle.dumps(sent)))
    for owner, first in zip(owners, first_ids([owner.histogram() for owner in owners]), strict=True):
        owner.ranks(first)
    head = tmp_path / "head"
    for number, disk in enumerate(disks):
        translate_piece(disk, np.concatenate([owner.ids_for(number) for owner in owners]))
        (head / str(number)).mkdir(parents=True)
        for name in ("piece.json", "ids.i32", "sentence_starts.i64"):
            shutil.copy(disk / name, head / str(number) / name)
    ranges = [head / f"range {number}" for number in range(3)]
    for owner, folder in zip(owners, ranges, strict=True):
        write_range(owner, folder)
    check_unchanged(zip(pieces, encoded, strict=True))
    assemble(tmp_path / "out", str(text), TextConfig(), [head / str(number) for number in range(len(disks))], ranges)
    encode(text, tmp_path / "at once")
    assert bytes_of(tmp_path / "out") == bytes_of(tmp_path / "at once")


def test_encode_in_pieces__by_processes(data, tmp_path):
    encode(data / "shakespeare.txt", tmp_path / "at once")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as workers:
        encode_in_pieces(
            data / "shakespeare.txt", tmp_path / "in pieces", None, workers, piece_bytes=1 << 18, owners=3, threads=2
        )
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")


def test_encode_in_pieces__of_sessions_by_threads(data, tmp_path):
    sessions = sorted(data.glob("online-retail-*"))
    encode(sessions, tmp_path / "at once")
    with concurrent.futures.ThreadPoolExecutor(2) as workers:
        encode_in_pieces(sessions, tmp_path / "in pieces", None, workers)
    assert bytes_of(tmp_path / "in pieces") == bytes_of(tmp_path / "at once")
