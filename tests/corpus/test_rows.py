import bz2
import csv
import gzip
import io
import itertools
import json
import lzma
import os
import subprocess
import sys
import tarfile
import tracemalloc
import warnings
import zipfile

import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.config import TextConfig
from firth.corpus.encoding import encode
from firth.errors import FirthWarning, SourceError
from firth.jit import target

TEXTS = ["The cat, sat.", 'on "the" Mat\nthe dog', "Élan;\ttoo", " | "]
WANTED = [["the", "cat", "sat"], ["on", "the", "mat"], ["the", "dog"], ["élan", "too"]]


def sentences(source, **settings):
    corpus = encode(source, **settings)
    words = corpus.words(len(corpus.counts))
    return [[words[i] for i in corpus.ids[a:b]] for a, b in itertools.pairwise(corpus.sentence_starts)]


def csv_of(texts, mark=",", end="\n"):
    """Every cell in quotes, written without Python's csv."""
    rows = [("id", "text", "stars"), *((i, text, 5) for i, text in enumerate(texts))]
    return "".join(mark.join('"' + str(cell).replace('"', '""') + '"' for cell in row) + end for row in rows)


def json_lines_of(values, name="text"):
    return "".join(json.dumps({"id": i, name: value}) + "\n" for i, value in enumerate(values))


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\ufeffsep={}{}", "\n\n"])
def test_csv__quoted_cells_any_delimiter_any_line_end_any_beginning(tmp_path, mark, end, start):
    path = tmp_path / "a.csv"
    path.write_bytes((start.format(mark, end) + csv_of(TEXTS, mark, end)).encode())
    assert sentences(path, column="text") == WANTED


def test_csv__the_delimiter_is_the_one_that_finds_the_column_or_the_one_given(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("a, b, c;text\none, two, three;four\n")
    assert sentences(path, column="text") == [["four"]]
    assert sentences(path, column="a") == [["one"]]
    assert sentences(firth.column(path, "a, b, c")) == [["one", "two", "three"]]
    path.write_text("a#text\none#two\n")
    assert sentences(firth.column(path, "text", delimiter="#")) == [["two"]]
    with pytest.raises(SourceError, match="a delimiter is one character, such as ';' or a tab, not '##'"):
        firth.column(path, "text", delimiter="##")


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("content", [csv_of(TEXTS), json_lines_of(TEXTS)], ids=["csv", "json"])
def test_rows__packed_in_archives_folders_and_streams(tmp_path, pack, content):
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "a.of.any.name"
    path.write_bytes(pack(content.encode()))
    assert sentences(path, column="text") == WANTED
    assert sentences(tmp_path / "folder", column="text") == WANTED
    assert sentences(str(tmp_path / "fol*" / "*"), column="text") == WANTED
    assert sentences([path, path], column="text") == WANTED * 2
    assert sentences(io.BytesIO(path.read_bytes()), column="text") == WANTED
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.add(path, "x/a.csv.gz")
        archive.add(path, "x/b.csv.gz")
    source = firth.column(tmp_path / "a.tar", "text")
    assert sentences(source) == WANTED * 2
    assert source.files_read == 2
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", content)
    assert sentences(tmp_path / "a.zip", column="text") == WANTED


@pytest.mark.parametrize("sentences_end", ["line", "punctuation"])
def test_rows__are_encoded_to_the_bits_that_parquet_is(tmp_path, sentences_end):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    texts = [f"{text} {i % 7}. And {i}!" for i in range(300) for text in TEXTS]
    parquet.write_table(pyarrow.table({"text": texts}), tmp_path / "a.parquet")
    (tmp_path / "a.csv").write_text(csv_of(texts), newline="")
    (tmp_path / "a.jsonl").write_text(json_lines_of(texts))
    config = TextConfig(sentences=sentences_end)
    found = [encode(tmp_path / name, column="text", config=config) for name in ("a.parquet", "a.csv", "a.jsonl")]
    for corpus in found[1:]:
        assert corpus.ids.tobytes() == found[0].ids.tobytes()
        assert corpus.sentence_starts.tobytes() == found[0].sentence_starts.tobytes()
        assert corpus.words(len(corpus.counts)) == found[0].words(len(corpus.counts))


def test_rows__have_the_text_that_pandas_reads(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"n": [1.5, None, 3], "text": ["a,b\r\nc", "NA", ' "quoted" ; é'], "odd, name": "x"})
    for mark in ",;\t":
        frame.to_csv(tmp_path / "a.csv", sep=mark)
        read = pandas.read_csv(tmp_path / "a.csv", sep=mark, keep_default_na=False)
        kept = TextConfig(strip_punctuation=False)
        assert sentences(tmp_path / "a.csv", column="text", config=kept) == sentences(read["text"], config=kept)
        assert sentences(tmp_path / "a.csv", column="odd, name") == [["x"]] * 3
    frame.to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    assert sentences(tmp_path / "a.jsonl", column="text") == sentences(frame["text"])


