import collections
import itertools
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner

import firth
from firth import joining
from firth.cli import cli
from firth.errors import ConfigError, FormatError, WordNotFoundError
from firth.kernels import compiler
from firth.phrases import Phrases
from firth.reporting.events import Joining
from firth.reporting.progress_bar import ProgressBar

needs_compiler = pytest.mark.skipif(not compiler.is_enabled(), reason="training is slow with the compiler off")


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
    monkeypatch.setattr(joining, "PAIRS_AT_A_TIME", at_a_time)
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
    monkeypatch.setattr("firth.corpus.TOKENS_AT_A_TIME", at_a_time)
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
    monkeypatch.setattr("firth.corpus.TOKENS_AT_A_TIME", 500)
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
