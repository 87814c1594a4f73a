import collections
import itertools
import json
import math
import warnings

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth.cli import cli
from firth.corpus import phrase_detection
from firth.errors import ConfigError, FirthWarning, FormatError, WordNotFoundError
from firth.jit import target
from firth.phrases import Phrases
from firth.reporting.events import Joining
from firth.reporting.progress_bar import ProgressBar

needs_compiler = pytest.mark.skipif(not target.is_enabled(), reason="training is slow with the compiler off")


def text(seed=0, lines=300):
    """Random words, among them some that stand together often: new york, new york city, los angeles."""
    rng = np.random.default_rng(seed)
    words = [*(f"w{i}" for i in range(30)), "new york", "new york city", "los angeles", "new", "city", "a a a"]
    return [" ".join(words[i] for i in rng.integers(0, len(words), 8)).split() for _ in range(lines)]


def scores_by_hand(sentences, min_count, scoring):
    words = collections.Counter(word for sentence in sentences for word in sentence)
    pairs = collections.Counter(pair for sentence in sentences for pair in itertools.pairwise(sentence))
    tokens = sum(words.values())
    found = {}
    for (a, b), n in pairs.items():
        if scoring == "mikolov":
            found[a, b] = (n - min_count) / (words[a] * words[b]) * (len(words) + len(pairs))
        elif n >= min_count:
            joint = n / tokens
            found[a, b] = math.log(joint * tokens * tokens / (words[a] * words[b])) / -math.log(joint)
    return found


@pytest.mark.parametrize(("scoring", "threshold"), [("mikolov", 1.5), ("npmi", 0.2), ("mikolov", -1e9)])
@pytest.mark.parametrize("at_a_time", [1 << 24, 500])
def test_find_phrases__are_those_that_score_above_the_threshold(monkeypatch, scoring, threshold, at_a_time):
    monkeypatch.setattr(phrase_detection, "PAIRS_AT_A_TIME", at_a_time)
    by_hand = {p: s for p, s in scores_by_hand(text(), 5, scoring).items() if s > threshold}
    (found,) = firth.find_phrases(text(), scoring=scoring, threshold=threshold).passes
    wanted = {pair: score for pair, score in by_hand.items() if scoring == "npmi" or score >= 0 or threshold < -1}
    assert found.keys() <= wanted.keys()
    assert {pair for pair, score in wanted.items() if score > 0} <= found.keys()
    assert all(math.isclose(score, wanted[pair]) for pair, score in found.items())
    assert {("new", "york"), ("los", "angeles")} <= found.keys()
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_find_phrases__a_second_pass_joins_what_the_first_joined():
    found = firth.find_phrases(text(), passes=2, threshold=2)
    assert "new_york_city" in found.scores()
    joined = [found.__class__(found.passes[:1]).join(sentence) for sentence in text()]
    by_hand = {pair for pair, score in scores_by_hand(joined, 5, "mikolov").items() if score > 2}
    assert set(found.passes[1]) == by_hand


def tokens_of(corpus):
    words = corpus.words(len(corpus.counts))
    starts = corpus.sentence_starts
    return [[words[i] for i in corpus.ids[a:b]] for a, b in itertools.pairwise(starts)]


@pytest.mark.parametrize("at_a_time", [1 << 22, 50])
def test_join_phrases__does_what_joining_each_sentence_does(monkeypatch, at_a_time):
    monkeypatch.setattr("firth.corpus.corpus.TOKENS_AT_A_TIME", at_a_time)
    phrases = firth.find_phrases(text(), passes=3, threshold=1)
    joined = firth.join_phrases(text(seed=1), phrases)
    joined.check()
    assert tokens_of(joined) == [phrases.join(sentence) for sentence in text(seed=1)]
    assert joined.phrases == phrases


