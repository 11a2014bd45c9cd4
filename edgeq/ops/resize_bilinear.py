"""resize_bilinear: an image at another size, each output pixel mixed from up to four, channels last.

Attributes rows and columns: per output row (column) the two input rows (columns) it lies between and the share of the
second, three tuples (lower, upper, share). Integer form: input and output share one scale; shares are rounded to
1/1024 and the mix is rounded half away from zero, as TensorFlow Lite's integer arithmetic does (ResizeBilinearInteger).

Resizing to the nearest neighbour is a gather; its import functions are here too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import gather, resize_onnx
from edgeq.ops.base import Constant, Kernel, Operator, Shape, output_pixels
from edgeq.ops.spatial import between, whole_numbers

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter

#: shares are multiples of 1 / ONE
ONE = 1 << 10
#: sides beyond it are a damaged file
LARGEST_SIDE = 1 << 16


def torch_steps(importer: Importer, args: Mapping[str, Any], rank: int) -> tuple[tuple[int, int], list[float | None]]:
    """(height and width of the result, the scale factors that the model states, None where it states sizes)."""
    sizes = importer.result_shape()[2:]
    given = args.get("scale_factors") or [args.get(key) for key in ("scales_h", "scales_w", "scales") if key in args]
    factors: list[float | None] = [float(value) if value else None for value in given]
    factors = factors or [None] * (rank - 2)
    if rank == 3:
        return (1, sizes[0]), [None, factors[-1]]
    return (sizes[0], sizes[1]), factors


def torch_nearest(rank: int, exact: bool) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.upsample_nearest1d (rank 3) and 2d; `exact`: those of _upsample_nearest_exact."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = importer.channels_last(args["input"] if "input" in args else args["self"])
        sizes, factors = torch_steps(importer, args, rank)
        chosen = {}
        for axis, (size, factor) in enumerate(zip(sizes, factors, strict=True), 1):
            length = importer.shape(x)[axis]
            step = np.float32(1.0 / factor) if factor else np.float32(length) / np.float32(size)
            places = (np.arange(size, dtype=np.float32) + np.float32(0.5 if exact else 0.0)) * step
            chosen[axis] = np.minimum(np.floor(places).astype(int), length - 1)
        return importer.channels_first(gather.take(importer, x, chosen), rank)

    return convert


def torch_bilinear(rank: int) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Import function of aten.upsample_linear1d (rank 3) and aten.upsample_bilinear2d."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x = importer.channels_last(args["input"] if "input" in args else args["self"])
        sizes, factors = torch_steps(importer, args, rank)
        places = []
        for axis, (size, factor) in enumerate(zip(sizes, factors, strict=True), 1):
            length = importer.shape(x)[axis]
            at = np.arange(size)
            if args["align_corners"]:
                source = at * ((length - 1) / (size - 1) if size > 1 else 0.0)
            else:
                source = np.maximum((at + 0.5) * (1.0 / factor if factor else length / size) - 0.5, 0.0)
            places.append(between(source, length))
        y = importer.add("resize_bilinear", [x], {"rows": places[0], "columns": places[1]})
        return importer.channels_first(y, rank)

    return convert


def tflite_sizes(importer: Importer, call: TfliteCall) -> tuple[str, tuple[int, ...]]:
    """(channels-last image, its new height and width)."""
    x, sizes = call.input(0), call.integers(1, "the size of a resized image")
    if len(importer.shape(x)) != 4 or len(sizes) != 2 or not 0 < min(sizes) <= max(sizes) <= LARGEST_SIDE:
        raise importer.unsupported(f"resizing {importer.shape(x)} to {sizes}", "an image [1, H, W, C] and its size")
    return x, sizes


def tflite_nearest(importer: Importer, call: TfliteCall) -> str:
    """RESIZE_NEAREST_NEIGHBOR (GetNearestNeighbor of TensorFlow Lite's reference, in float32 as there)."""
    x, sizes = tflite_sizes(importer, call)
    corners, half = call.option("align_corners"), np.float32(0.5 if call.option("half_pixel_centers") else 0.0)
    chosen = {}
    for axis, size in enumerate(sizes, 1):
        length = importer.shape(x)[axis]
        less = 1 if corners and size > 1 else 0
        places = (np.arange(size, dtype=np.float32) + half) * (np.float32(length - less) / np.float32(size - less))
        rounded = np.floor(places + np.float32(0.5)) if corners else np.floor(places)
        chosen[axis] = np.clip(rounded.astype(int), 0, length - 1)
    return gather.take(importer, x, chosen)


def tflite_bilinear(importer: Importer, call: TfliteCall) -> str:
    """RESIZE_BILINEAR (ResizeBilinearInteger of TensorFlow Lite's reference: places in 1/1024 of a pixel)."""
    x, sizes = tflite_sizes(importer, call)
    if call.is_unsigned():
        raise importer.unsupported("a bilinear resize of uint8, which TensorFlow Lite computes in float", "int8 there")
    places = []
    for axis, size in enumerate(sizes, 1):
        length = importer.shape(x)[axis]
        step = (ONE * length + size // 2) // size
        if call.option("align_corners") and size > 1:
            step = (ONE * (length - 1) + (size - 1) // 2) // (size - 1)
        scaled = np.arange(size) * step
        if call.option("half_pixel_centers"):
            scaled = scaled + step // 2 - ONE // 2
        lower = np.clip(scaled // ONE, 0, length - 1)
        upper = np.clip(-(-scaled // ONE), 0, length - 1)
        share = np.where(upper > lower, scaled - ONE * lower, 0) / ONE
        places.append((whole_numbers(lower), whole_numbers(upper), tuple(float(value) for value in share)))
    return importer.add("resize_bilinear", [x], call.attributes(rows=places[0], columns=places[1]))


def pack(graph: Graph, node: Node) -> dict[str, Constant]:
    """eq_place_t of every row and column: offsets of both neighbours, share of the second."""
    _, _, width, channels = graph.tensor(node.inputs[0]).shape
    constants = {}
    for key, step in (("rows", width * channels), ("columns", channels)):
        lower, upper, share = (np.array(values) for values in node.attributes[key])
        table = np.stack([lower * step, upper * step, share], axis=1)
        constants[key] = Constant("int32_t", table.astype(np.int32))
    return constants


class ResizeBilinear(Operator):
    name = "resize_bilinear"
    takes_int16 = True
    torch_targets = {
        "aten.upsample_nearest1d.vec": torch_nearest(3, False),
        "aten.upsample_nearest1d.default": torch_nearest(3, False),
        "aten.upsample_nearest2d.vec": torch_nearest(4, False),
        "aten.upsample_nearest2d.default": torch_nearest(4, False),
        "aten._upsample_nearest_exact1d.vec": torch_nearest(3, True),
        "aten._upsample_nearest_exact2d.vec": torch_nearest(4, True),
        "aten.upsample_linear1d.vec": torch_bilinear(3),
        "aten.upsample_bilinear2d.vec": torch_bilinear(4),
        "aten.upsample_bilinear2d.default": torch_bilinear(4),
    }
    onnx_targets = resize_onnx.TARGETS
    tflite_targets = {"RESIZE_NEAREST_NEIGHBOR": tflite_nearest, "RESIZE_BILINEAR": tflite_bilinear}
    kernels = (
        Kernel(
            "eq_resize_bilinear_s8_scalar",
            "scalar",
            "resize_bilinear/eq_resize_bilinear_s8_scalar.c",
            units=output_pixels,
            pack=pack,
        ),
        Kernel(
            "eq_resize_bilinear_s16_scalar",
            "scalar",
            "resize_bilinear/eq_resize_bilinear_s16_scalar.c",
            units=output_pixels,
            pack=pack,
            dtype="int16",
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        rows, columns = node.attributes["rows"][0], node.attributes["columns"][0]
        return [(inputs[0].shape[0], len(rows), len(columns), inputs[0].shape[3])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [self._mixed(node, inputs[0], 1.0).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        acc = self._mixed(node, inputs[0].astype(np.int64), ONE)
        half = ONE * ONE // 2
        return [(np.sign(acc) * ((np.abs(acc) + half) // (ONE * ONE))).astype(inputs[0].dtype)]

    def _mixed(self, node: Node, x: np.ndarray, one: Any) -> np.ndarray:
        for axis, key in ((1, "rows"), (2, "columns")):
            lower, upper, share = (np.array(values) for values in node.attributes[key])
            share = share.reshape((-1, 1, 1) if axis == 1 else (-1, 1))
            x = np.take(x, lower, axis) * (one - share) + np.take(x, upper, axis) * share
        return x

    def quantize(self, converter: Converter, node: Node) -> None:
        rounded = {}
        for key in ("rows", "columns"):
            lower, upper, share = node.attributes[key]
            rounded[key] = (lower, upper, tuple(round(value * ONE) for value in share))
        converter.add_keeping_scale(node, (converter.quantized(node.inputs[0]).name,), **rounded)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        _, _, out_w, channels = graph.tensor(node.outputs[0]).shape
        return {"out_w": out_w, "channels": channels}

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = ResizeBilinear()
