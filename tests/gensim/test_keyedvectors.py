import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import firth
from firth.errors import ConfigError, FormatError
from firth.gensim import KeyedVectors
from tests.gensim.conftest import WORDS


def unit(rows):
    rows = np.asarray(rows, np.float64)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def assert_same(found, expected):
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert_allclose([number for _, number in found], [number for _, number in expected], atol=1e-6)


def ranked(wv, scores, without=(), topn=10):
    """The keys by falling scores, computed one after the other."""
    order = sorted(range(len(scores)), key=lambda i: -scores[i])
    return [(wv.index_to_key[i], scores[i]) for i in order if wv.index_to_key[i] not in without][:topn]


def test_keyed_vectors__are_found_by_their_keys(wv):
    assert len(wv) == 7
    assert wv.index_to_key == WORDS
    assert wv.key_to_index["queen"] == wv.get_index("queen") == 2
    assert "queen" in wv
    assert "QUEEN" not in wv
    assert_array_equal(wv["queen"], wv.vectors[2])
    assert_array_equal(wv[["queen", "axe"]], wv.vectors[[2, 5]])
    assert_array_equal(wv[1], wv["king"])
    assert_allclose(wv.get_vector("axe", norm=True), unit(wv.vectors[5]), atol=1e-6)
    assert not wv["queen"].flags.writeable
    assert wv.get_index("nobody", -1) == -1
    with pytest.raises(KeyError, match="Key 'nobody' not present"):
        wv["nobody"]


def test_most_similar__is_the_cosine_to_the_mean_of_unit_vectors(wv):
    units = unit(wv.vectors)
    query = unit(units[1] + units[4] - units[3])
    expected = ranked(wv, (units @ query).tolist(), {"king", "woman", "man"})
    assert_same(wv.most_similar(positive=["king", "woman"], negative=["man"]), expected)
    assert_same(wv.most_similar(positive=["king", "woman"], negative=["man"], topn=2), expected[:2])
    weighted = unit(0.5 * units[1] - 2 * units[3] + np.array([1, 0, 0, 0]))
    found = wv.most_similar(positive=[("king", 0.5), np.array([1.0, 0, 0, 0])], negative=[("man", -2)])
    assert_same(found, ranked(wv, (units @ weighted).tolist(), {"king", "man"}))


def test_most_similar__looks_at_the_first_keys_only_where_it_is_told(wv):
    cosines = (unit(wv.vectors) @ unit(wv["axe"])).tolist()
    assert_same(wv.most_similar("axe", restrict_vocab=3), ranked(wv, cosines[:3]))
    found = wv.most_similar("axe", clip_start=3, clip_end=6)
    assert_same(found, sorted(zip(WORDS[3:5], cosines[3:5], strict=True), key=lambda item: -item[1]))
    assert_allclose(wv.most_similar("axe", topn=None), cosines, atol=1e-6)
    assert wv.most_similar("axe", topn=0) == []


def test_most_similar_cosmul__is_a_quotient_of_shifted_cosines(wv):
    shifted = (1 + unit(wv.vectors) @ unit(wv.vectors).T) / 2
    scores = shifted[1] * shifted[4] / (shifted[3] + 1e-6)
    found = wv.most_similar_cosmul(positive=["king", "woman"], negative=["man"], topn=3)
    expected = ranked(wv, scores.tolist(), {"king", "woman", "man"}, 3)
    assert [word for word, _ in found] == [word for word, _ in expected]
    assert_allclose([n for _, n in found], [n for _, n in expected], rtol=1e-4)


