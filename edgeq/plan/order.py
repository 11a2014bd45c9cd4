"""The order of a branching graph's nodes with the smallest peak of live bytes.

The state of a run is the set of nodes that are done, whatever their order; the graph's orders are the paths through
these sets, and the best one is the path whose largest step is smallest. Shortest-path search finds it: exact while the
graph has at most MAX_STATES such sets within reach, a beam of BEAM sets a step beyond.

What a node is charged follows plan/lifetime.py: everything made or given that is still to be read, its output included;
a view costs nothing, and neither does the output of an operator that may lie over an input nobody else needs. What
depends on the board (scratch, convolutions over their input) is unknown here, so pipeline.py plans both orders.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from edgeq import ops
from edgeq.ir.graph import Graph, Node
from edgeq.lower.program import aligned

MAX_STATES = 20_000
BEAM = 200


@dataclass(frozen=True)
class _Step:
    """One node that costs time: masks over the steps and indices of values."""

    needs: int
    reads: tuple[int, ...]
    makes: tuple[int, ...]
    in_place: tuple[int, ...]


@dataclass(frozen=True)
class _Value:
    """Bytes that come into being together, views included; `readers`: mask of steps, 0 for ever kept."""

    size_bytes: int
    maker: int | None
    readers: int
    kept: bool


def smallest_peak(graph: Graph) -> Graph:
    """The graph with its nodes in the best order found; itself when that is no better than the given order."""
    problem = _Problem(graph)
    given = problem.peak(range(len(problem.steps)))
    found = problem.search(given)
    return graph if found is None else graph.with_nodes(problem.nodes_of(found))


def peak_bytes(graph: Graph) -> int:
    """Largest number of live bytes in the graph's own order."""
    problem = _Problem(graph)
    return problem.peak(range(len(problem.steps)))


