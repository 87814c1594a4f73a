"""The tutorial's training examples, step by step: vocabulary, sequences, skip-grams, negative samples, examples.

Each step is a function on NumPy arrays, callable alone; the same arguments and seed give the same arrays. Id 0 is
padding everywhere and takes no part in pairs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

import numpy as np

from firth.arrays import Float64, Int32, Int64
from firth.config import TextConfig, is_int, plain
from firth.corpus.scanning import Scanner, merge
from firth.corpus.tokenizing import tokenize
from firth.errors import shortened
from firth.jit import target
from firth.kernels.machine.rng import stream_key
from firth.kernels.text.scanner import SENTENCE_END_NUMBER
from firth.kernels.tutorial.examples import draw_candidates, find_skipgrams, shuffle
from firth.kernels.word2vec.negatives import Noise
from firth.training.sampling import alias_table
from firth.vocabulary import FirstSeen, by_count_then_word

PADDING, UNKNOWN = "", "[UNK]"
SPECIAL_TOKENS = (PADDING, UNKNOWN)

Text = str | list[str]

_SUBSAMPLING, _SHUFFLING, _NEGATIVES, _CANDIDATES = range(16, 20)
_ROWS_AT_A_TIME = 1 << 14


class Pairs(NamedTuple):
    """Skip-grams: `pairs` (n, 2) int32, each row (target, context), and `labels` (n,) int32, 1 real and 0 invented."""

    pairs: Int32
    labels: Int32


class Candidates(NamedTuple):
    """Sampled classes (k,) int32, and how often each class is expected in such a sample, float64.

    `true_expected` has the shape of the true classes, `sampled_expected` that of `sampled`.
    """

    sampled: Int32
    true_expected: Float64
    sampled_expected: Float64


class Examples(NamedTuple):
    """`targets` (n,), `contexts` (n, 1 + num_ns) with the true context first, `labels` (n, 1 + num_ns): 1, then 0s.

    All int32.
    """

    targets: Int32
    contexts: Int32
    labels: Int32


class Numbered(NamedTuple):
    """Texts as numbers: their different words, how often each occurs, the number of each token, tokens in each text."""

    words: list[str]
    counts: Int64
    numbers: Int32
    lengths: Int64


def capped_vocabulary(
    texts: Iterable[Text] | Numbered, max_tokens: int, *, reverse_ties: bool = False, config: TextConfig | None = None
) -> list[str]:
    """'' (padding) and '[UNK]', then the most frequent words of the texts: `max_tokens` in all, or fewer.

    A text is a string, or the list of its tokens; `numbered` texts need not be split again.
    Words of equal count are ordered by their code points; in reverse with `reverse_ties`, as TensorFlow's
    TextVectorization orders them. Raises `ValueError` if there is no room for a word.
    """
    if max_tokens <= len(SPECIAL_TOKENS):
        raise ValueError(f"max_tokens must be more than the {len(SPECIAL_TOKENS)} special tokens, not {max_tokens}")
    words, counts, *_ = texts if isinstance(texts, Numbered) else numbered(texts, config)
    order = by_count_then_word(words, counts, reverse_ties=reverse_ties)
    return [*SPECIAL_TOKENS, *(words[i] for i in order[: max_tokens - len(SPECIAL_TOKENS)].tolist())]


def vectorize(
    texts: Iterable[Text] | Numbered, words: Sequence[str], sequence_length: int, *, config: TextConfig | None = None
) -> Int32:
    """The ids of each text's tokens, in an array: cut to one length, or padded with 0.

    Parameters
    ----------
    texts
        Strings, or lists of tokens, or what `numbered` made of either.
    words
        The vocabulary, beginning with '' and '[UNK]'. Words that are not in it get id 1.
    sequence_length
        The length of each sequence.
    config
        How text becomes tokens: the default `TextConfig` if none is given.

    Returns
    -------
    (texts, sequence_length) int32 array

    Raises
    ------
    ValueError
        For a vocabulary that begins otherwise, or a length below 1.
    TypeError
        For one string instead of many, for a set, and for strings mixed with lists.

    Examples
    --------
    >>> firth.vectorize(["Speak, speak!", "the king"], ["", "[UNK]", "the", "king", "speak"], 3)
    array([[4, 4, 0],
           [2, 3, 0]], dtype=int32)
    """
    if tuple(words[:2]) != SPECIAL_TOKENS:
        raise ValueError(f"words must begin with {SPECIAL_TOKENS}, not {tuple(words[:2])}")
    if sequence_length < 1:
        raise ValueError(f"sequence_length must be 1 or more, not {sequence_length}")
    ids = {word: i for i, word in enumerate(words)}
    distinct, _, numbers, lengths = texts if isinstance(texts, Numbered) else numbered(texts, config)
    of_number = np.array([ids.get(word, SPECIAL_TOKENS.index(UNKNOWN)) for word in distinct], np.int32)
    return _padded(of_number[numbers], lengths, sequence_length)


def numbered(texts: Iterable[Text], config: TextConfig | None = None) -> Numbered:
    """Number the tokens of texts. Raises `TypeError` for texts that are strings and lists, for one string in place of
    many, whose letters would be texts, and for a set, whose order is another in every process.
    """
    if isinstance(texts, str | bytes):
        raise TypeError(f"wanted a list of texts, not one string, {shortened(texts)}: pass its lines, or [text]")
    if isinstance(texts, set | frozenset):
        raise TypeError("wanted a list of texts, not a set, which has no order")
    config, texts = config or TextConfig(), list(texts)
    kinds = {issubclass(kind, str) for kind in set(map(type, texts))}
    if len(kinds) > 1:
        raise TypeError("texts are strings, or lists of tokens: not some of both")
    if True in kinds and target.is_enabled():
        joined = "\n".join([*cast("list[str]", texts), ""])
        if joined.count("\n") == len(texts) and (content := _utf8(joined)) is not None:
            return _scanned(content, config)
    tokens = cast("list[list[str]]", texts) if True not in kinds else tokenize(cast("list[str]", texts), config)
    ids = FirstSeen()
    lengths = np.fromiter(map(len, tokens), np.int64, len(tokens))
    numbers = np.fromiter(map(ids.__getitem__, itertools.chain.from_iterable(tokens)), np.int32, lengths.sum())
    return Numbered(list(ids), np.bincount(numbers, minlength=len(ids)), numbers, lengths)


def _utf8(text: str) -> bytes | None:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a character, which no file can hold
        return None


def _scanned(content: bytes, config: TextConfig) -> Numbered:
    """Number the tokens of lines, each with a line end."""
    scanner = Scanner(config)
    raw = scanner.scan(content)
    words, counts, (id_of,) = merge([scanner])
    numbers = id_of[raw]
    ends = np.flatnonzero(raw == SENTENCE_END_NUMBER)
    lengths = np.diff(ends, prepend=-1) - 1
    return Numbered(list(words), counts, numbers[numbers >= 0], lengths)


def _padded(tokens: Int32, lengths: Int64, length: int) -> Int32:
    """Sequences, given end to end, as rows of one length."""
    kept = np.minimum(lengths, length)
    rows = np.repeat(np.arange(len(lengths)), kept)
    columns = np.arange(len(rows)) - np.repeat(np.cumsum(kept) - kept, kept)
    padded = np.zeros((len(lengths), length), np.int32)
    padded[rows, columns] = tokens[(np.cumsum(lengths) - lengths)[rows] + columns]
    return padded


def pad_sequences(sequences: Iterable[Sequence[int]], length: int | None = None) -> Int32:
    """Sequences of ids as one array, (n, length) int32: cut there, or padded with 0 at the end.

    Without `length`, that of the longest.
    """
    rows = [np.asarray(sequence, np.int32) for sequence in sequences]
    lengths = np.array([len(row) for row in rows], np.int64)
    if length is None:
        length = int(lengths.max(initial=0))
    return _padded(np.concatenate([np.zeros(0, np.int32), *rows]), lengths, length)


def skipgrams(
    sequence: Any,
    vocabulary_size: int,
    *,
    window_size: int = 4,
    negative_samples: float = 0.0,
    shuffled: bool = False,
    sampling_table: Any = None,
    seed: int = 0,
) -> Pairs:
    """All (target, context) pairs of a sequence within a window, labeled 1; an empty sequence has none.

    Parameters
    ----------
    sequence
        One sequence of ids, or an array (n, length) of padded ones. Id 0 is padding, and takes no part.
    vocabulary_size
        The number of ids, padding included.
    window_size
        The largest distance of a context word, on each side.
    negative_samples
        With r, add round(r·n) pairs labeled 0: a real target, and a word drawn uniformly from 1 to vocabulary_size - 1.
    shuffled
        Return the pairs in random order.
    sampling_table
        The probability that a word is taken as a target, (V,); see `sampling_table`.
    seed
        The same seed, the same pairs.

    Returns
    -------
    Pairs
        `pairs` (n, 2) int32, and `labels` (n,) int32.

    Raises
    ------
    ValueError
        For ids out of range, a window of 0, or a table of another size.

    Examples
    --------
    >>> pairs, labels = firth.skipgrams([1, 2, 3], vocabulary_size=4, window_size=1)
    >>> pairs.tolist()
    [[1, 2], [2, 1], [2, 3], [3, 2]]
    """
    rows = _checked_sequences(sequence, vocabulary_size)
    pairs = _positive_pairs(rows, vocabulary_size, window_size, sampling_table, seed)
    labels = np.ones(len(pairs), np.int32)
    if negative_samples < 0 or not math.isfinite(negative_samples):
        raise ValueError(f"negative_samples must be 0 or more, not {negative_samples}")
    if negative_samples and len(pairs):
        if vocabulary_size < 2:
            raise ValueError("there is no word to draw negative samples from: vocabulary_size must be 2 or more")
        random = np.random.default_rng((seed, _NEGATIVES))
        count = round(negative_samples * len(pairs))
        targets = random.permutation(np.resize(pairs[:, 0], count))
        invented = np.stack([targets, random.integers(1, vocabulary_size, count, dtype=np.int32)], axis=1)
        pairs = np.concatenate([pairs, invented.astype(np.int32)])
        labels = np.concatenate([labels, np.zeros(count, np.int32)])
    if shuffled:
        order = random_order(len(pairs), seed)
        pairs, labels = pairs[order], labels[order]
    return Pairs(pairs, labels)


def log_uniform_probabilities(range_max: int) -> Float64:
    """P(c) = (log(c + 2) - log(c + 1)) / log(range_max + 1) for c below range_max: Zipf's law by id, (range_max,)."""
    classes = np.arange(range_max)
    probabilities: Float64 = (np.log(classes + 2) - np.log(classes + 1)) / np.log(range_max + 1)
    return probabilities


