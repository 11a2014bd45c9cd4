"""What an lstm may have beside its gates: the forms of TensorFlow Lite's LSTM.

    peepholes    the gates see the cell state: the input and forget gate the one before, the output gate the new one
    normalized   each gate's sums are normalized over the cells, then multiplied by coefficients and given a bias
    coupled      there is no input gate; it is 1 less the forget gate
    projected    h = P h' + bias of the layer's outputs h', then clipped

Their operands stand behind the initial values, and the attribute `forms` names them: "peepholes" [(G - 1) * H] of the
gates without the cell gate, "norm" and "norm_bias" [G * H], "projection" [O, H], "projection_bias" [O]. `coupled` is an
attribute, and so are `projection_clip` and a full-integer file's `gate_scales`, of normalized gates' sums.

The integer form is lstm_eval.cc's (eq_lstm_forms.h): int16 peepholes and coefficients, int32 biases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import gemmlowp, recurrent
from edgeq.ops.base import Constant, Kernel
from edgeq.ops.recurrent import GATE_STEP, Scaling, sat16, scaled, scaling_of
from edgeq.ops.recurrent_quantize import folded
from edgeq.ops.spatial import exact_matmul
from edgeq.packing.blocks import padded, round_up

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: gates from the last one back, so that a missing input gate moves none
INPUT, FORGET, CELL, OUTPUT = -4, -3, -2, -1
#: gate -> its row of the peepholes
PEEPHOLE = {INPUT: -3, FORGET: -2, OUTPUT: -1}
#: fraction bits of normalized sums, and of their squares
NORM_BITS, SQUARE_BITS = 10, 20
#: steps of an int16 peephole or coefficient at most, and where sums are scaled to at most
REACH, LIMIT = 2**15, 2.0**30


def has_any(node: Node) -> bool:
    return bool(node.attributes.get("forms")) or bool(node.attributes.get("coupled"))


def operands(node: Node, inputs: Sequence[Any]) -> dict[str, Any]:
    """What is given of the forms' operands, by name."""
    first = recurrent.OPERANDS + len(node.attributes["initial"])
    return dict(zip(node.attributes.get("forms", ()), inputs[first:], strict=True))


@dataclass(frozen=True)
class RealForms:
    """The float reference of a layer's forms; `given`: the operands."""

    node: Node
    given: dict[str, np.ndarray]

    def gate(self, sums: np.ndarray, gate: int, state: np.ndarray | None = None) -> np.ndarray:
        """[N, H] in front of a gate's function, of the sums [N, G, H] and the state that it may see."""
        value = sums[:, gate]
        if state is not None and "peepholes" in self.given:
            value = value + self.given["peepholes"].reshape(-1, state.shape[1])[PEEPHOLE[gate]] * state
        if "norm" in self.given:
            centred = value - value.mean(axis=1, keepdims=True)
            deviation = np.sqrt(np.maximum((centred * centred).mean(axis=1, keepdims=True), np.float32(1e-8)))
            factor, bias = (self.given[name].reshape(sums.shape[1:])[gate] for name in ("norm", "norm_bias"))
            value = centred / deviation * factor + bias
        return value

    def projected(self, hidden: np.ndarray) -> np.ndarray:
        """[N, O] outputs of [N, H]."""
        if "projection" not in self.given:
            return hidden
        clip = self.node.attributes.get("projection_clip", np.inf)
        return np.clip(hidden @ self.given["projection"].T + self.given.get("projection_bias", 0.0), -clip, clip)


@dataclass(frozen=True)
class IntegerForms:
    """The integer reference of a layer's forms."""

    node: Node
    given: dict[str, np.ndarray]

    def gate(self, sums: np.ndarray, gate: int, state: np.ndarray | None = None) -> np.ndarray:
        """[N, H] in front of a gate's function, Q3.12, of int16 sums [N, G, H] and the state that it may see."""
        k, value = self.node.attributes, sums[:, gate]
        if state is not None and "peepholes" in self.given:
            weights = self.given["peepholes"].reshape(-1, state.shape[1])[PEEPHOLE[gate]].astype(np.int64)
            value = sat16(value + scaled(weights * state, k["peephole_scales"][PEEPHOLE[gate]]))
        if "norm" in self.given:
            factor, bias = (self.given[name].reshape(sums.shape[1:])[gate] for name in ("norm", "norm_bias"))
            value = normalized(value, factor, bias, k["norm_scales"][gate], k["norm_guards"][gate])
        return value

    def projected(self, hidden: np.ndarray) -> np.ndarray:
        """int8 [N, O] outputs of int8 [N, H]."""
        if "projection" not in self.given:
            return hidden
        k = self.node.attributes
        acc = exact_matmul(hidden.astype(np.int16), self.given["projection"].T) + self.given["projection_bias"]
        value = scaled(acc, k["projection_scale"]) + k["activation_zero_point"]
        return np.clip(value, k["projection_min"], k["projection_max"]).astype(np.int8)


