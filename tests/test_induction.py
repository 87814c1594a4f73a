"""À la carte: the matrix beside least squares done the long way, and words that come back from their contexts."""

import itertools
import os
import re
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import firth
from firth import induction
from firth.config import TextConfig
from firth.errors import ConfigError, CorpusError, FirthError, FirthWarning
from firth.phrases import Phrases

WORDS = [f"w{i}" for i in range(30)]


@pytest.fixture
def known():
    return firth.WordVectors(WORDS, np.random.default_rng(1).normal(size=(30, 6)).astype(np.float32))


@pytest.fixture
def corpus():
    """Sentences of known words and others, one of them longer than a chunk."""
    random = np.random.default_rng(2)
    words = [*WORDS, "unknown", "other"]
    return [random.choice(words, n).tolist() for n in random.integers(1, 20, 150)] + [random.choice(words, 90).tolist()]


def the_long_way(known, corpus, window, weights, side="both"):
    """A, by Khodak et al.'s formulas, word by word and token by token, and NumPy's least squares."""
    sums = {word: np.zeros(known.vector_size) for word in known.words}
    contexts, counts = dict.fromkeys(known.words, 0), dict.fromkeys(known.words, 0)
    for sentence in corpus:
        for i, word in enumerate(sentence):
            if word not in sums:
                continue
            counts[word] += 1
            places = [j for j in range(max(0, i - window), min(len(sentence), i + window + 1)) if j != i]
            places = [j for j in places if side == "both" or (j < i) == (side == "before")]
            around = [known[sentence[j]].astype(np.float64) for j in places if sentence[j] in sums]
            if around:
                sums[word] += np.mean(around, axis=0)
                contexts[word] += 1
    used = [word for word in known.words if contexts[word]]
    u = np.array([sums[word] / contexts[word] for word in used])
    alpha = [np.log(counts[word]) if weights == "log" else float(counts[word] >= weights) for word in used]
    scale = np.sqrt(np.array(alpha))[:, None]
    return np.linalg.lstsq(scale * u, scale * known[used].astype(np.float64), rcond=None)[0].T


@pytest.mark.parametrize("weights", ["log", 1, 40])
@pytest.mark.parametrize("window", [1, 4, 30])
@pytest.mark.parametrize("chunk", [7, 1 << 15])
def test_transform__is_that_of_the_formula(known, corpus, window, weights, chunk, monkeypatch):
    monkeypatch.setattr(induction, "TOKENS_AT_A_TIME", chunk)
    monkeypatch.setattr(induction, "ROWS_AT_A_TIME", chunk)
    found = firth.alacarte(known, corpus, window=window, weights=weights).transform
    np.testing.assert_allclose(found, the_long_way(known, corpus, window, weights), atol=1e-9)


@pytest.mark.parametrize("chunk", [7, 1 << 15])
@pytest.mark.parametrize(("side", "around"), [("before", "w1"), ("after", "w2")])
def test_alacarte__looks_to_the_side_that_the_model_does(corpus, side, around, chunk, monkeypatch):
    monkeypatch.setattr(induction, "TOKENS_AT_A_TIME", chunk)
    how = {"vector_size": 6, "epochs": 1, "min_count": 1, "progress": False}
    model = firth.train(corpus, **how, window=3, window_side=side)
    carte = firth.alacarte(model, corpus, weights=1)
    np.testing.assert_allclose(carte.transform, the_long_way(model, corpus, 3, 1, side), rtol=1e-6, atol=1e-6)
    assert (carte.vector([["w1", "new", "w2"]], word="new") == carte.vector([[around]])).all()
    again = firth.alacarte(model, transform=carte.transform)
    assert (again.vector([["w1", "new", "w2"]], word="new") == again.vector([[around]])).all()


def test_transform__has_the_same_bits_again(known, corpus):
    one, other = (firth.alacarte(known, corpus).transform for _ in range(2))
    assert (one == other).all()


def test_vector__is_the_matrix_times_the_mean_of_the_contexts_means(known, corpus):
    carte = firth.alacarte(known, corpus, window=2)
    contexts = [["w1", "unknown", "w2"], ["w3"], ["w3", "w3"]]
    w1, w2, w3 = known[["w1", "w2", "w3"]].astype(np.float64)
    wanted = carte.transform @ (((w1 + w2) / 2 + w3 + w3) / 3)
    np.testing.assert_allclose(carte.vector(contexts), wanted, rtol=1e-6)
    assert carte.vector(contexts).dtype == np.float32
    assert (carte.vector(iter(contexts)) == carte.vector(contexts)).all()
    found = carte.induce([*contexts, ["unknown"], []])
    assert (found.contexts, found.left_out, found.context_words) == (3, 2, 5)
    assert (found.vector == carte.vector(contexts)).all()


