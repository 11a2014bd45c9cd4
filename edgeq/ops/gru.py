"""gru: gated recurrent units over a whole sequence; gates in the order reset, update, new (recurrent.py).

    r, z = logistic(W x + R h + b);  n = tanh(W x + b_input + r * (R h + b_recurrent));  h = n + z * (h - n)

Attribute `reset_before` (ONNX's linear_before_reset = 0): n = tanh(W x + b_input + R (r * h) + b_recurrent).

The integer form keeps h in 16 bits beside the int8 output, so that slow units do not stand still on its grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import gemmlowp, gemmlowp16, recurrent, recurrent_onnx, recurrent_quantize, recurrent_torch
from edgeq.ops.recurrent import Recurrent

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter
    from edgeq.quantize.observe import Range


class Gru(Recurrent):
    name = "gru"
    kernels = recurrent.kernels("gru")
    torch_targets = {"aten.gru.input": recurrent_torch.gru, "aten.gru_cell.default": recurrent_torch.gru_cell}
    onnx_targets = {"GRU": recurrent_onnx.gru}

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, w, r, input_bias, recurrent_bias = inputs[: recurrent.OPERANDS]
        cells = r.shape[1]
        h = recurrent.initial(node, inputs).get("h", np.zeros((len(x), cells), np.float32))
        before = x @ w.T + input_bias
        y = np.zeros((*x.shape[:2], cells), np.float32)
        for t in recurrent.order(node, x.shape[1]):
            reset, update = np.split(
                recurrent.logistic(before[:, t, : 2 * cells] + h @ r[: 2 * cells].T + recurrent_bias[: 2 * cells]),
                2,
                -1,
            )
            if node.attributes["reset_before"]:
                product = (reset * h) @ r[2 * cells :].T + recurrent_bias[2 * cells :]
            else:
                product = reset * (h @ r[2 * cells :].T + recurrent_bias[2 * cells :])
            fresh = np.tanh(before[:, t, 2 * cells :] + product)
            y[:, t] = h = fresh + update * (h - fresh)
        return [recurrent.kept_steps(node, y), h][: len(node.outputs)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, x = node.attributes, inputs[0]
        gates = recurrent.Gates(graph, node)
        state = recurrent.state_before(graph, node, recurrent.initial(node, inputs).get("h"), len(x))
        h = recurrent.to_bytes(node, state, k["output_scale"])
        before = gates.before(x)
        y = np.zeros((*x.shape[:2], state.shape[1]), np.int8)
        for t in recurrent.order(node, x.shape[1]):
            products = gates.recurrent(h)
            reset, update = (gemmlowp16.logistic(recurrent.sat16(before[:, t, g] + products[:, g])) for g in (0, 1))
            if k["reset_before"]:
                let_through = gates.recurrent(recurrent.to_bytes(node, reset * state, k["reset_scale"]))[:, 2]
            else:
                let_through = gemmlowp.rdbpot(reset * recurrent.sat16(products[:, 2]), 15)
            fresh = gemmlowp16.tanh(recurrent.sat16(before[:, t, 2] + let_through), 3)
            fresh = gemmlowp.rdbpot(fresh, 15 + k["state_exponent"])
            state = recurrent.sat16(fresh + gemmlowp.rdbpot(update * (state - fresh), 15))
            y[:, t] = h = recurrent.to_bytes(node, state, k["output_scale"])
        y = recurrent.kept_steps(node, y)
        return [y] if len(node.outputs) == 1 else [y, recurrent.state_after(graph, node, state)]

    def settle(self, graph: Graph, node: Node, ranges: Mapping[str, Range], chosen: dict[str, Quantization]) -> None:
        """The state as int16 where it can be."""
        recurrent_quantize.settle_state(graph, node, self._exponent(node, ranges), chosen)

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        assert output.quantization is not None
        exponent = self._exponent(node, converter.ranges)
        attributes = {
            "output_zero_point": output.zero_point,
            "output_scale": recurrent.scaling_of(float(np.float32(2.0**exponent / output.scale))),
            "reset_scale": recurrent.scaling_of(float(np.float32(2.0 ** (exponent - 15) / output.scale))),
        }
        recurrent_quantize.add_integer(converter, node, output.quantization, exponent, attributes)

    @staticmethod
    def _exponent(node: Node, ranges: Mapping[str, Range]) -> int:
        """From the outputs and an initial state, which may be beyond their [-1, 1]."""
        given = (ranges[name] for name in (node.output, *node.inputs[recurrent.OPERANDS :]) if name in ranges)
        return recurrent_quantize.exponent_for(max(abs(end) for pair in given for end in pair))


OP = Gru()