def test_similarities__are_cosines(wv):
    cosines = unit(wv.vectors) @ unit(wv.vectors).T
    assert wv.similarity("king", "axe") == pytest.approx(cosines[1, 5], abs=1e-6)
    assert wv.distance("king", "axe") == pytest.approx(1 - cosines[1, 5], abs=1e-6)
    assert_allclose(wv.distances("king"), 1 - cosines[1], atol=1e-6)
    assert_allclose(wv.distances(wv["king"], ["axe", "the"]), 1 - cosines[1, [5, 0]], atol=1e-6)
    closer = [word for word, cosine in zip(WORDS, cosines[1], strict=True) if cosine > cosines[1, 5] and word != "king"]
    assert wv.closer_than("king", "axe") == closer
    assert wv.rank("king", "axe") == len(closer) + 1
    near = wv.similar_by_word("king", topn=3)
    assert wv.relative_cosine_similarity("king", "axe", topn=3) == pytest.approx(
        cosines[1, 5] / sum(cosine for _, cosine in near), abs=1e-5
    )


def test_n_similarity__is_that_of_means_of_vectors_as_they_are(wv):
    first, second = wv.vectors[[1, 2]].mean(axis=0), wv.vectors[[3, 4, 5]].mean(axis=0)
    expected = unit(first) @ unit(second)
    assert wv.n_similarity(["king", "queen"], ["man", "woman", "axe"]) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ZeroDivisionError):
        wv.n_similarity([], ["king"])


def test_doesnt_match__is_the_farthest_from_the_mean_of_unit_vectors(wv):
    words = ["king", "queen", "man", "axe"]
    units = unit([wv[word] for word in words])
    assert wv.doesnt_match(words) == words[int(np.argmin(units @ units.mean(axis=0)))]
    assert wv.doesnt_match([*words, "nobody"]) == wv.doesnt_match(words)
    with pytest.raises(ValueError, match="empty list"):
        wv.doesnt_match(["nobody"])


def test_mean_vector__has_weights(wv):
    expected = (unit(wv["king"]) - 2 * unit(wv["axe"])) / 3
    assert_allclose(wv.get_mean_vector(["king", "axe"], weights=[1, -2]), expected, atol=1e-6)
    assert_allclose(
        wv.get_mean_vector(["king", "nobody"], pre_normalize=False, post_normalize=True), unit(wv["king"]), atol=1e-6
    )
    with pytest.raises(KeyError, match="nobody"):
        wv.get_mean_vector(["king", "nobody"], ignore_missing=False)


def test_wmdistance__of_one_word_each_is_their_distance(wv):
    pytest.importorskip("scipy")
    expected = np.linalg.norm(unit(wv["king"]) - unit(wv["axe"]))
    assert wv.wmdistance(["king", "nobody"], ["axe"]) == pytest.approx(expected, abs=1e-5)
    assert wv.wmdistance(["nobody"], ["axe"]) == float("inf")


def test_norms__follow_vectors_that_are_changed(wv):
    wv.fill_norms()
    wv.vectors[1] *= 3
    wv.fill_norms(force=True)
    assert wv.similarity("king", "king") == pytest.approx(1)
    wv.vectors = wv.vectors * 2
    assert_allclose(np.linalg.norm(wv.get_normed_vectors(), axis=1), 1, atol=1e-6)
    assert_allclose(wv.norms, np.linalg.norm(wv.vectors, axis=1), rtol=1e-6)


def test_add_vectors__keeps_what_is_there_unless_it_is_to_be_replaced(wv):
    before = wv["king"].copy()
    wv.add_vectors(["king", "new"], np.ones((2, 4)), extras={"count": [1, 5]})
    assert_array_equal(wv["king"], before)
    assert_array_equal(wv["new"], np.ones(4))
    assert [wv.get_vecattr(word, "count") for word in ("king", "new")] == [0, 5]
    wv[["king", "queen"]] = np.zeros((2, 4))
    assert not wv[["king", "queen"]].any()
    assert wv.add_vector("newer", np.ones(4)) == 8
    with pytest.raises(ValueError, match="2 keys, but 1 vectors of 4"):
        wv.add_vectors(["a", "b"], np.ones((1, 4)))


