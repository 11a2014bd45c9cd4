"""Full-integer LSTMs as TensorFlow Lite's converter writes them, with random sizes and scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.tflite.drawn import zero_points
from tests.tflite.writer import Network

GATES = 4
#: an operator, its options' table, and what is there beside the options of both
SEQUENCE: tuple[str, str, dict[str, Any]] = (
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "UnidirectionalSequenceLSTMOptions", {"time_major": False},
)  # fmt: skip
STEP: tuple[str, str, dict[str, Any]] = ("LSTM", "LSTMOptions", {"kernel_type": 0})


@dataclass(frozen=True)
class Lstm:
    """One UNIDIRECTIONAL_SEQUENCE_LSTM, or an LSTM where `steps` is None; `wildness` spreads its gates' sums, `hidden`
    is the scale of its outputs in units of its state's."""

    steps: int | None
    features: int
    cells: int
    exponent: int
    wildness: float
    zeros: tuple[int, int, int]
    clip: float
    hidden: float

    def add(self, network: Network, rng: np.random.Generator) -> None:
        n, i = self.cells, self.features
        x_scale, h_scale = 0.02, 0.0083
        steps = () if self.steps is None else (self.steps,)
        x = network.input((1, *steps, i), "int8", x_scale, self.zeros[0])
        weights: list[int] = []
        scales: list[float] = []
        for inner, scale in ((i, x_scale), (n, h_scale)):
            for _ in range(GATES):
                step = self.wildness / (5400.0 * np.sqrt(inner) * scale) * rng.uniform(0.4, 1.0)
                scales.append(float(np.float32(step)))
                data = rng.integers(-127, 128, (n, inner)).astype(np.int8)
                weights.append(network.tensor((n, inner), "int8", scales[-1], data=data))
        biases = [
            network.tensor((n,), "int32", x_scale * scales[gate], data=rng.integers(-9000, 9000, n).astype(np.int32))
            for gate in range(GATES)
        ]
        h = network.tensor((1, n), "int8", h_scale, self.zeros[1], variable=True)
        c = network.tensor((1, n), "int16", 2.0**self.exponent, variable=True)
        hidden = network.tensor((1, n), "int8", h_scale * self.hidden, self.zeros[2])
        gates = [network.tensor((1, n), "int16", 2.0**-12) for _ in range(GATES)]
        y = network.tensor((1, *steps, n), "int8", h_scale, self.zeros[1])
        name, table, own = SEQUENCE if steps else STEP
        network.operator(
            name,
            [x, *weights, -1, -1, -1, *biases, -1, -1, h, c, -1, -1, -1, -1],
            [y],
            table,
            (*gates, hidden),
            fused_activation_function=4,
            cell_clip=self.clip,
            proj_clip=0.0,
            **own,
        )
        network.outputs.append(y)


@st.composite
def lstms(draw: st.DrawFn) -> Lstm:
    steps = draw(st.sampled_from((None, 1, 2, 3, 4, 5)))
    features, cells = (draw(st.sampled_from((1, 2, 3, 4, 5, 8, 17))) for _ in range(2))
    own = draw(st.booleans())
    zeros = [draw(zero_points()) for _ in range(3)]
    return Lstm(
        steps, features, cells, draw(st.integers(-15, -9)), draw(st.sampled_from((0.5, 2.0, 20.0))),
        (zeros[0], zeros[1], zeros[2] if own else zeros[1]), draw(st.sampled_from((0.0, 0.0, 0.4, 3.0))),
        draw(st.sampled_from((1.0, 1.03))) if own else 1.0,
    )  # fmt: skip


def float_lstm(
    network: Network, rng: np.random.Generator, hybrid: bool, operator: Any = SEQUENCE, **options: Any
) -> None:
    """A float LSTM of 5 features and 6 cells over 4 steps, or one step of it where `operator` is STEP; `hybrid`: with
    int8 weights."""
    n, i = 6, 5
    name, table, own = operator
    time_major = options.get("time_major", False)
    front = (1,) if operator is STEP else (4, 1) if time_major else (1, 4)
    x = network.input((*front, i), "float32")
    weights = []
    for inner in (i, n):
        for _ in range(GATES):
            data = rng.uniform(-0.6, 0.6, (n, inner)).astype(np.float32)
            if hybrid:
                scale = float(np.abs(data).max() / 127)
                weights.append(network.tensor((n, inner), "int8", scale, data=np.rint(data / scale).astype(np.int8)))
            else:
                weights.append(network.tensor((n, inner), "float32", data=data))
    biases = [network.tensor((n,), "float32", data=rng.uniform(-0.5, 0.5, n).astype(np.float32)) for _ in range(GATES)]
    states = [network.tensor((1, n), "float32", variable=True) for _ in range(2)]
    y = network.tensor((*front, n), "float32")
    defaults = {"fused_activation_function": 4, "cell_clip": 0.0, "proj_clip": 0.0, **own}
    network.operator(
        name,
        [x, *weights, -1, -1, -1, *biases, -1, -1, *states, -1, -1, -1, -1],
        [y],
        table,
        **{**defaults, **options},
    )
    network.outputs.append(y)
