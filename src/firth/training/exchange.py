"""What machines exchange after they have trained: each gives the others its changes, and combines those of some rows.

It goes from machine to machine, without the driver. No result depends on the order in which anything comes.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence

from firth.arrays import Float64
from firth.cluster.peers import Peers
from firth.config import TrainingConfig
from firth.kernels.word2vec.blocks import Parameters
from firth.kernels.word2vec.contraction import Directions
from firth.threads import ThreadPool
from firth.training.shards import (
    ChangeArrays,
    Changes,
    Combiner,
    Expected,
    Moments,
    PartialSum,
    Period,
    directions_of,
    parts_of_owners,
    rows_of,
    total_of,
)

CHANGES, MOMENTS, DIRECTIONS, COMBINED = "changes", "moments", "directions", "combined"
"""What one machine hands to another."""


class Exchange:
    """A machine's part of the exchanges of a training.

    It has threads of its own, and only reads `begin`, the state that a period was trained from.
    """

    def __init__(self, peers: Peers, config: TrainingConfig, expected: Expected, begin: Parameters, threads: int):
        self.peers, self.config, self.expected, self.begin = peers, config, expected, begin
        self.pool = ThreadPool(threads)
        self.pool.__enter__()  # for as long as the process lives
        self.combiner: Combiner | None = None

    def combined(
        self, attempt: int, given: Sequence[PartialSum[Changes]], period: Period, rate: float
    ) -> Iterator[tuple[range, Changes]]:
        """What the rows of all parts change by, some parts at a time, as it comes.

        What this machine has changed is given as sums that are nodes of the tree of all shards. These may be used for
        the sums of others, and are of no use then.
        """
        peers = self.peers
        peers.begin(attempt)
        parts = parts_of_owners(peers.count)
        own = self._give_changes(given, parts)
        if peers.number < len(parts):
            yield parts[peers.number], self._combine(own, parts, period, rate)
        for sender, changes in peers.each(COMBINED, self._other_owners(parts)):
            yield parts[sender], changes
        peers.settle()

    def _other_owners(self, parts: Sequence[range]) -> list[int]:
        """The numbers of the other machines that combine rows."""
        return [number for number in self.peers.others if number < len(parts)]

    def _give_changes(self, given: Sequence[PartialSum[Changes]], parts: Sequence[range]) -> list[PartialSum[Changes]]:
        """Hand each owner the changes of its rows; return those of the rows that this machine combines."""
        for owner in self._other_owners(parts):
            self.peers.give(CHANGES, [owner], [_rows_of_sum(partial, parts[owner]) for partial in given])
        if self.peers.number >= len(parts):
            return []
        return [_rows_of_sum(partial, parts[self.peers.number]) for partial in given]

    def _combine(
        self, own: Sequence[PartialSum[Changes]], parts: Sequence[range], period: Period, rate: float
    ) -> Changes:
        """What the rows of this machine's parts change by, which is handed to all."""
        total = self._sum(own)
        combiner = self._combiner_of(parts[self.peers.number])
        directions = self._directions(combiner.moments(total, len(period.pieces)), parts)
        combiner.combine(total, directions, period, rate)
        self.peers.give(COMBINED, self.peers.others, total)
        return total

    def _sum(self, own: Sequence[PartialSum[Changes]]) -> Changes:
        """The sum of what all shards have changed in the rows of this machine's parts."""
        arrays = ChangeArrays(self.config.vector_size, self.pool)

        def joined(left: Changes, right: Changes) -> Changes:
            return arrays.joined(_writable(left), right)

        others = [partial for some in self.peers.get(CHANGES, self.peers.others) for partial in some]
        return _writable(total_of([*own, *others], joined))

    def _combiner_of(self, parts: range) -> Combiner:
        """The one of some parts, kept for the next period."""
        if self.combiner is None or self.combiner.parts != parts:
            self.combiner = Combiner(self.expected, self.config, self.begin, self.pool, parts)
        return self.combiner

    def _directions(self, moments: list[PartialSum[Moments]], parts: Sequence[range]) -> list[Directions]:
        """The directions in which the changes of inputs are combined, and those of outputs: the first owner finds the
        former, and the last one the latter.
        """
        number, others, finders = self.peers.number, self._other_owners(parts), (0, len(parts) - 1)
        own = [[PartialSum(some.first, some.size, some.value[which]) for some in moments] for which in range(2)]
        for which, finder in enumerate(finders):
            if finder != number:
                self.peers.give(MOMENTS, [finder], own[which])
        found = {
            which: self._find_directions(own[which], others) for which, finder in enumerate(finders) if finder == number
        }
        for which, finder in enumerate(finders):
            if finder != number:
                (found[which],) = self.peers.get(DIRECTIONS, [finder])
        return [found[0], found[1]]

    def _find_directions(self, own: Sequence[PartialSum[Float64]], others: Sequence[int]) -> Directions:
        """The directions by the moments of this machine and of the other owners, which they are handed to."""
        given = [partial for some in self.peers.get(MOMENTS, others) for partial in some]
        directions = directions_of(total_of([*own, *given], operator.add), self.begin.inputs.shape[1])
        self.peers.give(DIRECTIONS, others, directions)
        return directions


def _rows_of_sum(partial: PartialSum[Changes], parts: range) -> PartialSum[Changes]:
    return partial._replace(value=Changes(*(array[rows_of(parts, len(array))] for array in partial.value)))


def _writable(changes: Changes) -> Changes:
    """Changes that may be written to: copies, where Ray has given them."""
    return Changes(*(array if array.flags.writeable else array.copy() for array in changes))
