"""max_pool2d: largest value of a window, channels last; padding never wins. Input and output share one scale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import avg_pool2d, conv_torch, gather, weighted_float
from edgeq.ops.base import Operator, Shape
from edgeq.ops.spatial import RowReach, Window, windows

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape


def torch_pool(rank: int) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.max_pool1d (rank 3) and aten.max_pool2d."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        attributes = avg_pool2d.pool_window(importer, args, rank)
        x = importer.channels_last(args["self"])
        return importer.channels_first(importer.add("max_pool2d", [x], attributes), rank)

    return convert


def torch_pool_with_indices(importer: Importer, args: Mapping[str, Any]) -> list[str]:
    """aten.max_pool2d_with_indices; the places of the maxima are not computed."""
    return [torch_pool(4)(importer, args)]


def torch_adaptive(rank: int) -> Callable[[Importer, Mapping[str, Any]], list[str]]:
    """Import function of aten.adaptive_max_pool1d (rank 3) and 2d; the places of the maxima are not computed."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> list[str]:
        x = importer.channels_last(args["self"])
        for axis, count in enumerate(conv_torch.pair(importer, args["output_size"], rank, 1), start=1):
            windows = avg_pool2d.adaptive_windows(importer.shape(x)[axis], count)
            longest = max(len(window) for window in windows)  # shorter ones repeat their last element
            chosen = [window[min(at, len(window) - 1)] for window in windows for at in range(longest)]
            x = gather.take(importer, x, {axis: chosen})
            kernel = (longest, 1) if axis == 1 else (1, longest)
            if longest > 1:
                attributes = {"kernel": kernel, "stride": kernel, "padding": (0, 0, 0, 0), "dilation": (1, 1)}
                x = importer.add("max_pool2d", [x], attributes)
        return [importer.channels_first(x, rank)]

    return convert


def import_onnx_global(importer: Importer, call: OnnxCall) -> str:
    """GlobalMaxPool."""
    x = image.stored(call)
    kernel = importer.shape(x)[1:3]
    attributes = {"kernel": kernel, "stride": kernel, "padding": (0, 0, 0, 0), "dilation": (1, 1)}
    return image.restored(call, importer.add("max_pool2d", [x], attributes))


class MaxPool2d(Operator):
    name = "max_pool2d"
    takes_int16 = takes_float = True
    torch_targets = {
        "aten.max_pool1d.default": torch_pool(3),
        "aten.max_pool2d.default": torch_pool(4),
        "aten.max_pool2d_with_indices.default": torch_pool_with_indices,
        "aten.adaptive_max_pool1d.default": torch_adaptive(3),
        "aten.adaptive_max_pool2d.default": torch_adaptive(4),
    }
    tflite_targets = {"MAX_POOL_2D": avg_pool2d.tflite_pool("max_pool2d")}
    onnx_targets = {"GlobalMaxPool": import_onnx_global, "MaxPool": avg_pool2d.onnx_pool("max_pool2d")}
    kernels = avg_pool2d.pool_kernels("max_pool2d")

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, height, width, channels = inputs[0].shape
        return [(batch, *Window.of(node.attributes).output_size(height, width), channels)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [windows(inputs[0], Window.of(node.attributes), -np.inf).max(axis=(3, 4))]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        x, window = node.inputs[0], weighted_float.attributes(Window.of(node.attributes))
        tape.give(x, tape.add("max_pool2d_gradient", [x, gradient], node, "igrad", **window), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        lowest = int(np.iinfo(inputs[0].dtype).min)
        y = windows(inputs[0], Window.of(node.attributes), lowest).max(axis=(3, 4))
        return [np.clip(y, node.attributes["act_min"], node.attributes["act_max"]).astype(inputs[0].dtype)]

    def quantize(self, converter: Converter, node: Node) -> None:
        avg_pool2d.OP.quantize(converter, node)

    def row_reach(self, graph: Graph, node: Node) -> RowReach:
        return Window.of(node.attributes).row_reach()

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        dilation_h, dilation_w = Window.of(node.attributes).dilation
        return {**avg_pool2d.pool_parameters(graph, node), "dilation_h": dilation_h, "dilation_w": dilation_w}

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = MaxPool2d()
