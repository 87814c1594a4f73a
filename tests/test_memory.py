"""How much memory is said to be free, by what the system says."""

import pytest

from firth import memory


@pytest.fixture
def system(tmp_path, monkeypatch):
    """A folder in the place of what the system tells."""
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CONTROL_GROUP", tmp_path)
    return tmp_path


def test_free_memory__is_what_linux_has_available(system):
    (system / "meminfo").write_text("MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable:   64 kB\n")
    assert memory.free_memory() == 64 * 1024


def test_free_memory__is_no_more_than_a_container_may_take(system):
    (system / "meminfo").write_text("MemAvailable: 64 kB\n")
    (system / "memory.max").write_text("5000\n")
    (system / "memory.current").write_text("2000\n")
    assert memory.free_memory() == 3000
    (system / "memory.max").write_text("max\n")
    assert memory.free_memory() == 64 * 1024


def test_free_memory__is_half_of_all_where_only_that_is_known_or_nothing(system, monkeypatch):
    sizes = {"SC_PHYS_PAGES": 10, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(memory.os, "sysconf", sizes.__getitem__)
    assert memory.free_memory() == 5 * 4096
    monkeypatch.delattr(memory.os, "sysconf")
    assert memory.free_memory() == 0


def test_free_memory__here_is_known():
    assert memory.free_memory() > 1_000_000
