"""gensim's own classes beside firth's with its face: the same numbers from the same vectors, and each other's files."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import firth
from firth.gensim import KeyedVectors, Word2Vec
from firth.gensim.models.fasttext import FastText, load_facebook_model, load_facebook_vectors, save_facebook_model

NEEDS = ["gensim>=4.3"]

theirs = pytest.importorskip("gensim.models", reason="needs gensim")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of gensim's own

SETTINGS = {"vector_size": 12, "epochs": 3, "min_count": 1, "seed": 1, "workers": 1}


@pytest.fixture
def sentences():
    """Sentences of 30 words, in which neighbors by number stand together."""
    rng = np.random.default_rng(0)
    starts = rng.integers(0, 25, 400)
    return [[f"w{start + int(step)}" for step in rng.integers(0, 6, 8)] for start in starts]


@pytest.fixture
def both(sentences):
    """firth's vectors with gensim's face, and gensim's own with the same numbers."""
    wv = Word2Vec(sentences, **SETTINGS).wv
    return wv, wv.to_firth().to_gensim()


def test_to_gensim__gives_gensims_own_vectors_with_the_same_numbers(model):
    found = model.to_gensim()
    assert isinstance(found, theirs.KeyedVectors)
    assert found.index_to_key == model.words
    assert found.get_vecattr("king", "count") == model.count("king")
    assert_array_equal(found.vectors, model.vectors)


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("most_similar", (["w3"],)),
        ("most_similar", (["w3", ("w4", 0.5)], ["w20"])),
        ("most_similar", (["w3"], None, 5, 0, 10)),
        ("most_similar_cosmul", (["w3", "w9"], ["w20"])),
        ("similar_by_word", ("w7", 3)),
        ("similarity", ("w3", "w4")),
        ("n_similarity", (["w3", "w4"], ["w9", "w20"])),
        ("doesnt_match", (["w3", "w4", "w25"],)),
        ("rank", ("w3", "w9")),
        ("closer_than", ("w3", "w9")),
        ("distance", ("w3", "w9")),
        ("distances", ("w3", ["w9", "w20"])),
        ("distances", ("w3",)),
        ("most_similar_to_given", ("w3", ["w9", "w4"])),
        ("get_mean_vector", (["w3", "w9"],)),
        ("get_mean_vector", (["w3", "w9"], [1, -2], False)),
    ],
)
def test_queries__answer_as_gensim_does(both, method, arguments):
    found, expected = (getattr(wv, method)(*arguments) for wv in both)
    if method in {"doesnt_match", "rank", "closer_than", "most_similar_to_given"}:
        assert found == expected
    elif method.startswith(("most_similar", "similar_by")):
        assert [word for word, _ in found] == [word for word, _ in expected]
        assert_allclose(*([number for _, number in answer] for answer in (found, expected)), atol=1e-5)
    else:
        assert_allclose(found, expected, atol=1e-5)


def test_evaluations__score_as_gensim_does(both, tmp_path):
    (tmp_path / "pairs.tsv").write_text("".join(f"w{i}\tw{(i * 7 + 3) % 30}\t{(i * 11) % 10}\n" for i in range(30)))
    questions = "".join(f"w{i} w{i + 1} w{i + 9} w{i + 10}\n" for i in range(19))
    (tmp_path / "analogies.txt").write_text(f": neighbors\n{questions}")
    ours, gensims = (wv.evaluate_word_pairs(str(tmp_path / "pairs.tsv")) for wv in both)
    assert_allclose([ours[0][0], ours[1][0], ours[2]], [gensims[0][0], gensims[1][0], gensims[2]], atol=1e-4)
    ours, gensims = (wv.evaluate_word_analogies(str(tmp_path / "analogies.txt")) for wv in both)
    assert ours[0] == pytest.approx(gensims[0])
    assert ours[1][0]["correct"] == gensims[1][0]["correct"]


@pytest.mark.parametrize("binary", [False, True])
def test_files__of_word2vecs_format_are_read_by_the_other(both, tmp_path, binary):
    ours, gensims = both
    ours.save_word2vec_format(tmp_path / "ours", binary=binary)
    gensims.save_word2vec_format(str(tmp_path / "theirs"), binary=binary)
    read = theirs.KeyedVectors.load_word2vec_format(str(tmp_path / "ours"), binary=binary)
    assert read.index_to_key == ours.index_to_key
    assert_array_equal(read.vectors, ours.vectors)
    assert_array_equal(KeyedVectors.load_word2vec_format(tmp_path / "theirs", binary=binary).vectors, gensims.vectors)


