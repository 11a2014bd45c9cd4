"""What layers with weights share when they are trained: the gradients of bias, weights and input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgeq.ir.graph import Node
from edgeq.ops.float_types import FLOAT32
from edgeq.ops.spatial import Window

if TYPE_CHECKING:
    from edgeq.train.tape import Tape


def attributes(window: Window) -> dict[str, Any]:
    """The attributes of a windowed node."""
    return {
        "kernel": window.kernel,
        "stride": window.stride,
        "padding": window.padding,
        "dilation": window.dilation,
    }


def gradient(tape: Tape, node: Node, dy: str, window: Window, wgrad: str, igrad: str) -> None:
    """The gradient rule of a convolution; the weights' first, behind which its input is not needed any more."""
    x, weights, bias = node.inputs
    geometry = attributes(window)
    if tape.wants(bias):
        part = tape.trained_channels(dy, bias, node)
        tape.give(bias, tape.add("bias_gradient", [part], node, "bias_gradient", FLOAT32), node)
    if tape.wants(weights):
        operands = [x, tape.trained_channels(dy, weights, node)]
        if wgrad == "dwconv2d_wgrad":
            operands[0] = tape.trained_channels(x, weights, node)
        tape.give(weights, tape.add(wgrad, operands, node, "wgrad", FLOAT32, **geometry), node)
    if tape.wants(x):
        shape = tape.shape(x)
        tape.give(x, tape.add(igrad, [dy, tape.operand(weights, node)], node, "igrad", shape=shape, **geometry), node)
