"""normalize: layer, RMS, group and instance normalization. Sets of elements are brought to mean 0 (attribute centred)
and mean square 1, then scaled and shifted by two constants, an entry a channel.

Attribute groups: 0 normalizes over the last axis; G > 0 over everything but the batch, for each of G groups of the
channels in the last axis (G = 1 .. channels).

Integer form (eq_normalize.h states every rounding): with n elements a set, d = n x - sum(x) and
W = n sum(x^2) - sum(x)^2 + eps n^2 / scale^2 are exact integers and (x - mean) / sqrt(variance + eps) = d / sqrt(W).
The root of W, shifted to 62 bits, has 31 bits; its reciprocal as well. Without a mean d = n (x - zero_point) and
W = n sum((x - zero_point)^2) + ...
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import float_layers, normalize_float
from edgeq.ops.base import Arrangement, Constant, Kernel, Operator, Shape
from edgeq.ops.float_types import Rounding
from edgeq.ops.normalize_sets import back, geometry, of_sets, sets, sets_of

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

#: positions of the operands that scale and shift channels
GAIN, BIAS = 1, 2
FRACTION = 18
LARGEST_SHIFT = 20
LARGEST_SET = 2**22 - 1
LARGEST_EPSILON = 2**61 - 1


def _channel_constants(importer: Importer, args: Mapping[str, Any], channels: int) -> list[str]:
    """Names of gain and bias, `channels` entries each."""
    values = []
    for key, default in (("weight", 1.0), ("bias", 0.0)):
        given = args.get(key)
        data = np.full(channels, default, np.float32)
        if given is not None:
            data = importer.constant_array(given, f"the {key} of a normalization").reshape(-1)
        values.append(importer.constant(data))
    return values


def _add(importer: Importer, x: str, constants: list[str], groups: int, centred: bool, eps: float) -> str:
    shape = importer.shape(x)
    size = shape[-1] if groups == 0 else int(np.prod(shape[1:])) // groups
    if size > LARGEST_SET:
        raise importer.unsupported(f"a normalization over {size} elements", f"at most {LARGEST_SET}")
    return importer.add("normalize", [x, *constants], {"groups": groups, "centred": centred, "eps": float(eps)})


def import_layer_norm(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.layer_norm and aten.rms_norm over the last axes."""
    x, count = args["input"], len(args["normalized_shape"])
    shape = importer.shape(x)
    if count >= len(shape):
        raise importer.unsupported(f"a normalization over the batch of {shape}", "one over the last axes")
    flat = (*shape[:-count], int(np.prod(shape[-count:])))
    eps = args["eps"] if args.get("eps") is not None else float(np.finfo(np.float32).eps)
    constants = _channel_constants(importer, args, flat[-1])
    y = _add(importer, importer.reshape(x, flat) if count > 1 else x, constants, 0, "bias" in args, eps)
    return importer.reshape(y, shape) if count > 1 else y


def _grouped(importer: Importer, args: Mapping[str, Any], groups: int) -> str:
    """Normalization of [N, C, ...] for each group of channels."""
    x, shape = args["input"], importer.shape(args["input"])
    rank = len(shape)
    if rank < 2 or shape[1] % groups:
        raise importer.unsupported(f"a normalization of {shape} in {groups} groups", "groups of equal size")
    last = (0, *range(2, rank), 1)
    constants = _channel_constants(importer, args, shape[1])
    y = _add(importer, importer.transpose(x, last), constants, groups, True, args["eps"])
    return importer.transpose(y, tuple(int(axis) for axis in np.argsort(last)))


