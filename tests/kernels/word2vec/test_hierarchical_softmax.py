import numpy as np
import pytest
from numpy.testing import assert_array_equal

from firth.jit.kernel import compiled
from firth.kernels.word2vec.hierarchical_softmax import follow


@compiled
def compiled_follow(codes, first, length, root, nodes, signs):
    follow(codes, first, length, root, nodes, signs)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 40])
@pytest.mark.parametrize("function", [follow, compiled_follow])
def test_follow__lists_nodes_and_signs_and_the_root_behind_them(function, length):
    path, signs = np.random.default_rng(length).integers(0, 900, length), np.where(np.arange(length) % 3 > 0, 1, -1)
    codes = np.concatenate([[7, 8, 9], np.where(signs > 0, path, ~path), np.full(16, 5)]).astype(np.int32)
    found_nodes, found_signs = np.full(64, -3, np.int32), np.full(64, -3, np.float32)
    function(codes, 3, length, 999, found_nodes, found_signs)
    whole = -(-length // 16) * 16
    assert_array_equal(found_nodes, [*path, *[999] * (whole - length), *[-3] * (64 - whole)])
    assert_array_equal(found_signs, [*signs, *[0] * (whole - length), *[-3] * (64 - whole)])
