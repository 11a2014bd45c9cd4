"""reshape: another shape over the same bytes; costs nothing. Attribute shape is that of one sample, batch included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """Any of torch's reshapes; the result's shape is known from the export."""
    return importer.reshape(args["self"] if "self" in args else args["input"], importer.result_shape())


class Reshape(Operator):
    name = "reshape"
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

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(node.attributes["shape"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].reshape(inputs[0].shape[0], *node.attributes["shape"][1:])]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        converter.add(node, (x.name,), output)

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = Reshape()
