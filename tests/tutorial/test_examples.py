from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.kernels.machine.rng import draws, stream_key
from firth.training.sampling import sampling_table
from firth.tutorial.candidates import (
    CANDIDATES,
    at_least_once,
    log_uniform_probabilities,
    log_uniform_sampler,
    negative_samples,
    unigram_sampler,
)
from firth.tutorial.examples import random_order, skipgrams, training_examples
from firth.tutorial.sequences import capped_vocabulary, pad_sequences, vectorize

SENTENCE = [1, 2, 3, 4, 5, 1, 6, 7]
"""The tutorial's "the wide road shimmered in the hot sun" as ids."""


def all_pairs(sequence, window):
    return [
        (t, c)
        for i, t in enumerate(sequence)
        for j, c in enumerate(sequence)
        if t and c and i != j and abs(i - j) <= window
    ]


def test_skipgrams__the_tutorials_sentence_has_26_pairs_and_the_published_five():
    pairs, labels = skipgrams(SENTENCE, 8, window_size=2)
    assert pairs.shape == (26, 2)
    assert pairs.dtype == labels.dtype == np.int32
    assert labels.tolist() == [1] * 26
    assert {(6, 1), (4, 3), (5, 3), (2, 4), (7, 1)} <= set(map(tuple, pairs.tolist()))


@pytest.mark.parametrize("window", [1, 2, 3, 20])
def test_skipgrams__are_all_pairs_within_the_window_without_padding(window):
    sequence = [0, 3, 1, 0, 2, 2, 4, 0, 0]
    pairs, _ = skipgrams(sequence, 5, window_size=window)
    assert sorted(map(tuple, pairs.tolist())) == sorted(all_pairs(sequence, window))
    rows = np.array([sequence, sequence[::-1]])
    both, _ = skipgrams(rows, 5, window_size=window)
    assert sorted(map(tuple, both.tolist())) == sorted(all_pairs(sequence, window) * 2)


def test_skipgrams__a_sampling_table_drops_targets_not_contexts():
    table = np.array([0, 0.0, 1.0, 0.5])
    rows = np.tile([1, 2, 3], (4000, 1))
    pairs, _ = skipgrams(rows, 4, window_size=1, sampling_table=table, seed=3)
    targets = np.bincount(pairs[:, 0], minlength=4)
    assert targets[1] == 0
    assert targets[2] == 8000
    assert abs(targets[3] - 2000) < 5 * np.sqrt(1000)
    assert 1 in pairs[:, 1]


def test_skipgrams__the_seed_is_honoured():
    table = sampling_table(8, 0.1)
    rows = np.tile(SENTENCE, (50, 1))

    def draw(seed):
        return skipgrams(rows, 8, sampling_table=table, seed=seed, shuffled=True, negative_samples=1.0)

    assert (draw(1).pairs == draw(1).pairs).all()
    assert draw(1).pairs.tolist() != draw(2).pairs.tolist()


def test_skipgrams__built_in_negatives_have_real_targets_and_any_word():
    pairs, labels = skipgrams(SENTENCE * 20, 8, window_size=2, negative_samples=0.5, seed=1)
    positive = int(labels.sum())
    assert len(labels) - positive == round(0.5 * positive)
    invented = pairs[labels == 0]
    assert set(invented[:, 0]) <= set(SENTENCE)
    assert set(invented[:, 1]) == set(range(1, 8))


def test_skipgrams__shuffling_keeps_pairs_and_labels_together():
    plain = skipgrams(SENTENCE, 8, negative_samples=1.0, seed=4)
    mixed = skipgrams(SENTENCE, 8, negative_samples=1.0, seed=4, shuffled=True)
    assert mixed.pairs.tolist() != plain.pairs.tolist()
    rows = [
        sorted((*p, label) for p, label in zip(x.pairs.tolist(), x.labels.tolist(), strict=True))
        for x in (plain, mixed)
    ]
    assert rows[0] == rows[1]


