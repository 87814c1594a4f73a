"""What machines exchange; `test_by_nodes.py` has whole trainings."""

from types import SimpleNamespace

import numpy as np

from firth.config import TrainingConfig
from firth.training.exchange import Exchange
from firth.training.shards import Changes, PartialSum


def partial(first, value, rows=3, size=4):
    """What one shard has changed: the same number everywhere, in 16 bits of which the others are zero."""
    number = np.array([value], np.float32).view(np.uint32)[0] >> 16
    return PartialSum(first, 1, Changes(*(np.full((rows, size), number, np.uint16) for _ in range(2))))


def test_sum__leaves_what_others_gave_as_it_was_and_may_be_written_to():
    given = [partial(number, 2.0**number) for number in range(5)]
    for one in given:
        for array in one.value:
            array.flags.writeable = False
    before = [array.copy() for one in given for array in one.value]
    peers = SimpleNamespace(others=[1, 2], get=lambda what, senders: [given[3:], given[:2]])
    own = [partial(2, 4.0)]
    total = Exchange(peers, TrainingConfig(vector_size=4), None, None, 1)._sum(own)
    assert all((array == old).all() for array, old in zip([a for g in given for a in g.value], before, strict=True))
    for array in total:
        assert ((array.astype(np.uint32) << 16).view(np.float32) == 31.0).all()  # exact in 16 bits
        assert array.flags.writeable