def import_group_norm(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.group_norm."""
    return _grouped(importer, args, int(args["num_groups"]))


def import_instance_norm(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.instance_norm with the statistics of its input."""
    if not args.get("use_input_stats"):
        raise importer.unsupported("an instance norm with running statistics", "a batch norm")
    return _grouped(importer, args, importer.shape(args["input"])[1])


def onnx_layer_norm(importer: Importer, call: OnnxCall) -> str:
    """LayerNormalization and RMSNormalization over the axes from `axis` on; statistics are not returned."""
    x, axis = call.activation(), call.axis(-1)
    if any(call.node.outputs[1:]):
        raise importer.unsupported("a normalization that returns its statistics", "the normalized values only")
    args = {"input": x, "normalized_shape": importer.shape(x)[axis:], "eps": call.attribute("epsilon", 1e-5)}
    args["weight"] = call.optional(1)
    if call.node.op == "LayerNormalization":
        args["bias"] = call.optional(2)
    return import_layer_norm(importer, args)


def onnx_grouped(importer: Importer, call: OnnxCall) -> str:
    """InstanceNormalization, and GroupNormalization with a gain and a bias per channel (or, up to operator set 20, per
    group)."""
    x, channels = call.activation(), call.shape()[1]
    groups = channels if call.node.op == "InstanceNormalization" else call.attribute("num_groups", 1)
    args: dict[str, Any] = {"input": x, "eps": call.attribute("epsilon", 1e-5)}
    for index, key in ((1, "weight"), (2, "bias")):
        values = call.values(index, f"the {key} of a normalization").reshape(-1)
        if len(values) not in (groups, channels) or channels % groups:
            raise importer.unsupported(f"a {key} of {len(values)} values in {groups} groups", f"{channels} values")
        args[key] = importer.constant(np.repeat(values, channels // len(values)))
    return _grouped(importer, args, groups)


def _inverse_roots(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(r, a) of the integers W, as in eq_normalize.h."""
    exponents = [(62 - int(value).bit_length()) // 2 for value in w.reshape(-1)]
    roots = [math.isqrt(int(value) << 2 * a) for value, a in zip(w.reshape(-1), exponents, strict=True)]
    reciprocals = [min((1 << 61) // root, 2**31 - 1) for root in roots]
    return np.array(reciprocals, np.int64).reshape(w.shape), np.array(exponents, np.int64).reshape(w.shape)


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    return {key: Constant("int32_t", graph.constant(node.inputs[1 + i])) for i, key in enumerate(("gain", "bias"))}


def _kernel(isa: str, why: str) -> Kernel:
    name = f"eq_normalize_s8_{isa}"
    return Kernel(name, isa, f"normalize/{name}.c", units=sets_of, pack=_pack, why=why)


def _float_parameters(graph: Graph, node: Node) -> dict[str, Any]:
    return normalize_float.parameters(graph, node, node.inputs[0])


class Normalize(Operator):
    name = "normalize"
    in_place = (0,)
    takes_float = True
    gain_at = GAIN
    torch_targets = {
        "aten.layer_norm.default": import_layer_norm,
        "aten.rms_norm.default": import_layer_norm,
        "aten.group_norm.default": import_group_norm,
        "aten.instance_norm.default": import_instance_norm,
    }
    onnx_targets = {
        "GroupNormalization": onnx_grouped,
        "InstanceNormalization": onnx_grouped,
        "LayerNormalization": onnx_layer_norm,
        "RMSNormalization": onnx_layer_norm,
    }
    kernels = (
        _kernel("xpulp", "packed sums"),
        _kernel("mve", "sums of 16, outputs of 4 lanes"),
        _kernel("dsp", "SMLAD for the sums, rounding high multiplies"),
        _kernel("scalar", "portable C"),
        *float_layers.kernels(
            "normalize",
            _float_parameters,
            units=sets_of,
            pack=lambda graph, node: normalize_float.constants(graph, {"gain": node.inputs[1], "bias": node.inputs[2]}),
            operands={"gain": (GAIN, Arrangement()), "bias": (BIAS, Arrangement())},
        ),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        groups = node.attributes["groups"]
        of = normalize_float.Statistics.of(node, inputs[0].astype(np.float64))
        gain, bias = (of_sets(constant, groups) for constant in inputs[1:3])
        return [back(of.normalized * gain + bias, inputs[0].shape, groups).astype(inputs[0].dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """What a normalized element has lost, and two roundings of products and one of the sum."""
        groups = node.attributes["groups"]
        of = normalize_float.Statistics.of(node, inputs[0])
        gain, bias = (np.abs(of_sets(constant, groups)) for constant in inputs[1:3])
        magnitude = of.where_small(gain * (of.lost() + 2 * np.abs(of.normalized)) + bias)
        return Rounding(1, back(magnitude, inputs[0].shape, groups))

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        sets = {key: node.attributes[key] for key in ("groups", "centred", "eps")}
        normalize_float.add_gradients(tape, node, sets, gradient)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, groups = node.attributes, node.attributes["groups"]
        x = sets(inputs[0].astype(np.int64), groups)
        n = x.shape[2] * x.shape[3]
        x = x if k["centred"] else x - graph.tensor(node.inputs[0]).zero_point
        total = x.sum(axis=(2, 3), keepdims=True) * int(k["centred"])
        w = n * (x * x).sum(axis=(2, 3), keepdims=True) - total * total + k["epsilon"]
        r, a = _inverse_roots(np.maximum(w, 1))
        t = ((n * x - total) * r + (np.int64(1) << (42 - a))) >> (43 - a)
        gain, bias = (of_sets(constant.astype(np.int64), groups) for constant in inputs[1:3])
        y = (t * gain + (bias << FRACTION)) >> (FRACTION + k["shift"])
        return [back(np.clip(y, k["act_min"], k["act_max"]).astype(np.int8), inputs[0].shape, groups)]

    def quantize(self, converter: Converter, node: Node) -> None:
        x, output = converter.quantized(node.inputs[0]), converter.quantized_output(node)
        gain, bias = (converter.source.real_constant(name).astype(np.float64) for name in node.inputs[1:3])
        attributes, values = integers(node, x, output, gain, bias)
        names = (converter.constant(f"{node.name}.{key}", value) for key, value in values.items())
        converter.add(node, (x.name, *names), output, **attributes, **converter.activation_range(node, output))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        k = node.attributes
        return {
            **geometry(graph, node, node.inputs[0]),
            "centred": int(k["centred"]),
            "offset": -graph.tensor(node.inputs[0]).zero_point,
            "epsilon_high": k["epsilon"] >> 31,
            "epsilon_low": k["epsilon"] & (2**31 - 1),
            "shift": k["shift"],
            "act_min": k["act_min"],
            "act_max": k["act_max"],
        }


def integers(
    node: Node, x: Tensor, output: Tensor, gain: np.ndarray, bias: np.ndarray
) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    """Attributes epsilon and shift, and the constants gain and bias of the integer form. Raises ValueError when they
    leave the kernel's ranges."""
    groups = node.attributes["groups"]
    n = x.shape[-1] if groups == 0 else int(np.prod(x.shape[1:])) // groups
    epsilon = node.attributes["eps"] * n * n / x.scale**2
    real_gain, real_bias = gain / output.scale, bias / output.scale + output.zero_point
    for shift in range(LARGEST_SHIFT, -1, -1):
        made = {
            "gain": np.rint(real_gain * 2.0**shift).astype(np.int64),
            "bias": np.rint(real_bias * 2.0**shift + 2.0**shift / 2).astype(np.int64),
        }
        if max(np.abs(value).max() for value in made.values()) < 2**30:
            break
    else:
        raise ValueError("a normalization's weights are too large for its output")
    if not 0 <= epsilon <= LARGEST_EPSILON:
        raise ValueError(f"an epsilon of {node.attributes['eps']:g} is too large for an input scale of {x.scale:g}")
    constants = {key: value.astype(np.int32) for key, value in made.items()}
    return {"epsilon": round(epsilon), "shift": shift}, constants


OP = Normalize()