@pytest.mark.parametrize("arguments", [{"sg": 1}, {"sg": 0}, {"sg": 0, "cbow_mean": 0}])
def test_score__is_gensims_but_for_its_table_of_logarithms(sentences, arguments):
    """gensim looks log σ(x) up in a table, at an x that is up to .036 too small; on other numbers both would differ."""
    ours = Word2Vec(sentences, **SETTINGS, **arguments, hs=1, negative=0, window=3)
    gensims = theirs.Word2Vec(sentences, **SETTINGS, **arguments, hs=1, negative=0, window=3)
    order = [ours.wv.key_to_index[word] for word in gensims.wv.index_to_key]
    tree = _tree_of(ours)
    gensims.wv.vectors[:], gensims.syn1[: len(order) - 1] = ours.wv.vectors[order], ours.syn1[: len(order) - 1]
    for word, row in zip(gensims.wv.index_to_key, order, strict=True):
        codes = tree.codes[tree.starts[row] : tree.starts[row + 1]]
        gensims.wv.set_vecattr(word, "code", (codes < 0).astype(np.uint8))
        gensims.wv.set_vecattr(word, "point", np.maximum(codes, ~codes).astype(np.uint32))
    asked = [["w1", "w2", "w3"], ["w1", "unheard", "w20"], ["w5"], [], *sentences[:50]]
    found, expected = ours.score(asked), gensims.score(asked, total_sentences=len(asked))
    assert_allclose(found, expected, rtol=0.04)
    rest = slice(4, None)
    assert np.corrcoef(found[rest], expected[rest])[0, 1] > 0.999


def _tree_of(model):
    from firth.training.huffman import huffman_tree

    return huffman_tree(model.to_firth().vocabulary.counts)


@pytest.mark.parametrize("lockf", [0.0, 1.0])
def test_intersect__leaves_both_with_the_same_vectors_and_locks(sentences, tmp_path, lockf):
    given = np.random.default_rng(1).normal(size=(3, 12))
    firth.WordVectors(["w3", "unheard", "w4"], given).export(tmp_path / "v.txt", counts=False)
    models = [make(**SETTINGS) for make in (Word2Vec, theirs.Word2Vec)]
    for model in models:
        model.build_vocab(sentences)
        model.wv.vectors_lockf = np.ones(len(model.wv), np.float32)  # without which gensim raises an IndexError
        model.wv.intersect_word2vec_format(str(tmp_path / "v.txt"), lockf=lockf)
        before = model.wv["w9"].copy()
        model.train(sentences, total_examples=400, epochs=1)
        assert np.abs(model.wv["w9"] - before).max() > 0
    ours, gensims = (model.wv[["w3", "w4"]] for model in models)
    if lockf == 0:
        assert_array_equal(ours, gensims)
        assert_array_equal(ours, given[[0, 2]].astype(np.float32))
    else:
        assert (np.abs(ours - given[[0, 2]]).max(1) > 0).all()


@pytest.mark.parametrize("sg", [0, 1])
def test_load_facebook_model__reads_what_gensim_reads_from_its_file(sentences, tmp_path, sg):
    trained = theirs.FastText(sentences, **SETTINGS, sg=sg, bucket=300, window=3, sample=1e-2)
    theirs.fasttext.save_facebook_model(trained, str(tmp_path / "m.bin"))
    gensims, ours = (
        theirs.fasttext.load_facebook_model(str(tmp_path / "m.bin")),
        load_facebook_model(tmp_path / "m.bin"),
    )
    assert ours.wv.index_to_key == gensims.wv.index_to_key
    for name in ("vector_size", "window", "epochs", "negative", "min_count", "sample", "sg", "hs", "alpha"):
        assert getattr(ours, name) == pytest.approx(getattr(gensims, name)), name
    for name in ("min_n", "max_n", "bucket"):
        assert getattr(ours.wv, name) == getattr(gensims.wv, name)
    assert_allclose(ours.wv.vectors, gensims.wv.vectors, atol=1e-6)
    assert_array_equal(ours.wv.vectors_ngrams, gensims.wv.vectors_ngrams)
    assert_array_equal(ours.syn1neg, gensims.syn1neg)
    for unseen in ("w33", "quxqux"):
        assert_allclose(ours.wv[unseen], gensims.wv[unseen], atol=1e-6)
        assert_allclose(load_facebook_vectors(tmp_path / "m.bin")[unseen], gensims.wv[unseen], atol=1e-6)
    for model in (ours, gensims):
        before = model.wv["w3"].copy()
        model.train(sentences, total_examples=400, epochs=1)
        assert 0 < np.abs(model.wv["w3"] - before).max() < 1


def test_save_facebook_model__writes_what_gensim_reads(sentences, tmp_path):
    ours = FastText(sentences, **SETTINGS, bucket=300)
    save_facebook_model(ours, tmp_path / "m.bin")
    gensims = theirs.fasttext.load_facebook_model(str(tmp_path / "m.bin"))
    assert gensims.wv.index_to_key == ours.wv.index_to_key
    assert_allclose(gensims.wv.vectors, ours.wv.vectors, atol=1e-6)
    assert_array_equal(gensims.syn1neg, ours.syn1neg)
    assert_allclose(gensims.wv["w33"], ours.wv["w33"], atol=1e-6)
