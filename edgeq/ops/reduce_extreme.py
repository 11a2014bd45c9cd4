"""reduce_extreme: the largest or smallest element along any axes (attributes function, "max" or "min", and axes), in
the input's scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import reduction
from edgeq.ops.base import Kernel

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter


def _with_index(function: str) -> Any:
    """Import function of aten.max.dim and aten.min.dim: values and indices; what nobody reads goes away."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> list[str]:
        values = reduction.torch_reduction("reduce_extreme", function=function)
        indices = reduction.torch_reduction("argmax", function=function)
        return [values(importer, args), indices(importer, args)]

    return convert


class ReduceExtreme(reduction.Reduction):
    name = "reduce_extreme"
    torch_targets = {
        "aten.amax.default": reduction.torch_reduction("reduce_extreme", function="max"),
        "aten.amin.default": reduction.torch_reduction("reduce_extreme", function="min"),
        "aten.max.default": reduction.torch_reduction("reduce_extreme", function="max"),
        "aten.min.default": reduction.torch_reduction("reduce_extreme", function="min"),
        "aten.max.dim": _with_index("max"),
        "aten.min.dim": _with_index("min"),
    }
    tflite_targets = {
        "REDUCE_MAX": reduction.tflite_reduction("reduce_extreme", function="max"),
        "REDUCE_MIN": reduction.tflite_reduction("reduce_extreme", function="min"),
    }
    kernels = tuple(
        Kernel(
            f"eq_reduce_s8_{function}_scalar",
            "scalar",
            "reduce/eq_reduce_s8_extreme_scalar.c",
            units=reduction.units,
            applies=lambda graph, node, function=function: (  # type: ignore[misc]
                None if node.attributes["function"] == function else f"the operator is no {function}"
            ),
            family="reduce",
        )
        for function in ("max", "min")
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        function = np.max if node.attributes["function"] == "max" else np.min
        return [function(inputs[0], axis=reduction.axes_of(node), keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def quantize(self, converter: Converter, node: Node) -> None:
        converter.add_keeping_scale(node, (converter.quantized(node.inputs[0]).name,))

    def requantizes_to_any_scale(self) -> bool:
        return False

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"record": "eq_reduce_extreme_s8_t", "shape": reduction.shape_parameters(graph, node)}


OP = ReduceExtreme()