def log_uniform_sampler(
    true_classes: Any,
    num_sampled: int,
    range_max: int,
    *,
    unique: bool = True,
    exclude_true: bool = False,
    seed: int = 0,
) -> Candidates:
    """Classes drawn by Zipf's law on their ids, as by TensorFlow's candidate sampler; ids go by falling frequency.

    P(c) = (log(c + 2) - log(c + 1)) / log(range_max + 1).

    Parameters
    ----------
    true_classes
        The true classes, an array of ids of any shape.
    num_sampled
        How many classes to draw.
    range_max
        The number of classes.
    unique
        Draw each class at most once.
    exclude_true
        Never draw a true class. The expected counts are still those of the plain sampler.
    seed
        The same seed, the same classes.

    Returns
    -------
    Candidates
        `sampled` (num_sampled,) int32; `true_expected`, of the shape of `true_classes`, and `sampled_expected`
        (num_sampled,), both float64: how often each class is expected in such a sample, p·num_sampled, or with `unique`
        1 - (1 - p)^tries, where tries is how many draws it took. NCE and sampled softmax need them.

    Raises
    ------
    ValueError
        If there are not enough classes.

    Examples
    --------
    >>> sampled, *_ = firth.log_uniform_sampler([3], 4, range_max=8, exclude_true=True, seed=42)
    >>> 3 in sampled, len(set(sampled.tolist()))
    (False, 4)
    """
    return _sample(true_classes, num_sampled, log_uniform_probabilities(range_max), None, unique, exclude_true, seed)