@pytest.mark.parametrize("empty", [[], np.zeros((0, 10), int), [0, 0, 0], np.zeros((5, 10), int), [3]])
def test_skipgrams__nothing_to_pair_gives_no_pairs(empty):
    pairs, labels = skipgrams(empty, 8)
    assert pairs.shape == (0, 2)
    assert labels.shape == (0,)
    examples = training_examples(empty, 8)
    assert examples.targets.shape == (0,)
    assert examples.contexts.shape == examples.labels.shape == (0, 5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([1, 8], 8), "the id 8 is out of range: vocabulary_size is 8"),
        (([1, -1], 8), "the id -1 is out of range"),
        (([1.5, 2], 8), "wanted one sequence of ids"),
        ((np.zeros((2, 2, 2), int), 8), "wanted one sequence"),
        ((np.array([[1, 2], [3]], dtype=object), 8), "pad_sequences"),
        (([[1, 2], [3]], 8), "pad_sequences"),
    ],
)
def test_skipgrams__bad_ids_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        skipgrams(*arguments)
    with pytest.raises(ValueError, match=message):
        training_examples(*arguments)


@pytest.mark.parametrize("window", [0, -1, 2.5])
def test_skipgrams__a_window_of_nothing_is_an_error(window):
    with pytest.raises(ValueError, match="window_size must be"):
        skipgrams(SENTENCE, 8, window_size=window)


def test_skipgrams__a_table_of_another_size_is_an_error():
    with pytest.raises(ValueError, match="sampling_table must have 8"):
        skipgrams(SENTENCE, 8, sampling_table=sampling_table(9))


PUBLISHED_TABLE = """
0.00315225 0.00315225 0.00547597 0.00741556 0.00912817 0.01068435 0.01212381 0.01347162 0.01474487 0.0159558
"""


def test_sampling_table__is_the_published_one():
    assert_allclose(sampling_table(10), np.fromstring(PUBLISHED_TABLE, sep=" "), atol=5e-9)
    assert sampling_table(10**6, 1.0).max() == 1.0
    with pytest.raises(ValueError, match="size must be 1"):
        sampling_table(0)


def test_log_uniform_probabilities__sum_to_one():
    p = log_uniform_probabilities(4096)
    assert_allclose(p.sum(), 1)
    assert_allclose(p[0], np.log(2) / np.log(4097))


def test_log_uniform_sampler__follows_its_distribution():
    n = 20_000
    sampled, true_expected, sampled_expected = log_uniform_sampler([3], n, 8, unique=False, seed=1)
    p = log_uniform_probabilities(8)
    counts = np.bincount(sampled, minlength=8)
    assert (np.abs(counts - n * p) < 5 * np.sqrt(n * p)).all()
    assert_allclose(true_expected, n * p[3])
    assert_allclose(sampled_expected, n * p[sampled])


def test_log_uniform_sampler__inverts_its_distribution():
    range_max, key = 1_000_000, stream_key(5, 0, CANDIDATES)
    sampled = log_uniform_sampler([3], 5_000, range_max, unique=False, seed=5).sampled
    drawn = (draws(key, 5_000) >> np.uint64(11)) / 2.0**53
    assert sampled.tolist() == [int((range_max + 1) ** u) - 1 for u in drawn.astype(np.longdouble)]


@pytest.mark.parametrize("tries", [1, 5, 1000, 10**9])
def test_log_uniform_sampler__expects_what_arithmetic_with_sixty_digits_does(tries):
    p = np.array([1e-18, 1e-12, 1e-7, 1e-3, 0.3, 0.999])
    with localcontext(prec=60):
        exact = [float(1 - (1 - Decimal(one)) ** tries) for one in p.tolist()]
    assert_allclose(at_least_once(p, tries), exact, rtol=2e-15)


@pytest.mark.parametrize("sampler", ["log_uniform", "unigram"])
def test_samplers__unique_samples_differ_and_are_expected_as_often_as_they_come(sampler):
    p = log_uniform_probabilities(20) if sampler == "log_uniform" else np.arange(1, 21) / 210
    counts, expected = np.zeros(20), np.zeros(20)
    for seed in range(3000):
        if sampler == "log_uniform":
            found = log_uniform_sampler(np.arange(20), 5, 20, seed=seed)
        else:
            found = unigram_sampler(np.arange(20), 5, p, seed=seed)
        assert len(set(found.sampled.tolist())) == 5
        counts[found.sampled] += 1
        expected += found.true_expected
    assert_allclose(counts / 3000, expected / 3000, atol=0.05)


