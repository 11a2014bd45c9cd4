"""What lstm and gru share: their operands, the integer form of their gates, the packing for their kernels.

Both run over a whole sequence, x [1, T, I] -> y [1, T, H], and read their weights again for every step. Float node
inputs: (x, w [G*H, I], r [G*H, H], input bias [G*H], recurrent bias [G*H]), then the initial values that the attribute
`initial` names: "h" the output before the first step, "state" the cell state (lstm), both [1, H]. What is not given is
zero. Outputs: y and, where somebody reads it, the state after the last step [1, H]: the cell state of an lstm, the
output of a gru. Attributes: `reverse`, from the last step to the first; `last`, y is that of the last computed step
alone, [1, 1, H] (passes/keep_last_step.py). What an lstm may have beside that, lstm_forms.py tells: with a projection
the outputs are [.., O], and so is r.

Integer node inputs are the same with int8 weights (one scale a gate), biases int32 that hold -zero_point * sum of the
row. The arithmetic is TensorFlow Lite's full-integer LSTM (lstm_eval.cc, 8x8_16): gates in int16 Q3.12, gemmlowp's
logistic and tanh, double rounding. The state is int16 with a power-of-two scale inside the layer; in and out it is
int16 of that scale or, where layers that know only int8 make or read it, int8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import fixed_point
from edgeq.ops.base import Constant, Kernel, Operator, Shape
from edgeq.ops.carried import Carried
from edgeq.ops.spatial import exact_matmul
from edgeq.packing import dsp, mve, xpulp
from edgeq.packing.blocks import padded, round_up
from edgeq.packing.order import into

if TYPE_CHECKING:
    from edgeq.quantize.observe import Range

#: operands in front of the initial values
OPERANDS = 5
#: real value of one step of a gate: Q3.12
GATE_STEP = 2.0**-12
#: exponents of the state's scale: tanh knows Q0 to Q6
STATE_EXPONENTS = (-15, -9)
#: cells of a group of packed rows
CELLS = 4
#: rows of weights a cell
GATES = {"lstm": 4, "gru": 3}
#: eq_state_form_t of a type
STATE_FORMS = {"int8": 1, "int16": 2}
Scaling = tuple[int, int]


def logistic(x: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(0.0, -x)).astype(np.float32)


def gates_of(node: Node) -> int:
    return GATES[node.op] - int(node.attributes.get("coupled", False))


def cells_of(node: Node, graph: Graph) -> int:
    return graph.tensor(node.inputs[2]).shape[0] // gates_of(node)


def initial(node: Node, inputs: Sequence[Any]) -> dict[str, Any]:
    """What is given of the initial values, by name."""
    return dict(zip(node.attributes["initial"], inputs[OPERANDS:], strict=False))


def order(node: Node, steps: int) -> range:
    return range(steps - 1, -1, -1) if node.attributes["reverse"] else range(steps)


def kept_steps(node: Node, y: np.ndarray) -> np.ndarray:
    """The outputs of all steps, or those that the layer stores."""
    if not node.attributes.get("last"):
        return y
    return y[:, :1] if node.attributes["reverse"] else y[:, -1:]


def scaled(acc: np.ndarray, scaling: Scaling) -> np.ndarray:
    """eq_scaled of integers that fit int32."""
    m, s = (np.array([value]) for value in scaling)
    return fixed_point.scale_accumulator(np.asarray(acc, np.int64), m, s, fixed_point.TFLITE)


def sat16(x: np.ndarray) -> np.ndarray:
    return np.clip(x, -32768, 32767)


def scaling_of(scale: float) -> Scaling:
    """(multiplier, shift) of a scale that float32 arithmetic has made, as TensorFlow Lite makes it."""
    m, s = fixed_point.tflite_multiplier(np.array([scale]))
    return int(m[0]), int(s[0])


@dataclass(frozen=True)
class Gates:
    """The products of a layer's gates: `before` those of the whole input, `recurrent` those of one step."""

    graph: Graph
    node: Node

    def _scaled(self, acc: np.ndarray, scalings: Sequence[Scaling]) -> np.ndarray:
        """[.., G*H] accumulators as [.., G, H] in Q3.12."""
        acc = acc.reshape(*acc.shape[:-1], len(scalings), -1)
        return np.stack([scaled(acc[..., gate, :], scaling) for gate, scaling in enumerate(scalings)], axis=-2)

    def before(self, x: np.ndarray) -> np.ndarray:
        w, bias = self.graph.constant(self.node.inputs[1]), self.graph.constant(self.node.inputs[3])
        acc = exact_matmul(x.reshape(-1, x.shape[-1]).astype(np.int16), w.T) + bias
        return sat16(self._scaled(acc.reshape(*x.shape[:-1], -1), self.node.attributes["input_scales"]))

    def recurrent(self, h: np.ndarray) -> np.ndarray:
        r, bias = self.graph.constant(self.node.inputs[2]), self.graph.constant(self.node.inputs[4])
        return self._scaled(exact_matmul(h.astype(np.int16), r.T) + bias, self.node.attributes["recurrent_scales"])


