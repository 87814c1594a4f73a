import threading
import time

import pytest

from firth.errors import FirthError
from firth.jit import target
from firth.threads import CALLS_TO_SEE, UNITS_TO_SEE, ThreadAutotuner, ThreadPool, map_ahead

pytestmark = pytest.mark.skipif(not target.is_enabled(), reason="with the compiler off there is one thread")


def test_team__runs_all_its_threads_at_the_same_time():
    meeting = threading.Barrier(3)
    with ThreadPool(3) as pool:
        assert [thread for _, thread in sorted(pool.run(lambda t: (meeting.wait(30) * 0 + t, t)))] == [0, 1, 2]


def test_team__an_interruption_while_it_is_asked_leaves_nobody_waiting(monkeypatch):
    meeting = threading.Barrier(2)
    with ThreadPool(2) as pool:
        submit, calls = pool.executor.submit, []

        def interrupted(*work):
            calls.append(work)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return submit(*work)

        monkeypatch.setattr(pool.executor, "submit", interrupted)
        with pytest.raises(KeyboardInterrupt):
            pool.run(lambda thread: meeting.wait(30))
    assert not meeting.broken  # both came


def test_team__a_thread_that_cannot_start_is_an_error_not_a_hang(monkeypatch):
    pool = ThreadPool(2)

    def refuse(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(pool.executor, "submit", refuse)
    with pytest.raises(FirthError, match="would not start 2 threads"), pool:
        pass


def paced(monkeypatch, seconds, calls, units=80):
    """What a pace gives to how many threads, call after call, where a unit of work takes so many seconds by each."""
    now = 0.0
    monkeypatch.setattr("firth.threads.time.perf_counter", lambda: now)
    autotuner, given = ThreadAutotuner(max(seconds)), []
    for _ in range(calls):
        given.append([])
        for threads, some in autotuner.split(units):
            now += seconds[threads] * some
            given[-1].append((threads, some))
    return given


def test_pace__all_threads_work_where_they_are_faster(monkeypatch):
    for call, shares in enumerate(paced(monkeypatch, {1: 1.9, 2: 1.0}, 3 * CALLS_TO_SEE), start=1):
        few = 80 // UNITS_TO_SEE if call % CALLS_TO_SEE == 2 else 0
        assert shares == ([(1, few)] if few else []) + [(2, 80 - few)]


def test_pace__one_thread_works_where_it_is_faster(monkeypatch):
    _, _, *later = paced(monkeypatch, {1: 1.0, 16: 2.4}, 3 * CALLS_TO_SEE)
    assert all(shares[-1][0] == 1 for shares in later)
    assert [(16, 10), (1, 70)] in later
    assert all(sum(some for _, some in shares) == 80 for shares in later)


@pytest.mark.parametrize("units", [1, 7])
def test_pace__little_work_is_not_divided(monkeypatch, units):
    assert paced(monkeypatch, {1: 1.0, 4: 3.0}, 4, units) == [[(4, units)]] * 4


def test_pace__one_thread_is_one_thread(monkeypatch):
    assert paced(monkeypatch, {1: 1.0}, 12) == [[(1, 80)]] * 12


def test_map_ahead__keeps_the_order_and_stays_a_few_items_ahead():
    taken = []

    def items():
        for item in range(50):
            taken.append(item)
            yield item

    done = map_ahead(3, lambda item: time.sleep(0.001 * (item % 3)) or item * item, items())
    for item, square in enumerate(done):
        assert square == item * item
        assert len(taken) <= item + 2 * 3 + 1


def test_map_ahead__an_error_comes_out_in_its_place():
    done = map_ahead(2, lambda item: 6 // item, [3, 2, 0, 1])
    assert [next(done), next(done)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(done)
