"""Convolutions of signs with signs become ones that count bits: binarize -> conv2d with binary weights, the same
numbers from 32 products a word (edgeq/ops/binary_conv2d.py).

With n bits that differ, such a sum is A - 2 n signs, where A is bias + products for a window inside the image and
something else for each way in which one can stick out of it. Its requantization is a step function of n, n = 0 ..
products. Where only a binarize reads it, whose readers count bits as well, a limit of n for each channel and way of
sticking out says what that makes of it. Elsewhere y = (B - n * M) >> 16 is such a step function too: M is the
channel's, B that of a channel and a way of sticking out; they are looked for so that both functions are equal at every
n, and the layer stays as it is where there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.ops import fixed_point, weight_types, weighted
from edgeq.ops.binarize import LEVEL, words_of
from edgeq.ops.binary_conv2d import SHIFT
from edgeq.ops.residual import PREFIX
from edgeq.ops.spatial import Window

#: words of bits, which have no meaning as numbers
BITS = Quantization(np.ones(1), 0, None, "uint32")
#: how far from the rounded one M may be
NEIGHBOURS = 32
#: how far B may be beyond 0 .. products * M, which is more than an output reaches, and the most that products * M may
#: be, so that B - n * M stays within 32 bits
MARGIN = 2**24
LARGEST_REACH = 2**31 - 2 * MARGIN
#: bits of a sum, each of which is looked at
LARGEST_SUM = 2**14
#: the kernels keep classes in bytes
LARGEST_CLASS = 255


@dataclass(frozen=True, eq=False)
class Layer:
    """A convolution of signs: what its sums are, and which of the ways to lie in the image every row and every column
    of its windows has."""

    constants_a: np.ndarray  # [row classes * column classes, out_c]: A, in steps of 1 / LEVEL
    products: int
    row_class: tuple[int, ...]
    column_class: tuple[int, ...]


def count_bits(graph: Graph) -> Graph:
    """The integer graph with every binarize packed whose readers are all such convolutions. The last ones come first:
    what a convolution makes depends on the binarize behind it."""
    tensors: dict[str, Tensor] = dict(graph.tensors)
    changed: dict[str, Node | None] = {}
    for node in reversed(graph.nodes):
        if node.op != "binarize" or node.output in graph.results:
            continue
        readers = [reader for reader in graph.nodes if node.output in reader.inputs]
        source = graph.tensor(node.output)
        bits = Tensor(f"{source.name}.bits", (*source.shape[:-1], words_of(source.shape[-1])), "uint32", BITS)
        if not all(_counts(graph, reader) for reader in readers):
            continue
        made = [_counting(graph, reader, bits.name, tensors, changed) for reader in readers]
        if made and all(made):
            tensors[bits.name] = bits
            changed[node.name] = replace(node.with_attributes(packed=True), outputs=(bits.name,))
            changed.update({item.name: item for item in made if item is not None})
            for reader in readers:
                if (behind := _binarize_behind(graph, reader, changed)) is not None:
                    changed[behind.name] = None  # the convolution makes its bits
    kept = [changed.get(node.name, node) for node in graph.nodes]
    return graph.with_nodes([node for node in kept if node is not None], tensors)


def _counts(graph: Graph, node: Node) -> bool:
    """Whether the node is a convolution with binary weights and edgeq's own rounding, and nothing else."""
    if node.op != "conv2d" or weight_types.of_node(graph, node) != weight_types.BINARY.name:
        return False
    residual = any(key.startswith(PREFIX) for key in node.attributes)
    return node.attributes["rounding"] == fixed_point.SINGLE and not residual


def _binarize_behind(graph: Graph, node: Node, changed: Mapping[str, Node | None]) -> Node | None:
    """The packed form of the binarize that alone reads what a convolution makes."""
    reader = graph.only_consumer(node.output)
    return changed.get(reader.name) if reader is not None and reader.op == "binarize" else None


def _counting(
    graph: Graph, node: Node, bits: str, tensors: dict[str, Tensor], changed: Mapping[str, Node | None]
) -> Node | None:
    """The node that counts bits, its constants added to `tensors`; None where they can't be exact."""
    layer = layer_of(graph, node)
    if max(*layer.row_class, *layer.column_class) > LARGEST_CLASS or layer.products >= LARGEST_SUM:
        return None
    behind = _binarize_behind(graph, node, changed)
    if behind is not None:
        made = {"base": limits(graph, node, layer, graph.constant(behind.inputs[1]))}
    else:
        found = exact_constants(graph, node, layer)
        if found is None:
            return None
        made = {"base": found[1], "step": found[0]}
    constants = [constant(f"{node.name}.{name}", values) for name, values in made.items()]
    tensors.update({tensor.name: tensor for tensor in constants})
    inputs = (bits, node.inputs[1], *(tensor.name for tensor in constants))
    counting = replace(node, op="binary_conv2d", inputs=inputs, outputs=(behind or node).outputs)
    own = {"in_c": graph.tensor(node.inputs[0]).shape[-1], **({"packed": True} if behind is not None else {})}
    return counting.with_attributes(**own, row_class=layer.row_class, column_class=layer.column_class)


