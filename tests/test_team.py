import threading

import pytest

from firth.errors import FirthError
from firth.kernels import compiler
from firth.team import Team

pytestmark = pytest.mark.skipif(not compiler.is_enabled(), reason="with the compiler off there is one thread")


def test_team__runs_all_its_threads_at_the_same_time():
    meeting = threading.Barrier(3)
    with Team(3) as team:
        assert [thread for _, thread in sorted(team.run(lambda t: (meeting.wait(30) * 0 + t, t)))] == [0, 1, 2]


def test_team__an_interruption_while_it_is_asked_leaves_nobody_waiting(monkeypatch):
    meeting = threading.Barrier(2)
    with Team(2) as team:
        submit, calls = team.pool.submit, []

        def interrupted(*work):
            calls.append(work)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return submit(*work)

        monkeypatch.setattr(team.pool, "submit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            team.run(lambda thread: meeting.wait(30))
    assert not meeting.broken  # both came


def test_team__a_thread_that_cannot_start_is_an_error_not_a_hang(monkeypatch):
    team = Team(2)

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(team.pool, "submit", refuse)
    with pytest.raises(FirthError, match="would not start 2 threads"), team:
        pass
