"""What the reductions share (reduce, reduce_extreme, argmax): attribute axes, shape rule, import, C geometry.

The reduced axes stay with size 1; frameworks that drop them get a reshape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import moves
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall

#: axes of eq_reduce_shape_t, kept ones and reduced ones
AXES = 3
#: axes of a tensor that always fit those, the batch included
LARGEST_RANK = 6

units = elements_per_sample


def reduced(
    importer: Importer,
    op: str,
    x: str,
    axes: Sequence[int] | None,
    keep: bool,
    attributes: Mapping[str, Any],
    prescribed: Quantization | None = None,
) -> str:
    """`x` reduced along `axes` (None: all of them); `prescribed`: how the file stores the result."""
    shape = importer.shape(x)
    rank = len(shape)
    if rank > LARGEST_RANK or any(not -rank <= axis < rank for axis in axes or ()):
        raise importer.unsupported(f"a reduction of {shape} along {axes}", f"at most {LARGEST_RANK} axes")
    chosen = tuple(sorted({axis % rank for axis in axes})) if axes else tuple(range(rank))
    made = importer.add(op, [x], {**attributes, "axes": chosen})
    if prescribed is not None:
        importer.prescribe(made, prescribed)
    left = (1,) * (0 in chosen) + tuple(size for axis, size in enumerate(shape) if axis not in chosen)
    return made if keep else importer.reshape(made, left)


def torch_reduction(op: str, **attributes: Any) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of a call with `self`, maybe `dim` (one axis or several) and `keepdim`."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        axes = args.get("dim")
        axes = [axes] if isinstance(axes, int) else axes
        return reduced(importer, op, args["self"], axes, bool(args.get("keepdim")), attributes)

    return convert


def onnx_reduction(convert: Callable[[Importer, Mapping[str, Any]], str]) -> Callable[[Importer, OnnxCall], str]:
    """Import function of a Reduce operator, from that of the same call in torch; without axes over all of them, or over
    none where the node says so."""

    def reduce(importer: Importer, call: OnnxCall) -> str:
        x, axes = call.activation(), call.moved_axes(1)
        if not axes and call.attribute("noop_with_empty_axes", 0):
            return x
        axes = axes or tuple(range(1, len(importer.shape(x))))
        return convert(importer, {"self": x, "dim": list(axes), "keepdim": bool(call.attribute("keepdims", 1))})

    return reduce


def tflite_reduction(op: str, **attributes: Any) -> Callable[[Importer, TfliteCall], str]:
    """MEAN, SUM, REDUCE_MAX, REDUCE_MIN along constant axes."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        axes = call.integers(1, "the axes of a reduction")
        values, prescribed = call.attributes(**attributes), call.output_quantization()
        return reduced(importer, op, call.input(0), axes, call.option("keep_dims"), values, prescribed)

    return convert


def count(graph: Graph, node: Node) -> int:
    """Elements that one output is made of."""
    shape = graph.tensor(node.inputs[0]).shape
    return int(np.prod([shape[axis] for axis in node.attributes["axes"]], dtype=np.int64))


def directed_kernels(prefix: str, source: str, family: str = "reduce", dtype: str = "int8") -> tuple[Kernel, ...]:
    """The kernels of an operator whose attribute function is "max" or "min": `prefix` and that name are theirs."""

    def only(function: str) -> Callable[[Graph, Node], str | None]:
        return lambda graph, node: None if node.attributes["function"] == function else f"the operator is no {function}"

    return tuple(
        Kernel(
            f"{prefix}{function}_scalar",
            "scalar",
            source,
            units=units,
            applies=only(function),
            family=family,
            dtype=dtype,
        )
        for function in ("max", "min")
    )


class Reduction(Operator):
    """Base of the operators that make one value of all elements along some axes."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        axes = node.attributes["axes"]
        return [tuple(1 if axis in axes else size for axis, size in enumerate(inputs[0].shape))]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        return node.with_attributes(axes=tuple(sorted(perm[axis] for axis in node.attributes["axes"])))


def axes_of(node: Node) -> tuple[int, ...]:
    """The reduced axes of a batch of samples: the batch itself, of one sample each, is none of them."""
    return tuple(axis for axis in node.attributes["axes"] if axis > 0)


def shape_parameters(graph: Graph, node: Node) -> dict[str, list[int]]:
    """The fields of eq_reduce_shape_t."""
    shape = graph.tensor(node.inputs[0]).shape
    axes = list(enumerate(zip(shape, moves.strides_of(shape), strict=True)))
    reduced_axes = node.attributes["axes"]
    kept = moves.merged_axes((sizes for axis, sizes in axes if axis not in reduced_axes), AXES)
    gone = moves.merged_axes((sizes for axis, sizes in axes if axis in reduced_axes), AXES)
    return {
        "kept": [size for size, _ in kept],
        "kept_stride": [step for _, step in kept],
        "reduced": [size for size, _ in gone],
        "stride": [step for _, step in gone],
    }
