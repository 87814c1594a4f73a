import numpy as np
import pytest

from firth.kernels.word2vec.row_owners import (
    BITMAP_WORDS,
    BITS,
    FEW,
    clear_bitmap,
    find_owned,
    is_touched,
    place_of,
    touch,
)


def owners_of(touched, rows):
    """Which threads add each row, (threads, rows)."""
    found = np.zeros((len(touched), BITMAP_WORDS), np.int64)
    for thread, own in enumerate(found):
        find_owned(touched, thread, own)
    return np.array([[is_touched(own, row) for row in rows] for own in found])


@pytest.mark.long
@pytest.mark.parametrize("threads", [1, 2, 3, FEW, FEW + 1, 16, 64, 1000])
def test_find_own__every_row_that_is_changed_has_one_owner_who_changes_its_place_if_threads_are_few(threads):
    rng = np.random.default_rng(threads)
    touched = np.zeros((threads, BITMAP_WORDS), np.int64)
    changed = [np.minimum(rng.geometric(0.005, 50), 10**9) for _ in range(min(threads, 30))]
    for thread, rows in enumerate(changed):
        for row in rows:
            touch(touched[thread], row)
    rows = np.unique(np.concatenate(changed))
    owners = owners_of(touched, rows)
    assert (owners.sum(axis=0) == 1).all()
    if threads <= FEW:
        assert all(is_touched(touched[owner], row) for row, owner in zip(rows, owners.argmax(axis=0), strict=True))


@pytest.mark.parametrize("threads", [FEW, 16])
def test_find_own__shares_what_all_change(threads):
    touched = np.full((threads, BITMAP_WORDS), -1)
    shares = owners_of(touched, range(4000)).sum(axis=1)
    assert shares.sum() == 4000
    assert 0.8 * 4000 / threads < shares.min() <= shares.max() < 1.2 * 4000 / threads


def test_find_own__what_one_alone_of_a_few_changes_is_its_own():
    touched = np.zeros((2, BITMAP_WORDS), np.int64)
    for thread, row in ((0, 3), (0, 7), (1, 7), (1, 12)):
        touch(touched[thread], row)
    assert owners_of(touched, [3, 12]).tolist() == [[1, 0], [0, 1]]


def test_place_of__frequent_words_have_places_of_their_own_and_the_largest_number_has_one():
    assert len({place_of(row) for row in range(1000)}) > 990
    assert all(0 <= place_of(row) < BITMAP_WORDS * BITS for row in (0, 1, 2**31 - 1))


def test_clear_marks__forgets_all():
    touched = np.zeros(BITMAP_WORDS, np.int64)
    for row in range(2000):
        touch(touched, row)
    assert all(is_touched(touched, row) for row in range(2000))
    clear_bitmap(touched)
    assert not touched.any()