@pytest.mark.parametrize(
    "contexts",
    [
        ["w9 w1 NEW word w2 w9", "new", "w3 new word", "new word"],
        [["w9", "w1", "new word", "w2", "w9"], ["w3", "new word"], ["new word"]],
    ],
)
def test_vector__of_a_word_within_its_contexts_is_that_of_what_is_around(known, corpus, contexts):
    carte = firth.alacarte(known, corpus, window=1)
    assert (carte.vector(contexts, word="new word") == carte.vector([["w1", "w2"], ["w3"]])).all()
    found = carte.induce(contexts, word="new word")
    assert (found.contexts, found.left_out, found.context_words) == (2, 1, 3)


def test_vector__of_a_word_twice_in_a_context_has_both_windows(known, corpus):
    carte = firth.alacarte(known, corpus, window=1)
    found = carte.induce([["w1", "new", "w2", "w4", "new", "w3"]], word="new")
    assert found.contexts == 2
    assert (found.vector == carte.vector([["w1", "w2"], ["w4", "w3"]])).all()


def test_vector__of_items_that_are_numbers():
    random = np.random.default_rng(4)
    sessions = random.integers(0, 12, (300, 6)).tolist()
    model = firth.train(sessions, min_count=1, sample=0, vector_size=4, epochs=1, progress=False)
    carte = firth.alacarte(model, sessions)
    assert (carte.vector([[1, 2], np.array([3])]) == carte.vector([["1", "2"], ["3"]])).all()
    assert (carte.vector([[1, 99, 2]], word=99) == carte.vector([[1, 2]])).all()
    more = model.add(99, carte.vector([[1, 99, 2]], word=99))
    assert type(more.most_similar(99)[0][0]) is int


def test_vector__without_known_words_is_an_error(known, corpus):
    carte = firth.alacarte(known, corpus)
    with pytest.raises(FirthError, match="none of the 2 contexts has a word that the model knows"):
        carte.vector([["unknown"], []])
    with pytest.raises(FirthError, match="none of the 1 contexts has the word 'new'"):
        carte.vector([["w1"]], word="new")
    with pytest.raises(FirthError, match="none of the 1 contexts has the word '…'"):
        carte.vector(["w1"], word="…")
    with pytest.raises(FirthError, match="no vector of no contexts"):
        carte.vector([], word="new")
    for one in ("w1 w2", [1, 2], np.array([1, 2]), [{"w1"}], [None]):
        with pytest.raises(ValueError, match="wanted a list of contexts"):
            carte.vector(one)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"window": 0}, "window is a whole number from 1 to 1,000, not 0"),
        ({"window": "wide"}, "not 'wide'"),
        ({"weights": 0}, 'weights is "log", or a whole number from 1 on, not 0'),
        ({"weights": True}, "not True"),
        ({"transform": np.eye(6)}, "one of both"),
    ],
)
def test_alacarte__refuses_what_makes_no_sense(known, corpus, how, message):
    with pytest.raises(ConfigError, match=message):
        firth.alacarte(known, corpus, **how)


def test_alacarte__needs_more_words_than_dimensions(known, corpus):
    with pytest.raises(
        CorpusError, match=r"0 words of the corpus decide, fewer than the 6 .* lower weights \(now 500;"
    ):
        firth.alacarte(known, corpus, weights=500)


def test_alacarte__is_made_again_of_its_matrix(known, corpus):
    carte = firth.alacarte(known, corpus, window=3)
    again = firth.alacarte(known, transform=carte.transform, window=3)
    assert (again.vector([["w1", "w2"]]) == carte.vector([["w1", "w2"]])).all()
    for wrong in (np.eye(5), np.full((6, 6), np.nan), np.eye(6, dtype=int), None):
        with pytest.raises(ConfigError, match=r"\(6, 6\) array of finite numbers|one of both"):
            firth.alacarte(known, transform=wrong)


