import errno
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import firth
from firth.config import TextConfig
from firth.corpus import encoding, external_merge
from firth.corpus.corpus import Corpus
from firth.corpus.encoding import Numbering, encode
from firth.corpus.sources import as_source
from firth.corpus.tables import column
from firth.errors import CorpusError, FormatError, OutputExistsError, SourceError, StopTraining
from firth.jit import target
from firth.storage import files

TEXT = "the cat sat on the mat\n\nthe dog sat\nÉcole école ÉCOLE\n"


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(TEXT)
    return path


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
    monkeypatch.setattr(encoding, "CHUNK_TOKENS", 2)
    monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 3)
    cut = encode(text, text.parent / "cut")
    assert whole.ids.tolist() == cut.ids.tolist()
    assert whole.sentence_starts.tolist() == cut.sentence_starts.tolist()


def test_encode__a_second_time_reads_nothing(text, monkeypatch):
    first = encode(text)

    def fail(*_):
        raise AssertionError("the text was read again")

    monkeypatch.setattr("firth.corpus.sources.read_blocks", fail)
    assert encode(text).folder == first.folder


def test_encode__the_same_text_under_another_name_is_known(text, tmp_path):
    copy = tmp_path / "copy.txt"
    copy.write_bytes(text.read_bytes())
    assert encode(copy).folder == encode(text).folder


def test_encode__knows_a_text_by_every_part_of_it(text, monkeypatch):
    monkeypatch.setattr("firth.corpus.sources.PIECE_BYTES", 5)
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


def test_vocabulary__too_strict_says_what_would_keep_some(text):
    corpus = encode(text)
    with pytest.raises(
        CorpusError, match=r"12 words, 7 different ones, but min_count=5 keeps none.*min_count=3 would keep 2"
    ):
        corpus.vocabulary(5)
    with pytest.raises(CorpusError, match="max_vocabulary=1"):
        corpus.vocabulary(1, 1)
    with pytest.raises(CorpusError, match="need at least two"):
        encode(["one one one"]).vocabulary()


def test_vocabulary__is_cut_at_min_count_and_size(text):
    corpus = encode(text)
    assert corpus.vocabulary(2).words == ["the", "école", "sat"]
    assert corpus.vocabulary(2, 2).words == ["the", "école"]


def test_corpus__cut_short_is_not_believed(text):
    corpus = encode(text)
    folder = corpus.folder
    with (folder / "ids.i32").open("r+b") as file:
        file.truncate(20)
    with pytest.raises(FormatError, match="cut short"):
        Corpus(folder)
    assert encode(text).ids.tolist() == [0, 3, 2, 6, 0, 5, 0, 4, 2, 1, 1, 1]  # it is made anew


@pytest.mark.parametrize("name", ["ids.i32", "sentence_starts.i64", "counts.i64", "words.jsonl", "corpus.json"])
def test_corpus__a_missing_file_is_named(text, name):
    folder = encode(text).folder
    (folder / name).unlink()
    with pytest.raises(FormatError, match=name):
        Corpus(folder)


def test_corpus__of_a_newer_version(text):
    folder = encode(text).folder
    about = json.loads((folder / "corpus.json").read_text())
    (folder / "corpus.json").write_text(json.dumps(about | {"version": 99}))
    with pytest.raises(FormatError, match="version 99"):
        Corpus(folder)


def test_corpus__is_mapped_not_loaded(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b c d\n" * 1000)
    base = encode(path).ids
    while base.base is not None and not isinstance(base, np.memmap):
        base = base.base
    assert isinstance(base, np.memmap) or type(base).__name__ == "mmap"


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
    monkeypatch.setattr(encoding, "CHUNK_TOKENS", 100)
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
    put_away = Numbering.put_away
    tables = []

    def noted(self, folder, scanners):
        put_away(self, folder, scanners)
        tables.append(len(self.full))

    monkeypatch.setattr(Numbering, "put_away", noted)
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


class Interrupted:
    """Encodes a source into a cache, interrupted after some of its blocks."""

    def __init__(self, tmp_path, monkeypatch):
        monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 1000)
        monkeypatch.setattr(encoding, "BLOCKS_BETWEEN_SAVES", 5)
        self.text, self.cache, self.more = tmp_path / "text.txt", tmp_path / "cache", {}
        words = np.random.default_rng(0).zipf(1.3, 30_000) % 5000
        self.sentences = [[f"É{n}" for n in line] for line in words.reshape(-1, 10).tolist()]
        self.source = self.written(monkeypatch)
        self.wanted = encode(self.source, tmp_path / "wanted", threads=1)
        self.blocks = sum(1 for _ in self.source.blocks(TextConfig()))

    def written(self, _):
        self.text.write_text("\n".join(map(" ".join, self.sentences)))
        return as_source(self.text)

    def stop_after(self, blocks, error=KeyboardInterrupt, threads=1):
        seen = iter(range(blocks))

        def report(_):
            if next(seen, None) is None:
                raise error

        with pytest.raises(error):
            encode(self.source, cache=self.cache, report=report, threads=threads, **self.more)

    def go_on(self, monkeypatch, threads=1):
        """Encode to the end; return how many blocks were scanned."""
        scanned = []
        scan = encoding.scan

        def counted(blocks, scanners):
            for found in scan(blocks, scanners):
                scanned.append(found)
                yield found

        monkeypatch.setattr(encoding, "scan", counted)
        corpus = encode(self.source, cache=self.cache, threads=threads, **self.more)
        for name in ("ids.i32", "counts.i64", "sentence_starts.i64", "words.jsonl"):
            assert (corpus.folder / name).read_bytes() == (self.wanted.folder / name).read_bytes()
        assert [path.name for path in self.cache.iterdir()] == [corpus.folder.name]
        return len(scanned)