def test_samplers__true_classes_are_left_out_on_request():
    for seed in range(50):
        assert not {0, 1, 2} & set(
            log_uniform_sampler([[0, 1], [2, 1]], 4, 7, exclude_true=True, seed=seed).sampled.tolist()
        )
        p = np.array([0.97, 0.01, 0.01, 0.01])
        assert 0 not in unigram_sampler([0], 3, p, exclude_true=True, seed=seed).sampled
    assert log_uniform_sampler([[0, 1], [2, 1]], 4, 7).true_expected.shape == (2, 2)


def test_samplers__improbable_classes_do_not_hang():
    p = np.array([1 - 3e-12, 1e-12, 1e-12, 1e-12])
    assert sorted(unigram_sampler([0], 4, p).sampled.tolist()) == [0, 1, 2, 3]


def test_samplers__impossible_wishes_are_errors():
    for wish in (
        lambda: log_uniform_sampler([0], 9, 8),
        lambda: log_uniform_sampler([0], 8, 8, exclude_true=True),
        lambda: unigram_sampler([0], 3, [0.5, 0.5, 0.0]),
        lambda: unigram_sampler([0], 1, [1.0, 0.0], exclude_true=True),
        lambda: training_examples([1, 2, 3], 8, num_ns=6),
        lambda: training_examples([1, 2, 3], 5, num_ns=3, noise=[0, 0, 1, 1, 0]),
    ):
        with pytest.raises(ValueError, match="cannot draw"):
            wish()
    with pytest.raises(ValueError, match="true classes must be"):
        log_uniform_sampler([8], 2, 8)
    with pytest.raises(ValueError, match="sum to 1"):
        unigram_sampler([0], 1, [0.5, 0.6])
    with pytest.raises(ValueError, match="number of samples"):
        log_uniform_sampler([0], 0, 8)


def test_training_examples__have_the_true_context_first_and_unique_negatives():
    rows = np.tile(SENTENCE, (200, 1))
    targets, contexts, labels = training_examples(rows, 8, window_size=2, num_ns=4, seed=1)
    assert targets.shape == (200 * 26,)
    assert contexts.shape == labels.shape == (200 * 26, 5)
    assert {a.dtype for a in (targets, contexts, labels)} == {np.dtype(np.int32)}
    assert (labels == [1, 0, 0, 0, 0]).all()
    pairs, _ = skipgrams(rows, 8, window_size=2)
    assert (pairs == np.stack([targets, contexts[:, 0]], axis=1)).all()
    assert all(len(set(row)) == 5 for row in contexts.tolist())
    assert contexts[:, 1:].min() >= 2  # neither padding nor unknown


def test_training_examples__can_have_the_tutorials_errors():
    rows = np.tile(SENTENCE, (200, 1))
    _, contexts, _ = training_examples(rows, 8, num_ns=4, exclude_true=False, reserved=0, seed=1)
    assert (contexts[:, 1:] == contexts[:, :1]).any(axis=1).mean() > 0.3
    assert (contexts[:, 1:] == 0).any()


def test_training_examples__negatives_follow_the_noise():
    noise = np.array([0, 0, 8, 4, 2, 2, 1, 1.0])
    _, contexts, _ = training_examples(np.tile([1, 1], (5000, 1)), 8, num_ns=1, noise=noise, reserved=1)
    counts = np.bincount(contexts[:, 1], minlength=8)
    expected = 10_000 * noise / noise.sum()
    assert (np.abs(counts - expected) <= 5 * np.sqrt(expected)).all()


def test_training_examples__show_a_bar_on_request(capsys):
    training_examples(np.tile(SENTENCE, (30, 1)), 8, progress=True)
    assert "30/30" in capsys.readouterr().err
    training_examples(np.tile(SENTENCE, (30, 1)), 8)
    assert capsys.readouterr().err == ""


def test_training_examples__rows_at_a_time_do_not_repeat_their_random_numbers(monkeypatch):
    rows = np.tile(SENTENCE, (400, 1))
    table = np.full(8, 0.5)
    monkeypatch.setattr("firth.tutorial.examples._ROWS_AT_A_TIME", 100)
    seen = []
    parts = training_examples(rows, 8, sampling_table=table, seed=1, progress=lambda *at: seen.append(at))
    assert seen == [(100, 400), (200, 400), (300, 400), (400, 400)]
    per_part = np.bincount(parts.targets, minlength=8)[1:]
    assert abs(per_part.sum() - 400 * 13) < 500
    assert len(set(np.diff(np.flatnonzero(parts.targets == 7)[:200]))) > 3


