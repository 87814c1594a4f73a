"""Vectors changed by their words: new objects, the old ones stay."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

import firth
from firth.errors import FirthError, VectorNotFiniteError, WordNotFoundError
from firth.model import Word2Vec
from firth.vectors.subwords import Ngrams, Subwords
from firth.vectors.word_vectors import WordVectors
from firth.vocabulary import Vocabulary

NEW = np.arange(20, dtype=np.float32).reshape(2, 10)


def content(vectors):
    return vectors.words, vectors.vocabulary.counts.tolist(), vectors.vectors.tolist()


def rows_of(vectors, words):
    return [vectors[word].tolist() for word in words]


@pytest.fixture
def with_ngrams(vectors):
    rows = np.random.default_rng(1).normal(size=(40, 10)).astype(np.float32)
    parts = Subwords(Ngrams(2, 4, 50), vectors.vectors, np.arange(40, dtype=np.int32), rows)
    return WordVectors(vectors.vocabulary, parts.compose_all(vectors.words), parts)


CHANGES = {
    "select": lambda v: v.select(["queen", "the", "42"]),
    "remove": lambda v: v.remove(["king", "Zoë"]),
    "add": lambda v: v.add(["prince", "axe"], NEW, counts=[3, 4]),
    "replace": lambda v: v.replace(["king", "42"], NEW),
    "by_count": lambda v: v.by_count(),
    "with_counts": lambda v: v.with_counts({"king": 50}),
}


def test_select__gives_these_words_in_this_order_with_their_counts(vectors):
    chosen = vectors.select(["queen", "the", 42])
    assert content(chosen) == (["queen", "the", "42"], [6, 8, 2], rows_of(vectors, ["queen", "the", "42"]))
    assert chosen.most_similar("queen", topn=1)[0][0] in {"the", "42"}
    assert chosen.select([]).words == []


def test_remove__leaves_the_others_as_they_are(vectors):
    for gone, words in (
        ("king", ["king"]),
        (["Zoë", "the"], ["Zoë", "the"]),
        ([42], ["42"]),
        (42, ["42"]),
        ({"king", "the"}, ["king", "the"]),
    ):
        left = [word for word in vectors.words if word not in words]
        assert content(vectors.remove(gone)) == (
            left,
            [vectors.count(word) for word in left],
            rows_of(vectors, left),
        )


def test_add__puts_new_words_behind_the_others(vectors):
    more = vectors.add(["prince", "axe"], NEW, counts=[7, 1])
    assert more.words == [*vectors.words, "prince", "axe"]
    assert more.vectors[:8].tobytes() == vectors.vectors.tobytes()
    assert more[["prince", "axe"]].tolist() == NEW.tolist()
    assert (more.count("prince"), more.count("axe"), more.count("king")) == (7, 1, 7)
    assert vectors.add("prince", NEW[0])["prince"].tolist() == NEW[0].tolist()
    assert vectors.add("prince", NEW[0]).count("prince") == 0
    assert vectors.add("prince", NEW[0].tolist(), counts=np.int64(9)).count("prince") == 9
    assert vectors.add(7, NEW[0])["7"].tolist() == NEW[0].tolist()
    assert more.by_count().words == ["the", "king", "prince", "queen", "élan", "мир", "a-b", "42", "Zoë", "axe"]
    assert more.by_count()["axe"].tolist() == NEW[1].tolist()


def test_replace__changes_these_vectors_alone(vectors):
    other = vectors.replace(["king", "42"], NEW)
    assert other[["king", "42"]].tolist() == NEW.tolist()
    rest = [word for word in vectors.words if word not in {"king", "42"}]
    assert other[rest].tobytes() == vectors[rest].tobytes()
    assert other.vocabulary == vectors.vocabulary
    assert vectors.replace("king", NEW[1])["king"].tolist() == NEW[1].tolist()
    assert other.similarity("king", "42") == pytest.approx(
        NEW[0] @ NEW[1] / np.linalg.norm(NEW[0]) / np.linalg.norm(NEW[1]), abs=1e-6
    )


def test_with_counts__takes_a_mapping_or_numbers_in_the_order_of_the_words(vectors):
    bare = WordVectors(vectors.words, vectors.vectors)
    assert not bare.vocabulary.has_counts
    assert bare.with_counts({"king": 5, "unheard of": 7, 42: 3}).vocabulary.counts.tolist() == [0, 5, 0, 0, 0, 0, 3, 0]
    assert bare.with_counts(range(8)).count("Zoë") == 7
    assert bare.with_counts(np.arange(8, dtype=np.uint16)).words == bare.words
    with pytest.raises(ValueError, match="none of these words, but 'x, y': are they of other vectors"):
        bare.with_counts({"x": 1, "y": 2})
    with pytest.raises(ValueError, match="counts are 8 whole numbers, 0 or more, one a word; got 2: "):
        bare.with_counts([1, 2])
    for wrong in ([-1] * 8, [1 << 63] * 8, [1 << 64] * 8, [0.5] * 8, ["1"] * 8):
        with pytest.raises(ValueError, match="whole numbers, 0 or more"):
            bare.with_counts(wrong)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["vectors", "model", "with_ngrams"])
def test_changes__give_new_objects_that_last_and_leave_the_old_as_it_was(change, kind, request, tmp_path):
    old = request.getfixturevalue(kind)
    before = content(old)
    new = CHANGES[change](old)
    assert content(old) == before
    assert new is not old
    assert type(new) is type(old)
    assert not new.vectors.flags.writeable
    again = firth.load(new.save(tmp_path / "m"))
    assert type(again) is type(old)
    assert content(again) == content(new)
    assert (again.subwords is None) == (old.subwords is None)


@pytest.mark.parametrize("change", ["select", "remove", "replace"])
def test_changes__of_unknown_words_name_what_is_near(vectors, change):
    ask = {
        "select": lambda: vectors.select(["the", "kong"]),
        "remove": lambda: vectors.remove(["the", "kong"]),
        "replace": lambda: vectors.replace(["the", "kong"], NEW),
    }
    with pytest.raises(WordNotFoundError, match="'kong' is not in the vocabulary; near it: king"):
        ask[change]()


def test_changes__that_make_no_sense_say_what_was_wanted(vectors):
    bare = WordVectors(["a"], np.ones((1, 10)))
    for message, ask in {
        "'the' comes twice, as words 0 and 2": lambda: vectors.select(["the", "king", "the"]),
        "'42' comes twice, as words 0 and 1": lambda: vectors.remove(["42", 42]),
        "'x' comes twice": lambda: vectors.add(["x", "x"], NEW),
        "'king' comes twice": lambda: vectors.replace(["king", "king"], NEW),
        "'king' is here already": lambda: vectors.add("king", NEW[0]),
        "wanted a list of words, in an order, got str 'king'": lambda: vectors.select("king"),
        "in an order, got set {'the'}": lambda: vectors.select({"the"}),
        "in an order, got set {'x'}": lambda: vectors.add({"x"}, NEW[:1]),
        "vectors here have 10 numbers, and those given 3": lambda: vectors.add("x", np.ones(3)),
        "2 words, but vectors of shape": lambda: vectors.replace(["king", "the"], NEW[:1]),
        "1 words, but vectors of shape": lambda: vectors.replace("king", NEW),
        "dtype <U1": lambda: vectors.add("x", list("0123456789")),
        "counts are 1 whole numbers, 0 or more": lambda: vectors.add("x", NEW[0], counts=-1),
        "counts are 2 whole numbers.*got 1:": lambda: vectors.add(["x", "y"], NEW, counts=[1]),
        "here came without counts": lambda: bare.add("x", NEW[0], counts=1),
    }.items():
        with pytest.raises((ValueError, TypeError), match=message):
            ask()
    with pytest.raises(FirthError, match="came without counts"):
        bare.by_count()


def test_add__a_vector_that_is_not_finite_is_as_if_unknown(vectors):
    bad = vectors.add("nan", np.full(10, np.nan))
    assert bad.is_finite.tolist() == [True] * 8 + [False]
    with pytest.raises(VectorNotFiniteError):
        bad.most_similar("nan")


# --- trained models --------------------------------------------------------------------------------------------------


def test_model__keeps_output_vectors_settings_and_history(model):
    outputs = {word: model.output_vectors[i].tolist() for i, word in enumerate(model.words)}
    for change in CHANGES.values():
        new = change(model)
        assert isinstance(new, Word2Vec)
        assert new.output_vectors.tolist() == [outputs.get(word, [0.0] * 10) for word in new.words]
        assert (new.config, new.history) == (model.config, model.history)
        assert new.history is not model.history


def test_model__that_was_loaded_is_changed_whole_after_its_folder_is_gone(model, tmp_path):
    folder = model.save(tmp_path / "m")
    new = firth.load(folder).remove("king")
    for file in folder.iterdir():
        file.unlink()
    assert new.output_vectors.tobytes() == np.delete(model.output_vectors, 1, axis=0).tobytes()


def test_model__with_shared_vectors_has_them_for_new_words_too(model):
    config = dataclasses.replace(model.config, shared_vectors=True)
    shared = Word2Vec(model.vocabulary, model.vectors, model.vectors, config, [])
    for change in CHANGES.values():
        assert change(shared).output_vectors.tobytes() == change(shared).vectors.tobytes()


def test_model__of_hierarchical_softmax_refuses_what_its_tree_does_not_allow(model):
    config = dataclasses.replace(model.config, objective="hierarchical-softmax")
    tree = Word2Vec(model.vocabulary, model.vectors, model.output_vectors, config, [])
    for name in ("select", "remove", "add", "with_counts"):
        with pytest.raises(FirthError, match=r'tree of exactly these words.*choose\("input"\)'):
            CHANGES[name](tree)
        changed = CHANGES[name](tree.choose("input"))
        assert type(changed) is WordVectors
        assert changed.words == CHANGES[name](model).words
    assert tree.replace(["king", "42"], NEW).output_vectors.tobytes() == model.output_vectors.tobytes()


def test_model__without_output_vectors_stays_without(model):
    bare = Word2Vec(model.vocabulary, model.vectors, None, model.config, [])
    with pytest.raises(FirthError, match="no output vectors"):
        _ = bare.remove("king").output_vectors


def test_model__that_was_changed_learns_more(small_text):
    trained = firth.train(small_text, vector_size=8, epochs=1, min_count=1, sample=0, threads=1, progress=False)
    changed = trained.remove("saw").add("chisel", np.full(8, 0.01))
    more = changed.train_more([["use", "a", "sharp", "chisel"]] * 50, epochs=1, min_count=1, sample=0, threads=1)
    assert set(more.words) == set(changed.words)
    assert more.count("chisel") == 50
    assert (more["chisel"] != changed["chisel"]).any()


# --- n-grams ---------------------------------------------------------------------------------------------------------


def test_ngrams__stay_and_words_left_out_are_as_unseen_ones(with_ngrams):
    for left in (with_ngrams.remove("queen"), with_ngrams.select(["king", "the"])):
        assert "queen" not in left.words
        assert left["queen"].tolist() == with_ngrams.subwords.compose("queen").tolist()
        assert left["kong"].tolist() == with_ngrams["kong"].tolist()
        assert left["king"].tolist() == with_ngrams["king"].tolist()
        assert_allclose(left.subwords.compose_all(left.words), left.vectors, atol=1e-6)


def test_ngrams__of_words_with_vectors_that_were_given_make_up_these(with_ngrams):
    for changed in (with_ngrams.replace(["king", "42"], NEW), with_ngrams.add(["prince", "axe"], NEW)):
        assert changed["kong"].tolist() == with_ngrams["kong"].tolist()
        assert changed["the"].tolist() == with_ngrams["the"].tolist()
        assert_allclose(changed.subwords.compose_all(changed.words), changed.vectors, atol=1e-5)


def test_ngrams__are_in_fasttexts_file_of_what_was_changed(with_ngrams, tmp_path):
    changed = with_ngrams.remove("the").replace("king", NEW[0]).add("prince", NEW[1], counts=2)
    again = firth.load(changed.export(tmp_path / "m.bin")[0])
    assert again.words == changed.words
    assert_allclose(again.vectors, changed.vectors, atol=1e-5)
    assert_allclose(again["the"], changed["the"], atol=1e-6)


def test_choose__the_input_vectors_keep_their_ngrams(model, with_ngrams):
    trained = Word2Vec(
        model.vocabulary, with_ngrams.vectors, model.output_vectors, model.config, [], subwords=with_ngrams.subwords
    )
    assert trained.choose("input")["kong"].tolist() == with_ngrams["kong"].tolist()
    assert trained.choose("mean").subwords is None


def test_first_and_finite__are_words_vectors_and_counts_alone(model):
    for part in (model.first(3), model.replace("Zoë", np.full(10, np.nan)).finite()):
        assert type(part) is WordVectors
        assert part.vocabulary == Vocabulary(model.words[: len(part)], model.vocabulary.counts[: len(part)])
