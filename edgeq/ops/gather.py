"""gather: elements chosen by constant indices, axis by axis. Attribute indices: per axis (the batch's is None) the
index in the input for each index of the output, or None for all in order.

Reflecting, replicating and circular padding, nearest-neighbour resizing, index_select and roll are gathers. What
strides can say is a slice (edgeq/ops/slice.py), a repetition one with step 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import embedding, moves
from edgeq.ops.base import Constant, Kernel, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall

#: axes of eq_gather_t
AXES = 3


def take(importer: Importer, x: str, chosen: Mapping[int, Any], suffix: str = "") -> str:
    """`x` with the indices `chosen` (axis -> integers) along axes. Raises EdgeqError for indices outside the input."""
    shape = importer.shape(x)
    chosen = {axis: [int(index) for index in indices] for axis, indices in chosen.items()}
    chosen = {axis: indices for axis, indices in chosen.items() if indices != list(range(shape[axis]))}
    for axis, indices in chosen.items():
        if axis == 0 or not indices or min(indices) < 0 or max(indices) >= shape[axis]:
            raise importer.unsupported(f"indices {indices[:4]}.. along axis {axis} of {shape}", "indices inside it")
    at_once = [chosen] if len(shape) <= AXES + 1 else [{axis: indices} for axis, indices in chosen.items()]
    for part in at_once:
        if part:
            table = tuple(tuple(part[axis]) if axis in part else None for axis in range(len(shape)))
            x = importer.add("gather", [x], {"indices": table}, suffix=suffix)
    return x


def constant_indices(importer: Importer, name: Any, length: int) -> list[int]:
    """A constant operand of indices, negative ones counted from the end."""
    values = importer.constant_array(name, "indices").reshape(-1)
    return [int(value) % length if -length <= value < 0 else int(value) for value in values]


def import_index_select(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.index_select: constant indices along one axis."""
    shape = importer.shape(args["self"])
    axis = args["dim"] % len(shape)
    return take(importer, args["self"], {axis: constant_indices(importer, args["index"], shape[axis])})


