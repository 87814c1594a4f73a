"""Functions run on the machines of a cluster, each item by the next that is free; a lost machine's items by others."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from firth.cluster.nodes import MOST_FAILURES, Node, Nodes, NodesLostError
from firth.errors import ClusterError


class NodeWorkers:
    """A `map` whose work is done by the machines."""

    def __init__(self, nodes: Nodes):
        self.nodes = nodes

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
            self.nodes.newcomers()
            busy = {node.key for _, node in at_work.values()}
            for node in self.nodes.alive:
                if waiting and node.key not in busy:
                    item = waiting.popleft()
                    at_work[node.actor.run.remote(function, items[item])] = item, node
            try:
                for reference, result in self.nodes.some_results(list(at_work)):
                    done[at_work.pop(reference)[0]] = result
            except NodesLostError as error:
                self._give_back(at_work, waiting, failures, str(error))
            while first in done:
                yield done.pop(first)
                first += 1

    def _give_back(
        self, at_work: dict[Any, tuple[int, Node]], waiting: deque[int], failures: list[int], reason: str
    ) -> None:
        """Put what lost machines worked on first in the queue."""
        lost = self.nodes.drop_lost()
        self.nodes.tell_lost(lost)
        gone = {node.key for node in lost}
        for reference, (item, node) in list(at_work.items()):
            if node.key in gone or self.nodes.has_failed(reference):
                del at_work[reference]
                waiting.appendleft(item)
                failures[item] += 1
                if failures[item] == MOST_FAILURES:
                    raise ClusterError(f"a part of the work failed {MOST_FAILURES} times, the last time: {reason}")
        self.nodes.gather(1)
