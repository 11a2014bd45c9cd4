"""reduce_product: the product of all elements along any axes (attribute axes).

Integer form (eq_reduce_product.h), TensorFlow Lite's QuantizedReduceProd: the product so far is scaled after every
factor with scale_in / scale_out^(1/count), in 64 bits, so that it stays in 32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point, reduction
from edgeq.ops.base import Kernel, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

INTEGERS = ("multiplier", "shift", "act_min", "act_max")
INT32_END = 2**31


def _kernel(bits: int) -> Kernel:
    name = f"eq_reduce_product_s{bits}_scalar"
    return Kernel(name, "scalar", f"reduce_product/{name}.c", units=reduction.units, dtype=f"int{bits}")


def _torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.prod of an axis or of all."""
    return reduction.torch_reduction("reduce_product")(importer, args)


class ReduceProduct(reduction.Reduction):
    name = "reduce_product"
    takes_int16 = True
    torch_targets = {"aten.prod.default": _torch, "aten.prod.dim_int": _torch}
    tflite_targets = {"REDUCE_PROD": reduction.tflite_reduction("reduce_product")}
    onnx_targets = {"ReduceProd": reduction.onnx_reduction(_torch)}
    kernels = (_kernel(8), _kernel(16))

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.prod(inputs[0], axis=reduction.axes_of(node), keepdims=True)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, axes = node.attributes, reduction.axes_of(node)
        x, output = inputs[0].astype(np.int64) - graph.tensor(node.inputs[0]).zero_point, graph.tensor(node.outputs[0])
        kept = [axis for axis in range(x.ndim) if axis not in axes]
        rows = x.transpose(*kept, *axes).reshape(*(x.shape[axis] for axis in kept), -1)
        product = rows[..., 0]
        for place in range(1, rows.shape[-1]):
            product = _scaled(product * rows[..., place], k["multiplier"], k["shift"])
        y = _scaled(product, k["multiplier"], k["shift"]) + output.zero_point
        shape = (len(x), *output.shape[1:])
        return [np.clip(y, k["act_min"], k["act_max"]).astype(output.dtype).reshape(shape)]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return None  # rounding after every factor makes their order matter

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        count = reduction.count(converter.source, node)
        multiplier, shift = fixed_point.wide_multiplier(np.array([x.scale / output.scale ** (1.0 / count)]))
        integers = {"multiplier": int(multiplier[0]), "shift": int(shift[0])}
        _require_fitting(node, x, count, **integers)
        converter.add(node, (x.name,), output, **integers, **converter.activation_range(node, output))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {
            "shape": reduction.shape_parameters(graph, node),
            "zero_point": graph.tensor(node.inputs[0]).zero_point,
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
            **{key: node.attributes[key] for key in INTEGERS},
        }


def _scaled(acc: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    return (acc * multiplier + (np.int64(1) << np.int64(shift - 1))) >> np.int64(shift)


def _require_fitting(node: Node, x: Tensor, count: int, multiplier: int, shift: int) -> None:
    """Raises EdgeqError where a product of the largest factors leaves 32 bits."""
    info = np.iinfo(x.dtype)
    largest = max(info.max - x.zero_point, x.zero_point - int(info.min))
    product = largest
    for step in range(count):
        product = (product * (largest if step < count - 1 else 1) * multiplier >> shift) + 1
        if product >= INT32_END:
            raise EdgeqError(
                f"layer {node.name}: a product of {count} factors may leave 32 bits, where TensorFlow Lite wraps "
                "around; use fewer factors, or smaller ones"
            )


OP = ReduceProduct()
