"""How large rounds are, and the learning rates of rows and nodes."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.config import TrainingConfig
from firth.training import schedule
from firth.training.huffman import huffman_tree


def shape(counts, config):
    return schedule.round_shape(schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts), config)


def test_round_shape__is_small_where_one_word_is_frequent_or_the_rate_large():
    config = TrainingConfig(sample=0)
    flat, steep = np.full(10_000, 10), np.array([1000, *[1] * 9000])
    assert shape(flat, config) == (16, 16)
    assert shape(steep, config) == (16, 2)
    assert shape(steep, TrainingConfig(sample=0, learning_rate=0.1)) == (11, 1)
    assert shape(np.array([10, 10]), TrainingConfig(sample=0, learning_rate=1)) == (1, 1)


def test_round_shape__is_one_block_where_nodes_learn_center_by_center():
    config = TrainingConfig(sample=0, objective="hierarchical-softmax", architecture="cbow")
    assert shape(np.full(10_000, 10), config) == (32, 1)
    assert shape(np.array([1000, *[1] * 9000]), dataclasses.replace(config, learning_rate=0.125)) == (6, 1)


def test_round_shape__is_what_is_asked_for_where_that_is_more_than_usual():
    steep = np.array([1000, *[1] * 9000])
    assert shape(steep, TrainingConfig(sample=0, batch_size=1024)) == (16, 64)
    assert shape(steep, TrainingConfig(sample=0, batch_size=64)) == (16, 2)  # no more than what is good
    assert shape(np.full(10_000, 10), TrainingConfig(sample=0, batch_size=64)) == (16, 4)
    cbow = TrainingConfig(sample=0, batch_size=1024, architecture="cbow")
    assert shape(steep, cbow) == (32, 32)


def test_row_rate_scales__are_less_for_words_that_too_many_pairs_of_a_large_round_have():
    counts = np.array([1000, *[1] * 9000])
    tokens = schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts)
    config = TrainingConfig(sample=0, batch_size=1024)
    steps = schedule.row_rate_scales(tokens, config)
    of_input = 0.025 * 1024 * 6 * 0.1 * 6  # learning rate, centers, pairs of each, share, with its noise pairs
    assert steps.inputs[0] == pytest.approx(4 / of_input)
    assert 4 / of_input < steps.outputs[0] < 1
    assert (steps.inputs[1:] == 1).all()
    assert (steps.outputs[1:] == 1).all()
    assert schedule.row_rate_scales(tokens, TrainingConfig(sample=0, batch_size=256)) == (None, None)


def test_node_rate_scales__are_less_for_nodes_that_too_many_pairs_of_a_round_have():
    counts = np.full(4096, 10)
    tokens = schedule.Tokens(np.zeros(0, np.int32), np.zeros(1, np.int64), counts)
    config = TrainingConfig(sample=0, objective="hierarchical-softmax")
    assert schedule.round_shape(tokens, config) == (16, 4)
    steps = schedule.node_rate_scales(huffman_tree(counts), tokens, config)
    of_root = 1.5 * 0.025 * 64 * 6  # steps, centers, pairs of each
    wanted = np.minimum(np.repeat([1, 2, 4, 8, 16], [1, 2, 4, 8, 16]) / of_root, 1)  # those below are in half as many
    assert_allclose(steps[:31], wanted, rtol=1e-6)
    assert (steps[15:] == 1).all()
    steps = schedule.node_rate_scales(huffman_tree(counts), tokens, dataclasses.replace(config, learning_rate=0.1))
    assert_allclose(steps[:7], np.array([1, 2, 2, 4, 4, 4, 4]) / (4 * of_root), rtol=1e-6)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("even", [1, 1, 1, 1]), ("linear", [1, 3 / 4, 2 / 4, 1 / 4]), ("harmonic", [1, 1 / 2, 1 / 3, 1 / 4])],
)
def test_distance_weights__fall_from_one_with_the_distance(name, wanted):
    found = schedule.distance_weights(TrainingConfig(distance_weights=name), 4)
    assert found.dtype == np.float32
    assert_allclose(found, wanted, rtol=1e-7)