def unigram_sampler(
    true_classes: Any,
    num_sampled: int,
    probabilities: Any,
    *,
    unique: bool = True,
    exclude_true: bool = False,
    seed: int = 0,
) -> Candidates:
    """Classes drawn with given probabilities.

    Parameters
    ----------
    true_classes
        The true classes, an array of ids of any shape.
    num_sampled
        How many classes to draw.
    probabilities
        The probability of each class, (V,), summing to 1.
    unique
        Draw each class at most once.
    exclude_true
        Never draw a true class. The expected counts are still those of the plain sampler.
    seed
        The same seed, the same classes.

    Returns
    -------
    Candidates
        `sampled` (num_sampled,) int32; `true_expected`, of the shape of `true_classes`, and `sampled_expected`
        (num_sampled,), both float64: how often each class is expected in such a sample, p·num_sampled, or with `unique`
        1 - (1 - p)^tries, where tries is how many draws it took. NCE and sampled softmax need them.

    Raises
    ------
    ValueError
        For probabilities that are negative or do not sum to 1, and if there are not enough classes.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 1 or not len(p) or not (p >= 0).all() or not math.isclose(p.sum(), 1, rel_tol=1e-6):
        raise ValueError("probabilities must be a list of numbers of 0 or more that sum to 1")
    return _sample(true_classes, num_sampled, p, alias_table(p), unique, exclude_true, seed)


def training_examples(
    sequences: Any,
    vocabulary_size: int,
    *,
    window_size: int = 2,
    num_ns: int = 4,
    sampling_table: Any = None,
    noise: Any = None,
    exclude_true: bool = True,
    reserved: int = len(SPECIAL_TOKENS),
    seed: int = 0,
    progress: bool | Callable[[int, int], None] = False,
) -> Examples:
    """The tutorial's training examples: each skip-gram with unique negative samples.

    Parameters
    ----------
    sequences
        One sequence of ids, or an array (n, length) of padded ones, as `vectorize` returns them.
    vocabulary_size
        The number of ids, padding included.
    window_size
        The largest distance of a context word, on each side.
    num_ns
        Negative samples of each pair.
    sampling_table
        The probability that a word is taken as a target, (V,); see `sampling_table`.
    noise
        The probability of each word as a negative sample, (V,). By default they are drawn log-uniformly over the ids.
    exclude_true
        Never draw the true context. The tutorial draws it at times: False is as it does.
    reserved
        The first ids, which are never drawn: padding and unknown. The tutorial has 0.
    seed
        The same seed, the same examples.
    progress
        True for a bar, or a function that is called with (rows done, rows).

    Returns
    -------
    Examples
        `targets` (n,), `contexts` (n, 1 + num_ns) with the true context first, and `labels` (n, 1 + num_ns): 1, then
        0s. All int32.

    Raises
    ------
    ValueError
        For ids out of range, a window of 0, or too few words for `num_ns` unique ones.
    """
    rows = _checked_sequences(sequences, vocabulary_size)
    found: list[Int32] = []
    with _reporter(progress, len(rows)) as report:
        for start in range(0, len(rows), _ROWS_AT_A_TIME):
            part = rows[start : start + _ROWS_AT_A_TIME]
            found.append(_positive_pairs(part, vocabulary_size, window_size, sampling_table, seed + (start << 20)))
            report(start + len(part))
    pairs = np.concatenate([np.zeros((0, 2), np.int32), *found])
    negatives = negative_samples(
        pairs[:, 1], num_ns, vocabulary_size, noise=noise, exclude_true=exclude_true, reserved=reserved, seed=seed
    )
    contexts = np.concatenate([pairs[:, 1:], negatives], axis=1)
    labels = np.zeros_like(contexts)
    labels[:, 0] = 1
    return Examples(np.ascontiguousarray(pairs[:, 0]), contexts, labels)


@contextmanager
def _reporter(progress: bool | Callable[[int, int], None], total: int) -> Iterator[Callable[[int], None]]:
    """What is called with the number of rows done: a function of the user's, a bar, or nothing."""
    if callable(progress):
        yield lambda done: progress(done, total)
    elif progress:
        from tqdm.auto import tqdm

        with tqdm(total=total, unit=" sequences", desc="examples") as bar:
            yield lambda done: bar.update(done - bar.n)
    else:
        yield lambda done: None


