"""From a source to an encoded corpus."""

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from firth.config import TextConfig
from firth.corpus import external_merge, translating
from firth.corpus.corpus import Corpus
from firth.corpus.encoding import encode
from firth.corpus.numbering import Numbering
from firth.errors import CorpusError, OutputExistsError, SourceError
from firth.jit import target
from firth.storage import files
from tests.helpers.text import TEXT


def test_encode__gives_ids_by_falling_count_then_by_word(text):
    corpus = encode(text)
    assert corpus.vocabulary().words == ["the", "école", "sat", "cat", "dog", "mat", "on"]
    assert corpus.vocabulary().counts.tolist() == [3, 3, 2, 1, 1, 1, 1]
    assert corpus.ids.tolist() == [0, 3, 2, 6, 0, 5, 0, 4, 2, 1, 1, 1]
    assert corpus.sentence_starts.tolist() == [0, 6, 9, 12]
    assert corpus.sentences == 3
    assert len(corpus) == 12
    assert not corpus.ids.flags.writeable


def test_encode__chunks_do_not_matter(text, monkeypatch):
    whole = encode(text, text.parent / "whole")
    monkeypatch.setattr(translating, "CHUNK_TOKENS", 2)
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 3)
    cut = encode(text, text.parent / "cut")
    assert whole.ids.tolist() == cut.ids.tolist()
    assert whole.sentence_starts.tolist() == cut.sentence_starts.tolist()


def test_encode__a_second_time_reads_nothing(text, monkeypatch):
    first = encode(text)

    def fail(*_):
        raise AssertionError("the text was read again")

    monkeypatch.setattr("firth.corpus.text_files.read_blocks", fail)
    assert encode(text).folder == first.folder


