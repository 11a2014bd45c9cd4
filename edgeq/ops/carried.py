"""What an operator remembers of a sequence when it takes the next steps of an endless one."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.ir.graph import Node, State, Tensor


@dataclass(frozen=True, eq=False)
class Carried:
    """The node on the next rows and those that take its states out of what it makes, with what they make."""

    nodes: tuple[Node, ...]
    tensors: tuple[Tensor, ...]
    states: tuple[State, ...]
