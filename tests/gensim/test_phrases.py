import itertools
import math

import pytest

import firth
from firth.errors import ConfigError, FormatError
from firth.gensim import FrozenPhrases, Phraser, Phrases
from firth.gensim.models.phrases import ENGLISH_CONNECTOR_WORDS

TEXT = [["back", "to", "new", "york", str(i)] for i in range(20)] + [["bank", "of", "america", "to", "us"]] * 10


def test_score__is_that_of_the_paper_times_the_vocabulary():
    phrases = Phrases(TEXT, min_count=2, threshold=1)
    size = len({word for sentence in TEXT for word in sentence})
    size += len({pair for sentence in TEXT for pair in itertools.pairwise(sentence)})
    assert phrases.export_phrases()["new_york"] == pytest.approx((20 - 2) / (20 * 20) * size)
    assert len(phrases.vocab) == size
    assert phrases.vocab["new_york"] == 20


def test_npmi__is_that_of_bouma():
    words = sum(map(len, TEXT))
    p = 20 / words
    found = Phrases(TEXT, min_count=2, threshold=0.5, scoring="npmi").export_phrases()
    assert found["new_york"] == pytest.approx(math.log(p / p**2) / -math.log(p))


@pytest.mark.parametrize(
    "settings",
    [
        {"min_count": 2, "threshold": 1.0},
        {"min_count": 2, "threshold": 1.0, "connector_words": ENGLISH_CONNECTOR_WORDS},
        {"min_count": 2, "threshold": 0.4, "scoring": "npmi", "delimiter": " "},
    ],
)
def test_phrases__are_those_that_firth_finds_itself(settings):
    mine = dict(settings, separator=settings.get("delimiter", "_"), scoring=settings.get("scoring", "mikolov"))
    mine.pop("delimiter", None)
    native = firth.find_phrases(TEXT, **mine)
    phrases = Phrases(TEXT, **settings)
    assert phrases.export_phrases() == pytest.approx(native.scores())
    assert phrases[TEXT[0]] == native.join(TEXT[0])
    assert phrases[TEXT[-1]] == native.join(TEXT[-1])


def test_phrases__hold_connector_words_inside():
    phrases = Phrases(TEXT, min_count=2, threshold=1, connector_words=ENGLISH_CONNECTOR_WORDS)
    assert phrases[["bank", "of", "america"]] == ["bank_of_america"]
    score = phrases.export_phrases()["bank_of_america"]
    assert list(phrases.analyze_sentence(["the", "bank", "of", "america"])) == [
        ("the", None),
        ("bank_of_america", score),
    ]


def test_sentences__are_joined_one_or_many_once_or_again():
    phrases = Phrases(TEXT, min_count=2, threshold=1)
    joined = phrases[TEXT[:3]]
    assert list(joined) == list(joined) == [phrases[sentence] for sentence in TEXT[:3]]
    assert list(phrases[iter(TEXT[:3])]) == list(joined)
    assert len(joined) == 3
    assert phrases[[]] == []
    assert list(Phrases(phrases[TEXT], min_count=2, threshold=1).find_phrases([["to", "new_york"]])) == []
    with pytest.raises(TypeError, match="split it first"):
        phrases["new york"]


def test_find_phrases__gives_those_that_occur():
    phrases = Phrases(TEXT, min_count=2, threshold=1)
    assert phrases.find_phrases([["in", "new", "york"]]) == {"new_york": phrases.export_phrases()["new_york"]}


def test_phrases__follow_a_new_threshold_and_new_sentences():
    phrases = Phrases(TEXT, min_count=2, threshold=1e9)
    assert phrases[["new", "york"]] == ["new", "york"]
    phrases.threshold = 1
    assert phrases[["new", "york"]] == ["new_york"]
    phrases.add_vocab([["deep", "sea"]] * 10)
    assert phrases[["deep", "sea"]] == ["deep_sea"]


def test_scoring__can_be_a_function(tmp_path):
    phrases = Phrases(TEXT, threshold=15, scoring=lambda a, b, both, size, least, words: both)
    assert set(phrases.export_phrases()) == {"back_to", "to_new", "new_york"}
    with pytest.raises(ConfigError, match="freeze"):
        phrases.save(tmp_path / "p.json")


def test_phrases__are_saved_and_frozen(tmp_path):
    phrases = Phrases(TEXT, min_count=2, threshold=1, connector_words=["of"])
    phrases.save(tmp_path / "p.json")
    loaded = Phrases.load(tmp_path / "p.json")
    assert loaded.export_phrases() == phrases.export_phrases()
    loaded.add_vocab(TEXT)
    frozen = phrases.freeze()
    frozen.save(tmp_path / "f.json")
    assert FrozenPhrases.load(tmp_path / "f.json").phrasegrams == phrases.export_phrases()
    assert Phraser(phrases)[TEXT[0]] == phrases[TEXT[0]]
    assert len(frozen) == len(phrases.export_phrases())
    with pytest.raises(FormatError, match="does not hold the counts"):
        Phrases.load(tmp_path / "f.json")


def test_load__says_how_to_go_on_from_a_pickle(tmp_path):
    (tmp_path / "p.pkl").write_bytes(b"\x80\x04K\x01.")
    for kind in (Phrases, FrozenPhrases):
        with pytest.raises(FormatError, match="export_phrases"):
            kind.load(tmp_path / "p.pkl")


@pytest.mark.parametrize(
    "settings",
    [
        {"scoring": "best"},
        {"threshold": -1},
        {"min_count": 0},
        {"scoring": "npmi", "threshold": 2},
        {"delimiter": b"_"},
        {"connector_words": "of"},
    ],
)
def test_setting__that_makes_no_sense_is_an_error(settings):
    with pytest.raises(ConfigError):
        Phrases(TEXT, **settings)