def test_json_lines__lists_are_sessions_of_tokens_and_long_ids_stay_whole(tmp_path):
    lists = [["New York", 17, "a\tb"], [], [17, 2**63 + 1, 2**80 + 1, 2**80 + 3, 3.0, 2.5]]
    (tmp_path / "a.jsonl").write_text(json_lines_of(lists, "items"))
    wanted = [["New York", "17", "a\tb"], ["17", str(2**63 + 1), str(2**80 + 1), str(2**80 + 3), "3", "2.5"]]
    assert sentences(tmp_path / "a.jsonl", column="items") == wanted
    assert sentences(io.BytesIO((tmp_path / "a.jsonl").read_bytes()), column="items") == wanted


HOLES = [
    "id,text\n1,one two\n2,\n3,three\n",
    'id,text\n1,one two\n2,""\n\n3,three\n',
    '{"text": "one two"}\n{"text": null}\n\n{"text": "three"}\n',
    '{"text": "one two"}\n{"text": NaN}\n{"text": "three"}',
]


@pytest.mark.parametrize("content", HOLES)
def test_rows__holes_are_an_error_with_the_line_or_left_out(tmp_path, content):
    (tmp_path / "a").write_text(content)
    line = 3 if content.startswith("id") else 2
    with pytest.raises(
        SourceError, match=rf"^line {line} of 'text' in .*a has no value: .*skip_nulls=True\) or --skip-"
    ):
        encode(tmp_path / "a", column="text")
    assert sentences(firth.column(tmp_path / "a", "text", skip_nulls=True)) == [["one", "two"], ["three"]]