def state_before(graph: Graph, node: Node, given: np.ndarray | None, batch: int) -> np.ndarray:
    """int64 [N, H]: the integer state before the first step."""
    if given is None:
        return np.zeros((batch, cells_of(node, graph)), np.int64)
    value = np.broadcast_to(given.astype(np.int64), (batch, given.shape[-1]))
    tensor = graph.tensor(node.inputs[OPERANDS + node.attributes["initial"].index(state_name(node))])
    if tensor.dtype == "int16":
        return value
    return sat16(scaled(value - tensor.zero_point, node.attributes["state_in_scale"]))


def state_name(node: Node) -> str:
    """Name of the initial value that is the int16 state."""
    return "state" if node.op == "lstm" else "h"


def state_after(graph: Graph, node: Node, state: np.ndarray) -> np.ndarray:
    """The state as the second output stores it."""
    tensor = graph.tensor(node.outputs[1])
    if tensor.dtype == "int16":
        return state.astype(np.int16)
    value = scaled(state, node.attributes["state_out_scale"]) + tensor.zero_point
    return np.clip(value, -128, 127).astype(np.int8)


def to_bytes(node: Node, value: np.ndarray, scaling: Scaling) -> np.ndarray:
    """int8 outputs of scaled values."""
    return np.clip(scaled(value, scaling) + node.attributes["output_zero_point"], -128, 127).astype(np.int8)


