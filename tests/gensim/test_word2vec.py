import pickle
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import firth
from firth import gensim
from firth.errors import ConfigError, CorpusError, FirthError, FirthWarning, FormatError, SourceError
from firth.gensim import FastText, KeyedVectors, LineSentence, PathLineSentences, Word2Vec
from firth.gensim.models.callbacks import CallbackAny2Vec

SETTINGS = {"vector_size": 12, "epochs": 2, "sample": 0, "min_count": 2}
NATIVE = SETTINGS | {"progress": False, "lowercase": False, "strip_punctuation": False}


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        ({}, {"architecture": "cbow"}),
        ({"cbow_mean": 0}, {"architecture": "cbow", "context": "sum"}),
        ({"sg": 1, "window": 3, "negative": 7, "seed": 4}, {"window": 3, "negative": 7, "seed": 4}),
        ({"sg": 1, "ns_exponent": 0.5}, {"noise_exponent": 0.5}),
        ({"sg": 1, "hs": 1, "negative": 0}, {"objective": "hierarchical-softmax"}),
        ({"sg": 1, "alpha": 0.05, "min_alpha": 0.01}, {"learning_rate": 0.05, "min_learning_rate": 0.01}),
        ({"sg": 1, "shrink_windows": False}, {"shrink_windows": False}),
    ],
)
def test_word2vec__has_the_same_bits_as_firths_own_training(sentences, arguments, settings):
    model = Word2Vec(sentences, **SETTINGS, **arguments)
    native = firth.train(sentences, **NATIVE, **settings)
    assert model.wv.index_to_key == native.words
    assert_array_equal(model.wv.vectors, native.vectors)
    assert_array_equal(model.syn1 if model.hs else model.syn1neg, native.output_vectors)
    assert model.to_firth().config == native.config


def test_word2vec__has_the_defaults_of_gensim():
    config = Word2Vec().to_firth().config
    assert config.architecture == "cbow"
    assert (config.epochs, config.vector_size, config.window, config.min_count, config.negative) == (5, 100, 5, 5, 5)
    assert (config.learning_rate, config.min_learning_rate, config.sample) == (0.025, 0.0001, 0.001)


def test_word2vec__learns_from_a_file_as_from_its_sentences(sentences, tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in sentences))
    models = [
        Word2Vec(sentences, **SETTINGS),
        Word2Vec(corpus_file=str(path), **SETTINGS),
        Word2Vec(LineSentence(str(path)), **SETTINGS),
        Word2Vec(PathLineSentences(str(tmp_path)), **SETTINGS),
        Word2Vec((sentence for sentence in sentences), **SETTINGS),
    ]
    for model in models[1:]:
        assert_array_equal(model.wv.vectors, models[0].wv.vectors)


def test_build_vocab_and_train__do_what_the_constructor_does(sentences):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(iter(sentences))
    assert model.corpus_count == 600
    assert model.corpus_total_words == 2400
    assert model.wv["axe"].any()
    model.train(iter(sentences), total_examples=model.corpus_count, epochs=model.epochs)
    assert_array_equal(model.wv.vectors, Word2Vec(sentences, **SETTINGS).wv.vectors)


def test_train__goes_on_from_the_vectors_as_they_are(sentences):
    model = Word2Vec(sentences, **SETTINGS)
    once = model.wv.vectors.copy()
    model.train(sentences, total_examples=600, epochs=1, start_alpha=1e-6, end_alpha=1e-7)
    moved = np.abs(model.wv.vectors - once).max()
    assert 0 < moved < 1e-3
    assert [result.epoch for result in model.history] == [1, 2, 3]
    model.wv.vectors[model.wv.get_index("axe")] = 3
    model.train(sentences, total_examples=600, epochs=1, start_alpha=1e-6, end_alpha=1e-7)
    assert np.abs(model.wv["axe"] - 3).max() < 1e-2


def test_train__leaves_out_words_that_have_no_vector(sentences):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(sentences)
    model.train([[*sentence, "unheard"] for sentence in sentences], total_examples=600, epochs=1)
    assert "unheard" not in model.wv


def test_train__without_a_pair_to_learn_from_warns_and_changes_nothing(sentences):
    model = Word2Vec(sentences, **SETTINGS)
    once = model.wv.vectors.copy()
    with pytest.warns(FirthWarning, match="stay as they are"):
        assert model.train([["axe", "unheard"]], total_examples=1, epochs=1) == (0, 0)
    assert_array_equal(model.wv.vectors, once)