def test_json_lines__files_that_were_appended_keep_their_byte_order_marks(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(2 * f"\ufeff{json_lines_of(['a', 'b'])}")
    assert sentences(path, column="text") == [["a"], ["b"], ["a"], ["b"]]


def test_json_lines__a_key_that_is_missing_is_a_hole_and_one_that_nothing_has_is_wrong(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"txt": 1, "text": "one two"}\n{"txt": 2}\n')
    with pytest.raises(SourceError, match=r"line 2 of .*a.jsonl has no column 'text': there are 'txt'"):
        encode(path, column="text")
    assert sentences(firth.column(path, "text", skip_nulls=True)) == [["one", "two"]]
    with pytest.raises(SourceError, match=r"a.jsonl has no column 'tex': there are 'text', 'txt'$"):
        encode(firth.column(path, "tex", skip_nulls=True))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,text\n1,a\n2,b,c\n", r"line 3: the row has 3 cells, the header 2, with ',' between them"),
        ('id,text\n1,"a\nb"\n2\n', r"line 4: the row has 1 cells, the header 2"),
        ('id,text\n1,a\n2,"b\n3,c\n', r"the row that begins in line 3 is broken \(unexpected end of data\)"),
        ('id,text\n1,"a "b" c"\n', r"the row that begins in line 2 is broken .*quotes in a quoted cell are doubled"),
        ("id,text,text\n1,a,b\n", r"has 2 columns 'text'"),
        ("id,review,texts\n1,a,b\n", r"has no column 'text': there are 'texts', 'id', 'review'$"),
        ("", r"has no column 'text': there are none"),
        ('{"text": "a"}\n{"text": "b"\n', r"line 2 is not an object of JSON, as each line should be: "),
        ('{\n "text": "a"\n}\n', r"line 1 is not an object of JSON.* jq -c \. FILE"),
        ('[{"text": "a"}]\n', r"line 1 is not an object of JSON.*Make lines of an array: jq -c '\.\[\]' FILE"),
        ('[{"text": "a"},\n', r"line 1 is not an object of JSON.*Make lines of an array: jq -c '\.\[\]' FILE"),
        ('{"text": "a"}\n"b"\n', r"line 2 is not an object of JSON, as each line should be: 'b'"),
        ('{"text": "a"}\n{"text": 5}\n', r"line 2 of .*a: 'text' holds 5: wanted strings of text, or lists of tokens"),
        (
            '{"text": "a"}\n{"text": ["b"]}\n',
            r"line 2 of .*a: 'text' holds lists of tokens, where rows before hold others",
        ),
        ('{"text": {"a": ' + "[" * 500 + "]" * 500 + "}}\n", r"'text' holds .*\[\[\[.*: wanted strings of text"),
        ("[" * 100_000 + "]" * 100_000, r"line 1 is not an object of JSON, .* Make lines of an array"),
        ('{"text": "a\\ud800"}\n', "half a character"),
        ('{"text": ["a", null]}\n', "sentence 1 holds a missing value where a token was meant"),
        ("id,text\n1,\xe9\n".encode("latin-1"), r"line 2: byte 0xe9 is not utf-8 text. Name its encoding"),
        (
            "id\ttext\n".encode("utf-16") * 20,
            r"looks like utf-16 text, and would be read as UTF-8: say encoding='utf-16'",
        ),
    ],
)
def test_rows__what_is_wrong_is_named_with_file_and_line(tmp_path, content, message):
    (tmp_path / "a").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError, match=message):
        encode(tmp_path / "a", column="text")


