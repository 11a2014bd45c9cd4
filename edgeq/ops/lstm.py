"""lstm: long short-term memory over a whole sequence; gates in the order input, forget, cell, output (recurrent.py).

i, f, o = logistic(W x + R h + b), g = tanh(..);  c = f * c + i * g;  h = o * tanh(c)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import (
    gemmlowp,
    gemmlowp16,
    recurrent,
    recurrent_onnx,
    recurrent_quantize,
    recurrent_tflite,
    recurrent_torch,
)
from edgeq.ops.recurrent import Recurrent

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter
    from edgeq.quantize.observe import Range


class Lstm(Recurrent):
    name = "lstm"
    gates = 4
    #: the cell state of every step, for calibration
    inner = ("cell",)
    kernels = recurrent.kernels("lstm")
    torch_targets = {"aten.lstm.input": recurrent_torch.lstm, "aten.lstm_cell.default": recurrent_torch.lstm_cell}
    tflite_targets = {"LSTM": recurrent_tflite.lstm_step, "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent_tflite.lstm}
    onnx_targets = {"LSTM": recurrent_onnx.lstm}

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, w, r, input_bias, recurrent_bias = inputs[: recurrent.OPERANDS]
        given = recurrent.initial(node, inputs)
        zeros = np.zeros((len(x), r.shape[1]), np.float32)
        h, c = (given.get(key, zeros) for key in ("h", "state"))
        clip = node.attributes.get("cell_clip", np.inf)
        before = x @ w.T + (input_bias + recurrent_bias)
        y, cells = (np.zeros((*x.shape[:2], r.shape[1]), np.float32) for _ in range(2))
        for t in recurrent.order(node, x.shape[1]):
            i, f, g, o = np.split(before[:, t] + h @ r.T, 4, axis=-1)
            c = np.clip(recurrent.logistic(f) * c + recurrent.logistic(i) * np.tanh(g), -clip, clip)
            h = recurrent.logistic(o) * np.tanh(c)
            y[:, t], cells[:, t] = h, c
        y = recurrent.kept_steps(node, y)
        return [y, c, cells] if len(node.outputs) > 1 else [y, cells]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, x = node.attributes, inputs[0]
        gates = recurrent.Gates(graph, node, self.gates)
        given = recurrent.initial(node, inputs)
        state = recurrent.state_before(graph, node, given.get("state"), len(x))
        h = np.broadcast_to(given.get("h", np.int8(k["output_zero_point"])), state.shape).astype(np.int8)
        before = gates.before(x)
        y = np.zeros((*x.shape[:2], state.shape[1]), np.int8)
        for t in recurrent.order(node, x.shape[1]):
            sums = recurrent.sat16(before[:, t] + gates.recurrent(h))
            i, f, o = (gemmlowp16.logistic(sums[:, gate]) for gate in (0, 1, 3))
            put = gemmlowp.rdbpot(i * gemmlowp16.tanh(sums[:, 2], 3), 30 + k["state_exponent"])
            state = np.clip(gemmlowp.rdbpot(f * state, 15) + put, k["state_min"], k["state_max"])
            hidden = o * gemmlowp16.tanh(state, 15 + k["state_exponent"])
            y[:, t] = h = recurrent.to_bytes(node, hidden, k["output_scale"])
        y = recurrent.kept_steps(node, y)
        return [y] if len(node.outputs) == 1 else [y, recurrent.state_after(graph, node, state)]

    def settle(self, graph: Graph, node: Node, ranges: Mapping[str, Range], chosen: dict[str, Quantization]) -> None:
        """The cell state as int16 where it can be, an initial output that is a model input in the output's scale."""
        recurrent_quantize.settle_state(graph, node, self._exponent(node, ranges), chosen)
        given = recurrent.initial(node, node.inputs)
        if "h" in given:
            recurrent_quantize.settle_output(graph, node, given["h"], chosen)

    def quantize(self, converter: Converter, node: Node) -> None:
        output = converter.quantized_output(node)
        assert output.quantization is not None
        exponent = self._exponent(node, converter.ranges)
        scale = np.float32(node.attributes.get("hidden_scale", output.scale))
        attributes: dict[str, Any] = {
            "output_scale": recurrent.scaling_of(float(np.float32(2.0**-30) / scale)),
            "output_zero_point": int(node.attributes.get("hidden_zero_point", output.zero_point)),
            "state_min": -32768,
            "state_max": 32767,
        }
        if "cell_clip" in node.attributes:
            limit = int(min(float(np.float32(node.attributes["cell_clip"]) / np.float32(2.0**exponent)), 32767.0))
            attributes |= {"state_min": -limit, "state_max": limit}
        recurrent_quantize.add_integer(converter, node, self.gates, output.quantization, exponent, attributes)

    @staticmethod
    def _exponent(node: Node, ranges: Mapping[str, Range]) -> int:
        """As the file prescribes it, or from the calibrated cell state."""
        if "state_exponent" in node.attributes:
            return int(node.attributes["state_exponent"])
        return recurrent_quantize.exponent_for(max(map(abs, ranges[f"{node.name}.cell"])))


OP = Lstm()
