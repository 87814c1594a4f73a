"""What of a corpus is trained on: some of its words, and all of its sentences but those held out."""

from __future__ import annotations

import tempfile

import numpy as np

from firth.arrays import Bool, Int32, Int64
from firth.corpus.corpus import Corpus, ranges_of_sentences
from firth.errors import CorpusError
from firth.kernels.machine import rng
from firth.kernels.word2vec.blocks import SubwordRows
from firth.training.schedule import Tokens


def held_out_sentences(sentences: int, fraction: float, seed: int) -> Bool:
    """Which sentences are held out (sentences,): each with the probability `fraction`, by its number and the seed."""
    key = rng.stream_key(seed, 0, rng.VALIDATION)
    numbers = rng.draws(key, sentences) >> np.uint64(32)
    chosen: Bool = numbers < np.uint64(fraction * 2**32)
    return chosen


def select(
    corpus: Corpus,
    counts: Int64,
    *,
    id_of: Int32 | None = None,
    subword_rows: SubwordRows | None = None,
    validation: float = 0.0,
    seed: int = 1,
) -> tuple[Tokens, Tokens | None]:
    """The tokens to train on, and those of the sentences held out, if a fraction of them is to be.

    `counts` (V,) are those of the words to train on. `id_of` gives, for every id of the corpus, that word's number, or
    V for a word that is not one of them; None where they are the corpus's first. Where the corpus cannot be taken as it
    is, the new ids lie in a temporary file beside it. Raises `CorpusError` if nothing would be held out, or all of it.
    """
    starts = corpus.sentence_starts
    if id_of is None and not validation:
        return Tokens(corpus.ids, starts, counts, subword_rows), None
    outside = len(counts)
    out = held_out_sentences(corpus.sentences, validation, seed)
    if validation and (not out.any() or out.all()):
        raise CorpusError(
            f"there are {corpus.sentences:,} sentences: a validation of {validation} holds out none or all"
        )
    with tempfile.TemporaryFile(dir=corpus.folder.parent) as file:
        ids: Int32 = np.asarray(np.memmap(file, np.int32, "w+", shape=(len(corpus),)))
    held_out: list[Int32] = []
    for first, last in ranges_of_sentences(starts):
        piece = corpus.ids[starts[first] : starts[last]]
        piece = id_of[piece] if id_of is not None else np.minimum(piece, outside)
        is_out = np.repeat(out[first:last], np.diff(starts[first : last + 1]))
        held_out.append(piece[is_out])
        ids[starts[first] : starts[last]] = np.where(is_out, outside, piece)
        corpus.advise_unneeded()
    tokens = Tokens(ids, starts, counts, subword_rows)
    if not validation:
        return tokens, None
    ends = np.cumsum(np.diff(starts)[out])
    return tokens, Tokens(np.concatenate(held_out).astype(np.int32), np.concatenate([[0], ends]), counts, subword_rows)