@pytest.mark.parametrize(("make", "more"), [(Word2Vec, {}), (FastText, {"bucket": 500})])
def test_build_vocab__with_update_keeps_words_and_adds_new_ones(sentences, make, more):
    model = make(sentences, **SETTINGS, **more)
    axe, count = model.wv["axe"].copy(), model.wv.get_vecattr("axe", "count")
    model.build_vocab([["robot", "axe"]] * 5, update=True)
    np.testing.assert_allclose(model.wv["axe"], axe, atol=1e-6)
    assert model.wv.get_vecattr("axe", "count") == count + 5
    assert model.wv.get_vecattr("robot", "count") == 5
    before = model.wv["robot"].copy()
    model.train([["robot", "axe"]] * 50, total_examples=50, epochs=2)
    assert np.abs(model.wv["robot"] - before).max() > 0
    assert len(model.wv) == len(model.wv.vectors) == len(model.syn1neg)


def test_build_vocab__takes_counts(sentences):
    model = Word2Vec(**SETTINGS)
    model.build_vocab_from_freq({"axe": 3, "they": 600, "rare": 1, "use": 300}, corpus_count=600)
    assert model.wv.index_to_key == ["they", "use", "axe"]
    model.train(sentences, total_examples=600, epochs=1)


def test_vocabulary__is_trimmed_by_a_rule_and_by_its_size(sentences):
    rule = lambda word, count, min_count: {"they": 1, "unheard": 2}.get(word, 0)  # noqa: E731
    model = Word2Vec([*sentences, ["unheard", "seldom"]], **SETTINGS, trim_rule=rule)
    assert "they" not in model.wv
    assert "unheard" in model.wv
    assert "seldom" not in model.wv
    counts = sorted(Counter(word for sentence in sentences for word in sentence).values(), reverse=True)
    few = Word2Vec(sentences, **SETTINGS, max_final_vocab=7)
    assert len(few.wv) == sum(count > counts[7] for count in counts) > 1
    with pytest.raises(ConfigError, match=r"0 \(default\)"):
        Word2Vec(sentences, trim_rule=lambda *_: "keep")
    with pytest.warns(FirthWarning, match="build_vocab"):
        Word2Vec(trim_rule=rule)


def test_callbacks__see_the_model_after_each_epoch(sentences):
    seen = []

    class Watch(CallbackAny2Vec):
        def on_train_begin(self, model):
            seen.append("begin")

        def on_epoch_begin(self, model):
            seen.append("epoch")

        def on_epoch_end(self, model):
            seen.append((model.get_latest_training_loss(), model.wv.vectors.copy()))

        def on_train_end(self, model):
            seen.append("end")

    model = Word2Vec(sentences, **SETTINGS, callbacks=[Watch()], compute_loss=True)
    assert [what if isinstance(what, str) else "done" for what in seen] == [
        "begin",
        "epoch",
        "done",
        "epoch",
        "done",
        "end",
    ]
    (first, once), (second, twice) = seen[2], seen[4]
    assert 0 < first < second == model.get_latest_training_loss()
    assert np.abs(once - twice).max() > 0
    assert_array_equal(twice, model.wv.vectors)
    assert_array_equal(twice, Word2Vec(sentences, **SETTINGS).wv.vectors)


def test_model__is_saved_to_a_folder_and_goes_on_from_there(sentences, tmp_path):
    model = Word2Vec(sentences, **SETTINGS, sg=1, window=3)
    model.save(str(tmp_path / "m.model"))
    model.save(str(tmp_path / "m.model"))
    loaded = Word2Vec.load(str(tmp_path / "m.model"))
    assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    assert (loaded.sg, loaded.window, loaded.negative, loaded.min_count) == (1, 3, 5, 2)
    for one in (model, loaded):
        one.train(sentences, total_examples=600, epochs=1)
    assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    assert_array_equal(
        firth.load(tmp_path / "m.model").output_vectors, Word2Vec(sentences, **SETTINGS, sg=1, window=3).syn1neg
    )
    assert KeyedVectors.load(str(tmp_path / "m.model")).index_to_key == model.wv.index_to_key


