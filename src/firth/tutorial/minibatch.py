"""The second way to train: minibatches of examples, as the tutorial does.

Objectives and optimizers are entries of small tables (`objectives.OBJECTIVES`, `optimizers.OPTIMIZERS`).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from firth.arrays import Array, Int32, aligned_zeros
from firth.cpu import usable_threads
from firth.errors import ConfigError, DivergenceError, shortened
from firth.kernels.linalg.exponentials import logarithms
from firth.kernels.machine.rng import INITIAL_VECTORS, fill_uniform, stream_key
from firth.kernels.tutorial.minibatch import (
    COUNTERS,
    SLOTS,
    Answered,
    Batch,
    Learning,
    Objective,
    train_batches,
    update_rows,
)
from firth.reporting.events import EpochMetrics
from firth.settings import TRUE_OR_FALSE, Config, number, one_of, or_else, setting, whole
from firth.threads import ThreadAutotuner, ThreadPool
from firth.tutorial import full_softmax
from firth.tutorial.batches import order_of_epoch
from firth.tutorial.candidates import log_uniform_probabilities
from firth.tutorial.examples import Examples, random_order
from firth.tutorial.objectives import OBJECTIVES
from firth.tutorial.optimizers import OPTIMIZERS

FINAL_VECTORS: dict[str, Callable[[Array, Array], Array]] = {
    "target": lambda target, context: target,
    "context": lambda target, context: context,
    "mean": lambda target, context: (target + context) / 2,
    "concatenation": lambda target, context: np.concatenate([target, context], axis=1),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class MinibatchConfig(Config):
    """Everything that decides the result of training by minibatches. The defaults are the tutorial's."""

    vector_size: int = setting(128, "dimensions of a vector", whole(1, 65_536))
    epochs: int = setting(20, "passes over the examples", whole(1))
    batch_size: int = setting(1024, "examples in a batch", whole(1))
    objective: str = setting("softmax", "what is minimized", one_of(*OBJECTIVES))
    optimizer: str = setting("adam", "how", one_of(*OPTIMIZERS))
    learning_rate: float | None = setting(
        None, "default: the optimizer's own", or_else(number(1e-12, 1000, "a number above 0"))
    )
    shared: bool = setting(False, "one embedding for targets and contexts", TRUE_OR_FALSE)
    final: str = setting("target", "which vectors are the result", one_of(*FINAL_VECTORS))
    reshuffle: bool = setting(True, "another order of the examples in every epoch", TRUE_OR_FALSE)
    drop_remainder: bool = setting(True, "leave out a last batch that is not full", TRUE_OR_FALSE)
    validation_split: float = setting(0.0, "the fraction of examples held out to measure on", number(0, 0.9))
    patience: int | None = setting(
        None, "stop when the loss has not fallen for this many epochs, and go back to the best", or_else(whole(1))
    )
    seed: int = setting(1, "another seed, another result", whole(0, 2**62))


@dataclass
class Embeddings:
    """Two embeddings (V, d): `target` and `context`. Shared, they are one and the same array."""

    target: Array
    context: Array

    @property
    def shared(self) -> bool:
        """Whether targets and contexts have the same vectors."""
        return self.target is self.context

    def final(self, kind: str = "target") -> Array:
        """The vectors that are the result: target, context, mean, or concatenation (V, 2 d)."""
        if kind not in FINAL_VECTORS:
            raise ConfigError(f"final vectors are one of {', '.join(FINAL_VECTORS)}, not {shortened(kind)}")
        return FINAL_VECTORS[kind](self.target, self.context)

    def copy_to(self, other: Embeddings) -> None:
        """Give another pair these numbers."""
        other.target[:] = self.target
        other.context[:] = self.context

    def copy(self) -> Embeddings:
        """The same numbers in arrays of their own."""
        target = self.target.copy()
        return Embeddings(target, target if self.shared else self.context.copy())


def initial_embeddings(vocabulary_size: int, config: MinibatchConfig, dtype: Any = np.float32) -> Embeddings:
    """Uniform in ±0.05, as Keras's Embedding."""
    both = np.empty((1 if config.shared else 2, vocabulary_size, config.vector_size), dtype)
    rows = both.reshape(-1, config.vector_size)
    fill_uniform(rows, config.vector_size, 10, stream_key(config.seed, 0, INITIAL_VECTORS))
    target = both[0]
    return Embeddings(target, target if config.shared else both[1])


