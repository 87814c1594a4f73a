"""What a training shows: a bar that fits its terminal; where nobody sees a bar, lines of a log."""

import contextlib
import fcntl
import io
import logging
import os
import pty
import re
import struct
import sys
import termios
import time
from types import SimpleNamespace

import pytest

import firth
from firth.reporting import progress_bar
from firth.reporting.events import Compiling, Joining, Progress, Reading
from firth.reporting.progress_bar import ProgressBar

TEXT = ["one two three four five six seven"] * 300
QUICK = {"vector_size": 8, "epochs": 2, "min_count": 1, "sample": 0}


def test_log__has_what_was_read_and_a_line_for_each_epoch(caplog):
    with caplog.at_level(logging.INFO, logger="firth"):
        firth.train(TEXT, **QUICK, progress=False, validation=0.1)
    lines = [record.getMessage() for record in caplog.records if "compiling" not in record.getMessage()]
    assert lines[0] == "read 2,400 tokens"  # sentence ends among them
    assert [bool(re.fullmatch(r"epoch \d/2: loss \d\.\d{4}, held out \d\.\d{4}", line)) for line in lines[1:]] == [
        True,
        True,
    ]


def test_log__is_silent_where_nobody_listens(capsys):
    firth.train(TEXT, **QUICK)
    assert capsys.readouterr() == ("", "")


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on only where it is told to."""
    now = SimpleNamespace(seconds=time.time())
    monkeypatch.setattr("tqdm.std.time", lambda: now.seconds)
    monkeypatch.setattr(progress_bar, "time", SimpleNamespace(time=lambda: now.seconds))
    return now


def shown_at(columns, monkeypatch, clock, events, seconds=1.0):
    """The lines that a terminal of this width gets, where an event comes each second."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        with ProgressBar() as bar:
            for event in events:
                if isinstance(event, float):
                    clock.seconds += event
                    continue
                bar(event)
                clock.seconds += seconds
        terminal.flush()
        os.set_blocking(ours, False)
        text = b""
        with contextlib.suppress(BlockingIOError):
            while some := os.read(ours, 4096):
                text += some
    os.close(ours)
    return [line.rstrip() for line in re.split(r"[\r\n]+", text.decode()) if line.strip()]


TRAINING = [Progress(epoch, 12, n * 1_000_000, 10_000_000, 9, 2.03, 0.02) for epoch in (1, 2) for n in range(1, 11)]


@pytest.mark.parametrize("columns", [60, 80, 120, 300])
def test_bar__shows_speed_time_left_epoch_and_loss_whatever_the_width(columns, monkeypatch, clock):
    lines = shown_at(columns, monkeypatch, clock, TRAINING)
    assert max(map(len, lines)) <= columns
    for part in ("17%", "01:40", "1.00M words/s", "epoch 2/12", "loss 2.0300"):
        assert part in lines[-1], (part, lines[-1])
    assert ("learning rate 0.0200" in lines[-1]) == (columns >= 120)
    assert ("█" in lines[-1]) == (columns >= 80)
    assert ("20.0M/120M" in lines[-1]) == (columns >= 120)


@pytest.mark.parametrize("columns", [12, 30, 45])
def test_bar__of_a_narrow_terminal_is_one_line(columns, monkeypatch, clock):
    lines = shown_at(columns, monkeypatch, clock, TRAINING)
    assert max(map(len, lines)) <= columns
    assert "17%" in lines[-1]


def test_bar__its_clock_stops_at_the_last_event_so_that_compiling_is_no_part_of_reading(monkeypatch, clock):
    reading = [Reading(n * 1_000_000, 3_000_000, n * 100_000) for n in (1, 2, 3)]
    lines = shown_at(120, monkeypatch, clock, [Compiling(), 40.0, *reading, 60.0, TRAINING[0]])
    assert lines[0].startswith("compiling the kernels")
    last = [line for line in lines if line.startswith("reading")][-1]
    assert "3.00M/3.00M [00:02<00:00, 1.00MB/s, 300,000 tokens]" in last


def test_bar__speed_is_that_of_what_was_done_since_it_began(monkeypatch, clock):
    lines = shown_at(120, monkeypatch, clock, TRAINING[15:])  # as after an interruption
    assert "1.00M words/s" in lines[-1]


def test_bar__of_phrases_is_one_for_each_work(monkeypatch, clock):
    events = [Joining(work, n, 5) for work in ("finding phrases", "joining phrases") for n in range(1, 6)]
    lines = shown_at(80, monkeypatch, clock, events)
    assert [line.partition(":")[0] for line in lines if "40%" in line] == ["finding phrases", "joining phrases"]


def test_bar__of_what_is_read_in_a_moment_is_none_but_that_of_training_stays(monkeypatch, clock):
    events = [Reading(500_000, 1_000_000, 1), Reading(1_000_000, 1_000_000, 2), *TRAINING[-2:]]
    lines = shown_at(120, monkeypatch, clock, events, seconds=0.01)
    assert {line.partition(":")[0] for line in lines} == {"training"}
    assert "20.0M/120M" in lines[-1]


def test_bar__of_a_stream_says_how_much_was_read(monkeypatch, clock):
    events = [Reading(n * 1_000_000, None, n * 100_000) for n in range(1, 5)]
    assert shown_at(80, monkeypatch, clock, events)[-1] == "reading: 4.00MB [00:03, 1.00MB/s, 400,000 tokens]"
    assert shown_at(40, monkeypatch, clock, events)[-1] == "reading: 4.00MB [00:03, 1.00MB/s]"


def test_bar__in_a_file_or_a_notebook_is_drawn_some_hundred_times_at_most(monkeypatch, clock):
    file = io.StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with ProgressBar() as bar:
        for n in range(1, 20_001):
            bar(Progress(1, 1, n * 1000, 20_000_000, 9, 2.03, 0.02))
            clock.seconds += 1
    assert 90 < file.getvalue().count("\r") < 110
