from firth.config import TrainingConfig
from firth.training import reference, schedule
from tests.helpers.rounds import random_corpus


def test_reference_rounds_of__takes_as_many_blocks_from_each_stream():
    plan = schedule.plan_epoch(random_corpus(), TrainingConfig(), 0, 1)._replace(round_blocks=4, streams=2)
    assert reference.rounds_of(16 * 8 + 5, plan) == [
        [[0, 16], [16, 32], [64, 80], [80, 96]],
        [[32, 48], [48, 64], [96, 112], [112, 128]],
        [[128, 133]],
    ]