def test_attributes__are_kept_in_the_order_of_the_keys(wv):
    for count, word in enumerate(WORDS):
        wv.set_vecattr(word, "count", count)
    axe = wv["axe"].copy()
    wv.sort_by_descending_frequency()
    assert wv.index_to_key == WORDS[::-1]
    assert wv.get_vecattr("axe", "count") == 5
    assert_array_equal(wv["axe"], axe)
    with pytest.raises(KeyError, match="colour"):
        wv.get_vecattr("axe", "colour")


@pytest.mark.parametrize("binary", [True, False])
def test_word2vec_format__gives_back_what_was_written(wv, tmp_path, binary):
    for count, word in enumerate(WORDS):
        wv.set_vecattr(word, "count", count)
    path, counts = str(tmp_path / "v.bin"), str(tmp_path / "v.counts")
    wv.save_word2vec_format(path, fvocab=counts, binary=binary)
    found = KeyedVectors.load_word2vec_format(path, fvocab=counts, binary=binary)
    assert found.index_to_key == WORDS[::-1]
    assert_array_equal(found.vectors, wv.vectors[::-1])
    assert found.get_vecattr("axe", "count") == 5
    few = KeyedVectors.load_word2vec_format(path, binary=binary, limit=2)
    assert few.index_to_key == ["élan", "axe"]
    with pytest.raises(KeyError, match="fvocab"):
        few.get_vecattr("axe", "count")


def test_word2vec_format__can_do_without_a_first_line(wv, tmp_path):
    wv.save_word2vec_format(tmp_path / "v.txt", write_header=False, prefix="x_")
    assert (tmp_path / "v.txt").read_text("utf-8").startswith("x_the ")
    found = KeyedVectors.load_word2vec_format(tmp_path / "v.txt", no_header=True)
    assert found.index_to_key == [f"x_{word}" for word in WORDS]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda wv: wv.save_word2vec_format("v.txt", append=True), "whole"),
        (lambda wv: wv.save_word2vec_format("v.txt.gz"), "unpacked"),
        (lambda wv: wv.load_word2vec_format("v.txt", datatype=np.float16), "float32"),
        (lambda wv: wv.load_word2vec_format("v.txt", encoding="latin1"), "UTF-8"),
        (lambda wv: wv.most_similar("king", indexer=object()), "build_index"),
        (lambda wv: KeyedVectors(4, dtype=np.float64), "float32"),
    ],
)
def test_argument__whose_meaning_cannot_be_kept_is_an_error(wv, call, says):
    with pytest.raises((ConfigError, FormatError), match=says):
        call(wv)


def test_keyed_vectors__are_saved_to_a_folder_that_firth_reads(wv, tmp_path):
    wv.set_vecattr("the", "count", 9)
    wv.save(str(tmp_path / "v.kv"))
    wv.save(str(tmp_path / "v.kv"))
    found = KeyedVectors.load(str(tmp_path / "v.kv"))
    assert found.index_to_key == WORDS
    assert found.get_vecattr("the", "count") == 9
    assert firth.load(tmp_path / "v.kv").most_similar("king")[0][0] == wv.most_similar("king")[0][0]


def test_pickle_of_gensim__is_refused_with_how_to_export_it(tmp_path):
    path = tmp_path / "old.kv"
    path.write_bytes(
        b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x1agensim.models.keyedvectors\x94\x8c\x0cKeyedVectors\x94"
    )
    for load in (KeyedVectors.load, KeyedVectors.load_word2vec_format):
        with pytest.raises(FormatError, match=r"save_word2vec_format\('vectors.bin', binary=True\)"):
            load(path)


def test_names_of_before_gensim_4__say_what_there_is_now(wv):
    for old, new in {
        "vocab": "key_to_index",
        "index2word": "index_to_key",
        "vectors_norm": "get_normed_vectors",
    }.items():
        with pytest.raises(AttributeError, match=new):
            getattr(wv, old)
    assert not hasattr(wv, "nonsense")