def rows_packed(rows: np.ndarray, gates: int) -> np.ndarray:
    """[G*H, ..] as [groups of 4 cells * G * 4, ..], zero-filled."""
    shaped = rows.reshape(gates, -1, *rows.shape[1:])
    full = padded(shaped, (1, CELLS, *(1 for _ in rows.shape[1:])))
    grouped = full.reshape(gates, full.shape[1] // CELLS, CELLS, *rows.shape[1:])
    return np.ascontiguousarray(grouped.swapaxes(0, 1)).reshape(-1, *rows.shape[1:])


def packed_constants(pack: Callable[[np.ndarray], np.ndarray], graph: Graph, node: Node) -> dict[str, Constant]:
    """Weights and biases of the gates, and constant initial values; `pack`: of a kernel's linear layer."""
    made: dict[str, Constant] = {}
    gates = gates_of(node)
    for index, name in ((1, "input_weights"), (2, "recurrent_weights")):
        weights = pack(rows_packed(graph.constant(node.inputs[index]), gates))
        made[name] = Constant(f"{weights.dtype}_t", weights)
    for index, name in ((3, "input_bias"), (4, "recurrent_bias")):
        made[name] = Constant("int32_t", rows_packed(graph.constant(node.inputs[index]), gates))
    for key, name in initial(node, node.inputs).items():
        tensor = graph.tensor(name)
        if tensor.data is not None:
            made[f"initial_{key}"] = Constant(f"{tensor.dtype}_t", tensor.data)
    return made


def scratch_bytes(vector_bytes: Callable[[int], int], graph: Graph, node: Node) -> int:
    """Scratch of a kernel; `vector_bytes`: eq_dot4_bytes."""
    cells, outputs = cells_of(node, graph), graph.tensor(node.inputs[2]).shape[1]
    parts = [outputs, vector_bytes(graph.tensor(node.inputs[1]).shape[1]), vector_bytes(outputs)]
    if len(node.outputs) == 1 or graph.tensor(node.outputs[1]).dtype != "int16":
        parts.append(2 * cells)
    if node.attributes.get("reset_before"):
        parts += [2 * cells, cells]
    return sum(round_up(part, 16) for part in parts)


def _whole(multiple: int) -> Callable[[int], int]:
    return lambda count: 0 if count % multiple == 0 else round_up(count, multiple)


def kernels(op: str, applies: Callable[[Graph, Node], str | None] = lambda graph, node: None) -> tuple[Kernel, ...]:
    """The kernels of an operator, all of them on one core: every step needs the whole step before."""

    def kernel(isa: str, pack: Callable[[np.ndarray], np.ndarray], scratch: Callable[[int], int], why: str) -> Kernel:
        return Kernel(
            f"eq_{op}_s8_{isa}", isa, f"{op}/eq_{op}_s8_{isa}.c", units=lambda graph, node: 1, applies=applies,
            pack=partial(packed_constants, pack), scratch_bytes=partial(scratch_bytes, scratch), family="recurrent",
            why=why,
        )  # fmt: skip

    return (
        kernel("xpulp", into(xpulp.order_linear), _whole(xpulp.BLOCK), "packed dot products, 4 cells a gate, one core"),
        kernel("mve", into(mve.order_linear), _whole(mve.BLOCK), "vector dot products, 4 cells a gate"),
        kernel("dsp", into(dsp.order_linear), dsp.scratch_linear, "SMLAD on pairs of cells, 4 cells a gate"),
        kernel("scalar", lambda rows: rows, lambda count: 0, "portable C, 4 cells a gate, one core"),
    )


def pair(scaling: Scaling | None) -> dict[str, int]:
    """An eq_scaling_t."""
    multiplier, shift = scaling or (0, 0)
    return {"multiplier": multiplier, "shift": shift}


class Recurrent(Operator):
    """Base of lstm and gru."""

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        batch, steps, _ = inputs[0].shape
        rows, outputs = inputs[2].shape
        cells = rows // gates_of(node)
        return [(batch, 1 if node.attributes.get("last") else steps, outputs), (batch, cells)][: len(node.outputs)]

    def carried(self, graph: Graph, node: Node, rows: int) -> Carried | None:
        from edgeq.ops.recurrent_carried import carried  # it reads this module

        return carried(graph, node, rows)

    def macs(self, graph: Graph, node: Node) -> int:
        steps = graph.tensor(node.inputs[0]).shape[1]
        return steps * sum(graph.tensor(name).elements for name in node.inputs[1:3])

    def output_range(self, node: Node, name: str, ranges: Mapping[str, Range]) -> Range:
        """The outputs share their scale with the output before the first step."""
        given = initial(node, node.inputs).get("h", name)
        if name != node.output or given not in ranges:
            return ranges[name]
        (low, high), (least, most) = ranges[name], ranges[given]
        return min(low, least), max(high, most)

    def overwritten(self, node: Node, output: int) -> tuple[int, ...]:
        """The state after the sequence may lie where the one before it lies."""
        given = node.attributes["initial"]
        return (OPERANDS + given.index(state_name(node)),) if output == 1 and state_name(node) in given else ()

    def wide_operands(self, node: Node) -> frozenset[str]:
        return frozenset((*node.inputs[OPERANDS:], *node.outputs[1:]))

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        k = node.attributes
        given = initial(node, node.inputs)
        state = graph.tensor(given[state_name(node)]) if state_name(node) in given else None
        out = graph.tensor(node.outputs[1]) if len(node.outputs) > 1 else None

        return {
            "given": tuple(key for key, name in given.items() if not graph.tensor(name).is_constant),
            "steps": graph.tensor(node.inputs[0]).shape[1],
            "in_features": graph.tensor(node.inputs[1]).shape[1],
            "outputs": graph.tensor(node.inputs[2]).shape[1],
            "cells": cells_of(node, graph),
            "reverse": int(k["reverse"]),
            "last": int(k.get("last", False)),
            "reset_before": int(k.get("reset_before", False)),
            "input": [pair(scaling) for scaling in k["input_scales"]],
            "recurrent": [pair(scaling) for scaling in k["recurrent_scales"]],
            "output": pair(k["output_scale"]),
            "reset_output": pair(k.get("reset_scale")),
            "output_zero_point": k["output_zero_point"],
            "state_exponent": k["state_exponent"],
            "state_min": k.get("state_min", -32768),
            "state_max": k.get("state_max", 32767),
            "state_in": STATE_FORMS[state.dtype] if state is not None else 0,
            "state_out": STATE_FORMS[out.dtype] if out is not None else 0,
            "state_in_scale": pair(k.get("state_in_scale")),
            "state_out_scale": pair(k.get("state_out_scale")),
            "state_in_zero_point": state.zero_point if state is not None else 0,
            "state_out_zero_point": out.zero_point if out is not None else 0,
        }
