"""Training as a stream of rounds: what decides the result, and the threads that do not.

A round is some blocks of centres, all computed from one snapshot of the parameters; their changes are then
added in block order. Everything random depends on the seed, the epoch and the position in the corpus alone. So
the number of threads changes the time, never a bit of the result. `docs/rounds.md` tells the whole of it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from firth.aligned import aligned_zeros
from firth.config import TrainingConfig
from firth.errors import CorpusError
from firth.kernels import randomness
from firth.kernels.cbow import NOISE_ROWS, Hidden
from firth.kernels.noise import Noise
from firth.kernels.products import LANES, TILE_ROWS
from firth.kernels.rounds import SHARES, SPREAD, train_rounds
from firth.kernels.skipgram import FROZEN, Changes, Parameters, Plan, Scratch, Stretch, keep_tokens
from firth.sampling import alias_table, as_thresholds, keep_probabilities, noise_distribution
from firth.team import Team

BLOCK_CENTRES = 16
"""Centres in a block, where the corpus allows; the rest of its output rows are noise words."""
OUTPUT_ROWS = 32
"""Output rows of a block: its centres and its noise words, one for each of 16. Whole registers and tiles."""
CBOW_NOISE_WORDS = {"exact": 32, "word2vec.c": 64}
"""Noise words of a block of CBOW, by its gradients: its centres have one pair each, and need more than skip-gram's."""
ROUND_CENTRES = 256
"""Centres in a round at most: with more, a snapshot is old by the time its changes are added, and learns less."""
ROUND_STEP = 4.0
"""Greatest sum of a round's learning rates over the pairs and noise pairs of one word: above it, it overshoots."""
HELD_OUT = 2**32
"""In the place of an epoch's number, for the random numbers of what is held out."""
KERNELS = {"fill_alias_table", "fill_uniform", "keep_tokens", "train_rounds"}
"""What `train_a_little` compiles."""
STRETCH_TOKENS = 131_072
"""Kept tokens that are walked, then trained on, at a time: some tenths of a second."""
LOSS_BLOCKS_WANTED = 4096
"""Blocks an epoch on which the loss is measured, if there are so many; on one in 128 at least."""

Int32 = np.ndarray[Any, np.dtype[np.int32]]
Int64 = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Tokens:
    """What is trained on: the corpus as word ids, and how often each word of the vocabulary occurs in it.

    `ids` is (n,) int32, where ids of V or more are words outside the vocabulary, left out before windows are
    taken; `sentence_starts` is (sentences + 1,) int64, the last entry n; `counts` is (V,) int64.
    """

    ids: Int32
    sentence_starts: Int64
    counts: Int64


class Frozen(NamedTuple):
    """Which words' input vectors, and output vectors, stay as they are: (V,) bool each."""

    inputs: np.ndarray[Any, np.dtype[np.bool_]]
    outputs: np.ndarray[Any, np.dtype[np.bool_]]


class Done(NamedTuple):
    """What of a training is done: whole epochs, stretches of the next one, and the sums of that one's loss."""

    epochs: int = 0
    stretches: int = 0
    loss: float = 0.0
    pairs: int = 0


NOTHING = Done()


@dataclass(frozen=True)
class Progress:
    """How far a training has come."""

    epoch: int  # of `epochs`, counted from 1
    epochs: int
    tokens: int  # of the corpus, done in this epoch
    epoch_tokens: int
    pairs: int  # (context, centre) pairs of this epoch that the loss was measured on
    loss: float  # mean over these pairs, in nats: -log σ of the pair's score, - log σ of minus its k noise scores
    learning_rate: float
    done: Done = NOTHING
    validation_loss: float | None = None  # when an epoch is done: of all pairs of the sentences held out

    @property
    def epoch_done(self) -> bool:
        """Whether this is the last report of its epoch."""
        return self.tokens == self.epoch_tokens


