"""The events of long work. A function given as `progress=` is called with each of them, in the order they happen.

A training tells, in this order: `Compiling` (only on a machine's first training of its kind), `Reading` (not where the
encoded text is in the cache), `Joining` (only with phrases), and `Progress` several times a second until it ends. The
tutorial's minibatches tell an `EpochMetrics` after each epoch, and vectors of texts an `Embedding` after each batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Compiling:
    """The kernels are about to be compiled, by another process while this one reads. Happens once on a machine."""

    def __str__(self) -> str:
        return "compiling the kernels for this machine (once; some seconds)"


@dataclass(frozen=True)
class OnCluster:
    """Something that happened on a cluster: what is waited for, which machine was lost, what an exchange costs.

    Attributes
    ----------
    text : str
        What, in a line.
    """

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Reading:
    """How far the reading of a source has come; after each block of text, several times a second.

    Attributes
    ----------
    bytes_read : int
        Bytes of the source, as they are on the disk: of packed files, packed ones.
    total_bytes : int or None
        Bytes of the whole source; None where that cannot be known, as of a stream.
    tokens : int
        Tokens that were read so far, ends of sentences among them.
    files : int
        Which file is being read, from 1, those in archives counted; 0 where the source is no file.
    is_kept : bool
        Whether all of it had been read before, and is found again: there is one such event, and no other.
    """

    bytes_read: int
    total_bytes: int | None
    tokens: int
    files: int = 0
    is_kept: bool = False


@dataclass(frozen=True)
class Joining:
    """How far the work on phrases has come; some times for each pass over the corpus.

    Attributes
    ----------
    work : str
        What is being done: "finding phrases" or "joining phrases".
    tokens : int
        Tokens that were gone through in this pass.
    corpus_tokens : int
        Tokens of the corpus.
    """

    work: str
    tokens: int
    corpus_tokens: int


@dataclass(frozen=True)
class Embedding:
    """How far the work on vectors of texts has come; after each batch of texts.

    Attributes
    ----------
    work : str
        What is being done: "learning from texts" or "embedding".
    texts : int
        Texts that were gone through.
    all_texts : int or None
        How many there are, where that is known.
    """

    work: str
    texts: int
    all_texts: int | None = None


class Done(NamedTuple):
    """What of a training is done: whole epochs, chunks of the next one, and the sums of that one's loss; and the
    mean of output vectors that negatives are moved to, (width,), as it was found last in that epoch. A checkpoint keeps
    it.
    """

    epochs: int = 0
    chunks: int = 0
    loss: float = 0.0
    pairs: float = 0.0  # by their weights
    noise_mean: tuple[float, ...] = ()


NOTHING = Done()


@dataclass(frozen=True)
class Progress:
    """How far a training has come; after each chunk of text, several times a second, and when an epoch ends.

    Attributes
    ----------
    epoch, epochs : int
        The epoch, counted from 1, and how many there are.
    tokens, epoch_tokens : int
        Tokens of the corpus that are done in this epoch, and all of them.
    pairs : int
        (context, center) pairs of this epoch that the loss was measured on.
    loss : float
        The mean over these pairs, in nats, each measured just before it was learned; NaN where there was none yet. Of
        negative sampling, -log σ of the pair's score and of minus the scores of its k negatives.
    learning_rate : float
        The learning rate now, on the scale of the setting of this name.
    done : Done
        What a checkpoint needs to go on from here.
    loss_of_nothing : float
        The loss of a model that knows nothing, to compare.
    validation_loss : float or None
        The loss of the sentences held out, in nats, when an epoch is done and some are held out.
    """

    epoch: int
    epochs: int
    tokens: int
    epoch_tokens: int
    pairs: int
    loss: float
    learning_rate: float
    done: Done = NOTHING
    loss_of_nothing: float = math.inf
    validation_loss: float | None = None

    @property
    def epoch_done(self) -> bool:
        """Whether this is the last report of its epoch."""
        return self.tokens == self.epoch_tokens


@dataclass(frozen=True)
class EpochMetrics:
    """What an epoch of minibatches came to: means over its examples, each measured before the step it took part in.

    Attributes
    ----------
    epoch, epochs : int
        The epoch, counted from 1, and how many there are.
    examples : int
        Examples that were trained on in this epoch.
    loss : float
        In nats an example.
    accuracy : float
        How often the true candidate has the highest logit, 0 to 1.
    learning_rate : float
        The optimizer's, in this epoch.
    validation_loss, validation_accuracy : float or None
        The same of the examples held out, where some are.
    """

    epoch: int
    epochs: int
    examples: int
    loss: float
    accuracy: float
    learning_rate: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None


Event = Compiling | OnCluster | Reading | Joining | Embedding | Progress | EpochMetrics
