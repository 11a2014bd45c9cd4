"""Full-integer LSTMs as TensorFlow Lite's converter writes them, with random sizes and scales."""

from __future__ import annotations

import itertools
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


#: all choices of a full-integer LSTM's forms
FORMS = [
    frozenset(chosen)
    for projection in ((), ("projected",), ("projected", "projection_bias"))
    for count in range(4)
    for chosen in itertools.combinations(("coupled", "peepholes", "normalized", *projection), count + len(projection))
    if set(projection) <= set(chosen)
]


@dataclass(frozen=True)
class Lstm:
    """One UNIDIRECTIONAL_SEQUENCE_LSTM, or an LSTM where `steps` is None; `wildness` spreads its gates' sums, `hidden`
    is the scale of its outputs, before a projection, in units of its state's. `forms` are one of FORMS; without
    "projected", `outputs` is `cells`."""

    steps: int | None
    features: int
    cells: int
    exponent: int
    wildness: float
    zeros: tuple[int, int, int]
    clip: float
    hidden: float
    forms: frozenset[str] = frozenset()
    outputs: int = 0
    projection_clip: float = 0.0

    def add(self, network: Network, rng: np.random.Generator) -> None:
        n, i, o = self.cells, self.features, self.outputs or self.cells
        x_scale, h_scale = 0.02, 0.0083
        steps = () if self.steps is None else (self.steps,)
        first = int("coupled" in self.forms)
        x = network.input((1, *steps, i), "int8", x_scale, self.zeros[0])
        weights: list[int] = []
        scales: list[float] = []
        for inner, scale in ((i, x_scale), (o, h_scale)):
            weights += [-1] * first
            for _ in range(first, GATES):
                step = self.wildness / (5400.0 * np.sqrt(inner) * scale) * rng.uniform(0.4, 1.0)
                scales.append(float(np.float32(step)))
                data = rng.integers(-127, 128, (n, inner)).astype(np.int8)
                weights.append(network.tensor((n, inner), "int8", scales[-1], data=data))
        peepholes, norm, biases = self._peepholes(network, rng), *self._norm_and_biases(network, rng, x_scale, scales)
        hidden_scale = h_scale * self.hidden
        projection = self._projection(network, rng, hidden_scale, h_scale)
        h = network.tensor((1, o), "int8", h_scale, self.zeros[1], variable=True)
        c = network.tensor((1, n), "int16", 2.0**self.exponent, variable=True)
        gate_scales = rng.uniform(0.5, 2.0, GATES) if "normalized" in self.forms else np.ones(GATES)
        gates = [network.tensor((1, n), "int16", 2.0**-12 * scale) for scale in gate_scales]
        hidden = network.tensor((1, n), "int8", hidden_scale, self.zeros[2])
        y = network.tensor((1, *steps, o), "int8", h_scale, self.zeros[1])
        name, table, own = SEQUENCE if steps else STEP
        network.operator(
            name,
            [x, *weights, *peepholes, *biases, *projection, h, c, *norm],
            [y],
            table,
            (*gates, hidden),
            fused_activation_function=4,
            cell_clip=self.clip,
            proj_clip=self.projection_clip,
            **own,
        )
        network.outputs.append(y)

    def _peepholes(self, network: Network, rng: np.random.Generator) -> list[int]:
        """Weights of the cell state in the input, forget and output gates."""
        if "peepholes" not in self.forms:
            return [-1] * 3
        absent = [-1] * int("coupled" in self.forms)
        step = self.wildness / (2.0**self.exponent * 2.0**30) * rng.uniform(0.5, 4.0)
        made = [
            network.tensor((self.cells,), "int16", step, data=rng.integers(-32768, 32768, self.cells).astype(np.int16))
            for _ in range(3 - len(absent))
        ]
        return absent + made

    def _norm_and_biases(
        self, network: Network, rng: np.random.Generator, x_scale: float, scales: list[float]
    ) -> tuple[list[int], list[int]]:
        """Coefficients of the gates' normalizations, and biases, which are added behind them where there are some."""
        absent = [-1] * int("coupled" in self.forms)
        norm, biases, normalized = absent.copy(), absent.copy(), "normalized" in self.forms
        for gate in range(GATES - len(absent)):
            scale, reach = x_scale * scales[gate], 9000
            if normalized:
                step = 2.0**-15 * self.wildness * rng.uniform(0.3, 2.0)
                data = rng.integers(-32768, 32768, self.cells).astype(np.int16)
                norm.append(network.tensor((self.cells,), "int16", step, data=data))
                scale, reach = step / 1024, 1 << 25
            values = rng.integers(-reach, reach, self.cells).astype(np.int32)
            biases.append(network.tensor((self.cells,), "int32", scale, data=values))
        return norm if normalized else [-1] * GATES, biases

    def _projection(
        self, network: Network, rng: np.random.Generator, hidden_scale: float, h_scale: float
    ) -> tuple[int, int]:
        """Weights and bias of the outputs' projection."""
        if "projected" not in self.forms:
            return -1, -1
        n, o = self.cells, self.outputs
        step = h_scale / (hidden_scale * 73.0 * np.sqrt(n)) * rng.uniform(0.5, 2.0)
        weights = network.tensor((o, n), "int8", step, data=rng.integers(-127, 128, (o, n)).astype(np.int8))
        if "projection_bias" not in self.forms:
            return weights, -1
        values = rng.integers(-3000, 3000, o).astype(np.int32)
        return weights, network.tensor((o,), "int32", step * hidden_scale, data=values)


@st.composite
def lstms(draw: st.DrawFn) -> Lstm:
    steps = draw(st.sampled_from((None, 1, 2, 3, 4, 5)))
    features, cells = (draw(st.sampled_from((1, 2, 3, 4, 5, 8, 17))) for _ in range(2))
    own = draw(st.booleans())
    zeros = [draw(zero_points()) for _ in range(3)]
    forms = draw(st.sampled_from(FORMS))
    outputs, clip = cells, 0.0
    if "projected" in forms:
        # the cells behind the outputs have no peepholes, and there must be no outputs behind the cells
        sizes = [size for size in (1, 2, 3, 4, 6, 9, 20) if size <= cells or "peepholes" not in forms]
        outputs, clip = draw(st.sampled_from(sizes)), draw(st.sampled_from((0.0, 0.0, 0.3)))
    own = own or "projected" in forms
    return Lstm(
        steps, features, cells, draw(st.integers(-15, -9)), draw(st.sampled_from((0.5, 2.0, 20.0))),
        (zeros[0], zeros[1], zeros[2] if own else zeros[1]), draw(st.sampled_from((0.0, 0.0, 0.4, 3.0, 1e-7))),
        draw(st.sampled_from((1.0, 1.03))) if own else 1.0, forms, outputs, clip,
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
