"""topk: the k largest (attribute function "max") or smallest ("min") elements along the last axis, in order, and their
indices; of equals the first one first. Outputs: the elements in the input's scale and, where somebody reads them, the
indices as int8 with scale 1 and zero point 0, so that at most 128 elements are compared then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.argmax import LIMIT
from edgeq.ops.base import Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

#: an index stands for itself
INDEX = Quantization.per_tensor(1.0, 0)


def first(importer: Importer, x: str, k: int, axis: int, function: str) -> list[str]:
    """The node along an axis, which is moved to the end and back."""
    shape = importer.shape(x)
    if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0 or not 1 <= k <= shape[axis]:
        raise importer.unsupported(f"the first {k} along axis {axis} of {shape}", "an axis with as many elements")
    axis %= len(shape)
    perm = (*(other for other in range(len(shape)) if other != axis), axis)
    back = tuple(int(place) for place in np.argsort(perm))
    made = importer.add_several("topk", [importer.transpose(x, perm)], {"k": k, "function": function}, ("", ".indices"))
    importer.prescribe(made[1], INDEX)
    return [importer.transpose(name, back) for name in made]


def import_torch(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """aten.topk."""
    return first(importer, args["self"], args["k"], args.get("dim", -1), "max" if args.get("largest", True) else "min")


def import_sort(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """aten.sort and aten.sort.stable: all elements of an axis."""
    axis = args.get("dim", -1)
    count = importer.shape(args["self"])[axis]
    return first(importer, args["self"], count, axis, "max" if args.get("descending") else "min")


def import_argsort(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.argsort."""
    return import_sort(importer, args)[1]


def import_tflite(importer: Importer, call: TfliteCall) -> list[str]:
    """TOPK_V2 along the last axis."""
    counts = call.integers(1, "the number of elements")
    if len(counts) != 1:
        raise importer.unsupported(f"{len(counts)} numbers of elements", "one")
    return first(importer, call.input(0), counts[0], -1, "max")


def import_onnx(importer: Importer, call: OnnxCall) -> list[str]:
    """TopK."""
    counts = call.integers(1, "the number of elements")
    if counts is None or len(counts) != 1:
        raise importer.unsupported("a TopK without the number of elements", "a constant")
    function = "max" if call.attribute("largest", 1) else "min"
    return first(importer, call.activation(), counts[0], call.axis(-1), function)


def _rows(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.inputs[0]).shape[:-1], dtype=np.int64))


def _kernel(bits: int, function: str) -> Kernel:
    return Kernel(
        f"eq_topk_s{bits}_{function}_scalar",
        "scalar",
        f"topk/eq_topk_s{bits}_scalar.c",
        units=_rows,
        applies=lambda graph, node: None if node.attributes["function"] == function else f"it is no {function}",
        dtype=f"int{bits}",
        why="portable C, a turn over the row for each element",
    )


class TopK(Operator):
    name = "topk"
    takes_int16 = True
    torch_targets = {
        "aten.topk.default": import_torch,
        "aten.sort.default": import_sort,
        "aten.sort.stable": import_sort,
        "aten.argsort.default": import_argsort,
    }
    tflite_targets = {"TOPK_V2": import_tflite}
    onnx_targets = {"TopK": import_onnx}
    kernels = tuple(_kernel(bits, function) for bits in (8, 16) for function in ("max", "min"))

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        shape = (*inputs[0].shape[:-1], node.attributes["k"])
        return [shape, shape][: len(node.outputs)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, k = inputs[0], node.attributes["k"]
        wide = x.astype(np.int64 if x.dtype.kind == "i" else np.float64)
        order = np.argsort(-wide if node.attributes["function"] == "max" else wide, axis=-1, kind="stable")[..., :k]
        return [np.take_along_axis(x, order, -1), order.astype(x.dtype)][: len(node.outputs)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        values, *indices = self.run_float(node, inputs)
        return [values, *(order.astype(np.int8) for order in indices)]

    def requantizes_to_any_scale(self) -> bool:
        return False

    def quantize(self, converter: Converter, node: Node) -> None:
        count = converter.source.tensor(node.inputs[0]).shape[-1]
        if len(node.outputs) > 1 and count > LIMIT:
            raise EdgeqError(
                f"layer {node.name}: the index of one of {count} elements does not fit int8, which takes at most "
                f"{LIMIT}; use the values alone, or leave the selection to the firmware's own code"
            )
        outputs = [converter.integer(name) for name in node.outputs]
        converter.add(node, (converter.quantized(node.inputs[0]).name,), *outputs)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        return {"count": graph.tensor(node.inputs[0]).shape[-1], "k": node.attributes["k"]}


OP = TopK()