def test_load__refuses_what_gensim_has_no_name_for(sentences, tmp_path, vectors):
    firth.train(sentences, **NATIVE, distance_weights="linear").save(tmp_path / "linear")
    with pytest.raises(FormatError, match=r"distance_weights: firth\.load reads it"):
        Word2Vec.load(tmp_path / "linear")
    vectors.save(tmp_path / "vectors")
    with pytest.raises(FormatError, match=r"KeyedVectors\.load"):
        Word2Vec.load(tmp_path / "vectors")
    firth.train(sentences, **NATIVE, max_n=4, buckets=100).save(tmp_path / "ngrams")
    with pytest.raises(FormatError, match=r"FastText\.load"):
        Word2Vec.load(tmp_path / "ngrams")


def test_load__says_how_to_export_pickles_of_gensim(tmp_path):
    path = tmp_path / "old.model"
    path.write_bytes(
        b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x16gensim.models.word2vec\x94\x8c\x08Word2Vec\x94"
    )
    with pytest.raises(FormatError, match=r"Word2Vec\.load\('old\.model'\)\.wv\.save_word2vec_format"):
        Word2Vec.load(path)


@pytest.mark.parametrize(
    "change", [lambda wv: wv.add_vector("new", np.ones(12)), lambda wv: wv._reorder(np.arange(len(wv))[::-1])]
)
def test_model__whose_keys_were_changed_is_not_trained_or_saved(sentences, tmp_path, change):
    model = Word2Vec(sentences, **SETTINGS)
    change(model.wv)
    for use in (
        lambda: model.train(sentences, total_examples=600, epochs=1),
        lambda: model.save(tmp_path / "m"),
        lambda: model.predict_output_word(["axe"]),
    ):
        with pytest.raises(FirthError, match="keys of wv were added"):
            use()
    model.wv.save(tmp_path / "wv")
    assert KeyedVectors.load(tmp_path / "wv").index_to_key == model.wv.index_to_key


def test_model__can_be_pickled(sentences):
    model = Word2Vec(sentences, **SETTINGS)
    assert_array_equal(pickle.loads(pickle.dumps(model)).wv.vectors, model.wv.vectors)


def test_predict_output_word__is_a_softmax_over_output_vectors(sentences):
    model = Word2Vec(sentences, **SETTINGS)
    context = model.wv[["eat", "sweet"]].astype(float).mean(axis=0)
    odds = np.exp(model.syn1neg.astype(float) @ context)
    best = int(odds.argmax())
    word, probability = model.predict_output_word(["eat", "sweet", "unheard"], topn=1)[0]
    assert word == model.wv.index_to_key[best]
    assert probability == pytest.approx(odds[best] / odds.sum(), rel=1e-5)
    assert model.predict_output_word(["unheard"]) is None


def test_unneeded_argument__warns_once(sentences):
    with pytest.warns(FirthWarning, match="does not need hashfxn, batch_words"):
        Word2Vec(batch_words=4, hashfxn=len)
    Word2Vec(batch_words=4, hashfxn=len)  # warnings are errors here


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"hs": 1, "negative": 7}, "both objectives"),
        ({"negative": 0}, "nothing to learn by"),
        ({"sorted_vocab": 0}, "sorted_vocab=0 is not possible"),
        ({"null_word": 1}, "null_word=1 is not possible"),
        ({"sg": 2}, "sg must be 0 or 1"),
        ({"workers": 0}, "workers must be"),
        ({"alpha": -1}, "alpha must be"),
        ({"alpha": 0.01, "min_alpha": 0.1}, "min_alpha .* must not be above alpha"),
        ({"vector_size": 0}, "vector_size must be"),
    ],
)
def test_argument__whose_meaning_cannot_be_kept_is_an_error(arguments, says):
    with pytest.raises(ConfigError, match=says):
        Word2Vec(**arguments)


def test_hs__with_the_default_negatives_says_that_it_is_alone(sentences):
    with pytest.warns(FirthWarning, match="hierarchical softmax alone"):
        model = Word2Vec(sentences, **SETTINGS, hs=1)
    assert_array_equal(model.wv.vectors, Word2Vec(sentences, **SETTINGS, hs=1, negative=0).wv.vectors)
    with pytest.raises(ConfigError, match="tree"):
        model.build_vocab(sentences, update=True)


def test_sentences__are_lists_of_words(sentences):
    for wrong in (["they eat", "they use"], "they eat"):
        with pytest.raises(SourceError, match="string"):
            Word2Vec(wrong)
    with pytest.raises(SourceError, match="either sentences"):
        Word2Vec(sentences, corpus_file="text.txt")
    with pytest.raises(RuntimeError, match="build_vocab"):
        Word2Vec().train(sentences, total_examples=600, epochs=1)
    with pytest.raises(FirthError, match="no vocabulary to update"):
        Word2Vec().build_vocab(sentences, update=True)
    with pytest.raises(CorpusError, match="min_count"):
        Word2Vec(sentences, min_count=10_000)


