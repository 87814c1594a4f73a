import threading
import time

import pytest

from firth.errors import FirthError
from firth.jit import target
from firth.threads import CALLS_TO_SEE, ThreadAutotuner, ThreadPool, map_ahead

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


def seen(given):
    """The calls of which several parts were done, by different numbers of threads."""
    return [call for call, shares in enumerate(given, start=1) if len(shares) > 1]


def test_pace__all_threads_work_where_they_are_faster_and_it_is_looked_less_and_less_often(monkeypatch):
    given = paced(monkeypatch, {1: 1.9, 2: 1.0}, 100)
    assert seen(given) == [1, 9, 41, 73]
    assert given[0] == [(2, 10), (1, 10), (2, 10), (2, 50)]
    assert all(shares in ([(2, 80)], [(1, 10), (2, 70)]) for shares in given[1:])


def test_pace__one_thread_works_where_it_is_faster_and_it_is_looked_less_and_less_often(monkeypatch):
    given = paced(monkeypatch, {1: 1.0, 16: 2.4}, 70)
    assert seen(given) == [1, 3, 11, 43]
    assert given[0] == [(16, 10), (1, 10), (16, 10), (1, 50)]
    assert all(shares in ([(1, 80)], [(16, 10), (1, 70)]) for shares in given[1:])


@pytest.mark.parametrize("slower", [1.04, 1.5, 2.5])
def test_pace__where_all_threads_are_slower_they_cost_less_than_a_twentieth(monkeypatch, slower):
    """As on cores that others use as well."""
    given = paced(monkeypatch, {1: 1.0, 2: slower}, 40)
    took = sum((slower if threads > 1 else 1) * some for call in given for threads, some in call)
    assert took < 1.05 * 40 * 80


def test_pace__a_change_is_seen_within_the_call_and_it_is_looked_often_again(monkeypatch):
    seconds, now, given = {1: 1.0, 2: 3.0}, 0.0, []
    monkeypatch.setattr("firth.threads.time.perf_counter", lambda: now)
    autotuner = ThreadAutotuner(2)
    for call in range(1, 44):
        seconds[2] = 3.0 if call < 30 else 0.6
        given.append([])
        for threads, some in autotuner.split(80):
            now += seconds[threads] * some
            given[-1].append((threads, some))
    assert given[41:] == [[(1, 80)], [(2, 10), (2, 70)]]
    assert autotuner.calls_between == CALLS_TO_SEE


@pytest.mark.parametrize("units", [1, 7])
def test_pace__little_work_is_not_divided(monkeypatch, units):
    assert paced(monkeypatch, {1: 1.0, 4: 3.0}, 4, units) == [[(4, units)]] * 4


def test_pace__of_no_work_there_is_none_to_do(monkeypatch):
    assert paced(monkeypatch, {1: 1.0, 4: 3.0}, 4, 0) == [[]] * 4


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
