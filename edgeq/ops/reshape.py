"""reshape: another shape over the same bytes; costs nothing. Attribute shape is that of one sample, batch included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """Any of torch's reshapes; the result's shape is known from the export."""
    return importer.reshape(args["self"] if "self" in args else args["input"], importer.result_shape())


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """RESHAPE, SQUEEZE and EXPAND_DIMS: the file states the result's shape."""
    x, shape = call.input(0), call.output_shape()
    if np.prod(shape, dtype=np.int64) != np.prod(importer.shape(x), dtype=np.int64):
        raise importer.unsupported(f"a reshape of {importer.shape(x)} to {shape}", "a shape with as many elements")
    return importer.reshape(x, shape)


class Reshape(Operator):
    name = "reshape"
    takes_int16 = True
    is_view = True
    torch_targets = dict.fromkeys(
        (
            "aten.view.default",
            "aten.reshape.default",
            "aten._unsafe_view.default",
            "aten.flatten.using_ints",
            "aten.unflatten.int",
            "aten.squeeze.dim",
            "aten.squeeze.dims",
            "aten.squeeze.default",
            "aten.unsqueeze.default",
        ),
        import_torch,
    )

    tflite_targets = dict.fromkeys(("RESHAPE", "SQUEEZE", "EXPAND_DIMS"), import_tflite)

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(node.attributes["shape"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].reshape(inputs[0].shape[0], *node.attributes["shape"][1:])]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def quantize(self, converter: Converter, node: Node) -> None:
        converter.add_keeping_scale(node, (converter.quantized(node.inputs[0]).name,))

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = Reshape()
