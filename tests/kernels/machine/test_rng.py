import numpy as np

from firth.kernels.machine.rng import draw, high_half, low_half, scale, stream_key
from firth.training import reference

# Published outputs of SplitMix64 seeded with 1234567 (in many languages' libraries as a check).
PUBLISHED = [
    6457827717110365317,
    3203168211198807973,
    9817491932198370423,
    4593380528125082431,
    16408922859458223821,
]


def test_draw__is_splitmix64():
    assert [int(draw(np.uint64(1234567), i)) for i in range(5)] == PUBLISHED
    assert [reference.draw(1234567, i) for i in range(5)] == PUBLISHED


def test_draw__has_no_state():
    key = np.uint64(99)
    forward = [int(draw(key, i)) for i in range(10)]
    backward = [int(draw(key, i)) for i in reversed(range(10))]
    assert forward == backward[::-1]


def test_scale__is_uniform_and_stays_below_n():
    n, draws = 7, 14_000
    found = [int(scale(np.uint64(high_half(np.uint64(draw(np.uint64(5), i)))), n)) for i in range(draws)]
    counts = np.bincount(found, minlength=n)
    assert len(counts) == n
    assert np.abs(counts - draws / n).max() < 5 * np.sqrt(draws / n)
    assert int(scale(np.uint64(2**32 - 1), n)) == n - 1


def test_halves__are_the_upper_and_the_lower_bits():
    bits = np.uint64(0x0123456789ABCDEF)
    assert int(high_half(bits)) == 0x01234567
    assert int(low_half(bits)) == 0x89ABCDEF


def test_stream_key__differs_by_seed_epoch_and_purpose():
    keys = {int(stream_key(s, e, p)) for s in range(5) for e in range(5) for p in range(4)}
    assert len(keys) == 100