def test_join_phrases__a_phrase_that_is_a_word_already_is_that_word():
    phrases = Phrases([{("a", "b"): 1.0, ("a_b", "c"): 1.0, ("a", "b_c"): 1.0}])
    joined = firth.join_phrases([["a", "b", "x"], ["a_b"], ["a", "b_c"], ["a_b", "c"]], phrases)
    joined.check()
    assert tokens_of(joined) == [["a_b", "x"], ["a_b"], ["a_b_c"], ["a_b_c"]]
    assert dict(zip(joined.words(3), joined.counts, strict=True)) == {"a_b": 2, "a_b_c": 2, "x": 1}


def test_join_phrases__of_a_file_is_kept_in_the_cache(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text()))
    phrases = firth.find_phrases(path, threshold=1)
    first, second = (firth.join_phrases(path, phrases, cache=tmp_path / "cache") for _ in range(2))
    assert first.folder == second.folder
    other = firth.join_phrases(path, Phrases([{("new", "york"): 1.0}]), cache=tmp_path / "cache")
    assert other.folder != first.folder
    assert firth.join_phrases(first, phrases) is first
    again = firth.join_phrases(other, Phrases([{("new_york", "city"): 1.0}]), cache=tmp_path / "cache")
    assert again.phrases.passes == ({("new", "york"): 1.0}, {("new_york", "city"): 1.0})


def test_join__takes_each_word_once_and_from_the_left():
    phrases = Phrases([{("a", "a"): 1.0, ("a", "b"): 1.0}], separator="+")
    assert phrases.join(["a", "a", "a", "b", "a"]) == ["a+a", "a+b", "a"]
    assert phrases.join([]) == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"passes": 0}, "passes must be"),
        ({"min_count": 0}, "min_count must be"),
        ({"scoring": "tfidf"}, "mikolov or npmi"),
        ({"threshold": "high"}, "threshold must be"),
        ({"separator": ""}, "separator must be"),
    ],
)
def test_find_phrases__what_will_not_do_is_named(settings, message):
    with pytest.raises(ConfigError, match=message):
        firth.find_phrases(text(), **settings)


def test_find_phrases__of_one_sentence_of_one_word_are_none():
    assert len(firth.find_phrases([["alone"]])) == 0
    assert len(firth.find_phrases([["all", "there", "is"]] * 3)) == 0
    assert len(firth.find_phrases([["a", "b"]] * 30, scoring="npmi")) == 1


def test_report__tells_how_far_the_work_is(monkeypatch, capsys):
    monkeypatch.setattr("firth.corpus.corpus.TOKENS_AT_A_TIME", 500)
    events = []
    phrases = firth.find_phrases(text(), threshold=1, report=events.append)
    firth.join_phrases(text(), phrases, report=events.append)
    works = [event for event in events if isinstance(event, Joining)]
    assert {event.work for event in works} == {"finding phrases", "joining phrases"}
    assert sum(event.tokens == event.corpus_tokens for event in works) == 2
    assert len(works) > 4
    monkeypatch.setattr("firth.reporting.progress_bar.SHORTEST_SECONDS", 1e-9)
    with ProgressBar() as bar:
        for event in works:
            bar(event)
    shown = capsys.readouterr().err
    assert "finding phrases: 100%" in shown
    assert "joining phrases: 100%" in shown


# --- with a model ----------------------------------------------------------------------------------------------------

SETTINGS = {"vector_size": 8, "epochs": 1, "sample": 0, "progress": False}


@needs_compiler
def test_train__with_phrases_knows_them_and_keeps_them(tmp_path):
    model = firth.train(text(), **SETTINGS, phrase_passes=2, phrase_threshold=2)
    assert "new_york_city" in model
    assert model.phrases == firth.find_phrases(text(), passes=2, threshold=2)
    loaded = firth.load(model.save(tmp_path / "model.firth"))
    assert loaded.phrases == model.phrases
    for asked in ("new york city", "new_york city", "new  york  city"):
        assert (loaded[asked] == model["new_york_city"]).all()
    assert loaded.most_similar("los angeles") == model.most_similar("los_angeles")
    with pytest.raises(WordNotFoundError):
        loaded["new york w1"]
    given = firth.train(text(), **SETTINGS, phrases=model.phrases)
    assert given.vectors.tobytes() == model.vectors.tobytes()