def negative_samples(
    true: Any,
    num_ns: int,
    vocabulary_size: int,
    *,
    noise: Any = None,
    exclude_true: bool = True,
    reserved: int = len(SPECIAL_TOKENS),
    seed: int = 0,
) -> Int32:
    """`num_ns` unique classes for each true class, (n, num_ns) int32, drawn as for `training_examples`."""
    possible = np.arange(vocabulary_size) >= reserved
    table = None
    if noise is not None:
        p = np.asarray(noise, np.float64)
        if p.shape != (vocabulary_size,) or not (p >= 0).all() or not p.sum() > 0:
            raise ValueError(f"noise must be {vocabulary_size:,} numbers of 0 or more, not all of them 0")
        table = alias_table(p / p.sum())
        possible &= p > 0
    _check_enough(num_ns, int(possible.sum()) - bool(exclude_true), unique=True)
    negatives, _ = _draw(np.asarray(true).reshape(-1, 1), num_ns, possible, table, True, exclude_true, seed)
    return negatives


def random_order(n: int, seed: int, epoch: int = 0) -> Int64:
    """The numbers 0 … n-1 in a random order of their own for each seed and epoch, (n,) int64."""
    order = np.arange(n)
    shuffle(order, stream_key(seed, epoch, _SHUFFLING))
    return order


