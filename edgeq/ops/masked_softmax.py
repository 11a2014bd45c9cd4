"""masked_softmax: softmax over the visible part of the last axis; what is hidden is exactly 0. Attribute visible: per
row the first visible column and the one behind the last, repeated over all rows (the mask of an attention: causal,
local, padded).

Frameworks hide an entry by -infinity, or a number that makes its exponential 0. Imports of masks keep those off the
graph: `hide` notes them, and the softmax that follows takes them up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import softmax, softmax_wide
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

#: what is added to hide an entry: exp() of it is 0 in float32, whatever the entry
HIDDEN = -1e4


def hide(importer: Importer, x: str, visible: np.ndarray) -> str:
    """`x` with the entries hidden where the booleans `visible` (broadcast over it) are False. Raises EdgeqError for a
    mask whose rows are not one run of visible entries each, or that differs between matrices."""
    shape = importer.shape(x)
    if visible.ndim > len(shape) or any(size not in (1, have) for size, have in _from_the_end(visible.shape, shape)):
        raise importer.unsupported(f"a mask of shape {visible.shape} over {shape}", "a mask that fits")
    rows = visible.reshape((1,) * (2 - visible.ndim) + visible.shape)
    if int(np.prod(rows.shape[:-2])) != 1:
        raise importer.unsupported(f"a mask of shape {visible.shape} over {shape}", "one mask for all matrices")
    matrix = np.broadcast_to(rows.reshape(rows.shape[-2:]), (rows.shape[-2], shape[-1]))
    return importer.hide(x, tuple(_run(importer, row) for row in matrix))


def _from_the_end(small: Shape, large: Shape) -> zip[tuple[int, int]]:
    return zip(reversed(small), reversed(large), strict=False)


def _run(importer: Importer, row: np.ndarray) -> tuple[int, int]:
    found = np.flatnonzero(row)
    if len(found) == 0 or found[-1] - found[0] + 1 != len(found):
        raise importer.unsupported(
            "a mask with a row that is not one run of visible entries", "a causal, local or padding mask"
        )
    return int(found[0]), int(found[-1]) + 1


def split_off(values: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """A constant that is added: (what of it is a number, booleans of what stays visible, or None where all does)."""
    visible = values > HIDDEN
    return np.where(visible, values, 0.0).astype(np.float32), None if visible.all() else visible


def _visible(node: Node, rows: int) -> np.ndarray:
    """int64 [rows, 2]: bounds of the visible columns, row by row of the output."""
    bounds = np.array(node.attributes["visible"])
    return np.tile(bounds, (rows // len(bounds), 1))


def pack(graph: Graph, node: Node) -> dict[str, Constant]:
    bounds = np.array(node.attributes["visible"], np.int16).reshape(-1)
    return {"visible": Constant("int16_t", bounds), "exp_table": Constant("uint32_t", graph.constant(node.inputs[1]))}


#: instruction set -> why its kernel is chosen
WHY = {
    "mve": "4 exponentials gathered at a time, hidden entries are not computed",
    "scalar": "portable C, hidden entries are not computed",
}


def visible_shares(x: np.ndarray, hidden: np.ndarray, table: np.ndarray) -> np.ndarray:
    """int8 outputs of int8 `x`, of which `hidden` (broadcast over it) tells what does not count."""
    wide = np.where(hidden, np.int64(-128), x)
    e = np.where(hidden, 0, table[wide.max(axis=-1, keepdims=True) - wide].astype(np.int64))
    return softmax.shares(e)


def _kernel(isa: str, why: str) -> Kernel:
    name = f"eq_masked_softmax_s8_{isa}"
    return Kernel(
        name,
        isa,
        f"masked_softmax/{name}.c",
        units=softmax_wide.rows,
        pack=pack,
        in_place=lambda parameters: True,
        why=why,
    )


class MaskedSoftmax(Operator):
    name = "masked_softmax"
    kernels = tuple(_kernel(isa, why) for isa, why in WHY.items())

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def _hidden(self, node: Node, x: np.ndarray) -> np.ndarray:
        """Booleans [.., M, N] of the hidden entries."""
        bounds = _visible(node, int(np.prod(x.shape[:-1]))).reshape(*x.shape[:-1], 2)
        column = np.arange(x.shape[-1])
        return (column < bounds[..., :1]) | (column >= bounds[..., 1:])

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x = np.where(self._hidden(node, inputs[0]), -np.inf, inputs[0])
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return [e / e.sum(axis=-1, keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, table = inputs
        return [visible_shares(x, self._hidden(node, x), table)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        longest = max(end - first for first, end in node.attributes["visible"])
        table = converter.constant(f"{node.name}.exp_table", softmax.exp_table(x.scale, longest))
        converter.add_made_in(softmax.OUTPUT, node, (x.name, table))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return softmax.OUTPUT

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {
            "rows": softmax_wide.rows(graph, node),
            "depth": graph.tensor(node.outputs[0]).shape[-1],
            "visible_rows": len(node.attributes["visible"]),
        }


OP = MaskedSoftmax()
