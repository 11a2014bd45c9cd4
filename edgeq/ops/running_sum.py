"""Sums of all elements up to each one along an axis: import functions of the operator linear, whose weights are a
triangle of ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall


def along(importer: Importer, x: str, axis: int, exclusive: bool = False, reverse: bool = False) -> str:
    """`exclusive`: without the element itself; `reverse`: from the end."""
    shape = importer.shape(x)
    if not -len(shape) <= axis < len(shape) or axis % len(shape) == 0:
        raise importer.unsupported(f"a running sum along axis {axis} of {shape}", "an axis behind the batch")
    axis %= len(shape)
    count = shape[axis]
    importer.require_elements(count * count, f"a running sum of {count} elements")
    weights = np.tril(np.ones((count, count), np.float32), -1 if exclusive else 0)
    perm = (*(other for other in range(len(shape)) if other != axis), axis)
    operands = [importer.transpose(x, perm), importer.constant(weights.T if reverse else weights)]
    made = importer.add("linear", [*operands, importer.constant(np.zeros(count, np.float32))], {})
    return importer.transpose(made, tuple(int(place) for place in np.argsort(perm)))


def torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.cumsum."""
    return along(importer, args["self"], args["dim"])


def onnx(importer: Importer, call: OnnxCall) -> str:
    """CumSum along a constant axis."""
    axes, rank = call.integers(1, "the axis of a running sum"), len(call.model_shape())
    if axes is None or len(axes) != 1 or not -rank <= axes[0] < rank:
        raise importer.unsupported(f"a running sum along the axes {axes}", "one axis")
    flags = (bool(call.attribute(key, 0)) for key in ("exclusive", "reverse"))
    return along(importer, call.activation(), axes[0] % rank + call.behind, *flags)


def tflite(importer: Importer, call: TfliteCall) -> str:
    """CUMSUM of real numbers; TensorFlow Lite has none of quantized ones."""
    axes = call.integers(1, "the axis of a running sum")
    if call.output_quantization() is not None or len(axes) != 1:
        raise importer.unsupported("a running sum of quantized integers", "real numbers")
    return along(importer, call.input(0), axes[0], call.option("exclusive"), call.option("reverse"))