class InterruptedColumn(Interrupted):
    """The same, of a column of lists."""

    def written(self, monkeypatch):
        pyarrow = pytest.importorskip("pyarrow")
        monkeypatch.setattr("firth.corpus.tables.BLOCK_BYTES", 4000)
        path = self.text.with_suffix(".arrow")
        table = pyarrow.table({"tokens": self.sentences})
        with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        return column(path, "tokens")


needs_locks = pytest.mark.skipif(
    os.name != "posix" or not target.is_enabled(), reason="goes on only where there are locks, and kernels"
)


@needs_locks
@pytest.mark.parametrize("kind", [Interrupted, InterruptedColumn])
@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 2), (3, 1), (1, 3)])
def test_encode__goes_on_where_it_was_interrupted(tmp_path, monkeypatch, kind, before, after):
    interrupted = kind(tmp_path, monkeypatch)
    assert interrupted.blocks > 60
    interrupted.stop_after(22, threads=before)
    interrupted.stop_after(20 + 11, threads=before)  # the first 20 are not scanned again
    assert interrupted.go_on(monkeypatch, threads=after) == interrupted.blocks - 30


@needs_locks
def test_encode__goes_on_where_a_report_stopped_it(tmp_path, monkeypatch):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.stop_after(22, StopTraining)
    assert interrupted.go_on(monkeypatch) == interrupted.blocks - 20


@needs_locks
@pytest.mark.parametrize("damaged", [False, True])
def test_encode__goes_on_with_tables_that_went_to_the_disk(tmp_path, monkeypatch, damaged):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.more = {"tables_bytes": 0}  # after every block
    interrupted.stop_after(22, threads=2)
    tables = sorted(interrupted.cache.glob(".*/full-*"))
    assert len(tables) > 20
    if damaged:
        tables[3].write_bytes(tables[3].read_bytes()[:-1])
    scanned = interrupted.go_on(monkeypatch, threads=2)
    assert scanned == interrupted.blocks if damaged else scanned <= interrupted.blocks - 20


@needs_locks
def test_encode__begins_anew_where_nothing_was_saved(tmp_path, monkeypatch):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.stop_after(3)
    assert interrupted.go_on(monkeypatch) == interrupted.blocks


@needs_locks
@pytest.mark.parametrize("name", ["state.json", "table-20-0.safetensors", "numbers.i32"])
@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-9] + b"\0\0" + b[-7:]])
def test_encode__does_not_believe_what_is_damaged(tmp_path, monkeypatch, name, damage):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.stop_after(22)
    (path,) = interrupted.cache.glob(f".*/{name}")
    if name == "numbers.i32":
        path.write_bytes(path.read_bytes()[:100])  # what is longer than it should be is cut, not believed
    else:
        path.write_bytes(damage(path.read_bytes()))
    assert interrupted.go_on(monkeypatch) == interrupted.blocks


@needs_locks
def test_encode__two_at_a_time_do_not_meet(tmp_path, monkeypatch):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.cache.mkdir()
    folder = interrupted.cache / "x"
    with encoding._work_folder(folder) as first, encoding._work_folder(folder) as second:
        assert first != second


@needs_locks
def test_encode__a_failure_leaves_no_work_behind(tmp_path, monkeypatch):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.stop_after(22, OSError)
    assert not list(interrupted.cache.iterdir())


@needs_locks
def test_encode__old_work_that_nobody_went_on_with_is_thrown_away(tmp_path, monkeypatch):
    interrupted = Interrupted(tmp_path, monkeypatch)
    interrupted.stop_after(22)
    (work,) = interrupted.cache.iterdir()
    other = tmp_path / "other.txt"
    other.write_text(TEXT)
    encode(other, cache=interrupted.cache)
    assert work.exists()
    os.utime(work, (0, 0))
    encode(other, cache=interrupted.cache)
    assert not work.exists()


@pytest.mark.parametrize(
    ("name", "dtype", "place", "value"),
    [
        ("ids.i32", "<i4", 3, 1 << 30),
        ("ids.i32", "<i4", -1, -1),
        ("sentence_starts.i64", "<i8", 0, 1),
        ("sentence_starts.i64", "<i8", 1, 1 << 40),
        ("sentence_starts.i64", "<i8", -1, 7),
        ("counts.i64", "<i8", 0, 1 << 40),
        ("counts.i64", "<i8", -1, -3),
    ],
)
def test_corpus__numbers_that_do_not_fit_are_refused_before_training(text, tmp_path, name, dtype, place, value):
    corpus = encode(text, tmp_path / "e")
    numbers = np.fromfile(tmp_path / "e" / name, dtype)
    numbers[place] = value
    numbers.tofile(tmp_path / "e" / name)
    with pytest.raises(FormatError, match=name):
        firth.train(tmp_path / "e", min_count=1, sample=0, progress=False)
    assert len(corpus) > 5
