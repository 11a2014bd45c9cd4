"""What the operators of a training step share: those that turn the gradient of a result into that of an operand, losses
and updates. They come into graphs by rule (Operator.gradient, edgeq/train), never from a model file, and compute in
floating point only.

Gradients of activations are stored in the type of the activation, those of parameters in float32. Parameters carry the
batch axis of 1 like everything that nodes make: [1, ..].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops.base import Kernel, Operator, Shape
from edgeq.ops.float_types import FLOATS
from edgeq.ops.spatial import Window


def kernels(
    op: str,
    parameters: Callable[[Graph, Node], dict[str, Any]],
    isa: str = "scalar",
    types: Sequence[str] = tuple(FLOATS),
    function: str = "",
    **details: Any,
) -> tuple[Kernel, ...]:
    """The kernels of an operator, or of one of its functions, for `types` of activations; `details`: of the kernels."""
    return tuple(
        Kernel(
            f"eq_{op}_{FLOATS[name].suffix}_{function}{'_' if function else ''}{isa}",
            isa,
            f"{op}/eq_{op}_{FLOATS[name].suffix}_{isa}.c",
            dtype=name,
            parameters=parameters,
            **details,
        )
        for name in types
    )


class TrainingOperator(Operator):
    """Base of the operators of training steps."""

    takes_float = True


class SameShape(TrainingOperator):
    """Base of those whose output has the shape of their first input."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]


class WindowGradient(TrainingOperator):
    """Base of the gradients of windowed operators: attributes kernel, stride, padding and dilation are those of the
    forward operator, `shape` is that of its first input."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(node.attributes["shape"])]


def spread(
    taps: Callable[[int, int], np.ndarray], window: Window, size: tuple[int, int], shape: Shape, dtype: Any
) -> np.ndarray:
    """Adds `taps(ky, kx)` [N, out_h, out_w, C], what every output pixel gives to the input pixel under that tap, into
    an image [N, H, W, C]; what falls into the padding is dropped. `size`: (out_h, out_w)."""
    batch, height, width, channels = shape
    top, bottom, left, right = window.padding
    image = np.zeros((batch, height + top + bottom, width + left + right, channels), dtype)
    for ky, kx in np.ndindex(window.kernel):
        y, x = ky * window.dilation[0], kx * window.dilation[1]
        rows = slice(y, y + (size[0] - 1) * window.stride[0] + 1, window.stride[0])
        columns = slice(x, x + (size[1] - 1) * window.stride[1] + 1, window.stride[1])
        image[:, rows, columns] += taps(ky, kx)
    return image[:, top : top + height, left : left + width]