@needs_compiler
@pytest.mark.parametrize("vocabulary", ["keep", "grow", "replace"])
def test_train_more__joins_the_phrases_of_the_model_in_the_new_text(vocabulary):
    model = firth.train(text(), **SETTINGS, phrase_passes=1, phrase_threshold=2)
    fresh = [["brand", "new", "w1"], ["new", "york", "w2"]] * 20
    more = model.train_more(fresh, vocabulary=vocabulary, progress=False)
    assert more.phrases == model.phrases
    before = 0 if vocabulary == "replace" else model.vocabulary.counts[model.vocabulary.id("new_york")]
    assert more.vocabulary.counts[more.vocabulary.id("new_york")] == before + 20
    assert "brand_new" not in more


@needs_compiler
def test_train__with_phrases_goes_on_after_an_interruption(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text()))
    settings = SETTINGS | {"phrase_passes": 1, "phrase_threshold": 2, "epochs": 2, "cache": tmp_path / "cache"}
    whole = firth.train(path, **settings)

    def stop(event):
        if getattr(event, "epoch", 0) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firth.train(path, **settings | {"progress": stop}, checkpoints=tmp_path / "kept")
    resumed = firth.resume(tmp_path / "kept", progress=False)
    assert resumed.vectors.tobytes() == whole.vectors.tobytes()
    assert resumed.phrases == whole.phrases


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"format": "firth phrases 9", "separator": "_", "passes": []}',
        b'{"format": "firth phrases 1", "separator": 5, "passes": []}',
        b'{"format": "firth phrases 1", "separator": "_", "passes": [[["a", 5, 1.0]]]}',
        b'{"format": "firth phrases 1", "separator": "_", "passes": [[["a", "b", NaN]]]}',
        b'{"format": "firth phrases 1", "separator": "_", "passes": [[["a", "b"]]]}',
        b"[" * 100_000,
    ],
)
def test_load__what_is_no_file_of_phrases_is_refused(tmp_path, content):
    (tmp_path / "phrases.json").write_bytes(content)
    with pytest.raises(FormatError):
        Phrases.load(tmp_path / "phrases.json")


def test_load__reads_what_as_json_wrote(tmp_path):
    phrases = Phrases([{("a", "ü"): 1.5}, {("a_ü", "c"): -2.0}])
    (tmp_path / "phrases.json").write_text(phrases.as_json(), "ascii")
    assert Phrases.load(tmp_path / "phrases.json") == phrases


