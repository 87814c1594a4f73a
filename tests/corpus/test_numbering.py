"""An encoding that was interrupted goes on where it was."""

import os

import numpy as np
import pytest

from firth.config import TextConfig
from firth.corpus import encoding, numbering
from firth.corpus.encoding import encode
from firth.corpus.sources import as_source
from firth.corpus.tables import column
from firth.errors import StopTraining
from firth.jit import target
from tests.helpers.text import TEXT


class Interrupted:
    """Encodes a source into a cache, interrupted after some of its blocks."""

    def __init__(self, tmp_path, monkeypatch):
        monkeypatch.setattr("firth.corpus.decoding.BLOCK_BYTES", 1000)
        monkeypatch.setattr(numbering, "BLOCKS_BETWEEN_SAVES", 5)
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
        scan = numbering.scan

        def counted(blocks, scanners):
            for found in scan(blocks, scanners):
                scanned.append(found)
                yield found

        monkeypatch.setattr(numbering, "scan", counted)
        corpus = encode(self.source, cache=self.cache, threads=threads, **self.more)
        for name in ("ids.i32", "counts.i64", "sentence_starts.i64", "words.jsonl"):
            assert (corpus.folder / name).read_bytes() == (self.wanted.folder / name).read_bytes()
        assert [path.name for path in self.cache.iterdir()] == [corpus.folder.name]
        return len(scanned)


class InterruptedColumn(Interrupted):
    """The same, of a column of lists."""

    def written(self, monkeypatch):
        pyarrow = pytest.importorskip("pyarrow")
        monkeypatch.setattr("firth.corpus.columnar.BLOCK_BYTES", 4000)
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


@pytest.mark.long
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
    with encoding.work_folder(folder) as first, encoding.work_folder(folder) as second:
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
