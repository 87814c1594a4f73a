"""Phrases as gensim has them: words that often stand together are counted, scored, and joined."""

from __future__ import annotations

import itertools
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from firth.errors import ConfigError, FormatError, shortened
from firth.gensim.arguments import warn_of_unneeded
from firth.gensim.sentences import one_by_one
from firth.missing_values import is_one_word
from firth.phrases import ENGLISH_CONNECTOR_WORDS as _ENGLISH
from firth.phrases import THRESHOLDS, Phrase, texts_of_tokens
from firth.phrases import Phrases as Found
from firth.storage.files import atomic_file

ENGLISH_CONNECTOR_WORDS = frozenset(_ENGLISH)
FORMAT = "firth counts of phrases 1"
SETTINGS = ("min_count", "threshold", "delimiter", "scoring")
Scoring = Callable[[float, float, float, float, float, float], float]


def original_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Mikolov et al. 2013, "Distributed representations", eq. 6, times the number of words and pairs."""
    denominator = worda_count * wordb_count
    return (bigram_count - min_count) / denominator * len_vocab if denominator else -math.inf


def npmi_scorer(
    worda_count: float,
    wordb_count: float,
    bigram_count: float,
    len_vocab: float,
    min_count: float,
    corpus_word_count: float,
) -> float:
    """Normalized pointwise mutual information, -1 to 1 (Bouma 2009); minus infinity for pairs that are too rare."""
    if bigram_count < min_count or not (worda_count and wordb_count and bigram_count):
        return -math.inf
    both = bigram_count / corpus_word_count
    if both == 1:
        return 1.0
    return math.log(both / (worda_count / corpus_word_count) / (wordb_count / corpus_word_count)) / -math.log(both)


SCORERS: Mapping[str, Scoring] = {"default": original_scorer, "npmi": npmi_scorer}


def _is_one_sentence(given: Any) -> tuple[bool, Iterable[Any]]:
    """Whether this is a sentence, a list of words, and not several; and the same, from its beginning."""
    if isinstance(given, str):
        raise TypeError(f"wanted a list of words, not a string, {shortened(given)}: split it first, text.split()")
    if isinstance(given, list | tuple):
        return not given or is_one_word(given[0]), given
    if iter(given) is not given:  # can be gone through again
        return is_one_word(next(iter(given), "")), given
    first = list(itertools.islice(given, 1))
    return not first or is_one_word(first[0]), itertools.chain(first, given)


class _Joined:
    """Sentences with their phrases joined, as they are gone through."""

    def __init__(self, phrases: _Joining, sentences: Iterable[list[str]]):
        self.phrases = phrases
        self.sentences = sentences

    def __iter__(self) -> Iterator[list[str]]:
        join = self.phrases.found().join
        for sentence in self.sentences:
            yield join(list(sentence))

    def __len__(self) -> int:
        return len(self.sentences)  # type: ignore[arg-type]  # where they have a length


class _Joining:
    """What joins the words of sentences."""

    delimiter: str

    def found(self) -> Found:
        """The phrases and their scores."""
        raise NotImplementedError

    def __getitem__(self, sentence: Any) -> Any:
        """A sentence with its phrases joined; of several sentences, something to iterate over, once or many times."""
        is_one, sentences = _is_one_sentence(sentence)
        return self.found().join(list(sentences)) if is_one else _Joined(self, sentences)

    def find_phrases(self, sentences: Iterable[list[str]]) -> dict[str, float]:
        """The phrases that occur in some sentences, with their scores.

        Parameters
        ----------
        sentences
            Lists of words.
        """
        found = self.found()
        scores = found.scores()
        there = {word for sentence in sentences for word in found.join(list(sentence))}
        return {phrase: score for phrase, score in scores.items() if phrase in there}

    def analyze_sentence(self, sentence: Iterable[str]) -> Iterator[tuple[str, float | None]]:
        """The words of a sentence, those of a phrase joined and with its score, others with None.

        Parameters
        ----------
        sentence
            A list of words.
        """
        found, words = self.found(), texts_of_tokens(sentence)
        (pairs,) = found.passes
        for joined in found.join(words):
            length = next(n for n in range(1, len(words) + 1) if found.separator.join(words[:n]) == joined)
            yield joined, pairs.get(tuple(words[:length])) if length > 1 else None
            words = words[length:]


class Phrases(_Joining):
    """Words and pairs of neighbors counted in sentences, to find phrases by.

    Parameters
    ----------
    sentences
        Lists of words. More can be counted by `add_vocab`.
    min_count
        Pairs that occur less often are no phrases.
    threshold
        A pair that scores more is a phrase: 10 is usual, or with "npmi" 0.5.
    delimiter
        What stands between two words that are joined.
    scoring : {"default", "npmi"}, or a function
        A function is called with the counts of both words and of the pair, the number of words and pairs, `min_count`,
        and the number of words in all.
    connector_words
        Words that phrases may hold, but not begin or end with: bank_of_america.
    max_vocab_size, progress_per
        Not needed: any number of pairs is counted.

    Examples
    --------
    >>> from firth.gensim import Phrases
    >>> phrases = Phrases([["new", "york", str(i)] for i in range(20)], min_count=1, threshold=1)
    >>> phrases[["back", "to", "new", "york"]]
    ['back', 'to', 'new_york']
    """

    def __init__(
        self,
        sentences: Iterable[list[str]] | None = None,
        min_count: float = 5,
        threshold: float = THRESHOLDS["mikolov"],
        max_vocab_size: int = 40_000_000,
        delimiter: str = "_",
        progress_per: int = 10_000,
        scoring: str | Scoring = "default",
        connector_words: Iterable[str] = frozenset(),
    ):
        warn_of_unneeded(progress_per=progress_per)
        if isinstance(connector_words, str):
            raise ConfigError(f"connector_words are a list of words, not a string, {shortened(connector_words)}")
        if not callable(scoring) and scoring not in SCORERS:
            raise ConfigError(f"scoring is default, npmi or a function, not {shortened(scoring)}")
        if not isinstance(delimiter, str) or not delimiter:
            raise ConfigError(f"delimiter is a string that is not empty, not {shortened(delimiter)}")
        if scoring == "npmi" and not -1 <= threshold <= 1:
            raise ConfigError(f"with npmi, scores and the threshold are from -1 to 1, not {shortened(threshold)}")
        if not min_count > 0 or (scoring == "default" and threshold <= 0):
            raise ConfigError("min_count must be above 0, and so must the threshold of the default scoring")
        self.min_count, self.threshold, self.delimiter, self.scoring = min_count, threshold, delimiter, scoring
        self.connector_words = frozenset(texts_of_tokens(connector_words))
        self.corpus_word_count = 0
        self.words: Counter[str] = Counter()
        self.pairs: Counter[Phrase] = Counter()
        self._last: tuple[Any, Found] | None = None  # what `found` gave, and of what
        if sentences is not None:
            self.add_vocab(sentences)

    def add_vocab(self, sentences: Iterable[list[str]]) -> None:
        """Count the words and pairs of more sentences.

        Parameters
        ----------
        sentences
            Lists of words.
        """
        for sentence in one_by_one(sentences):
            if isinstance(sentence, str):
                raise TypeError(f"a sentence is a list of words, not a string, {shortened(sentence)}: split it first")
            words = texts_of_tokens(sentence)
            self.corpus_word_count += len(words)
            if self.connector_words:
                self._count_with_connectors(words)
            else:
                self.words.update(words)
                self.pairs.update(itertools.pairwise(words))

    def _count_with_connectors(self, words: list[str]) -> None:
        """Count words that are no connector words, and pairs of these with connector words between the two or none."""
        start: Phrase = ()
        for word in words:
            if word in self.connector_words:
                start = (*start, word) if start else ()
                continue
            self.words[word] += 1
            if start:
                self.pairs[(*start, word)] += 1
            start = (word,)

    @property
    def vocab(self) -> dict[str, int]:
        """The counts of all words and pairs; pairs as they are written when joined."""
        counts = dict(self.words)
        for pair, count in self.pairs.items():
            counts[self.delimiter.join(pair)] = count
        return counts

    def found(self) -> Found:
        """The phrases and their scores, by the counts, the threshold and the scoring as they are now."""
        now = (self.corpus_word_count, len(self.pairs), self.min_count, self.threshold, self.delimiter, self.scoring)
        if self._last is None or self._last[0] != now:
            self._last = now, self._scored()
        return self._last[1]

    def _scored(self) -> Found:
        scorer = SCORERS[self.scoring] if isinstance(self.scoring, str) else self.scoring
        size = len(self.words) + len(self.pairs)
        counts, least = self.words, self.min_count
        scored = (
            (pair, scorer(counts[pair[0]], counts[pair[-1]], count, size, least, self.corpus_word_count))
            for pair, count in self.pairs.items()
        )
        return Found([{pair: float(score) for pair, score in scored if score > self.threshold}], self.delimiter)

    def export_phrases(self) -> dict[str, float]:
        """All phrases with their scores."""
        return self.found().scores()

    def freeze(self) -> FrozenPhrases:
        """The phrases alone, without the counts: smaller and faster, but no more sentences can be counted."""
        return FrozenPhrases(self)

    def save(self, fname_or_handle: str | Path, *args: Any, **kwargs: Any) -> None:
        """Write counts and settings to a JSON file, which `load` reads. Raises `ConfigError` for a scoring function.

        Parameters
        ----------
        fname_or_handle
            The file. It is replaced if it is there.
        *args, **kwargs
            How gensim pickles; not needed.
        """
        if callable(self.scoring):
            raise ConfigError("a scoring function cannot be saved: phrases.freeze().save(path) saves what it found")
        settings = {name: getattr(self, name) for name in SETTINGS} | {"connector_words": sorted(self.connector_words)}
        pairs = [[*pair, count] for pair, count in self.pairs.items()]
        about = {"format": FORMAT, "settings": settings, "corpus_word_count": self.corpus_word_count}
        with atomic_file(Path(fname_or_handle), overwrite=True) as path:
            path.write_text(json.dumps(about | {"words": self.words, "pairs": pairs}), "ascii", newline="\n")

    @classmethod
    def load(cls, fname: str | Path, *args: Any, **kwargs: Any) -> Self:
        """Read what `save` wrote. Raises `FormatError` for anything else; for pickles, with how to go on.

        Parameters
        ----------
        fname
            The file.
        *args, **kwargs
            How gensim reads pickles; not needed.
        """
        path = _no_pickle(fname)
        try:
            about = json.loads(path.read_bytes())
            if about["format"] != FORMAT:
                raise FormatError(f"{path} has the format {shortened(about['format'])}, not {FORMAT!r}")
            phrases = cls(**about["settings"])
            phrases.corpus_word_count = int(about["corpus_word_count"])
            phrases.words.update({str(word): int(count) for word, count in about["words"].items()})
            phrases.pairs.update({tuple(map(str, pair)): int(count) for *pair, count in about["pairs"]})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FormatError(f"{path} does not hold the counts of phrases: {error}") from error
        return phrases

    def __repr__(self) -> str:
        size = len(self.words) + len(self.pairs)
        return f"{type(self).__name__}<{size} vocab, min_count={self.min_count}, threshold={self.threshold}>"


def _no_pickle(fname: str | Path) -> Path:
    """The path of a file. Raises `FormatError` if it is a pickle."""
    path = Path(fname)
    if path.is_file():
        with path.open("rb") as file:
            if file.read(1) == b"\x80":
                raise FormatError(
                    f"{path} is a pickle, which firth never reads, as that runs whatever the file says. In Python with"
                    " gensim: Phrases.load(path).export_phrases() gives phrases and scores; firth.Phrases([{(first,"
                    " second): score}]) takes these, and FrozenPhrases takes that"
                )
    return path


class FrozenPhrases(_Joining):
    """Phrases with their scores, to join words by.

    Parameters
    ----------
    phrases_model
        A `Phrases`, or `firth.Phrases` of one pass.
    """

    def __init__(self, phrases_model: Phrases | Found):
        found = phrases_model if isinstance(phrases_model, Found) else phrases_model.found()
        if len(found.passes) > 1:
            raise ConfigError(f"gensim's phrases have one pass, and these {len(found.passes)}: use firth.Phrases")
        self._found = found
        self.delimiter = found.separator

    @property
    def phrasegrams(self) -> dict[str, float]:
        """The phrases as they are written when joined, with their scores."""
        return self._found.scores()

    def found(self) -> Found:
        """The phrases and their scores."""
        return self._found

    def export_phrases(self) -> dict[str, float]:
        """All phrases with their scores."""
        return self.phrasegrams

    def save(self, fname_or_handle: str | Path, *args: Any, **kwargs: Any) -> None:
        """Write the phrases to a JSON file, which `load` reads.

        Parameters
        ----------
        fname_or_handle
            The file. It is replaced if it is there.
        *args, **kwargs
            How gensim pickles; not needed.
        """
        with atomic_file(Path(fname_or_handle), overwrite=True) as path:
            path.write_text(self._found.as_json(), "ascii", newline="\n")

    @classmethod
    def load(cls, fname: str | Path, *args: Any, **kwargs: Any) -> Self:
        """Read phrases that `save` wrote.

        Parameters
        ----------
        fname
            The file.
        *args, **kwargs
            How gensim reads pickles; not needed.

        Raises
        ------
        FormatError
            For anything else; for gensim's pickles, the message says how to export them.
        """
        return cls(Found.load(_no_pickle(fname)))

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{len(self)} phrases>"


Phraser = FrozenPhrases
"""gensim's name of before 4.0."""
