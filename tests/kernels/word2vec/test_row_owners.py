import numpy as np
import pytest

from firth.kernels.word2vec.row_owners import BITS, FEW, MARKS, clear_marks, find_own, is_marked, mark, place_of


def owners_of(marks, rows):
    """Which threads add each row, (threads, rows)."""
    found = np.zeros((len(marks), MARKS), np.int64)
    for thread, own in enumerate(found):
        find_own(marks, thread, own)
    return np.array([[is_marked(own, row) for row in rows] for own in found])


@pytest.mark.parametrize("threads", [1, 2, 3, FEW, FEW + 1, 16, 64, 1000])
def test_find_own__every_row_that_is_changed_has_one_owner_who_changes_its_place_if_threads_are_few(threads):
    rng = np.random.default_rng(threads)
    marks = np.zeros((threads, MARKS), np.int64)
    changed = [np.minimum(rng.geometric(0.005, 50), 10**9) for _ in range(min(threads, 30))]
    for thread, rows in enumerate(changed):
        for row in rows:
            mark(marks[thread], row)
    rows = np.unique(np.concatenate(changed))
    owners = owners_of(marks, rows)
    assert (owners.sum(axis=0) == 1).all()
    if threads <= FEW:
        assert all(is_marked(marks[owner], row) for row, owner in zip(rows, owners.argmax(axis=0), strict=True))


@pytest.mark.parametrize("threads", [FEW, 16])
def test_find_own__shares_what_all_change(threads):
    marks = np.full((threads, MARKS), -1)
    shares = owners_of(marks, range(4000)).sum(axis=1)
    assert shares.sum() == 4000
    assert 0.8 * 4000 / threads < shares.min() <= shares.max() < 1.2 * 4000 / threads


def test_find_own__what_one_alone_of_a_few_changes_is_its_own():
    marks = np.zeros((2, MARKS), np.int64)
    for thread, row in ((0, 3), (0, 7), (1, 7), (1, 12)):
        mark(marks[thread], row)
    assert owners_of(marks, [3, 12]).tolist() == [[1, 0], [0, 1]]


def test_place_of__frequent_words_have_places_of_their_own_and_the_largest_number_has_one():
    assert len({place_of(row) for row in range(1000)}) > 990
    assert all(0 <= place_of(row) < MARKS * BITS for row in (0, 1, 2**31 - 1))


def test_clear_marks__forgets_all():
    marks = np.zeros(MARKS, np.int64)
    for row in range(2000):
        mark(marks, row)
    assert all(is_marked(marks, row) for row in range(2000))
    clear_marks(marks)
    assert not marks.any()
