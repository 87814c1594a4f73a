"""Which blocks a round has, and who claims them."""

import itertools
import random

import numpy as np
import pytest

from firth.config import TrainingConfig
from firth.kernels.word2vec.blocks import Chunk
from firth.kernels.word2vec.rounds import NONE_LEFT, claim_block, first_block, first_center, new_counters
from firth.training import reference, schedule
from firth.training.workers import rounds_of
from tests.helpers.rounds import random_corpus


@pytest.mark.parametrize("centers", [0, 15, 16 * 12, 16 * 12 * 5, 16 * 12 * 5 + 100])
@pytest.mark.parametrize("streams", [1, 2, 12])
def test_first_center__is_where_the_reference_has_it_and_every_block_is_in_one_round(centers, streams):
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=12, streams=streams)
    chunk = Chunk(*(np.zeros(7 + centers, dtype) for dtype in (np.int32, np.int32, np.int64)), 7, 7 + centers, 0)
    wanted = [[7 + first for first, _ in blocks] for blocks in reference.rounds_of(centers, plan)]
    assert rounds_of(chunk, plan) == len(wanted)
    for number, blocks in enumerate(wanted):
        assert [first_center(chunk, number, block, plan) for block in range(len(blocks))] == blocks
    assert sorted(itertools.chain(*wanted)) == list(range(7, 7 + centers, 16))


@pytest.mark.parametrize("threads", [1, 2, 3, 5, 16, 20])
def test_claim_block__every_block_of_every_round_is_claimed_once(threads):
    """In whatever order threads come for whose blocks; who comes late, for a round that is over, gets none."""
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=16)
    counters = new_counters(threads)
    come = random.Random(threads)
    rounds_of = list(enumerate([16, 16, 16, 5]))
    for number, blocks in rounds_of:
        order = [of for of in range(threads) for _ in range(17)]
        come.shuffle(order)
        claimed = [claim_block(counters, of, number, blocks, threads, plan) for of in order]
        assert sorted(block for block in claimed if block != NONE_LEFT) == list(range(blocks))
        for late, its_blocks in rounds_of[: number + 1]:
            for of in range(threads):
                assert claim_block(counters, of, late, its_blocks, threads, plan) == NONE_LEFT


def test_first_block__a_threads_own_blocks_are_neighbors_and_all_are_somebodys():
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=16)
    assert [first_block(thread, 2, plan) for thread in range(3)] == [0, 8, 16]
    assert [first_block(thread, 3, plan) for thread in range(4)] == [0, 5, 10, 16]
    assert [first_block(thread, 16, plan) for thread in range(17)] == list(range(17))
