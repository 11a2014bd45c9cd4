"""Image operators of ONNX: channels first, one or two axes, windows with padding in several ways of saying it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgeq.frontend.onnx.call import OnnxCall
from edgeq.ops.spatial import Window, ceil_padding, same_padding

#: strides, dilations and kernels beyond it are a damaged file
LARGEST_STEP = 1 << 16


def window(call: OnnxCall, x: str, kernel: tuple[int, ...]) -> dict[str, Any]:
    """Window attributes of an ONNX operator on `x` [N, H, W, C]: strides, dilations, pads or auto_pad, ceil_mode. A
    kernel of one axis is one of height 1."""
    importer, rank = call.importer, len(kernel)
    if rank not in (1, 2) or rank != len(call.shape()) - 2:
        raise importer.unsupported(f"a window of {rank} axes on {call.shape()}", "one or two axes, as the image has")

    def pair(name: str, empty: int) -> tuple[int, int]:
        values = call.attribute(name, (1,) * rank)
        if len(values) != rank:
            raise importer.unsupported(f"{name} = {values}", f"{rank} numbers")
        return (values[0], values[1]) if rank == 2 else (empty, values[0])

    size = (kernel[0], kernel[1]) if rank == 2 else (1, kernel[0])
    plain = Window(size, pair("strides", 1), (0, 0, 0, 0), pair("dilations", 1))
    pads = call.attribute("pads", (0,) * (2 * rank))
    steps = (*plain.kernel, *plain.stride, *plain.dilation)
    if len(pads) != 2 * rank or min(*steps) < 1 or min(pads) < 0 or max(*steps, *pads) > LARGEST_STEP:
        raise importer.unsupported(f"a window {kernel} with steps {steps} and padding {pads}", "sizes above 0")
    sides = (pads[0], pads[2], pads[1], pads[3]) if rank == 2 else (0, 0, pads[0], pads[1])
    height, width = importer.shape(x)[1:3]
    how = call.attribute("auto_pad", "NOTSET")
    if how in ("SAME_UPPER", "SAME_LOWER"):
        top, bottom, left, right = same_padding((height, width), plain)
        sides = (top, bottom, left, right) if how == "SAME_UPPER" else (bottom, top, right, left)
    elif how not in ("NOTSET", "VALID"):
        raise importer.unsupported(f"auto_pad = {how!r}", "SAME_UPPER, SAME_LOWER or explicit pads")
    elif how == "VALID":
        sides = (0, 0, 0, 0)
    if call.attribute("ceil_mode", 0):
        sides = ceil_padding((height, width), replace(plain, padding=sides))
    return {"kernel": plain.kernel, "stride": plain.stride, "padding": sides, "dilation": plain.dilation}


def stored(call: OnnxCall, index: int = 0) -> str:
    """An activation [N, C, H, W] or [N, C, L], channels last (height 1)."""
    importer, x = call.importer, call.activation(index)
    shape = importer.shape(x)
    if len(shape) == 3:
        x = importer.reshape(x, (*shape[:2], 1, shape[2]))
    return importer.channels_last(x)


def restored(call: OnnxCall, y: str) -> str:
    """A result of `stored`'s operand as ONNX has it: channels first, without the height that it got."""
    importer = call.importer
    y = importer.channels_first(y)
    shape = importer.shape(y)
    return importer.reshape(y, (*shape[:2], shape[3])) if len(call.shape()) == 3 else y