def test_alacarte__leaves_out_what_is_not_finite_or_held_out(known, corpus):
    vectors = known.vectors.copy()
    vectors[3] = np.nan
    carte = firth.alacarte(firth.WordVectors(WORDS, vectors), corpus, held_out=["w4"])
    fewer = [word for word in WORDS if word not in {"w3", "w4"}]
    long_way = the_long_way(firth.WordVectors(fewer, known[fewer]), corpus, 5, "log")
    np.testing.assert_allclose(carte.transform, long_way, atol=1e-9)
    assert carte.induce([["w3", "w4", "w5"]]).context_words == 1


def test_alacarte__takes_text_and_window_as_the_model_did(in_a_folder_with_a_corpus):
    model = firth.train("corpus.txt", vector_size=4, epochs=1, window="sentence", lowercase=False, progress=False)
    carte = firth.alacarte(model, "corpus.txt", weights=1)
    assert carte.window == 1000
    assert carte.config == TextConfig(lowercase=False)
    assert firth.alacarte(model, "corpus.txt", weights=1, window=2).window == 2


def test_alacarte__holds_words_of_any_model_out(in_a_folder_with_a_corpus):
    how = {"vector_size": 4, "epochs": 1, "min_count": 1, "progress": False}
    for more in ({"objective": "hierarchical-softmax"}, {"max_n": 3, "buckets": 10}, {"architecture": "cbow"}):
        model = firth.train("corpus.txt", **how, **more)
        carte = firth.alacarte(model, "corpus.txt", weights=1, held_out=np.array(["king"]))
        assert carte.induce(["the king and"], word="king").context_words == 2
        assert "king" not in carte.vectors


def test_alacarte__joins_phrases_as_the_model_did():
    phrases = Phrases([{("new", "york"): 9.0}])
    text = [" ".join(words) for words in itertools.product(["new", "old", "a"], ["york", "town"], ["city", "is"])] * 9
    model = firth.train(text, phrases=phrases, vector_size=3, min_count=1, sample=0, epochs=1, progress=False)
    assert "new_york" in model
    carte = firth.alacarte(model, text, weights=1)
    assert (carte.vector(["new york thing"], word="thing") == carte.vector([["new_york"]])).all()


def test_held_out_words__come_back(in_a_folder_with_a_corpus, data):
    """Words of Shakespeare that are treated as unknown are induced near to where they were trained."""
    path = data / "shakespeare.txt"
    model = firth.train(path, vector_size=50, epochs=5, min_count=10, progress=False)
    held_out = model.words[300:400]
    carte = firth.alacarte(model, path, held_out=held_out)
    lines = [line.split() for line in firth_lines(path)]
    cosines, kept = [], []
    for word in held_out:
        contexts = [line for line in lines if word in line]
        vector = carte.vector(contexts, word=word)
        cosines.append(model.similarity(word, vector))
        trained = {other for other, _ in carte.vectors.most_similar(model[word], topn=10)}
        kept.append(len(trained & {other for other, _ in carte.vectors.most_similar(vector, topn=10)}) / 10)
    assert np.mean(cosines) > 0.6
    assert np.mean(kept) > 0.2


def firth_lines(path):
    return [" ".join(firth.standardize(line)) for line in path.read_text("utf-8").splitlines()]


STOP_WORDS = set(
    re.findall(
        r"\w+",
        """
        i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her
        hers herself it its itself they them their theirs themselves what which who whom this that these those
        am is are was were be been being have has had having do does did doing would should could ought a an
        the and but if or because as until while of at by for with about against between into through during
        before after above below to from up down in out on off over under again further then once here there
        when where why how all any both each few more most other some such no nor not only own same so than
        too very will cannot
        """,
    )
)


