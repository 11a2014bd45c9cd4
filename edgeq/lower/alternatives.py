"""The kernels among which a budget can choose: for every layer of a graph those that are weighed against each other."""

from __future__ import annotations

from dataclasses import replace

from edgeq.board import Board
from edgeq.ir.graph import Graph, Node
from edgeq.lower.choice import Choice, Option, choose, smallest
from edgeq.lower.select import Candidate, candidates, computed, first_choice

#: how much more flash than the least --optimize size accepts for speed
SIZE_TOLERANCE = 1.05
#: (node, C function)
Pick = tuple[str, str]


class Alternatives:
    """The first of a layer's kernels is the board's first choice. Kernels without an estimate of their instructions are
    not weighed: such a layer keeps its first choice."""

    def __init__(self, graph: Graph, board: Board) -> None:
        self._layers = {node.name: _weighed(graph, node, board) for node in computed(graph)}
        self._without: set[Pick] = set()

    def choose(self, flash_bytes: float) -> tuple[Choice, dict[str, Candidate]]:
        """The fewest instructions with `flash_bytes` for constants and the kernels' code; the least flash where that is
        too little. Node name -> kernel."""
        options = [[_option(candidate) for candidate in self._allowed(name)] for name in self._layers]
        choice = choose(options, flash_bytes) or smallest(options)
        picks = zip(self._layers, choice.picks, strict=True)
        return choice, {name: self._allowed(name)[pick] for name, pick in picks}

    def smallest(self) -> dict[str, Candidate]:
        """The fewest instructions in the least flash and SIZE_TOLERANCE more: the last percent of flash can cost
        several times the instructions. Node name -> kernel."""
        least, _ = self.choose(0)
        return self.choose(least.flash_bytes * SIZE_TOLERANCE)[1]

    def keep_smallest(self) -> None:
        """From now on only the choice for size."""
        self._layers = {name: [candidate] for name, candidate in self.smallest().items()}

    def keep_rowwise(self) -> None:
        """From now on no kernels that compute tiles of several rows: in bands of a row they lose what they save."""
        self._layers = {
            name: [item for item in items if not item.kernel.expands] for name, items in self._layers.items()
        }

    def with_less_scratch(self, candidate: Candidate) -> bool:
        """Whether the layer has another kernel with less scratch memory."""
        scratch = _scratch_bytes(candidate)
        return any(_scratch_bytes(other) < scratch for other in self._allowed(candidate.node.name))

    def forbid(self, candidate: Candidate) -> None:
        """Chooses this kernel for its layer no more."""
        self._without.add((candidate.node.name, candidate.function))

    def _allowed(self, name: str) -> list[Candidate]:
        return [candidate for candidate in self._layers[name] if (name, candidate.function) not in self._without]


def _weighed(graph: Graph, node: Node, board: Board) -> list[Candidate]:
    first = first_choice(graph, node, board)
    if first.kernel.instructions is None:
        return [first]
    others = [item for item in candidates(graph, node, board) if item.kernel is not first.kernel]
    return [first, *(_compared(item, first) for item in others if item.kernel.instructions is not None)]


def _option(candidate: Candidate) -> Option:
    return Option(candidate.instructions, candidate.constant_bytes, candidate.function, candidate.kernel.code_bytes)


def _scratch_bytes(candidate: Candidate) -> int:
    return candidate.kernel.scratch_bytes(candidate.graph, candidate.node)


def _compared(candidate: Candidate, first: Candidate) -> Candidate:
    """The candidate with its difference to the first choice as the reason why it would be chosen."""
    saved = first.instructions - candidate.instructions
    more = candidate.constant_bytes - first.constant_bytes
    why = (
        f"{candidate.kernel.why}; about {abs(saved):,} instructions {'fewer' if saved >= 0 else 'more'} for "
        f"{abs(more):,} bytes {'more' if more >= 0 else 'fewer'} than {first.function}"
    )
    return replace(candidate, why=why, instead_of=first.function)
