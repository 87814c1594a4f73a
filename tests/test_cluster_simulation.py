"""The simulation of several machines: its formula by numbers worked out by hand, and at its limits."""

from dataclasses import replace

import pytest

from benchmarks._lib.results import RESULTS, Result
from benchmarks.scaling import cluster_simulation as simulation
from benchmarks.scaling.cluster_simulation import Cluster, Constants

ROUND = Constants(
    words_100=1e6,
    words_300=0.5e6,
    threads=10.0,
    moment_100=1e-6,
    moment_300=2e-6,
    combine_100=3e-6,
    combine_300=4e-6,
    directions_100=0.01,
    directions_300=0.2,
    memory=10e9,
    store=5e9,
    transfer=1e9,
    latency=0.005,
    call=1e-4,
    handed=5e-4,
    carried=0.5e9,
    stored=4e-3,
    processor=4e-9,
)
NOTHING = dict.fromkeys(
    ("moment_100", "combine_100", "directions_100", "latency", "call", "handed", "stored", "processor"), 0.0
)
FREE = replace(ROUND, memory=1e30, store=1e30, transfer=1e30, carried=1e30, **NOTHING)


def test_exchange__of_two_machines_is_the_sum_worked_out_by_hand():
    cluster = Cluster(machines=2, rows=100_000, vector_size=100, gigabits=100.0, in_store=True)
    parameters = 2 * 100_000 * 112 * 4  # rows of 100 are kept in 112: 89.6 MB
    changes = 2 * 100_000 * 100 * 2
    copied = (3.5 * parameters + 1.5 * changes) / (4 * 10e9)
    written = changes / 5e9
    moved = changes / 1e9 + 100 * 100 * 8 / 0.5e9  # half of it is another's, twice; and a moment of the other's
    moved += 4 * 5e-4 + 2 * 4e-3  # what is handed over: changes, a moment, directions, and changes again
    computed = 100_000 * 4e-6 / 16
    waited = 0.01 + 0.005 + 2 * 2 * 1e-4
    found = simulation.exchange_seconds(ROUND, cluster)
    assert found == pytest.approx(copied + written + moved + computed + waited)


def test_exchange__where_all_else_is_free_the_network_moves_what_the_page_says():
    for machines in (2, 16):
        cluster = Cluster(machines, 70_000, 100, gigabits=8.0, in_store=False)
        moments = (machines - 1) * 100**2 * 8
        changes = 2 * (machines - 1) / machines * 2 * 70_000 * 100 * 2
        assert simulation.exchange_seconds(FREE, cluster) == pytest.approx((changes + moments) / 1e9)


def test_exchange__the_slower_of_network_and_object_store_decides():
    slow, fast = (Cluster(4, 70_000, 100, gigabits, in_store=True) for gigabits in (1.0, 100.0))
    assert simulation.exchange_seconds(ROUND, slow) > simulation.exchange_seconds(ROUND, fast)
    faster = replace(fast, gigabits=400.0)
    assert simulation.exchange_seconds(ROUND, faster) == simulation.exchange_seconds(ROUND, fast)


def test_exchange__one_machine_moves_nothing():
    one = Cluster(1, 70_000, 100, gigabits=1e-9, in_store=False)
    assert simulation.exchange_seconds(FREE, one) == pytest.approx(0.0, abs=1e-9)


def test_training_part__what_an_overlap_cannot_hide_is_waited_for():
    """By a period of a second, trained by one machine, with an exchange of .3 s that needs no processor."""
    constants = replace(FREE, latency=0.3)
    for overlap, wanted in ((0, 1 / 1.3), (0.1, 1 / 1.2), (0.25, 1 / 1.05), (0.5, 1.0)):
        cluster = Cluster(1, 1000, 100, 25.0, in_store=True, overlap=overlap)
        assert simulation.training_part(constants, cluster, 10e6) == pytest.approx(wanted, rel=1e-4)


def test_taken__is_what_an_exchange_needs_of_all_cores():
    cluster = Cluster(2, 100_000, 100, gigabits=100.0, in_store=True, overlap=0.5)
    parameters, changes = 2 * 100_000 * 112 * 4, 2 * 100_000 * 100 * 2
    copied, moved = (3.5 * parameters + 4.5 * changes) / 10e9, changes * 4e-9 + 2 * 4e-3 + 4 * 5e-4
    found = simulation.taken_seconds(ROUND, cluster)
    assert found == pytest.approx((copied + moved + 0.01 + 100_000 * 4e-6) / 16)
    late = 0.5 * (seconds := 1.0)
    part = simulation.training_part(ROUND, cluster, 20e6)
    assert part == pytest.approx(seconds / (late + max(late + found, simulation.exchange_seconds(ROUND, cluster))))


@pytest.mark.parametrize("overlap", [0, 0.1, 0.75, 0.9])
def test_words_of_period__leave_the_part_that_was_asked_for(overlap):
    for part in (0.5, 0.85):
        cluster = Cluster(8, 250_000, 300, 25.0, in_store=True, overlap=overlap)
        words = simulation.words_of_period(ROUND, cluster, part)
        assert simulation.training_part(ROUND, cluster, words) == pytest.approx(part)


def test_constants__are_those_that_were_kept():
    kept = Result("a", "b", "c", (), simulation.constant_rows(ROUND))
    for name, value in vars(simulation.constants_of(kept)).items():
        assert value == pytest.approx(getattr(ROUND, name))


@pytest.mark.parametrize(
    ("name", "rows"), [("cluster-simulation", simulation.simulated), ("cluster-periods", simulation.period_rows)]
)
def test_results__of_the_simulation_follow_from_the_constants_that_are_kept(name, rows):
    constants = simulation.constants_of(Result.read(RESULTS / f"{simulation.CONSTANTS}.json"))
    for found, kept in zip(rows(constants), Result.read(RESULTS / f"{name}.json").rows, strict=True):
        assert found == [cell if isinstance(cell, str) else pytest.approx(cell, rel=1e-4) for cell in kept]
