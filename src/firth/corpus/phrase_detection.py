"""Finding the phrases of a corpus, and joining their words, on the ids of the encoded text: some seconds a gigabyte."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Float64, Int64, UInt64
from firth.config import TextConfig
from firth.corpus.corpus import TOKENS_AT_A_TIME, VERSION, Corpus, ranges_of_sentences, write_about, write_words
from firth.corpus.encoding import default_cache, encode, for_once
from firth.corpus.lost_words import Advice, LostWords
from firth.errors import ConfigError, FormatError
from firth.kernels.linalg.exponentials import logarithms
from firth.kernels.text import phrases as kernels
from firth.phrases import FILE, THRESHOLDS, Phrase, Phrases
from firth.reporting.events import Joining
from firth.settings import are_words, is_int, is_real, plain, tuple_of
from firth.storage.files import atomic_folder, folder_for_once
from firth.vocabulary import by_count_then_word

PAIRS_AT_A_TIME = 1 << 24
"""Pairs that are sorted at a time (8 bytes each), where a corpus has more."""
FEWEST_PATHS = 1 << 12
"""Ways by connector words from one word to the next that there is room for at first."""


Report = Callable[[Any], None]
"""What is called with every `Joining`, and every `Reading` before."""


def find_phrases(
    source: Any,
    *,
    column: str | None = None,
    passes: int = 1,
    min_count: int = 5,
    threshold: float | None = None,
    scoring: str = "mikolov",
    separator: str = "_",
    connector_words: Collection[str] = (),
    cache: str | Path | None = None,
    config: TextConfig | None = None,
    report: Report = lambda _: None,
) -> Phrases:
    """Find the phrases of a text: pairs of neighboring words that score above a threshold.

    For words that occur a and b times, and n times as neighbors, the score "mikolov" is (n - min_count) / (a · b) × L,
    with L the number of distinct words and pairs (Mikolov et al. 2013, "Distributed representations of words and
    phrases", eq. 6, scaled as in gensim). "npmi" is the normalized pointwise mutual information ln(p(ab) / (p(a) p(b)))
    / -ln p(ab), from -1 to 1 (Bouma 2009). The phrases are those of gensim's `Phrases` at the same settings, but any
    number of pairs is counted.

    Parameters
    ----------
    source
        Text or tokens, as for `train`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    passes
        In each pass after the first, what was joined before can be joined again: two find up to four words.
    min_count
        Pairs that occur less often are no phrases.
    threshold
        A pair that scores more is a phrase: by default 10, or 0.5 with "npmi".
    scoring : {"mikolov", "npmi"}
    separator
        What stands between two words that are joined.
    connector_words
        Words, such as `firth.ENGLISH_CONNECTOR_WORDS`, that a phrase may contain but neither begins nor ends with:
        bank_of_america. Its first and last words are a and b above, n is how often they occur with only connector words
        between them, and L does not count connector words.
    cache, config, report
        As for `encode`.

    Returns
    -------
    Phrases

    Raises
    ------
    ConfigError
        For settings that make no sense.
    SourceError
        If the source cannot be read.
    CorpusError
        For text without a word.

    Examples
    --------
    >>> phrases = firth.find_phrases([f"day {i} new york" for i in range(20)], threshold=1)
    >>> phrases.join("back to new york".split())
    ['back', 'to', 'new_york']
    """
    passes, min_count, threshold = plain(passes), plain(min_count), plain(threshold)
    connectors = tuple_of(connector_words)
    wanted = {
        "passes must be a whole number from 1 to 10": is_int(1, 10)(passes),
        "min_count must be a whole number of 1 or more": is_int(1)(min_count),
        f"scoring must be {' or '.join(THRESHOLDS)}": scoring in THRESHOLDS,
        "threshold must be a number": threshold is None or is_real()(threshold),
        "separator must be a string that is not empty": isinstance(separator, str) and separator != "",
        "connector_words must be a list of words": are_words(connectors),
    }
    if wrong := [rule for rule, holds in wanted.items() if not holds]:
        raise ConfigError("; ".join(wrong))
    threshold = THRESHOLDS[scoring] if threshold is None else threshold
    corpus = encode(source, column=column, config=config, cache=cache, report=report)
    corpus.check()

    def score(joined: Corpus) -> dict[Phrase, float]:
        return _score_pairs(joined, min_count, threshold, scoring, set(connectors), report)

    with folder_for_once(corpus.folder.parent) as folder:
        return Phrases(_found_in_passes(corpus, passes, separator, score, folder, report), separator)


def _found_in_passes(
    corpus: Corpus,
    passes: int,
    separator: str,
    score: Callable[[Corpus], dict[Phrase, float]],
    folder: Path,
    report: Report,
) -> list[dict[Phrase, float]]:
    """The phrases that each pass finds, each in a folder where those of the passes before are joined."""
    found: list[dict[Phrase, float]] = []
    for number in range(passes):
        if number:
            corpus = _join(corpus, Phrases(found[-1:], separator), folder / str(number), None, report)
        phrases = score(corpus)
        if not phrases:
            break
        found.append(phrases)
    return found


def join_phrases(
    source: Any,
    phrases: Phrases,
    *,
    column: str | None = None,
    cache: str | Path | None = None,
    config: TextConfig | None = None,
    report: Report = lambda _: None,
) -> Corpus:
    """The encoding of a text with its phrases joined. A model that is trained on it knows them.

    Parameters
    ----------
    source
        Text or tokens, as for `train`.
    column
        The name of a column, if the source is a table: a CSV, JSON lines, Parquet or Arrow file, or a data frame.
        `firth.column` has more options.
    phrases
        Which to join.
    cache, config, report
        As for `encode`.

    Returns
    -------
    Corpus
        A `FirthWarning` says which words of the phrases it cannot have, as its text is split.
    """
    corpus = encode(source, column=column, config=config, cache=cache, report=report)
    return with_joined(corpus, phrases, cache, report, Advice.CONFIG)


def with_joined(corpus: Corpus, phrases: Phrases, cache: str | Path | None, report: Report, advice: Advice) -> Corpus:
    """The corpus with phrases joined, as `join_phrases` gives it, whose warning has the advice that a caller takes."""
    if not len(phrases) or corpus.phrases == phrases:
        return corpus
    if corpus.splitting:
        by = TextConfig(**corpus.splitting)
        LostWords.of(phrases.words(), by, corpus.phrases, advice).warn("words of phrases", stacklevel=4)
    told = hashlib.sha256(f"{corpus.fingerprint} {phrases.as_json()}".encode()).hexdigest()
    cache = default_cache() if cache is None else Path(cache)
    cache.mkdir(parents=True, exist_ok=True)
    if not corpus.about.get("fingerprint"):
        return for_once(cache, lambda folder: _join(corpus, phrases, folder, told, report))
    kept = cache / f"{told[:32]}-{VERSION}"
    with suppress(FormatError):  # whose traceback would hold open what is replaced now
        return Corpus(kept)
    return _join(corpus, phrases, kept, told, report)


def _pieces(corpus: Corpus, work: str, report: Report) -> Iterator[tuple[Any, Int64]]:
    """The corpus, some whole sentences at a time: ids, and where in them each sentence ends; each is reported."""
    starts = corpus.sentence_starts
    for first, last in ranges_of_sentences(starts):
        begin, end = starts[first], starts[last]
        yield np.ascontiguousarray(corpus.ids[begin:end]), np.ascontiguousarray(starts[first + 1 : last + 1] - begin)
        corpus.advise_unneeded()
        report(Joining(work, int(end), len(corpus)))


def _score_pairs(
    corpus: Corpus, min_count: int, threshold: float, scoring: str, connectors: set[str], report: Report
) -> dict[Phrase, float]:
    """The pairs of neighbors that score above the threshold, those with the highest scores first."""
    counting = _Counting(corpus, connectors)
    pairs, times, different = _count_pairs(corpus, counting, min_count, report)
    first, behind = (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    a, b = corpus.counts[first], corpus.counts[counting.last_words(behind)]
    if scoring == "mikolov":
        scores: Float64 = (times - min_count) / a / b * (different + counting.words)
    else:
        together = times / len(corpus)
        chance = (a / len(corpus)) * (b / len(corpus))
        with np.errstate(divide="ignore", invalid="ignore"):  # where all of the text is this pair
            scores = np.nan_to_num(logarithms(together / chance) / -logarithms(together), nan=1.0)
    chosen = np.flatnonzero(scores > threshold)
    chosen = chosen[np.argsort(-scores[chosen], kind="stable")]
    ids = {i: [int(first[i]), *counting.words_of(int(behind[i]))] for i in chosen.tolist()}
    words = corpus.words(max(map(max, ids.values())) + 1) if ids else []
    return {tuple(words[j] for j in phrase): float(scores[i]) for i, phrase in ids.items()}


class _Counting:
    """What pairs are counted in a corpus: neighbors, or words with nothing but connector words between them."""

    def __init__(self, corpus: Corpus, connectors: set[str]):
        known = corpus.words(len(corpus.counts)) if connectors else []
        self.is_connector = np.array([word in connectors for word in known], np.bool_)
        self.words = len(corpus.counts) - int(self.is_connector.sum())  # that a phrase may begin or end with
        self.paths = _room_for_paths(FEWEST_PATHS if connectors else 1)

    def list_pairs(self, ids: Any, ends: Int64, part: int, parts: int, out: UInt64) -> int:
        """List those of a piece of text, such as belong to one of some parts; return how many they are."""
        if not len(self.is_connector):
            return kernels.list_pairs(ids, ends, part, parts, out)
        while (found := kernels.list_connected_pairs(ids, ends, self.is_connector, self.paths, part, parts, out)) < 0:
            self._make_room()
        return found

    def _make_room(self) -> None:
        before = self.paths
        self.paths = _room_for_paths(2 * len(before.in_order))
        kernels.add_paths(before.in_order, len(self.is_connector), self.paths)

    def last_words(self, behind: Int64) -> Int64:
        """The ids of the second words of pairs, at the ends of the paths that lead to them."""
        known = len(self.is_connector) or np.iinfo(np.int64).max
        is_path = behind >= known
        words = behind.copy()
        words[is_path] = (self.paths.in_order[behind[is_path] - known] & np.uint64(0xFFFFFFFF)).astype(np.int64)
        return words

    def words_of(self, path: int) -> list[int]:
        """The ids of a path's words."""
        words: list[int] = []
        while path >= len(self.is_connector) > 0:
            step = int(self.paths.in_order[path - len(self.is_connector)])
            path = step >> 32
            words.insert(0, step & 0xFFFFFFFF)
        return [path, *words]


def _room_for_paths(most: int) -> kernels.Paths:
    places = 1 << (2 * most).bit_length()
    steps, numbers = np.full(places, kernels.NO_PAIR), np.zeros(places, np.int32)
    return kernels.Paths(steps, numbers, np.zeros(most, np.uint64), np.zeros(1, np.int64))


def _count_pairs(corpus: Corpus, counting: _Counting, min_count: int, report: Report) -> tuple[UInt64, Int64, int]:
    """The pairs that occur so often, how often, and how many different ones there are, the rare ones too.

    The memory it takes does not depend on the corpus: a large one is read several times, for some pairs at a time.
    """
    parts = -(-len(corpus) // PAIRS_AT_A_TIME)
    room = np.empty(int(min(len(corpus), 2 * PAIRS_AT_A_TIME)) + TOKENS_AT_A_TIME, np.uint64)
    often: list[UInt64] = []
    times: list[Int64] = []
    different = 0
    for part in range(parts):
        listed = 0
        for ids, ends in _pieces(corpus, "finding phrases", report):
            if listed + len(ids) > len(room):
                room = np.concatenate([room, np.empty_like(room)])
            listed += counting.list_pairs(ids, ends, part, parts, room[listed:])
        pairs = room[:listed]
        pairs.sort()
        begins = np.concatenate([np.zeros(min(listed, 1), np.int64), np.flatnonzero(pairs[1:] != pairs[:-1]) + 1])
        counts = np.diff(begins, append=listed)
        different += len(begins)
        often.append(pairs[begins[counts >= min_count]])
        times.append(counts[counts >= min_count])
    return np.concatenate(often), np.concatenate(times), different


def _join(corpus: Corpus, phrases: Phrases, folder: Path, fingerprint: str | None, report: Report) -> Corpus:
    """Write the corpus with its phrases joined to a folder, pass by pass; what stood there is replaced."""
    before = corpus.phrases.passes if corpus.phrases else ()
    with ExitStack() as stack:
        for number, pairs in enumerate(phrases.passes):
            is_last = number == len(phrases.passes) - 1
            into = folder
            if not is_last:
                into = stack.enter_context(folder_for_once(folder.parent))
            with atomic_folder(into, overwrite=True) as temporary:
                _join_pairs(corpus, pairs, phrases.separator, temporary, fingerprint, report)
                (temporary / FILE).write_text(
                    Phrases([*before, *phrases.passes], phrases.separator).as_json(), "ascii", newline="\n"
                )
            corpus = Corpus(into)
    return corpus


def _join_pairs(
    corpus: Corpus, pairs: dict[Phrase, float], separator: str, folder: Path, fingerprint: str | None, report: Report
) -> None:
    """Fill a folder with the corpus in which these pairs are joined, from the left of each sentence to the right."""
    words = corpus.words(len(corpus.counts))
    table, joined_words = _pair_table(words, pairs, separator)
    first_path = len(words) + len(joined_words)
    raw = folder / "joined.i32"
    counts = np.zeros(first_path, np.int64)
    with raw.open("wb") as joined_file, (folder / "sentence_starts.i64").open("wb") as starts_file:
        written, starts = 0, 1
        starts_file.write(np.zeros(1, "<i8").data)
        for ids, ends in _pieces(corpus, "joining phrases", report):
            joined, joined_ends = np.empty_like(ids), np.empty_like(ends)
            joined = joined[: kernels.join_pairs(ids, ends, table, first_path, joined, joined_ends)]
            counts += np.bincount(joined, minlength=len(counts))
            joined_file.write(joined.astype("<i4", copy=False).data)
            starts_file.write((joined_ends + written).astype("<i8", copy=False).data)
            written, starts = written + len(joined), starts + len(ends)
    new_id, words, counts = _order([*words, *joined_words], counts)
    with raw.open("rb") as joined_file, (folder / "ids.i32").open("wb") as ids_file:
        while len(joined := np.fromfile(joined_file, "<i4", TOKENS_AT_A_TIME)):
            ids_file.write(new_id[joined].astype("<i4", copy=False).data)
    raw.unlink()
    write_words(folder, words, counts)
    told = (str(corpus.about.get("source")), fingerprint, corpus.files, corpus.splitting)
    write_about(folder, written, starts, len(words), *told)


def _pair_table(words: list[str], phrases: Iterable[Phrase], separator: str) -> tuple[kernels.PairTable, list[str]]:
    """The phrases whose words are here, and what each of them is joined: the words of the ids that follow.

    Of one of more words than two, what comes before the last has an id too, after those.
    """
    needed = {word for phrase in phrases for word in phrase}
    ids = {word: i for i, word in enumerate(words) if word in needed}
    here = [phrase for phrase in phrases if all(word in ids for word in phrase)]
    first_path = len(words) + len(here)
    paths: dict[int, int] = {}
    pairs: list[int] = []
    for phrase in here:
        before, *between, last = (ids[word] for word in phrase)
        for word in between:
            before = paths.setdefault(before << 32 | word, first_path + len(paths))
        pairs.append(before << 32 | last)
    pairs += paths
    size = 1 << max(4, (4 * len(pairs)).bit_length())
    begins = np.zeros(first_path + len(paths), np.bool_)
    table = kernels.PairTable(np.full(size, kernels.NO_PAIR), np.zeros(size, np.int32), begins)
    kernels.fill_pair_table(np.array(pairs, np.uint64), len(words), table)
    return table, [separator.join(phrase) for phrase in here]


def _order(words: list[str], counts: Int64) -> tuple[Int64, list[str], Int64]:
    """The new id of each word, where a word may stand twice; and the words that occur, and their counts, by new ids."""
    first: dict[str, int] = {}
    same = np.array([first.setdefault(word, i) for i, word in enumerate(words)], np.int64)
    together = np.bincount(same, counts, len(words)).astype(np.int64)
    occurring = np.flatnonzero(together)
    found = [words[i] for i in occurring.tolist()]
    order = by_count_then_word(found, together[occurring])
    new_id = np.full(len(words), -1, np.int64)
    new_id[occurring[order]] = np.arange(len(order))
    return new_id[same], [found[i] for i in order.tolist()], together[occurring[order]]
