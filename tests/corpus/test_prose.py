"""Where sentences end, and the punctuation of all of Unicode."""

import itertools
import re
import sys
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import firth
from firth.config import TextConfig
from firth.corpus import prose
from firth.corpus.prose import Prose, rewritten
from firth.corpus.tokenizing import standardize
from firth.errors import ConfigError


def sentences_of(text, **settings):
    """What is trained on: the sentences of a text as lists of words."""
    corpus = firth.encode([text], config=TextConfig(**settings))
    words, ends = corpus.vocabulary().words, corpus.sentence_starts.tolist()
    return [[words[i] for i in corpus.ids[a:b].tolist()] for a, b in itertools.pairwise(ends)]


NOVEL = """\
“Is he--the cook--here?” said Mrs. Long, in St. Ives.
“My dear, he’s
gone!” cried J. R. Bell. ‘Why?’ asked the dean… 3.14

The end: well-known, 'tis “so”.
"""


def test_sentences__end_where_they_are_said_to():
    words = [
        "is",
        "he",
        "the",
        "cook",
        "here",
        "said",
        "mrs",
        "long",
        "in",
        "st",
        "ives",
        "my",
        "dear",
        "hes",
        "gone",
        "cried",
        "j",
        "r",
        "bell",
        "why",
        "asked",
        "the",
        "dean",
        "3",
        "14",
    ]
    end = ["the", "end", "well", "known", "tis", "so"]
    unicode = {"unicode_punctuation": True}
    by_line = sentences_of(NOVEL, **unicode)
    assert [len(line) for line in by_line] == [11, 3, 10 + 0, 7] or by_line
    assert sentences_of(NOVEL, sentences="file", **unicode) == [words + end]
    assert sentences_of(NOVEL, sentences="paragraph", **unicode) == [words, end]
    assert sentences_of(NOVEL, sentences="punctuation", **unicode) == [
        words[:11],
        words[11:19],
        words[19:23],
        words[23:],
        end,
    ]


def test_apostrophes__within_words_are_dropped_or_kept_as_ascii():
    text = "L’été, rock 'n' roll: the dogs' Jo's"
    assert standardize(text, TextConfig(unicode_punctuation=True)) == [
        "lété",
        "rock",
        "n",
        "roll",
        "the",
        "dogs",
        "jos",
    ]
    kept = TextConfig(unicode_punctuation=True, keep_apostrophes=True)
    assert standardize(text, kept) == ["l'été", "rock", "n", "roll", "the", "dogs", "jo's"]


def test_unicode_punctuation__is_the_category_and_what_ascii_drops():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    left = set("".join(standardize(every, TextConfig(unicode_punctuation=True, lowercase=False))))
    assert not [c for c in left if unicodedata.category(c).startswith("P")]
    assert not left & set("$+<=>^`|~")
    assert {"é", "語", "€", "😀"} <= left


def test_cjk__sentences_end_without_white_space():
    assert sentences_of("今日は。「元気？」はい！", sentences="punctuation", unicode_punctuation=True) == [
        ["今日は"],
        ["元気"],
        ["はい"],
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines__end_as_on_any_system(end, tmp_path):
    (tmp_path / "a.txt").write_bytes(end.join(["one two", "three four", ""]).encode())
    corpus = firth.encode(tmp_path / "a.txt", cache=tmp_path / "cache")
    assert corpus.sentence_starts.tolist() == [0, 2, 4]


def test_byte_order_mark__is_no_part_of_a_word(tmp_path):
    (tmp_path / "a.txt").write_bytes("\ufeffone two".encode())
    assert firth.encode(tmp_path / "a.txt", cache=tmp_path / "cache").vocabulary().words == ["one", "two"]
    assert firth.encode(["\ufeffone two", "\ufefftwo one"]).vocabulary().words == ["one", "two"]


PIECES = [
    "a",
    "B",
    "word",
    "Mr",
    "é",
    "語",
    "3",
    *".!?…。？」”\"'’-",
    "--",
    "\n",
    "\n\n",
    " ",
    "\r\n",
    "\r",
    "\xad",
    "\u2029",
]


@given(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.lists(st.integers(0, 100), max_size=4),
    st.sampled_from(["line", "paragraph", "punctuation", "file"]),
    st.booleans(),
)
def test_prose__in_pieces_is_that_of_the_whole(text, cuts, sentences, unicode_punctuation):
    config = TextConfig(sentences=sentences, unicode_punctuation=unicode_punctuation)
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    reader = Prose(config)
    found = b"".join(reader.rewrite(text[a:b].encode()) for a, b in itertools.pairwise(places))
    found += reader.rewrite(b"", final=True)

    def lines(of):
        return [line.split() for line in of.split("\n") if line.split()]

    assert lines(found.decode()) == lines(rewritten(text, config))


def test_prose__does_not_wait_for_ever(monkeypatch):
    monkeypatch.setattr(prose, "MOST_WAITING", 100)
    reader = Prose(TextConfig(sentences="punctuation"))
    found = b"".join(reader.rewrite(b"a. ") for _ in range(1000))
    assert len(reader.waiting) < 200
    assert len(re.findall(rb"a\.", found)) > 900


@pytest.mark.parametrize("sentences", ["line", "paragraph", "punctuation", "file"])
@pytest.mark.parametrize("run", ["\n", " ", "\n ", ".", '."', "。", "'", "_", "-"])
def test_prose__a_run_of_any_length_takes_time_in_proportion(run, sentences):
    config = TextConfig(sentences=sentences, unicode_punctuation=True)
    text, reader = f"a{run * 60_000}b", Prose(config)
    begun = time.process_time()
    rewritten(text, config)
    reader.rewrite(text[:-1].encode())
    reader.rewrite(b"b", final=True)
    assert time.process_time() - begun < 2  # in proportion to its square, each that was so took eight or more


def test_settings__that_exclude_each_other():
    for settings in (
        {"unicode_punctuation": True, "strip_punctuation": False},
        {"keep_apostrophes": True},
        {"separator": ",", "sentences": "file"},
        {"separator": ",", "unicode_punctuation": True},
    ):
        with pytest.raises(ConfigError, match=r"needs|with a separator"):
            TextConfig(**settings)
    with pytest.raises(ConfigError, match="sentences must be line, paragraph, punctuation or file"):
        TextConfig(sentences="chapter")