class Trainer:
    """Embeddings in training, in an array of its own, with the optimizer's state."""

    def __init__(self, embeddings: Embeddings, config: MinibatchConfig, log_expected: Array, pool: ThreadPool):
        words = len(embeddings.target)
        parts = [embeddings.target] if embeddings.shared else [embeddings.target, embeddings.context]
        values = aligned_zeros(words * len(parts), embeddings.target.shape[1], embeddings.target.dtype)
        np.concatenate(parts, out=values)
        self.contexts_from = 0 if embeddings.shared else words
        target = values[:words]
        self.embeddings = Embeddings(target, target if embeddings.shared else values[words:])
        self.pool = pool
        self.autotuner = ThreadAutotuner(pool.threads)
        self.objective = OBJECTIVES[config.objective]
        self.log_expected = log_expected.astype(values.dtype)
        self.optimizer = OPTIMIZERS[config.optimizer]
        self.rate = float(config.learning_rate or self.optimizer.rate)
        self.parameter = self.optimizer.parameter(values)
        self.slots = np.zeros(len(values), np.int64)
        self.steps = 0

    def losses(self, targets: Int32, contexts: Int32) -> tuple[Array, Array, Array]:
        """The losses (n,), which examples are answered right (n,), and the gradient of the losses by the logits, which
        is for `gradients`.
        """
        target, context = self.embeddings.target, self.embeddings.context
        if self.objective.kind is None:
            classes = np.ascontiguousarray(contexts[:, 0])
            vectors = full_softmax.padded(target, context, targets)
            return full_softmax.losses(vectors, len(context), classes, self.pool)
        logits = np.einsum("nd,ncd->nc", target[targets], context[contexts])
        losses, by_logits = self.objective.loss(logits, self.log_expected[contexts])
        return losses, logits.argmax(axis=1) == 0, by_logits

    def gradients(self, targets: Int32, contexts: Int32, by_logits: Array) -> Array:
        """The gradients (rows, d) by all embeddings, given those by the logits."""
        gradients = np.zeros_like(self.parameter.values)
        by_context = gradients[self.contexts_from :]
        target, context = self.embeddings.target, self.embeddings.context
        if self.objective.kind is None:
            vectors = full_softmax.padded(target, context, targets)
            by_targets, by_contexts = full_softmax.gradients(vectors, len(targets), by_logits, self.pool)
            width = gradients.shape[1]
            np.add.at(gradients, targets, by_targets[: len(targets), :width])
            by_context += by_contexts[: len(by_context), :width]
        else:
            np.add.at(gradients, targets, np.einsum("nc,ncd->nd", by_logits, context[contexts]))
            np.add.at(by_context, contexts, by_logits[:, :, None] * target[targets][:, None, :])
        return gradients

    def step(self, targets: Int32, contexts: Int32) -> tuple[Array, Array]:
        """One step, as `run` does many: the losses before it, and which examples were answered right."""
        losses, right, by_logits = self.losses(targets, contexts)
        gradients = self.gradients(targets, contexts, by_logits / np.asarray(len(losses), by_logits.dtype))
        (rate,) = self.optimizer.rates(self.rate, self.steps, 1)
        self.steps += 1
        rows = np.arange(len(gradients), dtype=np.int32)
        if not self.optimizer.moves_every_row:
            moved = rows >= self.contexts_from if self.objective.kind is None else np.zeros(len(rows), np.bool_)
            moved[targets] = True
            moved[self.contexts_from + contexts] = True
            rows = rows[moved]
        update_rows(self.parameter, self.optimizer.update, float(rate), rows, gradients)
        return losses, right

    def run(self, targets: Int32, contexts: Int32, batch_size: int) -> tuple[float, float]:
        """Steps over all these examples in order; the mean loss of an example, and the fraction answered right."""
        n = len(targets)
        losses, right = np.empty(n), np.empty(n, np.bool_)
        if self.objective.kind is None:
            for start in range(0, n, batch_size):
                part = slice(start, start + batch_size)
                losses[part], right[part] = self.step(targets[part], contexts[part])
            return float(losses.mean()), float(right.mean())
        objective = Objective(self.objective.kind, self.objective.corrected, self.log_expected)
        start = 0
        for threads, batches in self.autotuner.split(-(-n // batch_size)):
            part = slice(start, start + batches * batch_size)
            examples = Answered(targets[part], contexts[part], self.contexts_from, losses[part], right[part])
            self._run(examples, batch_size, objective, threads)
            start = part.stop
        return float(losses.mean()), float(right.mean())

    def _run(self, examples: Answered, batch_size: int, objective: Objective, threads: int) -> None:
        """Steps over examples in order, by one thread or all; writes the losses, and which were answered right."""
        n = len(examples.targets)
        batch = self._batch(min(batch_size, n), examples.contexts.shape[1])
        learning = Learning(objective, self.parameter, self.optimizer.update)
        counters = np.zeros(COUNTERS, np.int64)
        rates = self.optimizer.rates(self.rate, self.steps, -(-n // batch_size))
        gradients = aligned_zeros(
            self.pool.threads * SLOTS, self.parameter.values.shape[1], self.parameter.values.dtype
        )
        self.pool.run(
            lambda thread: train_batches(
                counters, examples, batch_size, learning, rates, self.steps, batch,
                gradients[thread * SLOTS : (thread + 1) * SLOTS],
            ),
            alone=threads == 1,
        )  # fmt: skip
        self.steps += len(rates)

    def _batch(self, n: int, candidates: int) -> Batch:
        values = self.parameter.values
        rows, width = values.shape
        occurrences = n * (candidates + 1)
        most_slots = min(rows, occurrences)
        weights = np.ones(n * candidates + 1, values.dtype)
        return Batch(
            logits=weights[:-1].reshape(n, candidates),
            weights=weights,
            kept=aligned_zeros(2 * n, width, values.dtype),
            slots=self.slots,
            rows=np.empty(most_slots, np.int32),
            starts=np.empty(most_slots + 1, np.int32),
            counts=np.zeros(1, np.int64),
            slot_at=np.empty(occurrences, np.int32),
            weight=np.empty(occurrences, np.int32),
            source=np.empty(occurrences, np.int32),
        )


def _loss_of_zeros(config: MinibatchConfig, examples: Examples, log_expected: Array) -> float:
    """The mean loss of an example whose scores are all zero: what a model that knows nothing has."""
    if config.objective == "full-softmax":
        return math.log(len(log_expected))
    some = log_expected[examples.contexts[:1000]]
    return float(OBJECTIVES[config.objective].loss(np.zeros_like(some), some)[0].mean())


def train(
    examples: Examples,
    vocabulary_size: int,
    config: MinibatchConfig | None = None,
    *,
    embeddings: Embeddings | None = None,
    expected: Any = None,
    fresh_negatives: Callable[[int], Array] | None = None,
    threads: int | None = None,
) -> Iterator[tuple[EpochMetrics, Embeddings]]:
    """Train on examples; after each epoch, give what it came to and the embeddings as they are.

    `embeddings` are where to start, changed in place (by default, small random ones). `expected` (V,) is how often each
    word is expected among an example's candidates, for the objectives that correct for it (by default, log-uniform:
    k·p). `fresh_negatives(epoch)` gives other negative samples (n, k) for every epoch, from epoch 1 on.

    `threads` (by default, all processors) change the time it takes and nothing else.

    With `config.patience`, the last report repeats the best epoch, and the embeddings are those of it.

    Raises `ValueError` for examples that do not fit each other or the vocabulary, or starting vectors with NaN;
    `DivergenceError` after an epoch whose loss is no number, or more than twice that of scores of zero, unless
    embeddings were given.
    """
    config = config or MinibatchConfig()
    _check(examples, vocabulary_size)
    given = embeddings
    start = given or initial_embeddings(vocabulary_size, config)
    _check_embeddings(start, vocabulary_size)
    log_expected = _log_expected(expected, vocabulary_size, examples.contexts.shape[1] - 1)
    of_nothing = _loss_of_zeros(config, examples, log_expected) if given is None else math.inf
    held_out = int(len(examples.targets) * config.validation_split)
    split = random_order(len(examples.targets), config.seed, -1 if held_out else 0)
    training, validation = split[held_out:], split[:held_out]
    if len(training) < (config.batch_size if config.drop_remainder else 1):
        raise ConfigError(f"{len(training):,} examples to train on do not fill one batch of {config.batch_size:,}")
    best: tuple[float, EpochMetrics, Embeddings] | None = None
    with ThreadPool(threads or usable_threads()) as pool:
        trainer = Trainer(start, config, log_expected, pool)
        embeddings = given or trainer.embeddings
        for epoch in range(config.epochs):
            if fresh_negatives is not None and epoch > 0:
                contexts = np.concatenate([examples.contexts[:, :1], fresh_negatives(epoch)], axis=1, dtype=np.int32)
                examples = examples._replace(contexts=contexts)
            if epoch == 0 or config.reshuffle or fresh_negatives is not None:
                targets, contexts = _in_order(examples, training, config, epoch)
            loss, accuracy = trainer.run(targets, contexts, config.batch_size)
            if given is not None:
                trainer.embeddings.copy_to(given)
            if not math.isfinite(loss) or loss > 2 * of_nothing:
                usual = OPTIMIZERS[config.optimizer].rate
                raise DivergenceError(
                    f"the training diverged in epoch {epoch + 1}: its loss is {loss:.4g}, where scores of zero have"
                    f" {of_nothing:.4g}. Try a learning_rate below {trainer.rate:g} ({usual:g} is usual for"
                    f" {config.optimizer})"
                )
            metrics = EpochMetrics(epoch + 1, config.epochs, len(targets), loss, accuracy, trainer.rate)
            if held_out:
                measured = _measure(trainer, examples, validation, config.batch_size)
                metrics = dataclasses.replace(metrics, validation_loss=measured[0], validation_accuracy=measured[1])
            yield metrics, embeddings
            watched = metrics.loss if metrics.validation_loss is None else metrics.validation_loss
            if best is None or watched < best[0]:
                best = (watched, metrics, embeddings.copy() if config.patience else embeddings)
            elif config.patience and metrics.epoch - best[1].epoch >= config.patience:
                break
    if config.patience and best is not None and best[1].epoch != metrics.epoch:
        best[2].copy_to(embeddings)
        yield best[1], embeddings


def _in_order(examples: Examples, training: Array, config: MinibatchConfig, epoch: int) -> tuple[Int32, Int32]:
    """Targets and contexts of the examples to train on, in the order of an epoch."""
    n, size = len(training), config.batch_size
    order = training[order_of_epoch(n, size, config.seed, epoch, config.reshuffle, config.drop_remainder)]
    return np.take(examples.targets, order), np.take(examples.contexts, order, axis=0)


def _measure(trainer: Trainer, examples: Examples, validation: Array, batch_size: int) -> tuple[float, float]:
    loss, right = 0.0, 0
    for start in range(0, len(validation), batch_size):
        part = validation[start : start + batch_size]
        losses, answered, _ = trainer.losses(examples.targets[part], examples.contexts[part])
        loss, right = loss + float(losses.sum(dtype=np.float64)), right + int(answered.sum())
    return loss / len(validation), right / len(validation)


def _check(examples: Examples, vocabulary_size: int) -> None:
    n = len(examples.targets)
    if examples.contexts.ndim != 2 or len(examples.contexts) != n or examples.contexts.shape[1] < 2:
        raise ValueError(f"{n:,} targets want contexts (n, 1 + num_ns), not of shape {examples.contexts.shape}")
    if not n:
        raise ValueError("there are no examples to train on")
    for name in ("targets", "contexts"):
        ids = getattr(examples, name)
        if ids.min() < 0 or ids.max() >= vocabulary_size:
            raise ValueError(f"{name} hold the ids {ids.min()} to {ids.max()}: vocabulary_size is {vocabulary_size:,}")


def _check_embeddings(embeddings: Embeddings, vocabulary_size: int) -> None:
    for name in ("target", "context"):
        array = getattr(embeddings, name)
        if array.ndim != 2 or len(array) != vocabulary_size:
            raise ValueError(f"the {name} embedding has the shape {array.shape}, for {vocabulary_size:,} words")
        if not np.isfinite(array).all():
            raise ValueError(f"the {name} embedding has numbers that are not finite (NaN or infinite)")
    if embeddings.target.shape != embeddings.context.shape:
        raise ValueError("the two embeddings have different shapes")


def _log_expected(expected: Any, vocabulary_size: int, k: int) -> Array:
    if expected is None:
        expected = k * log_uniform_probabilities(vocabulary_size)
    expected = np.asarray(expected, np.float64)
    if expected.shape != (vocabulary_size,) or not (expected >= 0).all():
        raise ValueError(f"expected must be {vocabulary_size:,} numbers of 0 or more")
    return logarithms(np.maximum(expected, 1e-30))