def test_keyed_vectors__can_be_copied_and_pickled(wv):
    for other in (copy.deepcopy(wv), pickle.loads(pickle.dumps(wv))):
        other.vectors[0] = 0
        assert other.index_to_key == WORDS
        assert wv["the"].any()


def test_evaluate_word_pairs__gives_both_correlations_and_the_unknown(wv, tmp_path):
    scipy = pytest.importorskip("scipy.stats")
    pairs = [
        ("king", "queen", 9.0),
        ("king", "axe", 1.5),
        ("man", "WOMAN", 8.0),
        ("the", "axe", 2.0),
        ("x", "axe", 5.0),
    ]
    (tmp_path / "p.tsv").write_text("".join(f"{a}\t{b}\t{n}\n" for a, b, n in pairs))
    ours = [wv.similarity(a, b.lower()) for a, b, _ in pairs[:4]]
    theirs = [n for *_, n in pairs[:4]]
    pearson, spearman, unknown = wv.evaluate_word_pairs(tmp_path / "p.tsv")
    assert pearson.statistic == pytest.approx(scipy.pearsonr(theirs, ours)[0], abs=1e-6)
    assert spearman[0] == pytest.approx(scipy.spearmanr(theirs, ours)[0], abs=1e-6)
    assert unknown == pytest.approx(20)
    assert wv.evaluate_word_pairs(tmp_path / "p.tsv", case_insensitive=False)[2] == pytest.approx(40)


def test_evaluate_word_analogies__tells_each_section(tmp_path):
    wv = KeyedVectors(3)
    points = {"man": [1, 0, 0], "woman": [1, 1, 0], "king": [1, 0, 1], "queen": [1, 1, 1], "axe": [-1, 0, -1]}
    wv.add_vectors(list(points), list(points.values()))
    (tmp_path / "q.txt").write_text(": royal\nman king woman queen\nman king woman axe\nman king x queen\n")
    share, sections = wv.evaluate_word_analogies(tmp_path / "q.txt")
    assert share == 0.5
    assert sections[0] == {
        "section": "royal",
        "correct": [("MAN", "KING", "WOMAN", "QUEEN")],
        "incorrect": [("MAN", "KING", "WOMAN", "AXE")],
    }
    assert sections[-1]["section"] == "Total accuracy"
    assert wv.evaluate_word_analogies(tmp_path / "q.txt", dummy4unknown=True)[0] == pytest.approx(1 / 3)


def test_whole_numbers__are_rows_where_keys_are_text():
    wv = KeyedVectors(2)
    wv.add_vectors(["7", "1", "five"], [[1, 0], [0, 1], [1, 1]])
    assert_array_equal(wv[1], [0, 1])
    assert_array_equal(wv[np.int64(0)], wv["7"])
    assert 7 not in wv
    assert 2 in wv


def test_whole_numbers__are_never_rows_where_keys_are_numbers():
    wv = KeyedVectors(2)
    wv.add_vectors([7, -5, 0], [[1, 0], [0, 1], [1, 1]])
    assert wv.key_to_index == {7: 0, -5: 1, 0: 2}
    assert_array_equal(wv[0], [1, 1])
    assert_array_equal(wv["-5"], wv[np.int64(-5)])
    assert wv.most_similar(7, topn=1)[0][0] == 0
    for unknown in (1, np.int64(2), "1", "+7", "07", "seven", "9" * 5000):
        assert unknown not in wv
        with pytest.raises(KeyError):
            wv[unknown]
    assert wv.add_vector("7", [2, 2]) == 0
    assert len(wv) == 3


def test_whole_numbers__are_kept_in_files(tmp_path):
    wv = KeyedVectors(2)
    wv.add_vectors([7, -5], [[1, 0], [0, 1]])
    wv.save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v").index_to_key == [7, -5]