def test_whole_numbers__are_keys_as_they_are(tmp_path):
    model = Word2Vec([[1, 2, 4711], [2, 4711, -4]] * 20, **SETTINGS)
    assert sorted(model.wv.key_to_index) == [-4, 1, 2, 4711]
    assert_array_equal(model.wv[2], model.wv["2"])
    assert_array_equal(model.wv[4711], model.wv.vectors[model.wv.key_to_index[4711]])
    assert 0 not in model.wv
    assert 3 not in model.wv
    with pytest.raises(KeyError):
        model.wv[3]
    assert {type(key) for key, _ in model.wv.most_similar(2)} == {int}
    assert {type(key) for key, _ in model.predict_output_word([2, 4711])} == {int}
    model.save(tmp_path / "m")
    assert Word2Vec.load(tmp_path / "m").wv.index_to_key == model.wv.index_to_key


def test_whole_numbers__stay_keys_when_a_model_learns_more():
    model = Word2Vec([[1, 2, 4711], [2, 4711, -4]] * 20, **SETTINGS)
    model.build_vocab([[2, 8], [8, 1]] * 20, update=True)
    model.train([[2, 8], [8, 1]] * 20, total_examples=40, epochs=1)
    assert sorted(model.wv.key_to_index) == [-4, 1, 2, 8, 4711]
    assert model.wv.get_vecattr(8, "count") == 40


def test_trim_rule__is_asked_about_whole_numbers_as_they_are():
    asked = []
    Word2Vec([[1, 2, 3]] * 20, **SETTINGS, trim_rule=lambda word, count, least: asked.append(word) or 0)
    assert sorted(asked) == [1, 2, 3]


def test_seed__of_none_is_the_default(sentences):
    assert_array_equal(
        Word2Vec(sentences, **SETTINGS, seed=None).wv.vectors, Word2Vec(sentences, **SETTINGS).wv.vectors
    )


def test_workers__do_not_change_the_bits(sentences):
    one, many = (Word2Vec(sentences, **SETTINGS, workers=workers) for workers in (1, 64))
    assert_array_equal(one.wv.vectors, many.wv.vectors)


def test_paths__are_those_of_gensim():
    assert gensim.models.Word2Vec is gensim.models.word2vec.Word2Vec is Word2Vec
    assert gensim.models.word2vec.LineSentence is LineSentence
    assert gensim.models.KeyedVectors is gensim.models.keyedvectors.KeyedVectors
    assert gensim.models.phrases.Phrases is gensim.models.Phrases
    assert gensim.models.fasttext.FastText is gensim.FastText


