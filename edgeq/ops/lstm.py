"""lstm: long short-term memory over a whole sequence; gates in the order input, forget, cell, output (recurrent.py).

i, f, o = logistic(W x + R h + b), g = tanh(..);  c = f * c + i * g;  h = o * tanh(c)

TensorFlow Lite's further forms (peepholes, normalized and coupled gates, a projection) are lstm_forms.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization
from edgeq.ops import (
    gemmlowp,
    gemmlowp16,
    lstm_forms,
    recurrent,
    recurrent_onnx,
    recurrent_quantize,
    recurrent_tflite,
    recurrent_torch,
)
from edgeq.ops.lstm_forms import CELL, FORGET, INPUT, OUTPUT
from edgeq.ops.recurrent import Recurrent

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter
    from edgeq.quantize.observe import Range


def _without_forms(graph: Graph, node: Node) -> str | None:
    return "it knows the plain lstm alone" if lstm_forms.has_any(node) else None


class Lstm(Recurrent):
    name = "lstm"
    #: the cell state of every step, for calibration
    inner = ("cell",)
    kernels = (*recurrent.kernels("lstm", _without_forms), lstm_forms.KERNEL)
    torch_targets = {"aten.lstm.input": recurrent_torch.lstm, "aten.lstm_cell.default": recurrent_torch.lstm_cell}
    tflite_targets = {"LSTM": recurrent_tflite.lstm_step, "UNIDIRECTIONAL_SEQUENCE_LSTM": recurrent_tflite.lstm}
    onnx_targets = {"LSTM": recurrent_onnx.lstm}

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, w, r, input_bias, recurrent_bias = inputs[: recurrent.OPERANDS]
        given = recurrent.initial(node, inputs)
        forms = lstm_forms.RealForms(node, lstm_forms.operands(node, inputs))
        gates, coupled = recurrent.gates_of(node), node.attributes.get("coupled", False)
        sizes = r.shape[1], len(r) // gates
        h, c = (
            given.get(key, np.zeros((len(x), size), np.float32))
            for key, size in zip(("h", "state"), sizes, strict=True)
        )
        clip = node.attributes.get("cell_clip", np.inf)
        before = x @ w.T + (input_bias + recurrent_bias)
        y, cells = (np.zeros((*x.shape[:2], size), np.float32) for size in sizes)
        for t in recurrent.order(node, x.shape[1]):
            sums = (before[:, t] + h @ r.T).reshape(len(x), gates, -1)
            f = recurrent.logistic(forms.gate(sums, FORGET, c))
            i = 1 - f if coupled else recurrent.logistic(forms.gate(sums, INPUT, c))
            c = np.clip(f * c + i * np.tanh(forms.gate(sums, CELL)), -clip, clip)
            h = forms.projected(recurrent.logistic(forms.gate(sums, OUTPUT, c)) * np.tanh(c))
            y[:, t], cells[:, t] = h, c
        y = recurrent.kept_steps(node, y)
        return [y, c, cells] if len(node.outputs) > 1 else [y, cells]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k, x = node.attributes, inputs[0]
        gates = recurrent.Gates(graph, node)
        forms = lstm_forms.IntegerForms(node, lstm_forms.operands(node, inputs))
        given, outputs = recurrent.initial(node, inputs), inputs[2].shape[1]
        state = recurrent.state_before(graph, node, given.get("state"), len(x))
        zero = np.int8(k.get("activation_zero_point", k["output_zero_point"]))
        h = np.broadcast_to(given.get("h", zero), (len(x), outputs)).astype(np.int8)
        before = gates.before(x)
        y = np.zeros((*x.shape[:2], outputs), np.int8)
        for t in recurrent.order(node, x.shape[1]):
            sums = recurrent.sat16(before[:, t] + gates.recurrent(h))
            f = gemmlowp16.logistic(forms.gate(sums, FORGET, state))
            i = gemmlowp16.ONE - f if k.get("coupled") else gemmlowp16.logistic(forms.gate(sums, INPUT, state))
            put = gemmlowp.rdbpot(i * gemmlowp16.tanh(forms.gate(sums, CELL), 3), 30 + k["state_exponent"])
            state = np.clip(gemmlowp.rdbpot(f * state, 15) + put, k["state_min"], k["state_max"])
            o = gemmlowp16.logistic(forms.gate(sums, OUTPUT, state))
            hidden = o * gemmlowp16.tanh(state, 15 + k["state_exponent"])
            y[:, t] = h = forms.projected(recurrent.to_bytes(node, hidden, k["output_scale"]))
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
            if limit > 0:  # TensorFlow Lite takes a clip below one step for none
                attributes |= {"state_min": -limit, "state_max": limit}
        forms = lstm_forms.quantize(converter, node, exponent, output.quantization)
        recurrent_quantize.add_integer(
            converter, node, output.quantization, exponent, attributes | forms.attributes, lstm_forms.gate_steps(node),
            forms.names,
        )  # fmt: skip

    def macs(self, graph: Graph, node: Node) -> int:
        projection = lstm_forms.operands(node, node.inputs).get("projection")
        products = graph.tensor(projection).elements if projection is not None else 0
        return super().macs(graph, node) + graph.tensor(node.inputs[0]).shape[1] * products

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        forms = {"forms": lstm_forms.c_parameters(node)} if lstm_forms.has_any(node) else {}
        return super().c_parameters(graph, node) | forms

    @staticmethod
    def _exponent(node: Node, ranges: Mapping[str, Range]) -> int:
        """As the file prescribes it, or from the calibrated cell state."""
        if "state_exponent" in node.attributes:
            return int(node.attributes["state_exponent"])
        return recurrent_quantize.exponent_for(max(map(abs, ranges[f"{node.name}.cell"])))


OP = Lstm()
