"""avg_pool2d: mean over a window, channels last; padding is left out of the mean.

Integer form: input and output share one scale; the mean of the window's pixels is rounded half away from zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import conv2d
from edgeq.ops.base import Kernel, Operator, Shape, output_pixels
from edgeq.ops.spatial import RowReach, Window, windows

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


def pool_window(importer: Importer, args: Mapping[str, Any]) -> dict[str, Any]:
    """Attributes of a pool: kernel, stride (defaults to the kernel), padding, dilation."""
    if args.get("ceil_mode"):
        raise importer.unsupported("a pool with ceil_mode=True", "explicit padding and ceil_mode=False")
    kernel = importer.pair(args["kernel_size"])
    pad_h, pad_w = importer.pair(args.get("padding", 0))
    return {
        "kernel": kernel,
        "stride": importer.pair(args.get("stride") or kernel),
        "padding": (pad_h, pad_h, pad_w, pad_w),
        "dilation": importer.pair(args.get("dilation", 1)),
    }


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.avg_pool2d; a pool over the whole image becomes mean."""
    attributes = pool_window(importer, args)
    padded = any(attributes["padding"])
    if args.get("divisor_override") is not None or (padded and args.get("count_include_pad", True)):
        raise importer.unsupported(
            "an average pool that counts padding or overrides the divisor", "count_include_pad=False"
        )
    x = importer.channels_last(args["self"])
    if attributes["kernel"] == importer.shape(x)[1:3] and not padded:
        return importer.channels_first(importer.add("mean", [x], {}))
    return importer.channels_first(importer.add("avg_pool2d", [x], attributes))


def import_adaptive(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.adaptive_avg_pool2d where the output size divides the input's."""
    x = importer.channels_last(args["self"])
    size, out = importer.shape(x)[1:3], importer.pair(args["output_size"])
    if out == (1, 1):
        return importer.channels_first(importer.add("mean", [x], {}))
    if size[0] % out[0] or size[1] % out[1]:
        raise importer.unsupported(f"an adaptive pool from {size} to {out}", "an output size that divides the input's")
    kernel = (size[0] // out[0], size[1] // out[1])
    attributes = {"kernel": kernel, "stride": kernel, "padding": (0, 0, 0, 0), "dilation": (1, 1)}
    return importer.channels_first(importer.add("avg_pool2d", [x], attributes))


def tflite_pool(op: str) -> Callable[[Importer, TfliteCall], str]:
    """Import function of AVERAGE_POOL_2D or MAX_POOL_2D: the stored scale stays, padding is left out."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        kernel = (call.option("filter_height"), call.option("filter_width"))
        window = conv2d.tflite_window(call, call.input(0), kernel)
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


def pool_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of eq_avg_pool2d_s8_t."""
    values = conv2d.geometry(graph, node)
    channels = values["in_c"]
    for key in ("in_c", "out_c", "dilation_h", "dilation_w"):
        del values[key]
    return {
        **values,
        "channels": channels,
        "act_min": node.attributes["act_min"],
        "act_max": node.attributes["act_max"],
    }


class AvgPool2d(Operator):
    name = "avg_pool2d"
    torch_targets = {
        "aten.avg_pool2d.default": import_torch,
        "aten.adaptive_avg_pool2d.default": import_adaptive,
        "aten._adaptive_avg_pool2d.default": import_adaptive,
    }
    tflite_targets = {"AVERAGE_POOL_2D": tflite_pool("avg_pool2d")}
    onnx_targets = {"AveragePool": onnx_pool("avg_pool2d")}
    kernels = (
        Kernel("eq_avg_pool2d_s8_scalar", "scalar", "avg_pool2d/eq_avg_pool2d_s8_scalar.c", units=output_pixels),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, channels = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), channels)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        total, count = self._sum(node, inputs[0])
        return [(total / count).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        total, count = self._sum(node, inputs[0].astype(np.int64))
        magnitude = (np.abs(total) + count // 2) // count
        y = np.where(total < 0, -magnitude, magnitude)
        return [np.clip(y, node.attributes["act_min"], node.attributes["act_max"]).astype(np.int8)]

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
        return pool_parameters(graph, node)

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = AvgPool2d()