def import_index(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.index by constant indices along neighbouring axes, each of which varies along axes of its own: a choice axis
    by axis (the windows of an unfold, the neighbours of a resize)."""
    x, shape = args["self"], importer.shape(args["self"])
    given = {axis: name for axis, name in enumerate(args["indices"]) if name is not None}
    axes = sorted(given)
    if axes != list(range(axes[0], axes[-1] + 1)):
        raise importer.unsupported(f"indices along the axes {axes}", "indices along neighbouring axes")
    sizes = {axis: importer.shape(given[axis]) for axis in axes}
    made = np.broadcast_shapes(*sizes.values())
    wide = {axis: (1,) * (len(made) - len(size)) + size for axis, size in sizes.items()}
    owners = [[axis for axis in axes if wide[axis][at] > 1] for at in range(len(made))]
    if any(len(several) > 1 for several in owners):
        raise importer.unsupported("indices that vary together", "indices of one axis each")
    y = take(importer, x, {axis: constant_indices(importer, given[axis], shape[axis]) for axis in axes})
    before, behind = shape[: axes[0]], shape[axes[-1] + 1 :]
    own = {axis: [at for at, several in enumerate(owners) if several == [axis]] for axis in axes}
    places = [at for axis in axes for at in own[axis]]  # of the axes of the result, as the choices lie now
    y = importer.reshape(y, (*before, *(made[at] for at in places), *behind))
    first = len(before)
    order = (first + places.index(at) for at in sorted(places))
    rest = range(first + len(places), first + len(places) + len(behind))
    y = importer.transpose(y, (*range(first), *order, *rest))
    return importer.reshape(y, (*before, *made, *behind))


def import_unfold(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.unfold: windows along an axis, whose elements become the last axis."""
    x, shape = args["self"], importer.shape(args["self"])
    axis, size, step = args["dimension"] % len(shape), args["size"], args["step"]
    starts = np.arange(0, shape[axis] - size + 1, step)
    y = take(importer, x, {axis: (starts[:, None] + np.arange(size)).reshape(-1)})
    y = importer.reshape(y, (*shape[:axis], len(starts), size, *shape[axis + 1 :]))
    rest = [other for other in range(len(shape) + 1) if other != axis + 1]
    return importer.transpose(y, (*rest, axis + 1))


def import_roll(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.roll along some axes."""
    shape = importer.shape(args["self"])
    if not args.get("dims"):
        raise importer.unsupported("a roll of the flattened tensor", "a roll along axes")
    chosen = {
        axis % len(shape): np.roll(np.arange(shape[axis]), shift)
        for axis, shift in zip(args["dims"], args["shifts"], strict=True)
    }
    return take(importer, args["self"], chosen)


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """GATHER by a constant vector or scalar of indices; rows of a constant are looked up."""
    if importer.is_constant(call.input(0)) and not importer.is_constant(call.input(1)):
        return embedding.import_tflite(importer, call)
    x, shape = call.input(0), importer.shape(call.input(0))
    axis = call.option("axis")
    if call.operator.options.get("batch_dims", 0) or not -len(shape) <= axis < len(shape):
        raise importer.unsupported(f"a gather along axis {axis} of {shape} with batch axes", "one axis, no batch axes")
    axis %= len(shape)
    y = take(importer, x, {axis: call.integers(1, "indices")})
    made = importer.shape(y)
    return y if made == call.output_shape() else importer.reshape(y, call.output_shape())


def import_tflite_nd(importer: Importer, call: TfliteCall) -> str:
    """GATHER_ND by constant indices [.., n]: slices at places of the first n axes, which become one."""
    x, shape, places = call.input(0), importer.shape(call.input(0)), call.integers(1, "indices")
    number = call.operator.inputs[1]
    assert number is not None
    form = call.model.tensors[number].shape
    if not form or not 1 <= form[-1] <= len(shape):
        raise importer.unsupported(f"indices of shape {form} into {shape}", "an index per axis, at most all axes")
    first, rest = shape[: form[-1]], shape[form[-1] :]
    indices = np.array(places, np.int64).reshape(-1, form[-1])
    if np.any(indices < 0) or np.any(indices >= first):
        raise importer.unsupported(f"an index outside {first}", "indices from 0 up to the sizes")
    merged = importer.viewed(x, (1, int(np.prod(first)), *rest))
    y = take(importer, merged, {1: tuple(int(at) for at in np.ravel_multi_index(tuple(indices.T), first))})
    return importer.reshape(y, (*form[:-1], *rest))


def factors(graph: Graph, node: Node) -> tuple[list[np.ndarray], int]:
    """(offsets in the input per axis of eq_gather_t, elements that are copied together)."""
    shape = graph.tensor(node.inputs[0]).shape
    strides = moves.strides_of(shape)
    axes: list[np.ndarray] = []
    whole: list[bool] = []
    run = 1
    for length, step, indices in zip(shape[1:], strides[1:], node.attributes["indices"][1:], strict=True):
        offsets = np.arange(length) * step if indices is None else np.array(indices) * step
        if indices is None and whole and whole[-1]:
            axes[-1] = (axes[-1][:, None] + offsets).reshape(-1)
        else:
            axes.append(offsets)
            whole.append(indices is None)
    if whole[-1]:
        run = len(axes.pop())
    return [np.zeros(1, np.int64)] * (AXES - len(axes)) + axes, run


def units(graph: Graph, node: Node) -> int:
    fields = OP.c_parameters(graph, node)
    return int(fields["size"][fields["split"]])


def pack(graph: Graph, node: Node) -> dict[str, Constant]:
    """The offsets of all axes, one after another."""
    return {"offsets": Constant("int32_t", np.concatenate(factors(graph, node)[0]).astype(np.int32))}


class Gather(moves.Move):
    name = "gather"
    torch_targets = {
        "aten.index_select.default": import_index_select,
        "aten.index.Tensor": import_index,
        "aten.roll.default": import_roll,
        "aten.unfold.default": import_unfold,
    }
    tflite_targets = {"GATHER": import_tflite, "GATHER_ND": import_tflite_nd}
    kernels = tuple(
        Kernel(
            f"eq_gather_b{size}_scalar",
            "scalar",
            f"gather/eq_gather_b{size}_scalar.c",
            units=units,
            pack=pack,
            dtype=dtype,
            pointers=f"int{8 * size}_t",
            why="portable C, whole runs where they lie together",
        )
        for size, dtype in moves.ELEMENTS
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        indices = node.attributes["indices"]
        shape = zip(inputs[0].shape, indices, strict=True)
        return [tuple(length if chosen is None else len(chosen) for length, chosen in shape)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x = inputs[0]
        for axis, chosen in enumerate(node.attributes["indices"]):
            if chosen is not None:
                x = np.take(x, chosen, axis=axis)
        return [np.ascontiguousarray(x)]

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        moved: list[tuple[int, ...] | None] = [None] * len(perm)
        for axis, chosen in zip(perm, node.attributes["indices"], strict=True):
            moved[axis] = chosen
        return node.with_attributes(indices=tuple(moved))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        axes, run = factors(graph, node)
        size = [len(offsets) for offsets in axes]
        return {"size": size, "run": run, "split": moves.split_axis(size)}


OP = Gather()
