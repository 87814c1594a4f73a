"""The protocol of scikit-learn's transformers, with scikit-learn and without."""

import subprocess
import sys

import numpy as np
import pytest

import firth
from tests.texts.conftest import TEXTS

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*have no word that the model knows.*:firth.errors.FirthWarning"),
    pytest.mark.filterwarnings("ignore:Can't test estimator"),
    pytest.mark.filterwarnings("ignore:scipy.optimize:DeprecationWarning"),  # old scikit-learn with new SciPy
]
KINDS = [0, 1, 0, 1, 0, 1, 1, 0]


def test_parameters__are_kept_as_they_were_given(words):
    texts = firth.TextVectors(words, weights="usif", remove=3)
    assert texts.get_params() == {"model": words, "weights": "usif", "a": 1e-3, "remove": 3, "config": None}
    assert texts.set_params(weights="sif", a=0.1) is texts
    assert (texts.weights, texts.a) == ("sif", 0.1)
    with pytest.raises(ValueError, match="TextVectors has no parameter 'b': model, weights, a, remove, config"):
        texts.set_params(remove=2, b=1)
    assert texts.remove == 3


def test_text_vectors__work_where_scikit_learn_is_not_installed():
    script = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import firth, numpy as np\n"
        "words = firth.WordVectors(['a', 'b'], np.eye(2), counts=[2, 1])\n"
        "print(firth.TextVectors(words).fit_transform(['a b', 'b b']).shape, 'numba' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (run.stdout, run.stderr) == ("(2, 2) False\n", "")


def test_set_output__gives_data_frames(words):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    texts = firth.TextVectors(words).fit(TEXTS)
    plain = texts.transform(TEXTS)
    frame = texts.set_output(transform="pandas").transform(pandas.Series(TEXTS, index=range(10, 18)))
    assert list(frame.columns) == list(texts.get_feature_names_out()) == [f"textvectors{i}" for i in range(6)]
    assert list(frame.index) == list(range(10, 18))
    assert frame.to_numpy().tobytes() == plain.tobytes()
    frame = texts.set_output(transform="polars").fit_transform(TEXTS)
    assert isinstance(frame, polars.DataFrame)
    assert frame.to_numpy().tobytes() == plain.tobytes()
    assert isinstance(texts.set_output(transform=None).transform(TEXTS), polars.DataFrame)
    assert isinstance(texts.set_output(transform="default").transform(TEXTS), np.ndarray)
    with pytest.raises(ValueError, match="transform is 'default', 'pandas', 'polars', not 'numpy'"):
        texts.set_output(transform="numpy")


def checks_of_scikit_learn():
    pytest.importorskip("sklearn", minversion="1.6", reason="its checks do not ask for tags before scikit-learn 1.6")
    return pytest.importorskip("sklearn.utils.estimator_checks")


def test_check_estimator__finds_nothing_wrong(words):
    checks = checks_of_scikit_learn()
    results = checks.check_estimator(firth.TextVectors(words), on_fail=None)
    assert results
    assert [result["check_name"] for result in results if result["status"] != "passed"] == []


CHECKS = (
    *("check_estimator_cloneable", "check_estimator_repr", "check_no_attributes_set_in_init"),
    *("check_parameters_default_constructible", "check_estimator_tags_renamed", "check_valid_tag_types"),
    *("check_get_params_invariance", "check_set_params"),
)
"""Of those that the tags excuse, as this takes texts: those that need no table of numbers."""


@pytest.mark.parametrize("name", CHECKS)
def test_check_estimator__the_checks_without_data_pass(words, name):
    checks = checks_of_scikit_learn()
    getattr(checks, name)("TextVectors", firth.TextVectors(words))


def test_clone__shares_the_model_and_has_learned_nothing(words):
    base = pytest.importorskip("sklearn.base")
    texts = firth.TextVectors(words, remove=2).fit(TEXTS).set_output(transform="pandas")
    copy = base.clone(texts)
    assert copy.model is words
    assert copy.get_params() == texts.get_params()
    assert not hasattr(copy, "components_")
    assert hasattr(copy.fit_transform(TEXTS), "iloc")


def test_is_fitted__as_scikit_learn_asks(words):
    pytest.importorskip("sklearn")
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    texts = firth.TextVectors(words)
    with pytest.raises(NotFittedError):
        check_is_fitted(texts)
    check_is_fitted(texts.fit(TEXTS))
    with pytest.raises(NotFittedError.__bases__):
        firth.TextVectors(words).transform(TEXTS)


def test_pipeline__classifies_texts_and_searches_parameters(words):
    pytest.importorskip("sklearn")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline

    pipeline = make_pipeline(firth.TextVectors(words), LogisticRegression())
    predicted = pipeline.fit(TEXTS, KINDS).predict(TEXTS)
    alone = firth.TextVectors(words).fit_transform(TEXTS)
    assert predicted.tolist() == LogisticRegression().fit(alone, KINDS).predict(alone).tolist()
    grid = {"textvectors__weights": ["mean", "sif"], "textvectors__remove": [0, 1]}
    search = GridSearchCV(pipeline, grid, cv=2, error_score="raise").fit(TEXTS, KINDS)
    assert len(search.cv_results_["params"]) == 4
    assert search.best_estimator_[0].model is words


def test_set_config__of_scikit_learn_is_kept(words):
    sklearn = pytest.importorskip("sklearn")
    pytest.importorskip("pandas")
    texts = firth.TextVectors(words).fit(TEXTS)
    with sklearn.config_context(transform_output="pandas"):
        assert hasattr(texts.transform(TEXTS), "iloc")
    assert isinstance(texts.transform(TEXTS), np.ndarray)


def test_column_transformer__takes_a_column_of_texts(words):
    pytest.importorskip("sklearn")
    pandas = pytest.importorskip("pandas")
    from sklearn.compose import make_column_transformer

    frame = pandas.DataFrame({"text": TEXTS, "year": range(8)})
    both = make_column_transformer((firth.TextVectors(words), "text"), remainder="passthrough")
    found = both.fit_transform(frame)
    assert found.shape == (8, 7)
    assert both.get_feature_names_out().tolist()[:2] == ["textvectors__textvectors0", "textvectors__textvectors1"]
