"""What a torch program says about how its values are stored: fake quantization, as quantization-aware training leaves
it (edgeq.qat, torch.ao.quantization), and the quantize and dequantize calls of torch's own converted exports (PT2E).

An activation is stored so, as in an ONNX file with QuantizeLinear; a range of fewer integers than the type has is a
clamp before. Weights become integers of the type of fewest bits that reaches their range and holds the ones that occur:
-7..7 is int4, and -8..7 too where no weight is -8 (else int8); -3..3 and -1..1 without even numbers are int2 and
binary, -1..1 with zeros ternary, -64..64 with powers of two alone pow2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.ao.quantization.fx._decomposed  # makes the calls of quantized_decomposed known
from torch import Tensor

from edgeq.errors import EdgeqError
from edgeq.frontend.importer import LEAST_SCALE
from edgeq.ir.graph import Quantization
from edgeq.ops import weight_types

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer

FAKE_QUANTIZE = {
    "aten.fake_quantize_per_tensor_affine.default",
    "aten.fake_quantize_per_tensor_affine.tensor_qparams",
    "aten.fake_quantize_per_channel_affine.default",
}
QUANTIZE = {"quantized_decomposed.quantize_per_tensor.default", "quantized_decomposed.quantize_per_tensor.tensor"}
DEQUANTIZE = {
    "quantized_decomposed.dequantize_per_tensor.default",
    "quantized_decomposed.dequantize_per_tensor.tensor",
    "quantized_decomposed.dequantize_per_channel.default",
}
#: least and greatest integer of an activation -> (type in the graph, what is taken from value and zero point)
WITHIN = {(-128, 127): ("int8", 0), (0, 255): ("int8", 128), (-32768, 32767): ("int16", 0)}


def _same_shape(x: Tensor, *_: Any) -> tuple[Tensor, Tensor]:
    return torch.empty_like(x), torch.empty_like(x, dtype=torch.bool)


# torch has no shape rule for what fake quantization calls inside, and takes no program with it apart without one
for _name in (
    "fake_quantize_per_tensor_affine_cachemask",
    "fake_quantize_per_channel_affine_cachemask",
    "_fake_quantize_per_tensor_affine_cachemask_tensor_qparams",
):
    torch.library.register_fake(f"aten::{_name}", _same_shape)


@dataclass(frozen=True)
class Integers:
    """A constant that the program holds as integers."""

    data: np.ndarray
    quantization: Quantization


def constant(target: str, arguments: Mapping[str, Any], real: Tensor) -> Integers | None:
    """The integers behind a constant that a call of CONSTANT makes, from its arguments (torch values) and its result.
    None where they have no zero point in common with 0 or leave int8: the real values count then."""
    scale = torch.as_tensor(arguments.get("scale", arguments.get("scales"))).detach().numpy().astype(np.float64)
    zero = torch.as_tensor(arguments.get("zero_point", arguments.get("zero_points"))).detach().numpy()
    axis = int(arguments["axis"]) if "axis" in arguments else None
    shape = [-1 if index == axis else 1 for index in range(real.dim())]
    scale = scale.reshape(-1)
    if not np.all((scale >= LEAST_SCALE) & (scale <= 1 / LEAST_SCALE)):
        raise EdgeqError(f"{target}: a scale outside {LEAST_SCALE:g}.. ; export the model as its quantizer made it")
    steps = np.rint(real.detach().numpy().astype(np.float64) / scale.reshape(shape))
    if np.any(zero) or not np.all(np.abs(steps) <= 128) or steps.max(initial=0) > 127:
        return None
    stored = weight_types.holding(steps, int(arguments["quant_max"]))
    return Integers(steps.astype(np.int8), Quantization(scale, 0, axis, stored.name))


def _quantization(importer: Importer, args: Mapping[str, Any]) -> tuple[Quantization, tuple[int, int]]:
    """How an activation is stored, and the integers that it may be."""
    scale, zero = (_number(importer, args[key]) for key in ("scale", "zero_point"))
    least, most = int(args["quant_min"]), int(args["quant_max"])
    found = [(kind, offset) for (low, high), (kind, offset) in WITHIN.items() if low <= least < most <= high]
    if not found or not LEAST_SCALE <= scale <= 1 / LEAST_SCALE:
        raise importer.unsupported(
            f"an activation of integers {least}..{most} with the scale {scale:g}", "int8, uint8 or int16"
        )
    kind, offset = found[0]
    if kind == "int16" and zero:
        raise importer.unsupported(f"an int16 activation with zero point {zero:g}", "zero point 0 (symmetric)")
    stored = Quantization(np.array([scale]), int(zero) - offset, None, kind)
    return stored, (least - offset, most - offset)


def _number(importer: Importer, value: Any) -> float:
    if not isinstance(value, str):
        return float(value)
    values = importer.constant_array(value, "scales").reshape(-1)
    if len(values) != 1:
        raise importer.unsupported(f"{len(values)} scales of an activation", "one scale")
    return float(values[0])


def _store(importer: Importer, args: Mapping[str, Any]) -> str:
    """An activation that is rounded."""
    x = args["self"] if "self" in args else args["input"]
    stored, (least, most) = _quantization(importer, args)
    info, scale = np.iinfo(stored.dtype), float(stored.scale[0])
    bounds = {
        "min": (least - stored.zero_point) * scale if least > info.min else None,
        "max": (most - stored.zero_point) * scale if most < info.max else None,
    }
    if bounds != {"min": None, "max": None}:
        x = importer.add("clamp", [x], bounds)
    return importer.stored_as(x, stored)


def _stored(importer: Importer, args: Mapping[str, Any]) -> str:
    """An activation that was rounded: real numbers here all along."""
    x: str = args["input"]
    stored, _ = _quantization(importer, args)
    before = importer.storage(x)
    if before is not None and not before.same_as(stored):
        raise importer.unsupported("a dequantization by another scale than the quantization's", "the same scale")
    return x


def _refused(importer: Importer, args: Mapping[str, Any]) -> str:
    raise importer.unsupported("an activation with a scale per channel", "one scale per activation")


#: calls that may make a constant
CONSTANT = FAKE_QUANTIZE | DEQUANTIZE
#: import functions of calls on activations
TARGETS: Mapping[str, Callable[[Importer, Mapping[str, Any]], str]] = {
    **dict.fromkeys(FAKE_QUANTIZE | QUANTIZE, _store),
    **dict.fromkeys(DEQUANTIZE, _stored),
    **{target: _refused for target in CONSTANT if "per_channel" in target},
}