def initial_parameters(words: int, vector_size: int, seed: int) -> Parameters:
    """Input vectors uniform in ±1/(2·vector_size), output vectors zero, both padded to whole registers."""
    width = -(-vector_size // LANES) * LANES
    inputs, outputs = aligned_zeros(words, width), aligned_zeros(words, width)
    randomness.fill_uniform(
        inputs, vector_size, vector_size, randomness.stream_key(seed, 0, randomness.INITIAL_VECTORS)
    )
    return Parameters(inputs, outputs)


def round_shape(counts: Int64, config: TrainingConfig) -> tuple[int, int]:
    """Centres in a block and blocks in a round, from the corpus and the configuration alone.

    All pairs of a round are computed from one snapshot, so what a word's pairs ask for adds up unseen: where one word
    is very frequent, or the learning rate large, a round must be small. A centre has about window + 1 pairs. In each,
    a word of share p among the kept tokens and q among the noise is the centre or a noise word with a frequency of
    p + k·q, and the context word of a pair and of its noise with p·(1 + k).
    """
    kept = counts * keep_probabilities(counts, config.sample)
    p = kept / kept.sum()
    q = noise_distribution(counts, config.noise_exponent)
    contexts = config.window + 1 if config.shrink_windows else 2 * config.window
    contexts = contexts if config.window_side == "both" else max(contexts // 2, 1)
    as_output, as_input = p + config.negative * q, p * (1 + config.negative)
    visits = contexts * np.maximum(as_output, as_input)
    if config.architecture == "cbow" and config.context == "mean":
        of_each = 1 if config.context_gradient == "exact" else contexts
        visits = np.maximum(as_output, of_each * as_input)
    centres = int(min(ROUND_CENTRES, ROUND_STEP / (config.learning_rate * float(visits.max()))))
    return min(BLOCK_CENTRES, max(1, centres)), max(1, centres // BLOCK_CENTRES)


def plan_epoch(tokens: Tokens, config: TrainingConfig, epoch: int, epochs: int) -> Plan:
    """The settings of one epoch (counted from 0)."""
    n = max(1, len(tokens.ids))
    kept = float((tokens.counts * keep_probabilities(tokens.counts, config.sample)).sum())
    block_centres, round_blocks = round_shape(tokens.counts, config)
    noise_words = OUTPUT_ROWS - block_centres
    if config.architecture == "cbow":
        noise_words = CBOW_NOISE_WORDS[config.context_gradient]
    fall = (config.learning_rate - config.min_learning_rate) / epochs
    return Plan(
        block_centres=block_centres,
        noise_words=noise_words,
        round_blocks=round_blocks,
        window=config.window,
        shrink=int(config.shrink_windows),
        before=int(config.window_side != "after"),
        after=int(config.window_side != "before"),
        noise_weight=config.negative / noise_words,
        rate_first=config.learning_rate - fall * epoch,
        rate_slope=-fall / n,
        rate_least=float(config.min_learning_rate),
        loss_blocks=min(max(int(kept / block_centres / LOSS_BLOCKS_WANTED), 1), 128),
        window_key=randomness.stream_key(config.seed, epoch, randomness.WINDOWS),
        noise_key=randomness.stream_key(config.seed, epoch, randomness.NOISE),
    )


class Walk:
    """The kept tokens of one epoch, a stretch at a time, each stretch with its neighbors on both sides."""

    def __init__(self, tokens: Tokens, config: TrainingConfig, epoch: int, plan: Plan):
        self.tokens = tokens
        self.keep = as_thresholds(keep_probabilities(tokens.counts, config.sample))
        self.key = randomness.stream_key(config.seed, epoch, randomness.SUBSAMPLING)
        self.window = plan.window
        self.block_centres = plan.block_centres
        self.round_centres = plan.block_centres * plan.round_blocks
        size = max(STRETCH_TOKENS, self.round_centres) + 2 * plan.window
        self.ids, self.sentences = np.empty(size, np.int32), np.empty(size, np.int32)
        self.positions = np.empty(size, np.int64)

    def __iter__(self) -> Iterator[tuple[Stretch, int]]:
        """Stretches of whole rounds (the last may be shorter), each with the corpus position it reaches."""
        position = sentence = filled = first = block = 0
        while True:
            position, sentence, filled = keep_tokens(
                self.tokens.ids, self.tokens.sentence_starts, position, sentence, self.keep, self.key,
                self.ids, self.sentences, self.positions, filled,
            )  # fmt: skip
            at_end = position == len(self.tokens.ids)
            last = filled
            if not at_end:  # the neighbors of the last centres must be known, and rounds whole
                last = first + (filled - self.window - first) // self.round_centres * self.round_centres
            stretch = Stretch(self.ids[:filled], self.sentences[:filled], self.positions[:filled], first, last, block)
            yield stretch, len(self.tokens.ids) if at_end else int(self.positions[last])
            if at_end:
                return
            block += (last - first) // self.block_centres
            start = max(0, last - self.window)
            for array in (self.ids, self.sentences, self.positions):
                array[: filled - start] = array[start:filled].copy()
            first, filled = last - start, filled - start


def new_scratch(plan: Plan, width: int, output_rows: int) -> Scratch:
    """The working space of one thread."""
    context = plan.block_centres + 2 * plan.window
    rows = -(-context // TILE_ROWS) * TILE_ROWS
    scores, weights = aligned_zeros(rows, OUTPUT_ROWS), aligned_zeros(rows, OUTPUT_ROWS)
    return Scratch(
        X=aligned_zeros(rows, width),
        Z=aligned_zeros(OUTPUT_ROWS, width),
        S=scores,
        W=weights,
        scores=scores.reshape(-1),
        weights=weights.reshape(-1),
        slot=np.zeros(context, np.int32),
        row_pairs=np.zeros(context, np.int32),
        mine=np.zeros((plan.round_blocks * max(context, output_rows) + 1, 2), np.int32),
    )


def new_hidden(config: TrainingConfig, plan: Plan, width: int) -> Hidden | None:
    """The working space that CBOW needs besides."""
    if config.architecture != "cbow":
        return None
    both = aligned_zeros(BLOCK_CENTRES + NOISE_ROWS + plan.noise_words, width)
    return Hidden(
        H=both[:BLOCK_CENTRES],
        Z=both[BLOCK_CENTRES:],
        HZ=both,
        G=aligned_zeros(BLOCK_CENTRES, width),
        S=aligned_zeros(BLOCK_CENTRES, plan.noise_words),
        reach=np.zeros((BLOCK_CENTRES, 2), np.int32),
        mean=int(config.context == "mean"),
        exact=int(config.context_gradient == "exact"),
    )


class Crew:
    """A team of threads, with the arrays they share."""

    def __init__(
        self, team: Team, config: TrainingConfig, plan: Plan, parameters: Parameters, frozen: Frozen | None = None
    ):
        words, width = parameters.inputs.shape
        blocks = plan.round_blocks
        output_rows = OUTPUT_ROWS if config.architecture == "skip-gram" else NOISE_ROWS + plan.noise_words
        self.scratch = [new_scratch(plan, width, output_rows) for _ in range(team.threads)]
        self.hidden = [new_hidden(config, plan, width) for _ in range(team.threads)]
        rows, context = len(self.scratch[0].X), len(self.scratch[0].slot)
        self.team = team
        self.parameters = parameters
        self.counters = np.zeros(SHARES + SPREAD * team.threads, np.int64)
        self.changes = Changes(
            input_words=np.zeros((blocks, context), np.int32),
            input_rows=aligned_zeros(blocks * rows, width),
            output_words=np.zeros((blocks, output_rows), np.int32),
            output_rows=aligned_zeros(blocks * output_rows, width),
            input_count=np.zeros(blocks, np.int32),
            output_count=np.full(blocks, output_rows, np.int32),
            input_owner=np.zeros(words, np.uint16),
            output_owner=np.zeros(words, np.uint16),
            loss=np.zeros(blocks),
            pairs=np.zeros(blocks, np.int64),
        )
        if frozen is not None:
            self.changes.input_owner[frozen.inputs] = FROZEN
            self.changes.output_owner[frozen.outputs] = FROZEN

    def train(self, stretch: Stretch, plan: Plan, noise: Noise) -> tuple[float, int]:
        """Train on a stretch, and return its loss and the number of pairs that is summed over."""
        self.counters[:] = 0
        totals = np.zeros(2)

        def work(thread: int) -> None:
            train_rounds(
                thread, self.team.threads, self.counters, totals, stretch, plan, self.parameters, noise,
                self.scratch[thread], self.hidden[thread], self.changes,
            )  # fmt: skip

        self.team.run(work)
        return float(totals[0]), int(totals[1])


def train(
    tokens: Tokens,
    config: TrainingConfig,
    parameters: Parameters,
    *,
    epochs: int,
    threads: int,
    done: Done = NOTHING,
    held_out: Tokens | None = None,
    frozen: Frozen | None = None,
) -> Generator[Progress, None, None]:
    """Train `parameters` in place, and report now and then: at least once an epoch, when it ends.

    `done` is what a report said was done when the parameters were as they are now: the training goes on from there.
    With tokens held out, their loss is reported when an epoch ends. Rows that are frozen are not changed.

    Raises `CorpusError` if a whole epoch has no pair: no two words near each other.
    """
    noise = alias_table(noise_distribution(tokens.counts, config.noise_exponent))
    n = len(tokens.ids)
    with Team(threads) as team:
        crew = Crew(team, config, plan_epoch(tokens, config, 0, epochs), parameters, frozen)
        for epoch in range(done.epochs, epochs):
            plan = plan_epoch(tokens, config, epoch, epochs)
            _, skipped, loss, pairs = done if epoch == done.epochs else Done(epoch)
            for number, (stretch, position) in enumerate(Walk(tokens, config, epoch, plan), start=1):
                if number <= skipped:
                    continue
                more_loss, more_pairs = crew.train(stretch, plan, noise)
                loss, pairs = loss + more_loss, pairs + more_pairs
                of_held_out = None
                if held_out is not None and position == n:
                    of_held_out = validation_loss(crew, held_out, config, plan, noise)
                yield Progress(
                    epoch=epoch + 1,
                    epochs=epochs,
                    tokens=position,
                    epoch_tokens=n,
                    pairs=pairs,
                    loss=loss / pairs if pairs else float("nan"),
                    learning_rate=max(plan.rate_first + plan.rate_slope * position, plan.rate_least),
                    done=Done(epoch, number, loss, pairs) if position < n else Done(epoch + 1),
                    validation_loss=of_held_out,
                )
            if pairs == 0:
                raise CorpusError(
                    "there is nothing to learn: no two words of the vocabulary stood in one sentence"
                    " in this epoch. Is every sentence one word long? If the corpus is tiny, sample=0 keeps all"
                )


def validation_loss(crew: Crew, held_out: Tokens, config: TrainingConfig, plan: Plan, noise: Noise) -> float:
    """The mean loss of all pairs of the tokens held out. Raises `CorpusError` if they have none.

    They are walked as in training, with a learning rate of zero, and always with the same random numbers, so that
    epochs can be compared.
    """
    still = plan._replace(
        rate_first=0.0,
        rate_slope=0.0,
        rate_least=0.0,
        loss_blocks=1,
        window_key=randomness.stream_key(config.seed, HELD_OUT, randomness.WINDOWS),
        noise_key=randomness.stream_key(config.seed, HELD_OUT, randomness.NOISE),
    )
    loss, pairs = 0.0, 0
    for stretch, _ in Walk(held_out, config, HELD_OUT, still):
        more_loss, more_pairs = crew.train(stretch, still, noise)
        loss, pairs = loss + more_loss, pairs + more_pairs
    if pairs == 0:
        raise CorpusError("the sentences held out have no two words near each other: hold out more (validation)")
    return loss / pairs


def train_a_little(architecture: str = "skip-gram") -> None:
    """Train on two words, so that the kernels are compiled."""
    config = TrainingConfig(vector_size=1, sample=0, architecture=architecture)
    tokens = Tokens(np.array([0, 1], np.int32), np.array([0, 2]), np.array([1, 1]))
    list(train(tokens, config, initial_parameters(2, 1, 1), epochs=1, threads=1))
