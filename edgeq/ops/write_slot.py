"""write_slot: one row of a cache of static slots is written where an index says. Inputs: the cache [1, .., slots, ..],
whose slots lie along `axis`, the row, which has one slot, and the index of the slot (int32).

The cache is a state as a rule: the output may lie over it, and then nothing but the row is moved. Indices outside the
cache are limited to it, as those of look-ups are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import embedding
from edgeq.ops.base import KeepsScale, Kernel, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.index_copy with one index, an input of the model."""
    cache, index, row, axis = args["self"], args["index"], args["source"], args["dim"]
    shape = importer.shape(cache)
    axis %= len(shape)
    if (
        axis == 0
        or importer.is_constant(cache)
        or importer.is_constant(row)
        or not embedding.is_one_index(importer, index)
    ):
        raise importer.unsupported(
            f"an index_copy into {shape} along axis {axis}", "a cache [1, .., slots, ..] and one index that is an input"
        )
    return importer.add("write_slot", [cache, row, index], {"axis": axis})


def _outer(graph: Graph, node: Node) -> int:
    """Pieces that a row is written in."""
    shape = graph.tensor(node.output).shape
    return int(np.prod(shape[: node.attributes["axis"]]))


class WriteSlot(KeepsScale):
    name = "write_slot"
    in_place = (0,)
    index_inputs = (2,)
    takes_int16 = True
    joins = True
    torch_targets = {"aten.index_copy.default": import_torch}
    kernels = (
        Kernel("eq_write_slot_scalar", "scalar", "write_slot/eq_write_slot_scalar.c", units=_outer, dtype="bytes"),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        cache, row = inputs[0].shape, inputs[1].shape
        axis = node.attributes["axis"]
        if row != (*cache[:axis], 1, *cache[axis + 1 :]):
            raise ValueError(f"a row of {row} for a cache of {cache}")
        return [cache]

    def index_rows(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.inputs[0]).shape[node.attributes["axis"]]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        cache, row, index = inputs
        axis = node.attributes["axis"]
        chosen = embedding.limited(index.reshape(len(index), -1)[:, 0], cache.shape[axis])
        here = np.arange(cache.shape[axis]) == np.broadcast_to(chosen, len(cache))[:, None]
        shape = [len(cache), *(1 for _ in cache.shape[1:])]
        shape[axis] = cache.shape[axis]
        return [np.where(here.reshape(shape), row, cache)]

    def quantize(self, converter: Converter, node: Node) -> None:
        cache = converter.quantized(node.inputs[0])
        assert cache.quantization is not None
        row = converter.rescaled(node.inputs[1], cache.quantization, node.name)
        converter.add_keeping_scale(node, (cache.name, row, node.inputs[2]))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        cache, row, _ = graph.input_tensors(node)
        return {"slots": cache.shape[node.attributes["axis"]], "bytes": row.size_bytes // _outer(graph, node)}


OP = WriteSlot()
