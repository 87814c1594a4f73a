"""Functions run on the machines of a cluster, each item by the next that is free; a lost machine's items by others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from firth.cluster.nodes import MOST_FAILURES, Node, Nodes, NodesLostError
from firth.errors import ClusterError, FirthError

AHEAD = 4
"""Items for each machine that may be done before the first one that is not: their results are kept."""


class NodeWorkers:
    """A `map` whose work is done by the machines.

    `check` is called with a machine that comes later, before it gets its first item: one for which that raises an error
    of firth's is left out, unless there is no other.
    """

    def __init__(self, nodes: Nodes, check: Callable[[Node], None] = lambda _: None):
        self.nodes, self.check = nodes, check
        self.checked = {node.key for node in nodes.alive}

    def map(self, function: Callable[[Any], Any], items: Iterable[Any], /) -> Iterator[Any]:
        """The results of a function for all items, in their order. Function, items and results are pickled.

        Raises what the function raises, if it is an error of firth's; for any other, `ClusterError`.
        """
        items = list(items)
        waiting, failures = deque(range(len(items))), [0] * len(items)
        at_work: dict[Any, tuple[int, Node]] = {}
        done: dict[int, Any] = {}
        first = 0
        while first < len(items):
            try:
                self.nodes.newcomers()
                busy = {node.key for _, node in at_work.values()}
                last = first + AHEAD * len(self.nodes.alive)
                for node in list(self.nodes.alive):
                    if waiting and waiting[0] < last and node.key not in busy and self._is_fit(node):
                        item = waiting.popleft()
                        at_work[node.run(function, items[item])] = item, node
                if not at_work:
                    self.nodes.gather(1)
                    continue
                if not at_work:
                    self.nodes.gather(1)
                    continue
                for reference, result in self.nodes.some_results(list(at_work)):
                    done[at_work.pop(reference)[0]] = result
            except NodesLostError as error:
                self._give_back(at_work, waiting, failures, str(error))
            while first in done:
                yield done.pop(first)
                first += 1

    def _is_fit(self, node: Node) -> bool:
        """Whether a machine may work."""
        if node.key not in self.checked:
            try:
                self.check(node)
            except FirthError as error:
                if len(self.nodes.alive) == 1:
                    raise
                self.nodes.leave_out(node, error)
                return False
            self.checked.add(node.key)
        return True

    def _give_back(
        self, at_work: dict[Any, tuple[int, Node]], waiting: deque[int], failures: list[int], reason: str
    ) -> None:
        """Put what lost machines worked on back in the queue, in its place."""
        lost = self.nodes.drop_lost()
        self.nodes.tell_lost(lost)
        gone = {node.key for node in lost}
        for reference, (item, node) in list(at_work.items()):
            if node.key in gone or self.nodes.has_failed(reference):
                del at_work[reference]
                waiting.append(item)
                failures[item] += 1
                if failures[item] == MOST_FAILURES:
                    raise ClusterError(f"a part of the work failed {MOST_FAILURES} times, the last time: {reason}")
        in_order = sorted(waiting)
        waiting.clear()
        waiting.extend(in_order)
        self.nodes.gather(1)