@needs_compiler
def test_command__shows_phrases_and_trains_with_them(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text()))

    def run(*words):
        result = CliRunner().invoke(cli, [*words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    cache = "--cache", str(tmp_path / "cache")
    shown = run("phrases", str(path), "--threshold", "2", *cache)
    assert "new_york" in shown
    assert json.loads(run("phrases", str(path), "--threshold", "2", "--json", *cache))["phrases"] >= 2
    model = str(tmp_path / "m.firth")
    run("train", str(path), "-o", model, "--phrase-passes", "1", "--phrase-threshold", "2", "--epochs", "1", *cache)
    assert run("similar", model, "new york") == run("similar", model, "new_york").replace("new_york:", "new york:")


def test_join__a_string_is_no_list_of_tokens():
    with pytest.raises(TypeError, match="a list of tokens, not a string, 'new york'"):
        Phrases([{("n", "e"): 1.0}]).join("new york")


def test_find_phrases__numbers_may_be_of_numpy():
    lists = [["new", "york", "is", "new"], ["a", "york", "is", "new", "york"]] * 10
    wanted = firth.find_phrases(lists, min_count=1, threshold=0.1)
    assert len(wanted)
    assert firth.find_phrases(lists, min_count=np.int64(1), passes=np.int8(1), threshold=np.float64(0.1)) == wanted
    with pytest.raises(ConfigError, match="threshold must be a number"):
        firth.find_phrases(lists, threshold=np.float32("nan"))


def text_with_connectors(lines=400):
    rng = np.random.default_rng(0)
    joined = ["bank of america", "lord of the rings", "new york", "made in china", "state of the art of war"]
    parts = [*(f"w{i}" for i in range(25)), *joined[:1], "bank", "of", "the", "america", *joined[1:2], "of the"]
    parts += [*joined[2:], "rings", "in"]
    return [" ".join(parts[i] for i in rng.integers(0, len(parts), 9)).split() for _ in range(lines)]


GENSIM = {
    "mikolov": (
        {
            "lord of the rings": 5.4862589063,
            "made in china": 12.2102864583,
            "state of the art": 11.1945578231,
            "art of war": 11.1945578231,
            "bank of america": 3.0544666191,
            "new york": 12.5910509886,
        },
        {"state_of_the_art of war": 11.8791836735},
    ),
    "npmi": (
        {
            "lord of the rings": 0.8075456128,
            "made in china": 1.0,
            "state of the art": 1.0,
            "art of war": 1.0,
            "bank of america": 0.6361339292,
            "new york": 1.0,
        },
        {"state_of_the_art of war": 1.0},
    ),
}
"""Gensim 4.4.0: `Phrases(text, min_count=3, threshold=…, scoring=…, connector_words=ENGLISH_CONNECTOR_WORDS)`, and one
more on what that joined; `export_phrases()` of the first, `find_phrases(joined)` of the second.
"""
COUNTS_OF_GENSIM = {
    "lord_of_the_rings": 101,
    "made_in_china": 96,
    "state_of_the_art_of_war": 105,
    "bank_of_america": 88,
    "new_york": 93,
}


@pytest.mark.parametrize(("scoring", "threshold"), [("mikolov", 2.0), ("npmi", 0.3)])
@pytest.mark.parametrize(("at_a_time", "fewest_paths"), [(1 << 24, 1 << 12), (500, 1)])
def test_find_phrases__connector_words_do_what_they_do_in_gensim(
    monkeypatch, scoring, threshold, at_a_time, fewest_paths
):
    monkeypatch.setattr(phrase_detection, "PAIRS_AT_A_TIME", at_a_time)
    monkeypatch.setattr(phrase_detection, "FEWEST_PATHS", fewest_paths)
    connectors = firth.ENGLISH_CONNECTOR_WORDS
    settings = {"passes": 2, "min_count": 3, "threshold": threshold, "scoring": scoring, "connector_words": connectors}
    found = firth.find_phrases(text_with_connectors(), **settings)
    for pairs, wanted in zip(found.passes, GENSIM[scoring], strict=True):
        by_words = {" ".join(phrase): round(score, 10) for phrase, score in pairs.items()}
        assert {phrase: by_words[phrase] for phrase in wanted} == wanted
    assert len(found.passes[0]) == len(GENSIM[scoring][0])
    joined = tokens_of(firth.join_phrases(text_with_connectors(), found))
    assert joined == [found.join(sentence) for sentence in text_with_connectors()]
    counts = collections.Counter(itertools.chain.from_iterable(joined))
    assert {word: n for word, n in counts.items() if "_" in word} == COUNTS_OF_GENSIM
    assert (counts.total(), len(counts)) == (3708, 36)
    assert firth.find_phrases(text_with_connectors(), **settings | {"connector_words": frozenset(connectors)}) == found


def paths_by_hand(sentences, connectors):
    """How often each word, what connectors follow it, and the word after them, stand together."""
    found = collections.Counter()
    for sentence in sentences:
        places = [i for i, word in enumerate(sentence) if word not in connectors]
        found.update(tuple(sentence[a : b + 1]) for a, b in itertools.pairwise(places))
    return found


@pytest.mark.parametrize("connectors", [["of", "the"], ["w1", "of", "w2", "w3"], ["nothing"], []])
def test_find_phrases__connected_pairs_are_those_counted_by_hand(monkeypatch, connectors):
    monkeypatch.setattr(phrase_detection, "FEWEST_PATHS", 3)
    sentences = text_with_connectors()
    words = collections.Counter(itertools.chain.from_iterable(sentences))
    paths = paths_by_hand(sentences, connectors)
    different = len(paths) + sum(word not in connectors for word in words)
    wanted = {p: (n - 5) / words[p[0]] / words[p[-1]] * different for p, n in paths.items() if n >= 5}
    (found,) = firth.find_phrases(sentences, threshold=-1e9, connector_words=connectors).passes
    assert found.keys() == wanted.keys()
    assert all(math.isclose(score, wanted[phrase]) for phrase, score in found.items())


def test_find_phrases__connector_words_are_words():
    for wrong in ("of", [None], [["of"]]):
        with pytest.raises(ConfigError, match="connector_words must be a list of words"):
            firth.find_phrases(text(), connector_words=wrong)


def test_load__phrases_with_connector_words_have_a_format_of_their_own(tmp_path):
    phrases = Phrases([{("bank", "of", "america"): 1.5, ("a", "b"): 1.0}])
    assert json.loads(phrases.as_json())["format"] == "firth phrases 2"
    assert json.loads(Phrases([{("a", "b"): 1.5}]).as_json())["format"] == "firth phrases 1"
    (tmp_path / "phrases.json").write_text(phrases.as_json(), "ascii")
    assert Phrases.load(tmp_path / "phrases.json") == phrases


@pytest.mark.parametrize("pairs", [{("a", "b"): 1.0, ("a", "b", "c"): 2.0}, {("a", "b", "c"): 2.0, ("a", "b"): 1.0}])
def test_join_phrases__of_two_that_begin_alike_the_shorter_is_joined(pairs):
    phrases, sentences = Phrases([pairs]), [["a", "b", "c", "a", "b"], ["a", "c"]] * 3
    assert phrases.join(sentences[0]) == ["a_b", "c", "a_b"]
    assert tokens_of(firth.join_phrases(sentences, phrases)) == [phrases.join(sentence) for sentence in sentences]


@needs_compiler
def test_command__connector_words_by_name_or_file(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, text_with_connectors())))
    (tmp_path / "words.txt").write_text("of\nthe\n")

    def run(*words):
        result = CliRunner().invoke(cli, [*words, "--cache", str(tmp_path / "cache")], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    assert "lord_of_the_rings   5.4863" in run("phrases", str(path), "--min-count", "3", "--threshold", "2",
                                              "--connector-words", "english")  # fmt: skip
    shown = run("phrases", str(path), "--threshold", "2", "--connector-words", str(tmp_path / "words.txt"))
    assert "bank_of_america" in shown
    assert "made_in_china" not in shown
    model = str(tmp_path / "m.firth")
    run("train", str(path), "-o", model, "--phrase-passes", "2", "--phrase-threshold", "2", "--epochs", "1",
        "--vector-size", "8", "--connector-words", "english")  # fmt: skip
    loaded = firth.load(model)
    assert "state_of_the_art_of_war" in loaded
    assert (loaded["bank of america"] == loaded["bank_of_america"]).all()
    more = loaded.train_more(text_with_connectors(), epochs=1, progress=False)
    assert more.count("bank_of_america") == 2 * 88


def test_join_phrases__warns_of_words_of_phrases_that_the_text_cannot_have():
    phrases = Phrases([{("New", "York"): 9.0, ("the", "king"): 8.0}, {("New_York", "City"): 7.0}])
    with pytest.warns(
        FirthWarning, match="3 of the 5 words of phrases .* 'City' .read as 'city'.*Config.lowercase=False"
    ):
        firth.join_phrases(["New York City, the king"] * 3, phrases)
    with pytest.warns(FirthWarning, match=r"3 of the 5 words .* with lowercase=False \(--no-lowercase\), or"):
        firth.train(["New York, the king"] * 9, phrases=phrases, min_count=1, sample=0, epochs=1, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FirthWarning)
        cased = firth.TextConfig(lowercase=False)
        joined = firth.join_phrases(["New York City, the king"] * 3, phrases, config=cased)
        firth.join_phrases([["New", "York"]], phrases)
    assert joined.words(2) == ["New_York_City", "the_king"]