def layer_of(graph: Graph, node: Node) -> Layer:
    """What the sums of a convolution of signs are, by the class of the window's place."""
    window, weights = Window.of(node.attributes), graph.constant(node.inputs[1]).astype(np.int64)
    _, in_h, in_w, in_c = graph.tensor(node.inputs[0]).shape
    out_h, out_w = graph.tensor(node.output).shape[1:3]
    rows, row_class = _classes(out_h, in_h, window, 0)
    columns, column_class = _classes(out_w, in_w, window, 1)
    inside = np.array([np.outer(row, column) for row in rows for column in columns])  # [classes, kernel_h, kernel_w]
    tap_sums = weights.sum(axis=3)  # [out_c, kernel_h, kernel_w]
    # A tap outside is read as -1: its differing bits are those of weights of 1, (in_c + sum) / 2.
    outside_bits = np.einsum("chw,ohw->co", ~inside, (in_c + tap_sums) // 2)
    products = in_c * inside.sum(axis=(1, 2))
    bias = graph.constant(node.inputs[2]).astype(np.int64)
    constants_a = bias + LEVEL * (products[:, None] + 2 * outside_bits)
    return Layer(constants_a, int(weights[0].size), row_class, column_class)


def _classes(outputs: int, inputs: int, window: Window, axis: int) -> tuple[list[np.ndarray], tuple[int, ...]]:
    """Which taps along an axis lie inside, [kernel] bool, of every class of outputs; and the class of every output."""
    taps = np.arange(window.kernel[axis]) * window.dilation[axis]
    starts = np.arange(outputs) * window.stride[axis] - window.padding[2 * axis]
    inside = [tuple((start + taps >= 0) & (start + taps < inputs)) for start in starts]
    known = list(dict.fromkeys(inside))
    return [np.array(item) for item in known], tuple(known.index(item) for item in inside)


def _outputs(graph: Graph, node: Node, layer: Layer) -> np.ndarray:
    """int64 [classes, n, out_c]: what the layer makes with n bits that differ."""
    counts = np.arange(layer.products + 1)
    acc = layer.constants_a[:, None, :] - 2 * LEVEL * counts[None, :, None]
    return weighted.requantize(graph, node, acc).astype(np.int64)


def limits(graph: Graph, node: Node, layer: Layer, threshold: np.ndarray) -> np.ndarray:
    """int32 [classes, out_c]: n + this is negative where the output with n bits that differ reaches the threshold.
    Outputs never grow with n."""
    reached = (_outputs(graph, node, layer) >= threshold).sum(axis=1)
    return -reached.astype(np.int32)


def exact_constants(graph: Graph, node: Node, layer: Layer) -> tuple[np.ndarray, np.ndarray] | None:
    """(M int32 [out_c], B int32 [classes, out_c]) that give every output of the layer, or None."""
    outputs = _outputs(graph, node, layer)
    m, s = graph.constant(node.inputs[3]).astype(np.int64), graph.constant(node.inputs[4]).astype(np.int64)
    steepest = LARGEST_REACH // layer.products - NEIGHBOURS
    near = np.minimum(np.rint(2.0 * LEVEL * m * 2.0 ** (SHIFT - s)).astype(np.int64), steepest)
    bounds = (node.attributes["act_min"], node.attributes["act_max"])
    known = []
    for channel in range(len(m)):
        found = _exact(outputs[:, :, channel], int(near[channel]), bounds)
        if found is None:
            return None
        known.append(found)
    steps, bases = np.array([item[0] for item in known]), np.stack([item[1] for item in known], axis=1)
    return steps.astype(np.int32), bases.astype(np.int32)


def _exact(outputs: np.ndarray, near: int, bounds: tuple[int, int]) -> tuple[int, np.ndarray] | None:
    """M next to `near`, and B [classes], with clamp((B - n M) >> SHIFT) == outputs [classes, n]; None without any."""
    low, high = bounds
    n = np.arange(outputs.shape[1])
    free_below, free_above = outputs <= low, outputs >= high
    for distance in range(NEIGHBOURS + 1):
        for step in dict.fromkeys((near + distance, near - distance)):
            smallest, largest = -MARGIN, int(n[-1]) * step + MARGIN
            least = np.where(free_below, smallest, (outputs << SHIFT) + n * step).max(axis=1)
            most = np.where(free_above, largest, ((outputs + 1) << SHIFT) - 1 + n * step).min(axis=1)
            if step >= 0 and np.all(least <= most):
                return step, (least + most) // 2
    return None
