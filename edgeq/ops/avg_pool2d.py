"""avg_pool2d: mean over a window, channels last; padding is left out of the mean.

Integer form: input and output share one scale; the mean of the window's pixels is rounded half away from zero.
Attribute offset: 128 where the bytes stand for those of an unsigned model (rounded as those: up), or absent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import cmsis_nn, conv2d, conv_torch, float_layers, weighted_float
from edgeq.ops.base import Kernel, Operator, Shape, elements_per_sample, output_pixels, sum_rounding
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import RowReach, Window, windows

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def pool_window(importer: Importer, args: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Attributes of a pool over an image, or a signal (rank 3): kernel, stride (defaults to the kernel), padding,
    dilation. With ceil_mode the last window may hang over; what hangs over is padding."""
    kernel = conv_torch.pair(importer, args["kernel_size"], rank, 1)
    stride = conv_torch.pair(importer, args.get("stride") or args["kernel_size"], rank, 1)
    dilation = conv_torch.pair(importer, args.get("dilation", 1), rank, 1)
    pads = conv_torch.pair(importer, args.get("padding", 0), rank, 0)
    shape = importer.shape(args["self"])
    if len(shape) != rank:
        raise importer.unsupported(f"a pool over {shape}", "an input with a batch axis")
    sizes = (1, shape[2]) if rank == 3 else shape[2:]
    sides: list[int] = []
    for axis in (0, 1):
        beyond = 0
        if args.get("ceil_mode"):
            span = (kernel[axis] - 1) * dilation[axis] + 1
            outputs = -(-(sizes[axis] + 2 * pads[axis] - span) // stride[axis]) + 1
            if (outputs - 1) * stride[axis] >= sizes[axis] + pads[axis]:
                outputs -= 1  # the last window must begin inside
            beyond = max(0, (outputs - 1) * stride[axis] + span - sizes[axis] - 2 * pads[axis])
        sides += [pads[axis], pads[axis] + beyond]
    return {"kernel": kernel, "stride": stride, "padding": tuple(sides), "dilation": dilation}


def torch_pool(rank: int) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.avg_pool1d (rank 3) and aten.avg_pool2d; a pool over all of the image becomes mean."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        attributes = pool_window(importer, args, rank)
        divisor = args.get("divisor_override")
        if divisor is not None and args.get("ceil_mode"):
            raise importer.unsupported("a pool with divisor_override and ceil_mode", "one of them")
        x = importer.channels_last(args["self"])
        pads = conv_torch.pair(importer, args.get("padding", 0), rank, 0)
        if any(pads) and (
            divisor is not None or args.get("count_include_pad", True)
        ):  # pixels of padding count: they become pixels
            sides = (pads[0], pads[0], pads[1], pads[1])
            x = importer.add("pad", [x], {"padding": (*sides, 0, 0), "value": 0.0}, suffix=".pad")
            inner = tuple(side - own for side, own in zip(attributes["padding"], sides, strict=True))
            attributes["padding"] = inner
        whole = attributes["kernel"] == importer.shape(x)[1:3] and not any(attributes["padding"])
        y = importer.add("mean", [x], {}) if whole else importer.add("avg_pool2d", [x], attributes)
        if divisor is not None:
            factor = attributes["kernel"][0] * attributes["kernel"][1] / divisor
            y = importer.add("unary", [y], {"function": "affine", "scale": factor, "offset": 0.0})
        return importer.channels_first(y, rank)

    return convert


def adaptive_windows(length: int, count: int) -> list[list[int]]:
    """Indices that each of `count` outputs of an adaptive pool along an axis takes: from floor(i * length / count) up
    to ceil((i + 1) * length / count) (torch.nn.AdaptiveAvgPool2d)."""
    return [list(range(at * length // count, -(-(at + 1) * length // count))) for at in range(count)]


def torch_adaptive(rank: int) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.adaptive_avg_pool1d (rank 3) and 2d. Windows of unequal size are a linear layer along
    their axis."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = importer.channels_last(args["self"])
        size, out = importer.shape(x)[1:3], conv_torch.pair(importer, args["output_size"], rank, 1)
        if out == (1, 1):
            return importer.channels_first(importer.add("mean", [x], {}), rank)
        if size[0] % out[0] or size[1] % out[1]:
            for axis in (1, 2):
                x = _averaged(importer, x, axis, out[axis - 1])
            return importer.channels_first(x, rank)
        kernel = (size[0] // out[0], size[1] // out[1])
        attributes = {"kernel": kernel, "stride": kernel, "padding": (0, 0, 0, 0), "dilation": (1, 1)}
        return importer.channels_first(importer.add("avg_pool2d", [x], attributes), rank)

    return convert


def _averaged(importer: Importer, x: str, axis: int, count: int) -> str:
    """`x` [N, H, W, C] with an adaptive pool of `count` outputs along an axis."""
    length = importer.shape(x)[axis]
    if count == length:
        return x
    weights = np.zeros((count, length), np.float32)
    for output, window in enumerate(adaptive_windows(length, count)):
        weights[output, window] = 1.0 / len(window)
    perm = (0, 3, 2, 1) if axis == 1 else (0, 1, 3, 2)
    operands = [importer.transpose(x, perm), importer.constant(weights), importer.constant(np.zeros(count))]
    return importer.transpose(importer.add("linear", operands, {}), perm)


def tflite_pool(op: str) -> Callable[[Importer, TfliteCall], str]:
    """Import function of AVERAGE_POOL_2D or MAX_POOL_2D: the stored scale stays, padding is left out."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        kernel = (call.option("filter_height"), call.option("filter_width"))
        window = conv2d.tflite_window(call, call.input(0), kernel)
        if op == "avg_pool2d" and call.is_unsigned():
            window["offset"] = 128
        return importer.add(op, [call.input(0)], call.attributes(**window))

    return convert


def onnx_pool(op: str) -> Callable[[Importer, OnnxCall], str]:
    """Import function of AveragePool or MaxPool; an average that counts padding is taken behind a pad."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        x = image.stored(call)
        if len(call.node.outputs) > 1 and call.node.outputs[1]:
            raise importer.unsupported("a pool that also returns indices", "the pooled values only")
        attributes = image.window(call, x, call.attribute("kernel_shape", ()))
        dilated = attributes["dilation"] != (1, 1) and op == "avg_pool2d"
        counted = call.attribute("count_include_pad", 0) and any(attributes["padding"])
        if dilated or (counted and call.attribute("ceil_mode", 0)):
            raise importer.unsupported("an average with dilation, or of counted padding with ceil_mode", "neither")
        if counted:
            x = importer.add("pad", [x], {"padding": (*attributes["padding"], 0, 0), "value": 0.0}, suffix=".pad")
            attributes["padding"] = (0, 0, 0, 0)
        whole = attributes["kernel"] == importer.shape(x)[1:3] and not any(attributes["padding"])
        if whole and op == "avg_pool2d":
            return image.restored(call, importer.add("mean", [x], {}))
        return image.restored(call, importer.add(op, [x], attributes))

    return convert


def window_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of a pool's records for floating point."""
    values = conv2d.geometry(graph, node)
    channels = values.pop("in_c")
    del values["out_c"]
    return {**values, "channels": channels}


def pool_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_avg_pool2d_s8_t."""
    values = window_parameters(graph, node)
    for key in ("dilation_h", "dilation_w"):
        del values[key]
    return {
        **values,
        "act_min": node.attributes["act_min"],
        "act_max": node.attributes["act_max"],
    }


def pool_kernels(op: str) -> tuple[Kernel, ...]:
    """The portable kernels of a pool: int8 shared by elements, other types by pixels."""
    family = f"{op}_s16"
    return (
        Kernel(f"eq_{op}_s8_scalar", "scalar", f"{op}/eq_{op}_s8_scalar.c", units=elements_per_sample),
        Kernel(
            f"eq_{op}_s16_scalar",
            "scalar",
            f"{op}/eq_{op}_s16_scalar.c",
            units=output_pixels,
            family=family,
            dtype="int16",
        ),
        *cmsis_nn.pool2d(op, pool_parameters),
        *float_layers.kernels(op, window_parameters, units=output_pixels),
    )


class AvgPool2d(Operator):
    name = "avg_pool2d"
    takes_int16 = takes_float = True
    torch_targets = {
        "aten.avg_pool1d.default": torch_pool(3),
        "aten.avg_pool2d.default": torch_pool(4),
        "aten.adaptive_avg_pool1d.default": torch_adaptive(3),
        "aten.adaptive_avg_pool2d.default": torch_adaptive(4),
        "aten._adaptive_avg_pool2d.default": torch_adaptive(4),
    }
    tflite_targets = {"AVERAGE_POOL_2D": tflite_pool("avg_pool2d")}
    onnx_targets = {"AveragePool": onnx_pool("avg_pool2d")}
    kernels = pool_kernels("avg_pool2d")

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, channels = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), channels)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        total, count = self._sum(node, inputs[0])
        return [(total / count).astype(inputs[0].dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        return sum_rounding(self, node, inputs, int(np.prod(Window.of(node.attributes).kernel)))

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x, window = node.inputs[0], weighted_float.attributes(Window.of(node.attributes))
        dx = tape.add("avg_pool2d_gradient", [gradient], node, "igrad", shape=tape.shape(x), **window)
        tape.give(x, dx, node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        total, count = self._sum(node, inputs[0].astype(np.int64))
        offset = node.attributes.get("offset", 0)
        total = total + offset * count
        magnitude = (np.abs(total) + count // 2) // count
        y = np.where(total < 0, -magnitude, magnitude) - offset
        return [np.clip(y, node.attributes["act_min"], node.attributes["act_max"]).astype(inputs[0].dtype)]

    def _sum(self, node: Node, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Window sums [N, out_h, out_w, C] and the number of pixels inside the image [1, out_h, out_w, 1]."""
        window = Window.of(node.attributes)
        inside = windows(np.ones((1, *x.shape[1:3], 1), np.int64), window, 0)
        return windows(x, window, 0).sum(axis=(3, 4)), inside.sum(axis=(3, 4))

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        converter.add_keeping_scale(node, (x.name,), **converter.activation_range(node, x))

    def row_reach(self, graph: Graph, node: Node) -> RowReach:
        return Window.of(node.attributes).row_reach()

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        fields = pool_parameters(graph, node)
        if graph.tensor(node.inputs[0]).dtype == "int8":
            fields["offset"] = node.attributes.get("offset", 0)
        return fields

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = AvgPool2d()
