import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from firth.analysis.correlation import interval, p_value, pearson, spearman

A = np.array([1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10])
B = np.array([2.0, 1, 4, 3, 7, 5, 6, 30, 8, 9])

PUBLISHED = [  # correlation, n, p: scipy.stats.t.sf of SciPy 1.17.1, twice
    (0.1, 3, 0.9362314391414803),
    (0.9, 3, 0.2871325862574125),
    (0.5, 5, 0.3910022189557705),
    (0.05, 20, 0.8341834790286147),
    (0.3, 50, 0.03428618003292997),
    (0.7, 353, 2.8918367552389096e-53),
    (0.44, 999, 1.488237898172538e-48),
    (0.01, 100000, 0.0015651897452783157),
    (0.999, 12, 7.861883435038807e-15),
    (0.95, 20000, 0.0),
]


@pytest.mark.parametrize(("correlation", "n", "p"), PUBLISHED)
def test_p_value__is_scipys(correlation, n, p):
    assert_allclose(p_value(correlation, n), p, rtol=1e-9)
    assert_allclose(p_value(-correlation, n), p, rtol=1e-9)


def test_p_value__at_the_ends():
    assert p_value(1.0, 10) == p_value(-1.0, 10) == 0
    assert p_value(0.0, 10) == 1
    assert math.isnan(p_value(0.5, 2))
    assert math.isnan(p_value(math.nan, 10))


def test_correlations__are_scipys_and_numpys():
    scipy = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(2)
    for n in (3, 10, 400):
        a, b = random.normal(size=n).round(1), random.normal(size=n).round(1)
        for ours, theirs in ((pearson, scipy.pearsonr), (spearman, scipy.spearmanr)):
            expected = theirs(a, b)
            assert_allclose(ours(a, b), expected.statistic, rtol=1e-12)
            assert_allclose(p_value(ours(a, b), n), expected.pvalue, rtol=1e-7)


def test_pearson__by_numpy():
    assert_allclose(pearson(A, B), np.corrcoef(A, B)[0, 1], rtol=1e-14)
    assert np.isnan(pearson(np.ones(3), A[:3]))
    assert np.isnan(pearson(np.full(7, 0.1), A[:7]))
    assert_allclose(pearson(1e300 * A, 1e-300 * B), pearson(A, B), rtol=1e-14)
    assert pearson(A, 3 * A) == 1
    assert spearman(A, A**3) == 1


def test_interval__by_hand():
    low, high = interval(0.5, 103, "pearson")
    half = 1.959964 * 0.1
    assert_allclose([low, high], [math.tanh(math.atanh(0.5) - half), math.tanh(math.atanh(0.5) + half)])
    wider = interval(0.5, 103, "spearman")
    assert wider[0] < low < high < wider[1]
    assert interval(math.nan, 50, "pearson") == (-1, 1)
