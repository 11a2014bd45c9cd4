"""How a convolution with a residual runs: which add, and how many rows at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq.board import Board
from edgeq.ir.graph import Node
from edgeq.lower.bands import band_rows
from edgeq.lower.program import Residual, aligned
from edgeq.ops import add, residual
from edgeq.ops.base import Kernel


def residual_form(node: Node, parameters: Mapping[str, Any], granule: int, board: Board) -> Residual | None:
    """None for a node without a residual. `parameters` are the convolution's, `granule` its kernel's."""
    if not residual.is_fused(node):
        return None
    out_h, out_w, out_c = (parameters[key] for key in ("out_h", "out_w", "out_c"))
    rows = band_rows(out_h, out_w, granule)
    return Residual(_add_kernel(board), residual.integers_of(node), rows, aligned(rows * out_w * out_c))


def _add_kernel(board: Board) -> Kernel:
    """The kernel that an add of its own would get; they take any shape."""
    kernels = [kernel for kernel in add.OP.kernels if not kernel.library]
    return next(kernel for isa in board.isa for kernel in kernels if kernel.isa == isa)
