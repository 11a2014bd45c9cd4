"""Random integer lstm and gru nodes."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ir.graph import Node, Quantization, Tensor
from edgeq.ops import recurrent
from tests.ops.cases import CHANNELS, Case, CaseGraph, zero_points
from tests.ops.lstm_form_cases import COMBINATIONS, PLAIN, form_cases

GATES = {"lstm": 4, "gru": 3}
#: as many without the further forms of an lstm as there are of those
PLAIN_LAYERS = [(op, ()) for op in GATES] * 8
#: how a state comes in or goes out
STATES = ("none", "int8", "int16")


@st.composite
def recurrent_cases(draw: st.DrawFn) -> Case:
    """Both operators, every form of state, sums that stay in the functions' range or saturate."""
    op, chosen = draw(st.sampled_from([*PLAIN_LAYERS, *(("lstm", chosen) for chosen in COMBINATIONS)]))
    steps, features, cells = draw(st.integers(1, 5)), draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    attributes: dict[str, Any] = {"reverse": draw(st.booleans()), "last": draw(st.booleans())}
    if op == "gru":
        attributes["reset_before"] = draw(st.booleans())
    else:
        limit = draw(st.sampled_from((32767, 9000)))
        attributes |= {"state_min": -limit - (limit == 32767), "state_max": limit}
    forms = draw(form_cases(chosen)) if chosen else PLAIN
    attributes |= forms.attributes
    outputs = forms.outputs or cells
    exponent, wildness = draw(st.integers(*recurrent.STATE_EXPONENTS)), draw(st.sampled_from((0.5, 2.0, 40.0)))
    state_in, state_out = draw(st.sampled_from(STATES)), draw(st.sampled_from(STATES))
    starts, constant = op == "lstm" and draw(st.booleans()), draw(st.booleans())
    zeros = [draw(zero_points()) for _ in range(4)]

    def add(graph: CaseGraph) -> None:
        name, gates, output_scale = f"c{len(graph.nodes)}", GATES[op] - int(attributes.get("coupled", False)), 0.01
        rng = graph.rng
        operands = [graph.activation((1, steps, features), zeros[0])]
        scales = []
        for which, inner, zero_point in (("w", features, zeros[0]), ("r", outputs, zeros[1])):
            weights = rng.integers(-127, 128, (gates * cells, inner)).astype(np.int8)
            bias = rng.integers(-9000, 9000, gates * cells) - zero_point * weights.astype(np.int64).sum(axis=1)
            operands.append(graph.constant(f"{name}.{which}", weights))
            graph.constant(f"{name}.{which}.bias", bias.astype(np.int32))
            # a standard deviation of `wildness` in front of the gates' functions
            step = wildness * 4096 / (5400.0 * np.sqrt(inner)) * rng.uniform(0.3, 1.0, gates)
            scales.append(tuple(recurrent.scaling_of(float(value)) for value in step))
        operands += [f"{name}.w.bias", f"{name}.r.bias"]
        given = []
        if starts:
            given.append("h")
            operands.append(_initial(graph, f"{name}.h", outputs, "int8", zeros[1], output_scale, constant))
        if state_in != "none":
            given.append("state" if op == "lstm" else "h")
            scale, zero_point = (0.05, zeros[2]) if state_in == "int8" else (2.0**exponent, 0)
            operands.append(_initial(graph, f"{name}.state", cells, state_in, zero_point, scale, False))
        operands += forms.operands(graph, name, gates, cells)
        product = -30 if op == "lstm" else exponent
        further = {
            "initial": tuple(given),
            "state_exponent": exponent,
            "input_scales": scales[0],
            "recurrent_scales": scales[1],
            "output_zero_point": zeros[1],
            "output_scale": recurrent.scaling_of(2.0**product / output_scale),
            "reset_scale": recurrent.scaling_of(2.0 ** (exponent - 15) / output_scale),
            "state_in_scale": recurrent.scaling_of(0.05 / 2.0**exponent),
            "state_out_scale": recurrent.scaling_of(2.0**exponent / 0.02),
        }
        made = [f"y{len(graph.nodes)}"]
        graph.tensors[made[0]] = _tensor(
            made[0], (1, 1 if attributes["last"] else steps, outputs), "int8", zeros[1], output_scale
        )
        if state_out != "none":
            made.append(f"s{len(graph.nodes)}")
            scale, zero_point = (0.02, zeros[3]) if state_out == "int8" else (2.0**exponent, 0)
            graph.tensors[made[1]] = _tensor(made[1], (1, cells), state_out, zero_point, scale)
        merged = MappingProxyType({**further, **attributes})
        graph.nodes.append(Node(f"n{len(graph.nodes)}_{op}", op, tuple(operands), tuple(made), merged))
        graph.outputs += made

    return Case(
        f"{op} {steps} steps, {features}->{cells}->{outputs} {attributes} state {state_in}->{state_out} 2^{exponent} "
        f"{wildness=} {starts=} {constant=} {zeros}",
        add,
    )


def _tensor(name: str, shape: tuple[int, ...], dtype: str, zero_point: int, scale: float) -> Tensor:
    return Tensor(name, shape, dtype, Quantization(np.array([scale]), zero_point, None, dtype))


def _initial(graph: CaseGraph, name: str, cells: int, dtype: str, zero_point: int, scale: float, constant: bool) -> str:
    if not constant:
        return graph.activation((1, cells), zero_point, scale, dtype)
    data = graph.rng.integers(-128, 128, (1, cells)).astype(np.int8)
    return graph.constant(name, data, Quantization(np.array([scale]), zero_point))
