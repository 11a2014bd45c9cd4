"""ONNX's Resize: import function for images at another size, by the nearest neighbour or linearly.

Source: the operator's text in onnx/docs/Operators.md (coordinate_transformation_mode, nearest_mode).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from edgeq.frontend.onnx import image
from edgeq.ops import gather
from edgeq.ops.spatial import between

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall

NEAREST: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "round_prefer_floor": lambda places: np.ceil(places - 0.5),
    "round_prefer_ceil": lambda places: np.floor(places + 0.5),
    "floor": np.floor,
    "ceil": np.ceil,
}
#: sides and scales beyond it are a damaged file
LARGEST = 1 << 16


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Resize of an image [N, C, H, W] or a signal [N, C, L]."""
    shape, mode = call.shape(), call.attribute("mode", "nearest")
    if mode not in ("nearest", "linear") or call.attribute("antialias", 0):
        raise importer.unsupported(f"resizing in mode {mode}, antialias {call.attribute('antialias', 0)}", "linear")
    sizes, factors = _sizes(importer, call, shape)
    x = image.stored(call)
    lead = 4 - len(shape)  # a signal is an image of one row
    places = [
        _places(importer, call, (1,) * lead + shape[2:], (1,) * lead + sizes, [1.0] * lead + factors, at)
        for at in range(2)
    ]
    lengths = importer.shape(x)[1:3]
    if mode == "nearest":
        rule = call.attribute("nearest_mode", "round_prefer_floor")
        if rule not in NEAREST:
            raise importer.unsupported(f"nearest_mode = {rule!r}", ", ".join(NEAREST))
        chosen = {
            axis: np.clip(NEAREST[rule](source).astype(int), 0, length - 1)
            for axis, (source, length) in enumerate(zip(places, lengths, strict=True), 1)
        }
        return image.restored(call, gather.take(importer, x, chosen))
    rows, columns = (
        between(np.clip(source, 0, length - 1), length) for source, length in zip(places, lengths, strict=True)
    )
    return image.restored(call, importer.add("resize_bilinear", [x], {"rows": rows, "columns": columns}))


def _sizes(importer: Importer, call: OnnxCall, shape: tuple[int, ...]) -> tuple[tuple[int, ...], list[float]]:
    """(the result's height and width or length, their ratios to the input's)."""
    axes = tuple(axis % len(shape) for axis in call.attribute("axes", tuple(range(len(shape)))))
    if call.attribute("keep_aspect_ratio_policy", "stretch") != "stretch" or len(shape) not in (3, 4):
        raise importer.unsupported(f"resizing {shape} with a kept aspect ratio", "an image and its size")
    ratios = [1.0] * len(shape)
    wanted = list(shape)
    given = call.integers(3, "sizes") if call.count() > 3 else None
    if given:
        numbers = [float(size) / shape[axis] for axis, size in zip(axes, given, strict=False)]
    else:
        numbers = [float(value) for value in call.values(2, "scales").reshape(-1)]
    if len(numbers) != len(axes) or not all(0 < number <= LARGEST for number in numbers):
        raise importer.unsupported(f"resizing {shape} by {numbers}", "a positive number per axis")
    for at, axis in enumerate(axes):
        ratios[axis] = numbers[at]
        wanted[axis] = given[at] if given else math.floor(shape[axis] * numbers[at])
    if wanted[:2] != list(shape[:2]) or min(wanted) < 1 or max(wanted) > LARGEST:
        raise importer.unsupported(f"resizing {shape} to {wanted}", "another height and width")
    return tuple(wanted[2:]), ratios[2:]


def _places(
    importer: Importer,
    call: OnnxCall,
    shape: tuple[int, ...],
    sizes: tuple[int, ...],
    ratios: list[float],
    at: int,
) -> np.ndarray:
    """Where each output index of an axis lies in the input."""
    how = call.attribute("coordinate_transformation_mode", "half_pixel")
    length, size, ratio = shape[at], sizes[at], ratios[at]
    index = np.arange(size, dtype=np.float64)
    if how == "align_corners":
        return index * ((length - 1) / (size - 1) if size > 1 else 0.0)
    if how == "asymmetric":
        return index / ratio
    if how == "pytorch_half_pixel" and size == 1:
        return np.zeros(1)
    if how in ("half_pixel", "pytorch_half_pixel"):
        return (index + 0.5) / ratio - 0.5
    if how == "half_pixel_symmetric":
        centre = length / 2 * (1 - size / (ratio * length))
        return centre + (index + 0.5) / ratio - 0.5
    raise importer.unsupported(f"coordinate_transformation_mode = {how!r}", "half_pixel, align_corners or asymmetric")


TARGETS = {"Resize": import_onnx}