def test_negative_samples__are_others_for_another_seed():
    true = np.arange(2, 8)
    assert negative_samples(true, 4, 50, seed=1).tolist() == negative_samples(true, 4, 50, seed=1).tolist()
    assert negative_samples(true, 4, 50, seed=1).tolist() != negative_samples(true, 4, 50, seed=2).tolist()


def test_capped_vocabulary__and_vectorize():
    texts = ["The cat, the dog!", "a cat", "", "zebra"]
    words = capped_vocabulary(texts, 100)
    assert words == ["", "[UNK]", "cat", "the", "a", "dog", "zebra"]
    assert capped_vocabulary(texts, 100, reverse_ties=True) == ["", "[UNK]", "the", "cat", "zebra", "dog", "a"]
    assert capped_vocabulary(texts, 4) == ["", "[UNK]", "cat", "the"]
    sequences = vectorize(texts, words[:5], 3)
    assert sequences.tolist() == [[3, 2, 3], [4, 2, 0], [0, 0, 0], [1, 0, 0]]
    assert sequences.dtype == np.int32
    assert vectorize([], words, 3).shape == (0, 3)


def test_vectorize__bad_input_is_named():
    with pytest.raises(ValueError, match="more than the 2 special tokens, not 2"):
        capped_vocabulary(["a"], 2)
    with pytest.raises(ValueError, match="words must begin with"):
        vectorize(["a"], ["a", "b"], 3)
    with pytest.raises(ValueError, match="sequence_length"):
        vectorize(["a"], ["", "[UNK]", "a"], 0)


def test_pad_sequences__cuts_and_pads():
    assert pad_sequences([[1, 2, 3], [4], []]).tolist() == [[1, 2, 3], [4, 0, 0], [0, 0, 0]]
    assert pad_sequences([[1, 2, 3], [4]], 2).tolist() == [[1, 2], [4, 0]]
    assert pad_sequences([]).shape == (0, 0)


def test_random_order__is_a_permutation_of_its_own_for_each_epoch():
    orders = [random_order(100, 1, epoch).tolist() for epoch in (0, 1)]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(100))
    assert orders[0] != orders[1]
    assert random_order(0, 1).tolist() == []


@pytest.mark.parametrize("wrong", ["shakespeare.txt", "one text\nof two lines", b"bytes", {"one text", "another"}])
def test_texts__one_string_or_a_set_is_not_many_texts(wrong):
    with pytest.raises(TypeError, match="wanted a list of texts, not "):
        capped_vocabulary(wrong, 10)
    with pytest.raises(TypeError, match="wanted a list of texts, not "):
        vectorize(wrong, ["", "[UNK]", "a"], 3)


@pytest.mark.parametrize("number", [np.int64(1), np.uint8(1)])
def test_numbers__may_be_of_numpy(number):
    wanted = skipgrams([1, 2, 3], 4, window_size=1)
    assert np.array_equal(skipgrams([1, 2, 3], 4, window_size=number).pairs, wanted.pairs)
    for wrong in (np.int64(0), np.float64(1), np.bool_(True), True):
        with pytest.raises(ValueError, match="window_size must be"):
            skipgrams([1, 2, 3], 4, window_size=wrong)


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.uint64])
def test_skipgrams__a_window_and_a_seed_of_numpys_are_as_pythons(kind):
    sequence = np.arange(1, 60)
    table = np.full(60, 0.5)
    wanted = skipgrams(sequence, 60, window_size=3, sampling_table=table, seed=5)
    found = skipgrams(sequence, 60, window_size=kind(3), sampling_table=table, seed=kind(5))
    assert found.pairs.tolist() == wanted.pairs.tolist()
    assert (np.abs(np.diff(found.pairs, axis=1)) <= 3).all()


def test_training_examples__a_seed_of_numpys_is_as_pythons():
    rows = np.random.default_rng(1).integers(1, 20, (20_000, 2))
    wanted = training_examples(rows, 20, seed=5)
    assert training_examples(rows, 20, seed=np.uint8(5)).contexts.tolist() == wanted.contexts.tolist()
