"""The further forms of random integer lstm nodes (edgeq/ops/lstm_forms.py)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import strategies as st

from edgeq.ops import recurrent
from tests.ops.cases import CHANNELS, CaseGraph, zero_points


@dataclass(frozen=True)
class Forms:
    """Attributes of a node's forms, and of how many outputs where they are projected."""

    attributes: dict[str, Any] = field(default_factory=dict)
    outputs: int = 0

    def operands(self, graph: CaseGraph, name: str, gates: int, cells: int) -> list[str]:
        """Constants of random values, in the order of the attribute `forms`."""
        shapes = {
            "peepholes": ((gates - 1) * cells, np.int16, 32768),
            "norm": (gates * cells, np.int16, 32768),
            "norm_bias": (gates * cells, np.int32, 1 << 25),
            "projection": ((self.outputs, cells), np.int8, 128),
            "projection_bias": (self.outputs, np.int32, 3000),
        }
        made = []
        for form in self.attributes.get("forms", ()):
            shape, dtype, reach = shapes[form]
            made.append(graph.constant(f"{name}.{form}", graph.rng.integers(-reach, reach, shape).astype(dtype)))
        return made


PLAIN = Forms()


#: all choices of forms but the plain one
COMBINATIONS = [
    chosen
    for count in range(1, 5)
    for chosen in itertools.combinations(("coupled", "peepholes", "norm", "projection"), count)
]


@st.composite
def form_cases(draw: st.DrawFn, chosen: tuple[str, ...]) -> Forms:
    coupled = "coupled" in chosen
    attributes: dict[str, Any] = {"coupled": coupled}
    forms, gates, outputs = [], 4 - coupled, 0

    def scalings(count: int, most: float) -> tuple[recurrent.Scaling, ...]:
        return tuple(recurrent.scaling_of(most * draw(st.floats(0.1, 1.0))) for _ in range(count))

    if "peepholes" in chosen:
        forms.append("peepholes")
        attributes["peephole_scales"] = scalings(gates - 1, 2.0**-15)
    if "norm" in chosen:
        forms += ["norm", "norm_bias"]
        attributes["norm_scales"] = scalings(gates, draw(st.sampled_from((2.0**-4, 1.0))))
        attributes["norm_guards"] = tuple(draw(st.integers(1, 20)) for _ in range(gates))
    if "projection" in chosen:
        forms += ["projection", "projection_bias"]
        outputs, zero_point = draw(st.sampled_from(CHANNELS)), draw(zero_points())
        limit = draw(st.sampled_from((0, 0, 40)))
        attributes |= {
            "projection_scale": scalings(1, 0.02)[0],
            "projection_min": -limit if limit else -128,
            "projection_max": limit or 127,
            "activation_zero_point": zero_point,
        }
    return Forms({**attributes, "forms": tuple(forms)}, outputs)
