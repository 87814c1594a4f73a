"""Every kind of training, small, and the SHA-256 of what each comes to: on this machine, and again on an ARM one."""

import hashlib
import random
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

import firth
from firth.training.sampling import alias_table, noise_distribution
from firth.tutorial import minibatch
from firth.tutorial.objectives import OBJECTIVES
from firth.tutorial.optimizers import OPTIMIZERS

SETTINGS: dict[str, dict[str, Any]] = {
    "skip-gram": {},
    "skip-gram, two threads": {"threads": 2},
    "skip-gram, wide rounds": {"batch_size": 1024},
    "skip-gram, one vector per word": {"shared_vectors": True},
    "skip-gram, subwords": {"max_n": 4, "buckets": 2000},
    "skip-gram, many negatives": {"negative": 20, "window": 12, "learning_rate": 0.3},
    "skip-gram, whole sentences": {"window": "sentence"},
    "skip-gram, contexts before": {"window_side": "before", "distance_weights": "harmonic"},
    "skip-gram, held out": {"validation": 0.1, "patience": 1},
    "skip-gram, shards": {"shards": 3},
    "skip-gram, shards that overlap": {"shards": 3, "overlap": 0.5},
    "skip-gram, phrases": {"phrase_passes": 2, "phrase_threshold": 1.0},
    "skip-gram, phrases by npmi": {"phrase_passes": 1, "phrase_scoring": "npmi", "phrase_threshold": 0.1},
    "cbow": {"architecture": "cbow"},
    "cbow, wide rounds": {"architecture": "cbow", "batch_size": 1024},
    "cbow, one vector per word": {"architecture": "cbow", "shared_vectors": True},
    "cbow, subwords": {"architecture": "cbow", "max_n": 4, "buckets": 2000},
    "cbow, as in word2vec.c": {"architecture": "cbow", "context_gradient": "word2vec.c"},
    "cbow, sums": {"architecture": "cbow", "context": "sum"},
    "cbow, linear weights": {"architecture": "cbow", "distance_weights": "linear"},
    "hierarchical softmax": {"objective": "hierarchical-softmax"},
    "hierarchical softmax, wide rounds": {"objective": "hierarchical-softmax", "batch_size": 512},
    "hierarchical softmax, subwords": {"objective": "hierarchical-softmax", "max_n": 4, "buckets": 2000},
    "hierarchical softmax, cbow": {"objective": "hierarchical-softmax", "architecture": "cbow"},
}
"""What `firth.train` is given, by the name of the training."""
WORDS, SENTENCES = 500, 500
NOISE_WORDS = 50_000
"""So many that one of a million draws by a table that is another in its last digits would show."""


def trainings() -> dict[str, Callable[[], Iterable[Any]]]:
    """What gives the numbers that each kind of training comes to, by its name."""
    return {
        **{name: partial(settings_trained, settings) for name, settings in SETTINGS.items()},
        "given vectors, some frozen": vectors_trained,
        "more text": more_trained,
        **{f"minibatches, {objective}": partial(minibatches, objective=objective) for objective in OBJECTIVES},
        **{f"minibatches, {name}, shared": partial(minibatches, optimizer=name, shared=True) for name in OPTIMIZERS},
        "minibatches, two threads": partial(minibatches, threads=2),
        "examples": examples,
        "samplers": sampled,
        "noise": noise_tables,
    }


OPTIONS: dict[str, Any] = {"epochs": 2, "min_count": 2, "threads": 1, "progress": False}
"""Of all trainings."""


def sentences(seed: int = 1) -> list[str]:
    """Made-up text: words by Zipf's law, some of which often follow each other."""
    draw = random.Random(seed)
    words = [f"{'bdfgklmnprst'[i % 12]}{'aeiou'[i % 5]}{'mnrst'[i // 7 % 5]}{i}" for i in range(WORDS)]
    made = []
    for _ in range(SENTENCES):
        numbers = [int(WORDS * draw.random() ** 3) for _ in range(draw.randrange(3, 25))]
        made.append(" ".join(f"{words[n]} pair{n}" if n % 50 == 7 else words[n] for n in numbers))
    return made


def settings_trained(settings: dict[str, Any]) -> list[Any]:
    return numbers_of(trained(**settings))


def vectors_trained() -> list[Any]:
    """From vectors of another training, the first words' frozen."""
    start = trained(seed=3)
    return numbers_of(firth.train(sentences(), start=start, frozen=start.words[:20], **OPTIONS))


def more_trained() -> list[Any]:
    return numbers_of(firth.train_more(trained(), sentences(seed=2), **OPTIONS))


def trained(**settings: Any) -> firth.Word2Vec:
    return firth.train(sentences(), **OPTIONS | settings)


def numbers_of(model: firth.Word2Vec) -> list[Any]:
    return [model.vectors, model.output_vectors, [epoch.loss for epoch in model.history]]


def sequences() -> Any:
    """Sequences of ids by Zipf's law, 0 for padding."""
    draw = random.Random(1)
    return np.array([[int(WORDS * draw.random() ** 3) for _ in range(12)] for _ in range(200)])


def minibatches(threads: int = 1, **settings: Any) -> list[Any]:
    """Both embeddings after two epochs of the tutorial's training, and the losses."""
    config = minibatch.MinibatchConfig(vector_size=40, epochs=2, batch_size=128, **settings)
    *before, (last, embeddings) = minibatch.train(
        firth.training_examples(sequences(), WORDS), WORDS, config, threads=threads
    )
    return [embeddings.target, embeddings.context, [metrics.loss for metrics, _ in before], last.loss]


def examples() -> Iterable[Any]:
    return firth.training_examples(sequences(), WORDS, sampling_table=firth.sampling_table(WORDS))


def sampled() -> list[Any]:
    """What the tutorial's samplers draw, and what they expect."""
    of_noise = partial(firth.unigram_sampler, probabilities=np.arange(1, WORDS + 1) / (WORDS * (WORDS + 1) / 2))
    of_rank = partial(firth.log_uniform_sampler, range_max=1_000_000)
    samplers: list[Callable[..., Any]] = [of_noise, of_rank]
    return [
        part
        for sampler in samplers
        for seed in range(3)
        for unique in (True, False)
        for part in sampler([1, 2], 200, unique=unique, seed=seed)
    ]


def noise_tables() -> list[Any]:
    """The tables that negatives are drawn by, for many words and some exponents."""
    counts = np.maximum(5e7 / (np.arange(NOISE_WORDS) + 2.7), 1).astype(np.int64)
    exponents = (0.75, 0.5, 1.0, -0.3)
    return [part for exponent in exponents for part in alias_table(noise_distribution(counts, exponent))]


def sha256(parts: Iterable[Any]) -> str:
    """The SHA-256 of the numbers of some arrays."""
    found = hashlib.sha256()
    for part in parts:
        found.update(np.ascontiguousarray(part).tobytes())
    return found.hexdigest()