def normalized(sums: np.ndarray, factor: np.ndarray, bias: np.ndarray, scaling: Scaling, guard: int) -> np.ndarray:
    """int16 sums [N, H] less their mean, over their standard deviation, times int16 factors plus int32 biases [H], in
    Q3.12 (ApplyLayerNorm). `guard` stands for a variance below 1; products that leave int32 wrap around."""
    sums, cells = sums.astype(np.int64), sums.shape[1]
    total = sums.sum(axis=1) << NORM_BITS
    mean = np.sign(total) * (np.abs(total) // cells)
    squares = (sums * sums).sum(axis=1) * ((1 << SQUARE_BITS) // cells)
    variance = (squares - mean * mean) >> SQUARE_BITS
    roots = [gemmlowp.inverse_sqrt(int(value) if value >= 1 else guard) for value in variance]
    rows = [scaled((one << NORM_BITS) - m, root) for one, m, root in zip(sums, mean, roots, strict=True)]
    product = (np.stack(rows) * factor.astype(np.int64) + bias).astype(np.int32).astype(np.int64)
    rounded = np.sign(product) * ((np.abs(product) + (1 << (NORM_BITS - 1))) >> NORM_BITS)
    return sat16(scaled(rounded, scaling))


@dataclass(frozen=True)
class Converted:
    """A layer's forms in integers: names of their operands, and attributes of the node."""

    names: tuple[str, ...]
    attributes: dict[str, Any]


def gate_steps(node: Node) -> np.ndarray:
    """float32 [G]: what a step of each gate's sums is worth."""
    return np.array(node.attributes.get("gate_scales", [GATE_STEP] * recurrent.gates_of(node)), np.float32)


def quantize(converter: Converter, node: Node, exponent: int, output: Quantization) -> Converted:
    """The forms' integers as the file holds them; `exponent`: of the state's scale. Raises EdgeqError where TensorFlow
    Lite's own sums could leave int32."""
    given, cells = operands(node, node.inputs), recurrent.cells_of(node, converter.source)
    names: list[str] = []
    attributes: dict[str, Any] = {}
    if "peepholes" in given:
        names.append(_peepholes(converter, node, given["peepholes"], exponent, attributes))
    if "norm" in given:
        names += _norm(converter, node, given, cells, attributes)
    if "projection" in given:
        attributes["forms"] = tuple(dict.fromkeys((*given, "projection_bias")))
        names += _projection(converter, node, given, output, attributes)
    return Converted(tuple(names), attributes)


def _peepholes(converter: Converter, node: Node, name: str, exponent: int, attributes: dict[str, Any]) -> str:
    source = converter.source
    cells, outputs = recurrent.cells_of(node, source), source.tensor(node.inputs[2]).shape[1]
    data, scales = _rows(converter, name, cells)
    # TensorFlow Lite counts the layer's outputs where it means its cells
    data[:, outputs:] = 0
    steps = gate_steps(node)[[gate for gate in PEEPHOLE if len(scales) == 3 or gate != INPUT]]
    ratios = 2.0**exponent * scales.astype(np.float64) / steps.astype(np.float64)
    most = np.abs(data.astype(np.int64)).max(axis=1)
    if np.any(np.maximum(most, 1) * ratios * REACH >= LIMIT):
        raise EdgeqError(f"layer {node.name}: its peepholes can leave the sums of its gates; scale them down")
    attributes["peephole_scales"] = tuple(scaling_of(float(np.float32(ratio))) for ratio in ratios)
    return converter.constant(f"{node.name}.peepholes", data.reshape(-1))


def _norm(converter: Converter, node: Node, given: dict[str, str], cells: int, attributes: dict[str, Any]) -> list[str]:
    data, scales = _rows(converter, given["norm"], cells)
    bias = converter.source.tensor(given["norm_bias"]).data
    assert bias is not None
    # one of the cells may be sqrt(cells) deviations off, and a variance rounded down to 1 was less than 2
    most = np.ceil(np.sqrt(2.0 * cells)) * (1 << NORM_BITS) * np.abs(data.astype(np.float64)).max(axis=1)
    most += np.abs(bias.reshape(data.shape).astype(np.float64)).max(axis=1)
    if np.any(most >= 2.0**31) or np.any((most / (1 << NORM_BITS) + 1) * scales * 4096.0 >= LIMIT):
        raise EdgeqError(f"layer {node.name}: its normalized gates can leave int32; scale its coefficients down")
    attributes["norm_guards"] = tuple(max(1, int(np.float32(10000) * scale)) for scale in scales)
    pairs = [scaling_of(float(scale)) for scale in scales]
    attributes["norm_scales"] = tuple((multiplier, shift + 12) for multiplier, shift in pairs)
    return [
        converter.constant(f"{node.name}.norm", data.reshape(-1)),
        converter.constant(f"{node.name}.norm_bias", bias.astype(np.int32)),
    ]


def _projection(
    converter: Converter, node: Node, given: dict[str, str], output: Quantization, attributes: dict[str, Any]
) -> list[str]:
    source, k = converter.source, node.attributes
    stored = source.tensor(given["projection"])
    assert stored.data is not None
    assert stored.quantization is not None
    scale, stored_scale = np.float32(stored.quantization.scale[0]), np.float32(output.scale[0])
    ratio = float(scale) * float(k["hidden_scale"]) / float(stored_scale)
    # in front of a projection TensorFlow Lite subtracts the zero point that it adds elsewhere
    zero_point = -int(k["hidden_zero_point"])
    bias = np.zeros(len(stored.data), np.int64)
    if "projection_bias" in given:
        bias = source.constant(given["projection_bias"]).astype(np.int64)
    most = 255 * np.abs(stored.data.astype(np.int64)).sum(axis=1) + np.abs(bias)
    if np.any(most >= 2**31) or np.any(np.maximum(most, 1) * ratio >= LIMIT):
        raise EdgeqError(f"layer {node.name}: its projection can leave int32; scale its weights down")
    limit = int(min(float(np.float32(k.get("projection_clip", 0.0)) / stored_scale), 127.0))
    attributes |= {
        "projection_scale": scaling_of(float(scale * np.float32(k["hidden_scale"]) / stored_scale)),
        "projection_min": -limit if limit else -128,
        "projection_max": limit or 127,
        "activation_zero_point": output.zero_point,
        "output_zero_point": zero_point,
    }
    return [
        converter.constant(f"{node.name}.projection", stored.data),
        converter.constant(f"{node.name}.projection_bias", folded(bias, stored.data, zero_point)),
    ]


def _rows(converter: Converter, name: str, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """A file's int16 rows [.., H], and the float32 scale of each."""
    tensor = converter.source.tensor(name)
    assert tensor.data is not None
    assert tensor.quantization is not None
    scales = np.broadcast_to(tensor.quantization.scale, tensor.shape[0])[::cells]
    return tensor.data.reshape(-1, cells).copy(), scales.astype(np.float32)


def _constants(graph: Graph, node: Node) -> dict[str, Constant]:
    """Those of the plain kernel, and the forms' own: a projection's rows in fours, like the gates'."""
    made = recurrent.packed_constants(lambda rows: rows, graph, node)
    for name, operand in operands(node, node.inputs).items():
        data = graph.constant(operand)
        if name.startswith("projection"):
            data = padded(data, (recurrent.CELLS, *(1 for _ in data.shape[1:])))
        made[name] = Constant(f"{data.dtype}_t", data)
    return made


def _scratch(graph: Graph, node: Node) -> int:
    cells = recurrent.cells_of(node, graph)
    sums = 2 * recurrent.gates_of(node) * round_up(cells, recurrent.CELLS)
    return round_up(sums, 16) + round_up(cells, 16) + recurrent.scratch_bytes(lambda count: 0, graph, node)


def c_parameters(node: Node) -> dict[str, Any]:
    """eq_lstm_forms_t without its constants."""
    k = node.attributes
    return {
        "coupled": int(k.get("coupled", False)),
        "peephole": [recurrent.pair(scaling) for scaling in k.get("peephole_scales", ())],
        "normal": [recurrent.pair(scaling) for scaling in k.get("norm_scales", ())],
        "guard": list(k.get("norm_guards", ())),
        "projected": recurrent.pair(k.get("projection_scale")),
        "projection_min": k.get("projection_min", 0),
        "projection_max": k.get("projection_max", 0),
        "activation_zero_point": k.get("activation_zero_point", k["output_zero_point"]),
    }


KERNEL = Kernel(
    "eq_lstm_forms_s8_scalar", "scalar", "lstm/eq_lstm_forms_s8_scalar.c", units=lambda graph, node: 1,
    applies=lambda graph, node: None if has_any(node) else "a plain lstm", pack=_constants, scratch_bytes=_scratch,
    family="recurrent", why="portable C: peepholes, normalized or coupled gates, a projection",
)  # fmt: skip
