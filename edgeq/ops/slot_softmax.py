"""slot_softmax: softmax over the slots that are written, those up to the one that an index names; the others are
exactly 0. Inputs: scores [.., slots] and the index (int32), which is limited to the slots.

The same arithmetic and the same kernels as masked_softmax, whose visible columns are known when the firmware is built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import embedding, masked_softmax, matmul, softmax, softmax_wide
from edgeq.ops.base import Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter


def import_attend(importer: Importer, args: Mapping[str, Any]) -> str:
    """edgeq::attend (edgeq/torch_operators.py)."""
    query, keys, values, position = (args[name] for name in ("query", "keys", "values", "position"))
    if not embedding.is_one_index(importer, position):
        raise importer.unsupported("an attention up to a computed position", "a position that is an input")
    scores = matmul.product(importer, query, keys, True, {}, float(args["scale"]))
    shares = importer.add("slot_softmax", [scores, position], {})
    return matmul.product(importer, shares, values, False, {})


class SlotSoftmax(Operator):
    name = "slot_softmax"
    index_inputs = (1,)
    torch_targets = {"edgeq.attend.default": import_attend}
    kernels = tuple(
        Kernel(
            f"eq_masked_softmax_s8_{isa}",
            isa,
            f"masked_softmax/eq_masked_softmax_s8_{isa}.c",
            units=softmax_wide.rows,
            pack=softmax.pack_table("uint32_t", 2),
            in_place=lambda parameters: True,
            why=why,
            family="masked_softmax",
        )
        for isa, why in masked_softmax.WHY.items()
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def index_rows(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.inputs[0]).shape[-1]

    @staticmethod
    def _hidden(x: np.ndarray, index: np.ndarray) -> np.ndarray:
        """Booleans that broadcast over `x`: the slots behind the index, sample by sample."""
        last = embedding.limited(index.reshape(len(index), -1)[:, 0], x.shape[-1])
        hidden = np.arange(x.shape[-1]) > np.broadcast_to(last, len(x))[:, None]
        return hidden.reshape(len(x), *(1 for _ in x.shape[2:]), x.shape[-1])

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x = np.where(self._hidden(*inputs), -np.inf, inputs[0])
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return [e / e.sum(axis=-1, keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, index, table = inputs
        return [masked_softmax.visible_shares(x, self._hidden(x, index), table)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        table = converter.constant(f"{node.name}.exp_table", softmax.exp_table(x.scale, x.shape[-1]))
        converter.add_made_in(softmax.OUTPUT, node, (x.name, node.inputs[1], table))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return softmax.OUTPUT

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        depth = graph.tensor(node.output).shape[-1]
        return {"rows": softmax_wide.rows(graph, node), "depth": depth, "visible_rows": 1, "visible": "visible"}


OP = SlotSoftmax()
