"""TensorFlow's word2vec tutorial, whole: every step of the notebook, from a sentence to vectors and files.

`run` goes through the steps and gives, for each, what a reader of the notebook would look at. By default its known
errors are mended; `faithful=True` reproduces them, to compare:

| | the tutorial | mended |
| --- | --- | --- |
| negative samples | may be the true context, padding, or '[UNK]' | never |
| subsampling | by an assumed rank, of targets only | by measured counts, words dropped before windowing |
| lines | cut at 10 words | whole |
| order and negatives | one, in every epoch | others in every epoch |
| accuracy | on the examples it learns | on held-out ones, too |
| vocabulary | equal counts in reverse order | in order |
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firth.arrays import Int32
from firth.config import TextConfig
from firth.corpus.sources import files
from firth.corpus.tokenizing import standardize
from firth.errors import CorpusError
from firth.formats import export
from firth.jit.background import background_compile
from firth.jit.cache import is_compiled, mark_compiled
from firth.reporting.events import Compiling, EpochMetrics
from firth.storage.files import refuse_to_overwrite
from firth.training.sampling import keep_probabilities, noise_distribution, sampling_table
from firth.tutorial.candidates import negative_samples
from firth.tutorial.examples import Examples, skipgrams, training_examples
from firth.tutorial.minibatch import MinibatchConfig, train
from firth.tutorial.sequences import SPECIAL_TOKENS, capped_vocabulary, numbered, vectorize
from firth.vectors.word_vectors import WordVectors
from firth.visual.tensorboard import ScalarLog, write_projector
from firth.vocabulary import Vocabulary

SENTENCE = "The wide road shimmered in the hot sun"
VOCABULARY_SIZE = 4096
SEQUENCE_LENGTH = 10
WINDOW_SIZE = 2
NUM_NS = 4
SAMPLE = 1e-3
SEED = 42


@dataclass(frozen=True)
class Step:
    """A step of the tutorial: its title, and what there is to see."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Corpus:
    """The text as the tutorial holds it: lines, vocabulary, and a padded sequence of ids a line."""

    lines: list[str]
    words: list[str]
    sequences: Int32


@dataclass(frozen=True)
class Result:
    """What the tutorial ends with."""

    corpus: Corpus
    examples: Examples
    history: list[EpochMetrics]
    vectors: WordVectors
    written: tuple[Path, ...]


def toy_sentence() -> tuple[list[str], list[str], list[int]]:
    """The notebook's sentence by hand: its tokens, its vocabulary with '<pad>' as 0, its ids."""
    tokens = standardize(SENTENCE)
    words = list(dict.fromkeys(["<pad>", *tokens]))
    ids = {word: i for i, word in enumerate(words)}
    return tokens, words, [ids[token] for token in tokens]


def read_lines(path: str | Path) -> list[str]:
    """The lines of a text file (packed or not) that are not empty."""
    source = files([path])
    text = b"".join(block.text for block in source.blocks(TextConfig())).decode("utf-8")
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        raise CorpusError(f"there is not one line with text in {source.name}")
    return lines


def vectorized(lines: list[str], *, faithful: bool) -> Corpus:
    """The lines as padded sequences: ten words a line as the tutorial has it, or all of them."""
    texts = numbered(lines)
    words = capped_vocabulary(texts, VOCABULARY_SIZE, reverse_ties=faithful)
    length = SEQUENCE_LENGTH if faithful else int(texts.lengths.max())
    return Corpus(lines, words, vectorize(texts, words, max(length, 1)))


def make_examples(corpus: Corpus, *, faithful: bool, seed: int) -> tuple[Examples, Any]:
    """The training examples, and how often each word is expected as a negative sample (None: log-uniform)."""
    size = len(corpus.words)
    options: dict[str, Any] = {"window_size": WINDOW_SIZE, "num_ns": NUM_NS, "seed": seed}
    if faithful:
        options |= {"sampling_table": sampling_table(size), "exclude_true": False, "reserved": 0}
        return training_examples(corpus.sequences, size, **options), None
    counts = np.bincount(corpus.sequences.ravel(), minlength=size)
    counts[: len(SPECIAL_TOKENS)] = 0
    known = np.maximum(counts, 1)
    keep = keep_probabilities(known, SAMPLE)
    noise = noise_distribution(known, 0.75) * (counts > 0)
    noise /= noise.sum()
    examples = training_examples(dropped(corpus.sequences, keep, seed), size, noise=noise, **options)
    return examples, noise * NUM_NS


