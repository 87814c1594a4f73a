"""Words and how often they occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NoReturn, SupportsIndex

import numpy as np

from firth.arrays import Int64, UInt8, UInt64
from firth.data_frames import Tabular
from firth.errors import FirthError, WordNotFoundError, shortened
from firth.html_table import html_table
from firth.missing_values import as_list, is_hole, is_whole_number, text_of, text_of_word


class Interner(dict[Any, int]):
    """A number for each thing, 0, 1, 2 …, given when it is first asked for."""

    def __missing__(self, thing: Any) -> int:
        self[thing] = number = len(self)
        return number


def by_count_then_word(words: Sequence[str], counts: Int64, *, reverse_ties: bool = False) -> Int64:
    """The positions of words in the order of their ids: by falling count, words of equal count by code points.

    With `reverse_ties`, words of equal count are in the reverse order.
    """
    encoded = [word.encode("utf-8", "surrogatepass") for word in words]
    ends = np.cumsum(np.fromiter((len(word) + 1 for word in encoded), np.int64, len(encoded)))
    letters = np.frombuffer(b"\n".join([*encoded, b""]), np.uint8)
    return by_count_then_letters(letters, np.concatenate([[0], ends]), counts, reverse_ties=reverse_ties)


def by_count_then_letters(letters: UInt8, starts: Int64, counts: Int64, *, reverse_ties: bool = False) -> Int64:
    """As `by_count_then_word`, of words in UTF-8, each with a byte behind it: word i is
    letters[starts[i]:starts[i + 1] - 1]. In UTF-8, bytes have the order of code points.
    """
    falling, at, ends = -np.asarray(counts), starts[:-1], starts[1:] - 1
    eight = _eight_letters(letters, at, ends, reverse=reverse_ties)
    order: Int64 = np.lexsort((eight, falling))
    falling, eight = falling[order], eight[order]
    is_tie = np.zeros(len(order) + 1, np.bool_)  # with the one before
    is_tie[1:-1] = (falling[1:] == falling[:-1]) & (eight[1:] == eight[:-1])

    tied = np.flatnonzero(is_tie[:-1] | is_tie[1:])  # sorted by their next eight letters
    group, words = np.cumsum(~is_tie[tied]), order[tied]
    eight = _eight_letters(letters, np.minimum(at[words] + 8, ends[words]), ends[words], reverse=reverse_ties)
    within = np.lexsort((eight, group))
    order[tied], eight = words[within], eight[within]
    is_tie[tied[1:]] &= eight[1:] == eight[:-1]

    first = np.flatnonzero(~is_tie[:-1] & is_tie[1:])  # few are left
    last = np.flatnonzero(is_tie[:-1] & ~is_tie[1:]) + 1
    for alike in map(slice, first.tolist(), last.tolist()):
        tied_words = order[alike].tolist()
        order[alike] = sorted(tied_words, key=lambda i: letters[at[i] : ends[i]].tobytes(), reverse=reverse_ties)
    return order


def _eight_letters(letters: UInt8, at: Int64, ends: Int64, *, reverse: bool) -> UInt64:
    """The next eight bytes of each word, as numbers in the order of code points, or in the reverse, (n,) uint64."""
    found = np.zeros(len(at), np.uint64)
    for _ in range(8):
        found = (found << np.uint64(8)) | np.where(at < ends, letters[at], 0).astype(np.uint64)
        at = np.minimum(at + 1, ends)
    return ~found if reverse else found


def _as_texts(words: Sequence[Any]) -> tuple[Sequence[str], bool]:
    """Words as text, and whether they were whole numbers."""
    if all(type(word) is str for word in words):
        return words, False
    return [text_of_word(word) for word in words], all(map(is_whole_number, words))


def refuse_repeated(texts: Sequence[str]) -> None:
    """Raise `ValueError` for a word that comes twice, as 42 and "42" do."""
    if len(set(texts)) == len(texts):
        return
    places: dict[str, int] = {}
    for place, text in enumerate(texts):
        if places.setdefault(text, place) != place:
            raise ValueError(
                f"the word {shortened(text)} comes twice, as words {places[text]:,} and {place:,} (from 0)"
            )


def counts_by_text(counts: Mapping[Any, Any]) -> tuple[dict[str, Any], bool]:
    """Counts by the texts of words, those of one text added, as of 42 and "42"; and whether all were whole numbers."""
    words, found = [word for word, _ in counts.items()], dict[str, Any]()
    texts, are_numbers = _as_texts(words)
    if texts is words:
        return dict(counts.items()), are_numbers
    for text, (_, number) in zip(texts, counts.items(), strict=True):
        found[text] = found[text] + number if text in found else number
    return found, are_numbers


def _are_integers(words: Iterable[str]) -> bool:
    """Whether all words are whole numbers, as Python writes them, that one column of int64 or of uint64 holds."""
    least = most = 0
    for word in words:
        try:
            number = int(word)
        except ValueError:
            return False
        if str(number) != word:  # as of "007", which is another word than "7"
            return False
        least, most = min(least, number), max(most, number)
    return least >= -(2**63) and most < (2**63 if least < 0 else 2**64)


class Words(list[str]):
    """A list of words that cannot be changed, as each word has an id, a count and a vector of its own.

    It is equal to any list of the same words; `list(words)`, `words[:10]` and `words + [word]` are usual lists.
    """

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            "the words of a vocabulary cannot be changed: take a copy, list(words); or to change vectors by their"
            " words, select, add, replace or remove, which give new ones"
        )

    append = extend = insert = remove = pop = clear = sort = reverse = _refuse
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse

    def _repr_html_(self) -> str:
        return html_table("", ("id", "word"), enumerate(self), rows_in_all=len(self))

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[type[Words], tuple[list[str]]]:
        return Words, (list(self),)  # a list's own way appends


class Vocabulary(Tabular):
    """Words in the order of their ids: by falling count, words of equal count by code points.

    Parameters
    ----------
    words
        V words, strings or numbers, each one once; 42 and "42" are one word. The attribute `words` is a list of them as
        text.
    counts
        How often each occurs; all 0 where that is not known. The attribute `counts` is a read-only (V,) int64 array.
    integers
        Whether words given as text were whole numbers in their source, such as ids of items. They still are if one
        column of int64 or of uint64 holds all; then the attribute `integers` is true, and answers are numbers.

    Raises
    ------
    ValueError
        For a word that comes twice, and for more or fewer counts than words.

    Examples
    --------
    >>> firth.Vocabulary.from_counts({"axe": 1, "queen": 2, "king": 2}).words
    ['king', 'queen', 'axe']
    """

    def __init__(self, words: Sequence[Any], counts: Iterable[int], integers: bool = False):
        if isinstance(words, str | bytes):
            raise ValueError(f"wanted a list of words, not one string, {shortened(words)}")
        texts, are_numbers = _as_texts(as_list(words))
        refuse_repeated(texts)
        self.words = Words(texts)
        self.counts: Int64 = np.array(counts, np.int64)
        self.counts.setflags(write=False)
        if len(self.words) != len(self.counts):
            raise ValueError(f"{len(self.words)} words, but {len(self.counts)} counts")
        self.integers = (integers or are_numbers) and _are_integers(self.words)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.counts.setflags(write=False)  # of a copy, or one that was pickled

    @classmethod
    def from_counts(
        cls, counts: Mapping[Any, int], min_count: int = 1, max_vocabulary: int | None = None
    ) -> Vocabulary:
        """The vocabulary of counted words.

        Parameters
        ----------
        counts
            How often each word occurs, by word. Those of words with one text, as of 42 and "42", are added.
        min_count
            Words that occur less often are left out.
        max_vocabulary
            Keep at most this many words, the most frequent ones.
        """
        by_text, are_numbers = counts_by_text(counts)
        kept = [text for text, count in by_text.items() if count >= min_count]
        of_kept = np.array([by_text[text] for text in kept], np.int64)
        order = by_count_then_word(kept, of_kept)[:max_vocabulary]
        return cls([kept[i] for i in order.tolist()], of_kept[order], are_numbers)

    def often(self, min_count: int) -> Vocabulary:
        """The words that occur so often, in their order.

        Parameters
        ----------
        min_count
            Words that occur less often are left out.
        """
        return self.at(np.flatnonzero(self.counts >= min_count))

    def at(self, rows: Int64) -> Vocabulary:
        """The words with these ids, in this order.

        Parameters
        ----------
        rows
            Their ids, (n,).
        """
        return Vocabulary([self.words[i] for i in rows.tolist()], self.counts[rows], self.integers)

    @cached_property
    def typed_words(self) -> list[Any]:
        """The words as answers give them: whole numbers where they are `integers`, or else `words` itself."""
        return [int(word) for word in self.words] if self.integers else self.words

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each word, by word."""
        return {word: i for i, word in enumerate(self.words)}

    def id(self, word: object) -> int:
        """A word's id. Raises `WordNotFoundError`, with near spellings, for an unknown word; `ValueError` for a hole.

        Parameters
        ----------
        word : word
        """
        text = text_of_word(word)
        found = self.ids.get(text)
        if found is None:
            raise WordNotFoundError(text, self.near_spellings(text))
        return found

    @property
    def has_counts(self) -> bool:
        """Whether it is known how often words occur; most files of other programs do not say."""
        return bool(self.counts.any())

    def count(self, word: object) -> int:
        """How often a word occurs. Raises `WordNotFoundError`, and `FirthError` if the counts are not known.

        Parameters
        ----------
        word : word
        """
        i = self.id(word)
        if not self.has_counts:
            raise FirthError(
                "these words came without counts, as those in files of other programs do: load a firth model, or give"
                " them: firth.load(path, counts=file), --counts, vectors.with_counts(…)"
            )
        return int(self.counts[i])

    def near_spellings(self, word: str, n: int = 3) -> list[str]:
        """Words of the vocabulary with nearly the same spelling: in another case first, then the closest frequent ones.

        Parameters
        ----------
        word
            A word, in the vocabulary or not.
        n
            How many to return, at most.
        """
        import difflib  # only who misses a word needs it

        same = [other for other in (word.lower(), word.capitalize(), word.upper()) if other in self.ids]
        close = difflib.get_close_matches(word, self.words[:30_000], n)
        return list(dict.fromkeys([*same, *close]))[:n]

    def __len__(self) -> int:
        return len(self.words)

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __contains__(self, word: object) -> bool:
        return word in self.ids if type(word) is str else not is_hole(word) and text_of(word) in self.ids

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Vocabulary):
            return NotImplemented
        return self.words == other.words and bool((self.counts == other.counts).all())

    __hash__ = None  # type: ignore[assignment]

    def _columns(self) -> dict[str, Any]:
        return {"word": self.typed_words} | ({"count": self.counts} if self.has_counts else {})

    def _rows(self) -> Iterable[tuple[Any, ...]]:
        return zip(self.words, *([self.counts] if self.has_counts else []), strict=True)

    def __repr__(self) -> str:
        tokens = f"{int(self.counts.sum()):,} tokens" if self.has_counts else "no counts"
        return f"Vocabulary({len(self.words):,} words, {tokens})"