def test_csv__of_excel_in_its_own_encoding(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(csv_of(TEXTS, "\t", "\r\n").encode("utf-16"))
    assert sentences(path, column="text", config=TextConfig(encoding="utf-16")) == WANTED


def test_csv__a_quote_that_is_never_closed_ends_before_memory_does(tmp_path, monkeypatch):
    monkeypatch.setattr("firth.corpus.rows.LONGEST_CELL", 200_000)
    csv.field_size_limit(1000)
    (tmp_path / "a.csv").write_text('id,text\n1,a\n2,"b\n' + "3,c\n" * 100_000)
    with pytest.raises(SourceError, match=r"begins in line 3 is broken \(field larger than field limit"):
        encode(tmp_path / "a.csv", column="text")
    (tmp_path / "a.jsonl").write_text('{"text": "' + "a" * 200_000 + '"}\n')
    with pytest.raises(SourceError, match="line 1 is longer than 200,000 bytes: are there line ends"):
        encode(tmp_path / "a.jsonl", column="text")


def test_csv__a_cell_may_be_long(tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n1," + "word " * 100_000 + "\n")
    assert len(encode(tmp_path / "a.csv", column="text")) == 100_000


@pytest.mark.long
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_rows__memory_does_not_grow_with_the_file(tmp_path, kind):
    def peak(rows):
        texts = [f"{i % 100} some words of a row" for i in range(rows)]
        path = tmp_path / f"{rows}"
        path.write_text(csv_of(texts) if kind == "csv" else json_lines_of(texts))
        tracemalloc.start()
        for _ in firth.column(path, "text").blocks(TextConfig()):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    few = peak(40_000)
    assert peak(160_000) < 1.2 * few


def test_rows__are_encoded_once_and_tell_how_far_they_are(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(csv_of(TEXTS))
    seen = []
    first = encode(path, column="text", report=seen.append)
    assert (seen[-1].bytes_read, seen[-1].total_bytes) == (path.stat().st_size,) * 2
    assert encode(path, column="text").folder == first.folder
    assert encode(path, column="id").folder != first.folder
    assert encode(firth.column(path, "text", skip_nulls=True)).folder != first.folder


@pytest.mark.skipif(not target.is_enabled(), reason="has the same way without the compiler only")
def test_rows__are_read_as_well_without_the_compiler(tmp_path):
    (tmp_path / "a.csv").write_text(csv_of(TEXTS))
    (tmp_path / "b.jsonl").write_text(json_lines_of([["a b", 1], [1]]))
    lines = (
        "import firth, sys\n"
        "for name in sys.argv[1:]:\n"
        "    corpus = firth.encode(name, column='text', cache='.')\n"
        "    print(corpus.words(len(corpus.counts)), corpus.ids.tolist())"
    )
    paths = [str(tmp_path / "a.csv"), str(tmp_path / "b.jsonl")]
    run = [
        subprocess.run(
            [sys.executable, "-c", lines, *paths],
            capture_output=True, text=True, check=True, cwd=tmp_path, env=os.environ | more,
        ).stdout
        for more in ({}, {"NUMBA_DISABLE_JIT": "1"})
    ]  # fmt: skip
    assert run[0] == run[1]
    assert "'a b'" in run[0]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv.gz", "a.jsonl", "a.ndjson", "a.json"])
def test_text__rows_are_no_text_without_their_column(tmp_path, name):
    content = json_lines_of(TEXTS) if "json" in name else csv_of(TEXTS, "\t" if "tsv" in name else ",")
    path = tmp_path / name
    path.write_bytes(gzip.compress(content.encode()) if name.endswith("gz") else content.encode())
    kind = "JSON" if "json" in name else "CSV"
    with pytest.raises(
        SourceError, match=f"{name} holds rows of {kind}: name the column .* column='text' or --column text"
    ):
        encode(path)
    with pytest.warns(FirthWarning, match=f"{name} holds rows of {kind}.* It is read as text"):
        assert len(encode(tmp_path))
    if kind == "JSON":
        with pytest.warns(FirthWarning, match="the stream holds rows of JSON"):
            encode(io.BytesIO(path.read_bytes()))


def test_text__many_files_of_rows_are_warned_of_once(tmp_path):
    for i in range(3):
        (tmp_path / f"{i}.jsonl").write_text(json_lines_of(TEXTS))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        encode(tmp_path)
    assert len(seen) == 1


def test_text__that_only_looks_like_rows_is_text(tmp_path):
    (tmp_path / "a.csv").write_text("text\none two\n")
    (tmp_path / "b.json").write_text("{curly} words\n")
    (tmp_path / "c.txt").write_text("a,b\none,two\n")
    for name in ("a.csv", "b.json", "c.txt"):
        assert len(encode(tmp_path / name))
    (tmp_path / "d.csv").write_text("a,b\none,two\n")
    assert sentences(tmp_path / "d.csv", config=TextConfig(separator=",")) == [["a", "b"], ["one", "two"]]


@pytest.mark.skipif(not target.is_enabled(), reason="training is slow with the compiler off")
def test_train__every_way_takes_a_column(tmp_path):
    texts = ["the new york cat sat on the new york mat"] * 100
    (tmp_path / "a.csv").write_text(csv_of(texts))
    quick = {"vector_size": 8, "epochs": 1, "progress": False}
    model = firth.train(tmp_path / "a.csv", column="text", **quick)
    assert (model.vectors == firth.train(texts, **quick).vectors).all()
    more = model.train_more(tmp_path / "a.csv", column="text", epochs=1, progress=False)
    assert (more.vectors == model.train_more(texts, epochs=1, progress=False).vectors).all()
    phrases = firth.find_phrases(tmp_path / "a.csv", column="text", threshold=0.1)
    assert phrases == firth.find_phrases(texts, threshold=0.1)
    assert len(phrases)
    assert len(firth.join_phrases(tmp_path / "a.csv", phrases, column="text")) < len(encode(texts))


@pytest.mark.skipif(not target.is_enabled(), reason="training is slow with the compiler off")
def test_command__takes_a_column_of_rows_from_files_and_from_standard_input(tmp_path):
    content = "id;text\n" + "1;the cat sat on the mat\n2;\n" * 100
    (tmp_path / "a.csv").write_text(content)
    quick = ["--column", "text", "--epochs", "1", "--vector-size", "8", "--quiet", "--cache", str(tmp_path / "cache")]
    made = []
    for name, input in ((str(tmp_path / "a.csv"), None), ("-", content.encode())):
        output = str(tmp_path / f"{len(made)}.firth")
        run = CliRunner().invoke(cli, ["train", name, "-o", output, *quick], input=input)
        assert "--skip-nulls" in str(run.exception)
        more = ["--skip-nulls", "--delimiter", ";"]
        run = CliRunner().invoke(cli, ["train", name, "-o", output, *quick, *more], input=input)
        assert run.exit_code == 0, run.output
        made.append(firth.load(output))
    assert (made[0].vectors == made[1].vectors).all()
    assert made[0].words[0] == "the"
    run = CliRunner().invoke(cli, ["train", "-", "-o", output + "2", "--skip-nulls"], input="")
    assert "name the --column" in run.output


def test_csv__quotes_may_be_plain_text(tmp_path):
    path = tmp_path / "a.tsv"
    path.write_text('id\ttext\n1\t"Hello there\n2\tsecond row\n3\tshe said" yes\n')
    with pytest.raises(SourceError, match=r"in line 2 is broken .*firth.column\(…, quotes=False\) or --no-quotes"):
        encode(path, column="text")
    wanted = [["hello", "there"], ["second", "row"], ["she", "said", "yes"]]
    assert sentences(firth.column(path, "text", quotes=False)) == wanted
    path.write_text('id\ttext\n1\t"Hello there\n2\tsecond row\n3\tshe said"\n')
    with pytest.warns(FirthWarning, match=r"a.tsv, line 2: a cell in quotes holds tabs and line ends"):
        encode(path, column="text")
    run = CliRunner().invoke(cli, ["phrases", str(path), "--column", "text", "--no-quotes", "--json"])
    assert run.exit_code == 0, run.output


@pytest.mark.parametrize(
    "start", ["<?xml version='1.0'?><TEI>", "\n<!DOCTYPE html><p>", "<html>", "\ufeff<mediawiki xmlns=''>"]
)
def test_text__of_markup_is_warned_of(tmp_path, start):
    (tmp_path / "a.txt").write_text(f"{start} one two")
    with pytest.warns(FirthWarning, match=r"a.txt holds XML or HTML, whose tags would be words"):
        encode(tmp_path / "a.txt")


def test_text__that_is_another_programs_file_is_refused_or_warned_of(tmp_path):
    (tmp_path / "a").write_bytes(b"one two" + b"\0" * 500 + b"three")
    with pytest.warns(FirthWarning, match="a has NUL bytes at its beginning, as no text has"):
        assert len(encode(tmp_path / "a")) == 2
    for start, what in ((b"{\\rtf1\\ansi one two}", "an RTF document"), (b"SQLite format 3\0", "a database of SQLite")):
        (tmp_path / "a").write_bytes(start + bytes(1000))
        with pytest.raises(SourceError, match=f"is {what}, which cannot be read"):
            encode(tmp_path / "a")
