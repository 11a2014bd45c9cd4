"""reduce_extreme: the largest or smallest element along any axes (attributes function, "max" or "min", and axes), in
the input's scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import compare_import, reduction
from edgeq.ops.base import KeepsScale

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer


def _with_index(function: str) -> Any:
    """Import function of aten.max.dim and aten.min.dim: values and indices; what nobody reads goes away."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> list[str]:
        values = reduction.torch_reduction("reduce_extreme", function=function)
        indices = reduction.torch_reduction("argmax", function=function)
        return [values(importer, args), indices(importer, args)]

    return convert


def _all_of(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.all: the smallest truth value."""
    values = {**args, "self": compare_import.truth(importer, args["self"])}
    return _truth_of(importer, reduction.torch_reduction("reduce_extreme", function="min")(importer, values))


def _any_of(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.any: the largest truth value."""
    values = {**args, "self": compare_import.truth(importer, args["self"])}
    return _truth_of(importer, reduction.torch_reduction("reduce_extreme", function="max")(importer, values))


def _truth_of(importer: Importer, made: str) -> str:
    importer.mark_boolean(made)
    return made


class ReduceExtreme(reduction.Reduction, KeepsScale):
    name = "reduce_extreme"
    torch_targets = {
        **{f"aten.any.{kind}": _any_of for kind in ("default", "dim", "dims")},
        **{f"aten.all.{kind}": _all_of for kind in ("default", "dim", "dims")},
        "aten.amax.default": reduction.torch_reduction("reduce_extreme", function="max"),
        "aten.amin.default": reduction.torch_reduction("reduce_extreme", function="min"),
        "aten.max.default": reduction.torch_reduction("reduce_extreme", function="max"),
        "aten.min.default": reduction.torch_reduction("reduce_extreme", function="min"),
        "aten.max.dim": _with_index("max"),
        "aten.min.dim": _with_index("min"),
    }
    tflite_targets = {
        "REDUCE_ALL": reduction.tflite_reduction("reduce_extreme", function="min"),
        "REDUCE_ANY": reduction.tflite_reduction("reduce_extreme", function="max"),
        "REDUCE_MAX": reduction.tflite_reduction("reduce_extreme", function="max"),
        "REDUCE_MIN": reduction.tflite_reduction("reduce_extreme", function="min"),
    }
    onnx_targets = {
        name: reduction.onnx_reduction(reduction.torch_reduction("reduce_extreme", function=function))
        for name, function in (("ReduceMax", "max"), ("ReduceMin", "min"))
    }
    takes_int16 = True
    kernels = (
        *reduction.directed_kernels("eq_reduce_s8_", "reduce/eq_reduce_s8_extreme_scalar.c"),
        *reduction.directed_kernels(
            "eq_reduce_wide_", "reduce_wide/eq_reduce_wide_extreme_scalar.c", family="reduce_wide", dtype="int16"
        ),
    )

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        function = np.max if node.attributes["function"] == "max" else np.min
        return [function(inputs[0], axis=reduction.axes_of(node), keepdims=True)]

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        wide = graph.tensor(node.inputs[0]).dtype == "int16"
        record = "eq_reduce_wide_extreme_t" if wide else "eq_reduce_extreme_s8_t"
        return {"record": record, "shape": reduction.shape_parameters(graph, node)}


OP = ReduceExtreme()