def test_encode__the_same_text_under_another_name_is_known(text, tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_bytes(text.read_bytes())
    assert encode(copy).folder == encode(text).folder


def test_encode__knows_a_text_by_every_part_of_it(text, monkeypatch):
    monkeypatch.setattr("firth.corpus.fingerprints.CHUNK_BYTES", 5)
    folders = {encode(text, threads=3).folder}
    assert {encode(text, threads=1).folder} == folders
    content = text.read_bytes()
    for at in (0, 7, len(content) - 1):
        text.write_bytes(content[:at] + b"x" + content[at + 1 :])
        folders.add(encode(text).folder)
    assert len(folders) == 4
    both = [text.with_name("a"), text.with_name("b")]
    for cut in (10, 15):  # the same text in all, and other files
        both[0].write_bytes(content[:cut])
        both[1].write_bytes(content[cut:])
        folders.add(encode(both).folder)
    assert len(folders) == 6


def test_encode__other_text_or_other_splitting_is_another_encoding(text):
    first = encode(text)
    cased = encode(text, config=TextConfig(lowercase=False))
    assert "École" in cased.vocabulary()
    assert cased.folder != first.folder
    text.write_text(TEXT + "more")
    assert encode(text).folder != first.folder


def test_encode__of_a_generator_is_gone_with_its_corpus(own_cache):
    corpus = encode(line for line in TEXT.split("\n"))
    assert len(corpus) == 12
    assert list(own_cache.iterdir())
    del corpus
    assert not list(own_cache.iterdir())


def test_encode__to_a_folder_of_ones_own(text, tmp_path):
    corpus = encode(text, tmp_path / "mine")
    assert corpus.folder == tmp_path / "mine"
    assert encode(tmp_path / "mine").ids.tolist() == corpus.ids.tolist()
    assert encode(corpus) is corpus
    with pytest.raises(OutputExistsError):
        encode(text, tmp_path / "mine")


def test_encode__reports_how_far_it_is(text):
    seen = []
    encode(text, report=seen.append)
    assert seen[-1].bytes_read == seen[-1].total_bytes == text.stat().st_size


@pytest.mark.parametrize("content", ["", "\n\n \n", "... !!! ---"])
def test_encode__text_without_a_word(tmp_path, content, own_cache):
    path = tmp_path / "a.txt"
    path.write_text(content)
    with pytest.raises(CorpusError, match=r"there is not one word in .*a\.txt"):
        encode(path)
    assert not list(own_cache.iterdir())  # and nothing half-written stays


def test_encode__an_unreadable_source_leaves_nothing_behind(tmp_path, own_cache):
    path = tmp_path / "a.txt"
    path.write_bytes(b"fine\n" * 100 + b"\xff\n")
    with pytest.raises(SourceError, match="line 101"):
        encode(path)
    assert not list(own_cache.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_encode__killed_at_any_moment_is_never_half_believed(tmp_path, monkeypatch):
    text = tmp_path / "text.txt"
    text.write_text("the cat sat on the mat\nthe dog\n" * 200_000)
    cache = tmp_path / "cache"
    wanted = encode(text, tmp_path / "wanted")
    lines = f"import firth; print('begun', flush=True); firth.encode({str(text)!r}, cache={str(cache)!r}, threads=2)"
    for wait in np.random.default_rng(0).uniform(0, 0.25, 8):
        with subprocess.Popen([sys.executable, "-c", lines], stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(wait)
            process.kill()
    monkeypatch.setattr(files, "ABANDONED_SECONDS", 0)
    corpus = encode(text, cache=cache)
    assert (corpus.ids == wanted.ids).all()
    assert (corpus.counts == wanted.counts).all()
    assert [path.name for path in cache.iterdir()] == [corpus.folder.name]


@pytest.mark.parametrize("failing", ["ids.i32", "numbers.i32", "words.jsonl"])
def test_encode__a_full_disk_leaves_nothing_behind(text, own_cache, monkeypatch, failing):
    opened = Path.open

    def full(path, *arguments, **more):
        if path.name == failing:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        return opened(path, *arguments, **more)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(OSError, match="No space left"):
        encode(text)
    assert not list(own_cache.iterdir())


def test_encode__a_text_that_changes_is_an_error(tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("one two\n" * 300_000)

    def write(reading):
        if reading.bytes_read < 1_000_000:
            text.write_text("three four\n" * 300_000)

    with pytest.raises(SourceError, match="changed while it was read"):
        encode(text, report=write)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_encode__threads_change_nothing(tmp_path, threads, monkeypatch):
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 1000)
    monkeypatch.setattr(translating, "CHUNK_TOKENS", 100)
    random = np.random.default_rng(0)
    text = tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(f"É{n}" for n in random.zipf(1.3, 9) % 5000) + 2 * "\n-" for _ in range(3000)))
    one, more = (encode(text, tmp_path / str(t), threads=t) for t in (1, threads + 1))
    for name in ("ids.i32", "counts.i64", "sentence_starts.i64", "words.jsonl"):
        assert (one.folder / name).read_bytes() == (more.folder / name).read_bytes()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells the peak of a process alone")
def test_encode__memory_does_not_grow_with_the_text(tmp_path):
    """Four times the text, the same words: hardly more memory, and far less than the text."""
    peaks = []
    for megabytes in (150, 600):
        text = tmp_path / f"{megabytes}.txt"
        words = np.array([f"word{n}" for n in range(50_000)])
        part = (" ".join(words[np.random.default_rng(0).zipf(1.2, 1_000_000) % 50_000]) + " ").encode()
        with text.open("wb") as file:  # one line
            for _ in range(megabytes * 1_000_000 // len(part)):
                file.write(part)
        folder = tmp_path / f"{megabytes}"
        folder.mkdir()
        lines = [f"firth.encode({str(text)!r}, {str(folder / str(run))!r}, threads=2)" for run in range(2)]
        peaks.append(min(map(peak_megabytes, lines)))  # the allocator has its whims
        text.unlink()
    assert peaks[1] < 200
    assert peaks[1] < 1.2 * peaks[0]


MOST_WORDS = "".join(f" É{n} w{n * 7919 % 100_003}ß" for n in range(40_000))


@pytest.mark.skipif(not target.is_enabled(), reason="tables of words are the scanner's")
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("at_a_time", [7, 1 << 20])
def test_encode__tables_that_went_to_the_disk_change_nothing(tmp_path, monkeypatch, threads, at_a_time):
    """Words that occur in several tables, in one, alike but for Unicode's case; pieces of any size."""
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 10_000)
    text = tmp_path / "text.txt"
    text.write_text(MOST_WORDS + "\n" + MOST_WORDS[::2] + " é7 É8\n" + MOST_WORDS, "utf-8")
    wanted = encode(text, tmp_path / "wanted", threads=1)
    monkeypatch.setattr(external_merge, "WORDS_AT_A_TIME", max(at_a_time, 3_000))
    monkeypatch.setattr(external_merge, "LINES_AT_A_TIME", max(at_a_time, 3_000))
    monkeypatch.setattr(external_merge, "BYTES_AT_A_TIME", max(at_a_time, 1_000))
    spill = Numbering.spill
    tables = []

    def noted(self, folder, scanners):
        spill(self, folder, scanners)
        tables.append(len(self.full))

    monkeypatch.setattr(Numbering, "spill", noted)
    corpus = encode(text, tmp_path / "corpus", threads=threads, tables_bytes=3 << 20)
    assert tables[-1] > 2 * threads
    for name in ("ids.i32", "counts.i64", "sentence_starts.i64", "words.jsonl"):
        assert (corpus.folder / name).read_bytes() == (wanted.folder / name).read_bytes()


def peak_megabytes(lines: str) -> float:
    """The greatest memory of a process that runs these lines, without that of the process that began it."""
    lines = (
        "import firth, pathlib\n"
        "pathlib.Path('/proc/self/clear_refs').write_text('5')\n"
        f"{lines}\n"
        "print(pathlib.Path('/proc/self/status').read_text())\n"
    )
    status = subprocess.check_output([sys.executable, "-c", lines], text=True)
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux only")
def test_encode__memory_does_not_grow_with_the_words(tmp_path):
    """Ten million different words, several times what the tables may hold."""
    text = tmp_path / "text.txt"
    with text.open("w") as file:
        for first in range(0, 10_000_000, 100_000):
            file.write(" ".join(f"w{n:x}" for n in range(first, first + 100_000)) + " the the\n")
    folder = tmp_path / "corpus"
    assert peak_megabytes(f"firth.encode({str(text)!r}, {str(folder)!r}, threads=2)") < 500
    corpus = Corpus(folder)
    assert len(corpus.counts) == 10_000_001
    assert corpus.words(3) == ["the", "w0", "w1"]
    assert corpus.counts[:2].tolist() == [200, 1]
    assert np.array_equal(np.bincount(corpus.ids), corpus.counts)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is measured on Linux only")
def test_encode__memory_does_not_grow_with_the_tokens_of_lists(tmp_path):
    """Three million different tokens, which a dict would take more than a gigabyte for."""
    folder = tmp_path / "corpus"
    lists = "([f'item {i:x}' for i in range(n, n + 10)] for n in range(0, 3_000_000, 10))"
    assert peak_megabytes(f"firth.encode({lists}, {str(folder)!r}, threads=2)") < 500
    corpus = Corpus(folder)
    assert (corpus.counts == 1).all()
    assert corpus.words(3) == ["item 0", "item 1", "item 10"]
    assert np.array_equal(np.sort(corpus.ids), np.arange(3_000_000))