def dropped(sequences: Any, keep: Any, seed: int) -> Any:
    """The sequences without the tokens that subsampling drops, and without '[UNK]': the others move up."""
    random = np.random.default_rng((seed, 5))
    kept = (sequences >= len(SPECIAL_TOKENS)) & (random.random(sequences.shape) < keep[sequences])
    order = np.argsort(~kept, axis=1, kind="stable")
    return np.take_along_axis(np.where(kept, sequences, 0), order, axis=1)


def run(
    path: str | Path,
    output: str | Path,
    *,
    faithful: bool = False,
    epochs: int = 20,
    optimizer: str = "adam",
    tensorboard: bool = False,
    overwrite: bool = False,
    seed: int = SEED,
) -> Iterator[Step | Compiling | EpochMetrics | Result]:
    """Go through the tutorial on a text file. Gives a `Step` where there is something to see, an `EpochMetrics` after
    each epoch, and the `Result` at the end. `output` is a folder for `vectors.tsv`, `metadata.tsv` and, with
    `tensorboard`, the logs and the projector's files.
    """
    output = Path(output)
    for name in ("vectors.tsv", "metadata.tsv"):
        refuse_to_overwrite(output / name, overwrite=overwrite)
    if not is_compiled("tutorial"):
        yield Compiling()
        background_compile.start({"train_batches"}, "firth.tutorial.warm_up")
    yield from toy_steps(seed)

    lines = read_lines(path)
    corpus = vectorized(lines, faithful=faithful)
    if len(corpus.words) < len(SPECIAL_TOKENS) + NUM_NS + 1:
        raise CorpusError(f"{path} has too few different words for {NUM_NS} negative samples")
    yield _corpus_step(corpus)

    began = time.perf_counter()
    examples, expected = make_examples(corpus, faithful=faithful, seed=seed)
    yield _examples_step(corpus, examples, time.perf_counter() - began, faithful=faithful)

    config = MinibatchConfig(
        epochs=epochs,
        optimizer=optimizer,
        seed=seed,
        reshuffle=not faithful,
        validation_split=0.0 if faithful else 0.05,
        batch_size=min(1024, max(1, len(examples.targets) // 2)),
    )
    yield Step(
        "The model and its training",
        (
            f"Two embeddings, target and context, {len(corpus.words):,} × {config.vector_size}, uniform in ±0.05.",
            f"The logits of an example are the dot products of its target with its {1 + NUM_NS} contexts;",
            f"the loss is their cross-entropy with the true one first. Batches of {config.batch_size:,}, {optimizer}.",
        ),
    )
    fresh = None if faithful else _fresh_negatives(examples, expected, len(corpus.words), seed)
    history: list[EpochMetrics] = []
    training = train(examples, len(corpus.words), config, expected=expected, fresh_negatives=fresh)
    with ScalarLog(output / "logs") if tensorboard else nullcontext() as log:
        for metrics, trained in training:
            embeddings = trained
            history.append(metrics)
            if log:
                log.epoch(metrics, time.time())
            yield metrics
    mark_compiled("tutorial")

    vectors = _without_padding(corpus, embeddings.final(config.final))
    output.mkdir(parents=True, exist_ok=True)
    written = export(vectors, output / "vectors.tsv", counts=False, overwrite=overwrite)
    if tensorboard:
        write_projector(vectors, output / "logs", overwrite=True)
    yield _last_step(vectors, written, output, tensorboard=tensorboard)
    yield Result(corpus, examples, history, vectors, tuple(written))


def toy_steps(seed: int = SEED) -> Iterator[Step]:
    """The first half of the notebook: one sentence by hand."""
    tokens, words, ids = toy_sentence()
    yield Step(
        "A sentence",
        (
            "A word is known by the company it keeps: skip-gram learns vectors by predicting, from a target word, the",
            "words around it. One sentence shows how.",
            SENTENCE,
            f"{len(tokens)} tokens: {' '.join(tokens)}",
        ),
    )
    yield Step(
        "Its vocabulary and ids",
        (
            "Every different word gets a number; 0 is kept for padding.",
            "  ".join(f"{word} {i}" for i, word in enumerate(words)),
            "as ids: " + " ".join(map(str, ids)),
        ),
    )
    pairs = skipgrams(ids, len(words), window_size=WINDOW_SIZE).pairs
    yield Step(
        "Skip-grams: a target and a word of its window",
        (
            f"{len(pairs)} positive pairs with a window of {WINDOW_SIZE}; the first five:",
            *(f"({t}, {c}): ({words[t]}, {words[c]})" for t, c in pairs[:5].tolist()),
        ),
    )
    target, context = pairs[0].tolist()
    negatives = negative_samples([context], NUM_NS, len(words), reserved=1, seed=seed)[0].tolist()
    yield Step(
        "Negative samples for one pair",
        (
            "To tell the true context from others costs less than to score the whole vocabulary, so each pair is set",
            f"against {NUM_NS} words drawn by Zipf's law on their ids: {negatives}",
            f"{[words[i] for i in negatives]}",
        ),
    )
    yield Step(
        "One training example",
        (
            f"target   {target}  ({words[target]})",
            f"contexts {[context, *negatives]}  ({', '.join(words[i] for i in [context, *negatives])})",
            f"labels   {[1] + [0] * NUM_NS}",
        ),
    )
    yield Step(
        "The sampling table: how likely each rank is a target",
        (
            "Frequent words teach little each time: by its frequency rank, a word is a target only now and then.",
            " ".join(f"{p:.8f}" for p in sampling_table(10)),
        ),
    )


def _corpus_step(corpus: Corpus) -> Step:
    decoded = [[corpus.words[i] for i in row if i] for row in corpus.sequences[:5]]
    return Step(
        "The text as sequences of ids",
        (
            f"{len(corpus.lines):,} lines that are not empty; {len(corpus.words):,} words, the first 20:",
            " ".join(w or repr(w) for w in corpus.words[:20]),
            f"sequences of {corpus.sequences.shape[1]} ids, the first five:",
            *(
                f"{[int(i) for i in row if i]} => {words}"
                for row, words in zip(corpus.sequences, decoded, strict=False)
            ),
        ),
    )


def _examples_step(corpus: Corpus, examples: Examples, seconds: float, *, faithful: bool) -> Step:
    same = float((examples.contexts[:, 1:] == examples.contexts[:, :1]).any(axis=1).mean())
    special = float((examples.contexts[:, 1:] < len(SPECIAL_TOKENS)).any(axis=1).mean())
    how = "by rank, targets only" if faithful else "by measured counts, before windowing"
    return Step(
        "Training examples",
        (
            f"{len(examples.targets):,} examples in {seconds:.2f} s (subsampled {how})",
            f"targets {examples.targets.shape}, contexts {examples.contexts.shape}, labels {examples.labels.shape}",
            f"{same:.1%} have their true context among the negatives, {special:.1%} padding or '[UNK]'",
        ),
    )


def _fresh_negatives(examples: Examples, expected: Any, size: int, seed: int) -> Any:
    def draw(epoch: int) -> Any:
        return negative_samples(examples.contexts[:, 0], NUM_NS, size, noise=expected, seed=seed + (epoch << 32))

    return draw


def _without_padding(corpus: Corpus, vectors: Any) -> WordVectors:
    counts = np.bincount(corpus.sequences.ravel(), minlength=len(corpus.words))
    return WordVectors(Vocabulary(corpus.words[1:], counts[1:]), np.ascontiguousarray(vectors[1:]))


def _last_step(vectors: WordVectors, written: list[Path], output: Path, *, tensorboard: bool) -> Step:
    lines = [f"{path}" for path in written]
    lines.append("Load both at the Embedding Projector, or look here:")
    for word in ("king", "love", "you"):
        if word in vectors:
            lines.append(f"{word}: {', '.join(w for w, _ in vectors.most_similar(word, topn=6))}")
    if tensorboard:
        lines.append(f"tensorboard --logdir {output / 'logs'}    (scalars; the projector is under /#projector)")
    return Step("Vectors and what to open next", tuple(lines))