class _Problem:
    """A graph as steps and values; views belong to the step whose output they show."""

    def __init__(self, graph: Graph) -> None:
        nodes = [node for node in graph.nodes if not ops.get(node.op).is_view]
        root = {name: name for name in graph.given}
        for node in graph.nodes:
            for name in node.outputs:
                root[name] = root[node.inputs[0]] if ops.get(node.op).is_view else name
        names = sorted(set(root.values()), key=list(root).index)
        index = {name: position for position, name in enumerate(names)}
        maker = {name: position for position, node in enumerate(nodes) for name in node.outputs}
        readers = dict.fromkeys(names, 0)
        for position, node in enumerate(nodes):
            for name in node.inputs:
                if name in root:
                    readers[root[name]] |= 1 << position
        kept = {root[name] for name in graph.results} | {state.start for state in graph.states}
        self.values = [
            _Value(aligned(graph.tensor(name).size_bytes), maker.get(name), readers[name], name in kept)
            for name in names
        ]
        self.steps = [self._step(node, root, index, maker) for node in nodes]
        self.start = [position for position, value in enumerate(self.values) if value.maker is None]
        self._graph, self._nodes = graph, nodes

    def _step(self, node: Node, root: dict[str, str], index: dict[str, int], maker: dict[str, int]) -> _Step:
        read = [root[name] for name in node.inputs if name in root]
        needs = 0
        for name in read:
            if name in maker:
                needs |= 1 << maker[name]
        places = [index[root[node.inputs[place]]] for place in ops.get(node.op).in_place]
        makes = tuple(index[name] for name in node.outputs)
        return _Step(needs, tuple(dict.fromkeys(index[name] for name in read)), makes, tuple(places))

    def at_start(self) -> tuple[int, int]:
        """(bytes of all inputs, bytes of those that anything needs)."""
        needed = [v for v in self.start if self.values[v].readers or self.values[v].kept]
        return sum(self.values[v].size_bytes for v in self.start), sum(self.values[v].size_bytes for v in needed)

    def run(self, done: int, live: int, step: int) -> tuple[int, int]:
        """(bytes live while `step` runs after the steps `done` left `live` bytes, bytes live afterwards)."""
        what, after = self.steps[step], done | 1 << step
        ending = [v for v in what.reads if not self.values[v].kept and self.values[v].readers & ~after == 0]
        made = sum(self.values[v].size_bytes for v in what.makes)
        over = any(v in ending and self.values[v].size_bytes >= made for v in what.in_place)
        at = live if over else live + made
        # What nobody reads is gone after the step that makes it.
        unread = [v for v in what.makes if not self.values[v].kept and not self.values[v].readers]
        gone = sum(self.values[v].size_bytes for v in (*ending, *unread))
        return at, live + made - gone

    def peak(self, order: Sequence[int]) -> int:
        done, (highest, live) = 0, self.at_start()
        for step in order:
            at, live = self.run(done, live, step)
            highest = max(highest, at)
            done |= 1 << step
        return highest

    def search(self, given: int) -> list[int] | None:
        """An order with a peak below `given`, or None."""
        exact, order = self._shortest(given)
        return order if exact else self._beam(given)

    def _shortest(self, given: int) -> tuple[bool, list[int] | None]:
        """(whether the search came to its end, the order with the smallest peak if that is below `given`)."""
        complete = (1 << len(self.steps)) - 1
        before: dict[int, tuple[int, int]] = {}
        settled: set[int] = set()
        highest, live = self.at_start()
        # Ties go to the state with more steps done, then to the one found first: nodes are tried in the given order.
        queue = [(highest, 0, 0, 0, live)]
        best = {0: highest}
        found = 0
        while queue:
            highest, _, _, done, live = heapq.heappop(queue)
            if done in settled:
                continue
            settled.add(done)
            if done == complete:
                return True, self._path(before, done)
            if len(settled) > MAX_STATES:
                return False, None
            for step in self._ready(done):
                at, left = self.run(done, live, step)
                peak, after = max(highest, at), done | 1 << step
                if peak < given and peak < best.get(after, given):
                    best[after] = peak
                    before[after] = (done, step)
                    found += 1
                    heapq.heappush(queue, (peak, -after.bit_count(), found, after, left))
        return True, None

    def _beam(self, given: int) -> list[int] | None:
        front = {0: self.at_start()}
        before: dict[int, tuple[int, int]] = {}
        for _ in self.steps:
            following: dict[int, tuple[int, int]] = {}
            for done, (highest, live) in front.items():
                for step in self._ready(done):
                    at, left = self.run(done, live, step)
                    peak, after = max(highest, at), done | 1 << step
                    if peak < given and (after not in following or peak < following[after][0]):
                        following[after] = (peak, left)
                        before[after] = (done, step)
            kept = sorted(following.items(), key=lambda item: (*item[1], item[0]))[:BEAM]
            front = dict(kept)
            if not front:
                return None
        return self._path(before, (1 << len(self.steps)) - 1)

    def _ready(self, done: int) -> list[int]:
        return [
            position for position, step in enumerate(self.steps) if not done >> position & 1 and step.needs & ~done == 0
        ]

    def _path(self, before: dict[int, tuple[int, int]], done: int) -> list[int]:
        order = []
        while done:
            done, step = before[done]
            order.append(step)
        return order[::-1]

    def nodes_of(self, order: Sequence[int]) -> list[Node]:
        """All nodes with the steps in this order, each view right behind what it shows."""
        waiting = [node for node in self._graph.nodes if ops.get(node.op).is_view]
        known = {*self._graph.given, *(n for n, tensor in self._graph.tensors.items() if tensor.is_constant)}
        result: list[Node] = []

        def add_views() -> None:
            for node in list(waiting):
                if all(name in known for name in node.inputs):
                    waiting.remove(node)
                    known.update(node.outputs)
                    result.append(node)

        add_views()
        for step in order:
            result.append(self._nodes[step])
            known.update(self._nodes[step].outputs)
            add_views()
        return result