def _positive_pairs(rows: Int32, vocabulary_size: int, window_size: int, sampling_table: Any, seed: int) -> Int32:
    if not is_int(1)(plain(window_size)):
        raise ValueError(f"window_size must be a whole number of 1 or more, not {shortened(window_size)}")
    keep = np.zeros(0) if sampling_table is None else np.asarray(sampling_table, np.float64)
    if sampling_table is not None and keep.shape != (vocabulary_size,):
        raise ValueError(f"sampling_table must have {vocabulary_size:,} probabilities, not the shape {keep.shape}")
    key = stream_key(seed, 0, _SUBSAMPLING)
    nothing = np.empty(0, np.int32)
    count = find_skipgrams(rows, window_size, keep, key, nothing, nothing)
    targets, contexts = np.empty(count, np.int32), np.empty(count, np.int32)
    find_skipgrams(rows, window_size, keep, key, targets, contexts)
    return np.stack([targets, contexts], axis=1)


def _checked_sequences(sequences: Any, vocabulary_size: int) -> Int32:
    try:
        rows = np.asarray(sequences)
    except ValueError:  # lists of lists that are no array
        rows = np.empty(0, object)
    if rows.ndim == 1 and rows.dtype == object:
        raise ValueError("the sequences have different lengths: make them one array with pad_sequences")
    if rows.size == 0:
        return np.zeros((0, 1), np.int32)
    if rows.ndim not in {1, 2} or rows.dtype.kind not in "iu":
        raise ValueError(f"wanted one sequence of ids, or (n, length) of them, not {rows.dtype} of shape {rows.shape}")
    if rows.min() < 0 or rows.max() >= vocabulary_size:
        wrong = rows.min() if rows.min() < 0 else rows.max()
        raise ValueError(f"the id {wrong} is out of range: vocabulary_size is {vocabulary_size:,}")
    return np.ascontiguousarray(np.atleast_2d(rows), np.int32)


def _check_enough(num_sampled: int, possible: int, *, unique: bool) -> None:
    if not is_int(1)(plain(num_sampled)):
        raise ValueError(f"the number of samples must be a whole number of 1 or more, not {shortened(num_sampled)}")
    if possible < (num_sampled if unique else 1):
        raise ValueError(f"cannot draw {num_sampled:,} {'unique ' * unique}samples from {max(possible, 0):,} classes")


def _draw(
    true: Int32, k: int, possible: Any, table: Any, unique: bool, exclude_true: bool, seed: int
) -> tuple[Int32, Int64]:
    candidates, tries = np.empty((len(true), k), np.int32), np.empty(len(true), np.int64)
    noise = table or Noise(np.empty((0, 2), np.uint32), np.empty(0, np.float32))
    key = stream_key(seed, 0, _CANDIDATES)
    true = np.ascontiguousarray(true, np.int32)
    draw_candidates(true, possible, noise, unique, exclude_true, key, candidates, tries)
    return candidates, tries


def _sample(
    true_classes: Any,
    num_sampled: int,
    probabilities: Float64,
    table: Any,
    unique: bool,
    exclude_true: bool,
    seed: int,
) -> Candidates:
    true = np.atleast_1d(np.asarray(true_classes))
    if true.size and (true.dtype.kind not in "iu" or true.min() < 0 or true.max() >= len(probabilities)):
        raise ValueError(f"the true classes must be whole numbers from 0 to {len(probabilities) - 1:,}")
    possible = probabilities > 0
    enough = int(possible.sum())
    if exclude_true:
        enough -= int(possible[np.unique(true.astype(np.int64))].sum())
    _check_enough(num_sampled, enough, unique=unique)
    sampled, tries = _draw(true.reshape(1, -1), num_sampled, possible, table, unique, exclude_true, seed)

    def expected(classes: Any) -> Float64:
        p = probabilities[classes]
        counts: Float64 = -np.expm1(tries[0] * np.log1p(-np.minimum(p, 1 - 1e-15))) if unique else p * num_sampled
        return counts

    return Candidates(sampled[0], expected(true.astype(np.int64)), expected(sampled[0]))
