"""embedding: rows of a constant table [rows, width] by indices that the model's input holds (int32).

Indices outside the table are limited to it, so that a damaged input reads no foreign memory; data given to edgeq is
refused instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq import ops
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.base import Constant, Kernel, Operator, Shape
from edgeq.quantize.scales import affine

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.quantize.observe import Range

#: the type of indices; as numbers they stand for themselves
INDEX = Quantization(np.ones(1), 0, dtype="int32")


def look_up(importer: Importer, table: str, indices: str, attributes: Mapping[str, Any]) -> str:
    """The node; `table` must be constant and `indices` integers."""
    shape, known = importer.shape(table), importer.quantization(indices)
    importer.constant_array(table, "a table")
    if len(shape) != 2 or known is None or known.dtype != INDEX.dtype:
        raise importer.unsupported(f"an embedding of {importer.shape(indices)} in {shape}", "integers and a table")
    return importer.add("embedding", [indices, table], attributes)


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.embedding."""
    return look_up(importer, args["weight"], args["indices"], {})


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Gather of rows of a constant table."""
    if call.axis(0):
        raise importer.unsupported("a look-up along another axis than the first", "a table of rows")
    return look_up(importer, call.input(0), call.input(1), {})


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """GATHER (table, indices) of rows, and EMBEDDING_LOOKUP (indices, table)."""
    if call.operator.name == "EMBEDDING_LOOKUP":
        return look_up(importer, call.input(1), call.input(0), call.attributes())
    if call.option("axis") not in (0, -2) or call.operator.options.get("batch_dims", 0):
        raise importer.unsupported("a look-up along another axis than the first", "a table of rows")
    return look_up(importer, call.input(0), call.input(1), call.attributes())


def import_one_hot(importer: Importer, call: TfliteCall) -> str:
    """ONE_HOT of indices along a last axis: a look-up in a table that has `on` in its diagonal and `off` elsewhere."""
    depths, made = call.integers(1, "a depth"), call.output_shape()
    if len(depths) != 1 or made[-1:] != depths or call.option("axis") not in (-1, len(made) - 1):
        raise importer.unsupported(f"a ONE_HOT of depth {depths} that makes {made}", "the last axis")
    importer.require_elements(depths[0] ** 2, f"a ONE_HOT of depth {depths[0]}")
    on, off = (importer.constant_array(call.input(index), "values") for index in (2, 3))
    if on.size != 1 or off.size != 1:
        raise importer.unsupported("a ONE_HOT with several values", "one on, one off")
    diagonal, stored = np.eye(depths[0], dtype=bool), call.output_quantization()
    if stored is None:
        table = importer.constant(np.where(diagonal, on.reshape(-1)[0], off.reshape(-1)[0]))
    else:
        bytes_ = [importer.constant_integers(call.input(index)).reshape(-1)[0] for index in (2, 3)]
        table = importer.integer_constant(np.where(diagonal, bytes_[0], bytes_[1]).astype(stored.dtype), stored)
    return look_up(importer, table, call.input(0), call.attributes())


def is_one_index(importer: Importer, name: Any) -> bool:
    """Whether an argument of an import function is a single index that the model's input holds."""
    if not isinstance(name, str) or importer.is_constant(name) or int(np.prod(importer.shape(name))) != 1:
        return False
    known = importer.quantization(name)
    return known is not None and known.dtype == INDEX.dtype


def limited(indices: np.ndarray, rows: int) -> np.ndarray:
    """Indices of rows that exist (eq_slot.h)."""
    return np.clip(indices, 0, rows - 1).astype(np.int64)


def row_counts(graph: Graph, name: str) -> list[int]:
    """How many rows or slots those have that take the activation `name` for an index, through views."""
    found = []
    for node in graph.nodes:
        if any(node.inputs[at] == name for at in ops.get(node.op).index_inputs if at < len(node.inputs)):
            found += [rows for rows in [ops.get(node.op).index_rows(graph, node)] if rows]
        elif node.inputs[0] == name and node.op == "reshape":
            found += row_counts(graph, node.output)
    return found


def _units(graph: Graph, node: Node) -> int:
    return graph.tensor(node.inputs[0]).elements


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    return {"table": Constant("int8_t", graph.constant(node.inputs[1]))}


class Embedding(Operator):
    name = "embedding"
    index_inputs = (0,)
    torch_targets = {"aten.embedding.default": import_torch}
    tflite_targets = {"EMBEDDING_LOOKUP": import_tflite, "ONE_HOT": import_one_hot}
    kernels = (
        Kernel(
            "eq_embedding_s8_scalar",
            "scalar",
            "embedding/eq_embedding_s8_scalar.c",
            units=_units,
            pack=_pack,
            dtype="int32",
            stores="int8",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [(*inputs[0].shape, inputs[1].shape[1])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        indices, table = inputs
        return [table[limited(indices, len(table))]]

    def index_rows(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.inputs[1]).shape[0]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def settle(self, graph: Graph, node: Node, ranges: Mapping[str, Range], chosen: dict[str, Quantization]) -> None:
        """The output is stored as the table is, whose rows calibration need not have seen."""
        table = graph.tensor(node.inputs[1])
        if graph.tensor(node.output).quantization is None and chosen[node.output].dtype == "int8":
            real = graph.real_constant(table.name)
            chosen[node.output] = table.quantization or affine((float(real.min()), float(real.max())))

    def quantize(self, converter: Converter, node: Node) -> None:
        table = converter.operand(node.inputs[1])
        assert table.quantization is not None
        converter.add_made_in(table.quantization, node, (node.inputs[0], table.name))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        rows, width = graph.tensor(node.inputs[1]).shape
        return {"rows": rows, "width": width}


OP = Embedding()