@pytest.mark.filterwarnings("ignore")
def test_vector__is_that_of_context():
    """The numbers that conText's quick start prints, on its own data: the folder `data` of its source."""
    folder = Path(os.environ.get("FIRTH_TEST_CONTEXT", "conText/data"))
    rdata = pytest.importorskip("rdata")
    if not (folder / "cr_transform.rda").is_file():
        pytest.skip(f"conText's data is not in {folder}: set FIRTH_TEST_CONTEXT to its folder")
    known = {**rdata.conversion.DEFAULT_CLASS_MAP, "corpus": lambda texts, attributes: (texts, attributes)}
    texts, attributes = rdata.read_rda(folder / "cr_sample_corpus.rda", constructor_dict=known)["cr_sample_corpus"]
    glove = rdata.read_rda(folder / "cr_glove_subset.rda")["cr_glove_subset"]
    model = firth.WordVectors([str(word) for word in glove.coords[glove.dims[0]].values], np.asarray(glove.values))
    transform = np.asarray(rdata.read_rda(folder / "cr_transform.rda")["cr_transform"], float)
    carte = firth.alacarte(model, transform=transform, window=6)

    usual = [[w for w in str(text).lower().split() if len(w) > 2 and w not in STOP_WORDS] for text in texts]
    counts = Counter(itertools.chain.from_iterable(usual))
    speeches = [[word if counts[word] >= 5 else "" for word in speech] for speech in usual]
    found = Counter(word for speech in speeches for word in speech if word.startswith("immigr"))
    assert found == {"immigration": 924, "immigrants": 288, "immigrant": 125}

    def of_party(party):
        of_them = [speech for speech, its in zip(speeches, attributes["docvars"]["party"], strict=True) if its == party]
        places = [(speech, i) for speech in of_them for i, word in enumerate(speech) if word in found]
        return carte.vector([[*speech[max(0, i - 6) : i], *speech[i + 1 : i + 7]] for speech, i in places])

    of_d, of_r = of_party("D"), of_party("R")
    cosines = [model.similarity(vector, word) for word in ("reform", "enforcement") for vector in (of_d, of_r)]
    np.testing.assert_allclose(cosines, [0.5949757, 0.4270958, 0.6059709, 0.5968879], atol=2e-7)
    near = model.most_similar(of_r, topn=5)
    assert [(word, round(cosine, 3)) for word, cosine in near] == [
        ("immigration", 0.843),
        ("illegal", 0.768),
        ("immigrants", 0.732),
        ("illegally", 0.664),
        ("amnesty", 0.658),
    ]


def test_induce__takes_sessions_of_a_table_as_contexts():
    pytest.importorskip("pyarrow")
    events = [{"s": session, "item": item} for session in (1, 2) for item in (10, 99, 11)]
    items = firth.WordVectors([10, 11], np.eye(2))
    carte = firth.alacarte(items, transform=np.eye(2))
    found = carte.induce(firth.column(events, "item", group_by="s"), word=99)
    assert (found.vector.tolist(), found.contexts, found.context_words) == ([0.5, 0.5], 2, 4)
    texts = firth.column([{"text": "10 11 11"}], "text")
    assert carte.vector(texts).tolist() == carte.vector([[10, 11, 11]]).tolist()


def test_induce__says_what_it_wants_in_place_of_a_number():
    carte = firth.alacarte(firth.WordVectors([10, 11], np.eye(2)), transform=np.eye(2))
    for wrong in (10, None, "text"):
        with pytest.raises(ValueError, match="wanted a list of contexts"):
            carte.vector(wrong)


def test_alacarte__tells_once_and_of_an_argument_that_it_takes():
    words = firth.WordVectors(["a-b", "king", "axe"], np.eye(3)[:, :2])
    with pytest.warns(FirthWarning, match=r"config=firth.TextConfig\(strip_punctuation=False\) \(--no-strip") as caught:
        firth.alacarte(words, ["king axe king", "axe ab king"] * 9, weights=1).vector(["a-b king"])
    assert len(caught) == 1


def test_alacarte__tells_of_words_that_texts_cannot_have_and_none_where_they_are_lists():
    words = firth.WordVectors(["a-b", "king", "Apple"], np.eye(3))
    carte = firth.alacarte(words, transform=np.eye(3))
    with pytest.warns(FirthWarning, match="2 of the 3 words .*'a-b' .read as 'ab'"):
        assert carte.vector(["a-b king"]).tolist() == [0, 1, 0]
    with (
        pytest.warns(FirthWarning, match="2 of the 3 words"),
        pytest.raises(CorpusError, match="0 words of the corpus"),
    ):
        firth.alacarte(words, firth.encode(["a-b king Apple"] * 9), weights=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert carte.vector([["a-b", "king"]]).tolist() == [0.5, 0.5, 0]
        assert firth.alacarte(words, [["a-b", "king", "Apple"]] * 9, weights=1).transform.shape == (3, 3)
        alone = firth.TextConfig(lowercase=False, strip_punctuation=False)
        exact = firth.alacarte(words, transform=np.eye(3), config=alone)
        assert exact.vector(["a-b king"]).tolist() == [0.5, 0.5, 0]