def test_line_sentences__are_cut_and_limited(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("a b c d e\n\nf g\nh\n")
    assert list(LineSentence(path, max_sentence_length=2, limit=3)) == [["a", "b"], ["c", "d"], ["e"], ["f", "g"]]
    with path.open("rb") as file:
        lines = LineSentence(file)
        assert list(lines) == list(lines) == [["a", "b", "c", "d", "e"], ["f", "g"], ["h"]]
    (tmp_path / "b.txt").write_text("i")
    assert list(PathLineSentences(tmp_path))[-2:] == [["h"], ["i"]]
    with pytest.raises(SourceError, match="no file or folder"):
        PathLineSentences(tmp_path / "nowhere")


@pytest.fixture
def given(tmp_path):
    """A file with vectors of two words that occur and one that does not."""
    path = tmp_path / "given.txt"
    firth.WordVectors(["axe", "unheard", "pear"], np.arange(36).reshape(3, 12) / 36).export(path, counts=False)
    return path


@pytest.mark.parametrize(("sg", "hs"), [(0, 0), (1, 0), (1, 1)])
def test_intersect__gives_words_vectors_from_a_file_that_stay(sentences, given, sg, hs):
    model = Word2Vec(**SETTINGS, sg=sg, hs=hs, negative=0 if hs else 5)
    model.build_vocab(sentences)
    before = model.wv["they"].copy()
    model.wv.intersect_word2vec_format(given)
    assert "unheard" not in model.wv
    assert_array_equal(model.wv["they"], before)
    assert model.wv.similarity("axe", "pear") > 0.9
    model.train(sentences, total_examples=600, epochs=2)
    for word in ("axe", "pear"):
        assert_array_equal(model.wv[word], firth.load(given)[word])
    assert np.abs(model.wv["they"] - before).max() > 1e-3


def test_intersect__with_a_lock_factor_of_1_lets_them_learn(sentences, given):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(sentences)
    model.wv.intersect_word2vec_format(given, lockf=1.0)
    assert_array_equal(model.wv["axe"], firth.load(given)["axe"])
    model.train(sentences, total_examples=600, epochs=1)
    assert np.abs(model.wv["axe"] - firth.load(given)["axe"]).max() > 0


def test_intersect__locks_outlast_an_update_of_the_vocabulary(sentences, given):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(sentences)
    model.wv.intersect_word2vec_format(given)
    model.build_vocab([["robot", "axe"]] * 5, update=True)
    robot = model.wv["robot"].copy()
    model.train([["robot", "axe", "they"]] * 50, total_examples=50, epochs=2)
    assert_array_equal(model.wv["axe"], firth.load(given)["axe"])
    assert np.abs(model.wv["robot"] - robot).max() > 0
    model.build_vocab(sentences)  # begins anew
    assert not model.wv.is_locked().any()


def test_vectors_lockf__is_read_by_training(sentences):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(sentences)
    model.wv.vectors_lockf = np.ones(len(model.wv))
    model.wv.vectors_lockf[model.wv.get_index("saw")] = 0
    saw, axe = model.wv["saw"].copy(), model.wv["axe"].copy()
    model.train(sentences, total_examples=600, epochs=1)
    assert_array_equal(model.wv["saw"], saw)
    assert np.abs(model.wv["axe"] - axe).max() > 0


def test_intersect__refuses_what_cannot_be_kept(sentences, given, tmp_path):
    model = Word2Vec(**SETTINGS)
    model.build_vocab(sentences)
    with pytest.raises(ConfigError, match="lockf is 0"):
        model.wv.intersect_word2vec_format(given, lockf=0.5)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        model.wv.intersect_word2vec_format(tmp_path / "nowhere.txt")
    firth.WordVectors(["axe"], np.ones((1, 3))).export(tmp_path / "narrow.txt", counts=False)
    with pytest.raises(ConfigError, match="vectors of 3 numbers, and here they have 12"):
        model.wv.intersect_word2vec_format(tmp_path / "narrow.txt")
    firth.WordVectors(["AXE"], np.ones((1, 12))).export(tmp_path / "others.txt", counts=False)
    with pytest.warns(FirthWarning, match="none of the 13 keys"):
        model.wv.intersect_word2vec_format(tmp_path / "others.txt")
    for factors, says in (([0.5], "not 0.5"), ([1, 1], "one for each")):
        model.wv.vectors_lockf = np.array(factors)
        with pytest.raises(ConfigError, match=says):
            model.train(sentences, total_examples=600, epochs=1)


def test_word2vec__learns_from_sessions_of_a_table():
    pytest.importorskip("pyarrow")
    events = [{"s": session, "item": item} for session in range(20) for item in (10, 11, 12)]
    how = {"vector_size": 4, "min_count": 1, "epochs": 2, "seed": 1}
    found = Word2Vec(firth.column(events, "item", group_by="s"), **how)
    wanted = Word2Vec([[10, 11, 12]] * 20, **how)
    assert found.wv.index_to_key == wanted.wv.index_to_key
    assert found.wv.vectors.tolist() == wanted.wv.vectors.tolist()
    with pytest.raises(SourceError, match="not a string"):
        Word2Vec(firth.column([{"text": "the king"}], "text"), **how)
    phrases = gensim.Phrases(firth.column(events, "item", group_by="s"), min_count=1, threshold=0.1)
    assert phrases[[10, 11, 9]] == ["10_11", "9"]


def test_word2vec__and_its_vectors_are_what_a_training_can_start_from():
    sentences = [["the", "king", "and", "the", "queen"], ["a", "man", "and", "a", "woman"]] * 100
    model = Word2Vec(sentences, vector_size=10, min_count=1, epochs=1)
    settings = {"vector_size": 10, "epochs": 1, "learning_rate": 1e-9, "min_learning_rate": 0, "progress": False}
    for start in (model, model.wv):
        assert (firth.train(sentences, start=start, **settings)["king"] == model.wv["king"]).all()
