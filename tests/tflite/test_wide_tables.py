"""Functions of int16 that TensorFlow Lite computes through tables, for every input there is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import reference
from edgeq.errors import EdgeqError
from tests.tflite.reference import run_reference
from tests.tflite.test_single_operators import integer_graph
from tests.tflite.writer import Network
from tests.tools import require_module

EVERY_INPUT = np.arange(-32768, 32768, dtype=np.int16).reshape(1, -1)
#: powers of two that have rules of their own, their neighbours, and scales that drive the functions to both ends
SCALES = (2.0**-12, 2.0**-11, 2.0**-10, 2.0**-13, 1e-4, 3.3e-4, 1e-3, 0.02, 1.1)

#: the last but one tells expf from the nearest float32, the last reaches nearly to the end of float32
EXPONENTIALS = ((5e-4, 1e-3), (2e-4, 0.02), (1e-5, 2.0**-14), (1e-4, 5e-4), (9e-4, 0.3), (1e-5, 9e-5), (2.6e-3, 0.26))


@pytest.mark.parametrize(
    ("name", "source", "target"),
    [
        *((name, scale, 2.0**-15) for name in ("LOGISTIC", "TANH") for scale in SCALES),
        *(("EXP", *pair) for pair in EXPONENTIALS),
    ],
)
def test_every_input(name: str, source: float, target: float, tmp_path: Path) -> None:
    require_module("tflite_runtime")
    network = Network()
    x = network.input(EVERY_INPUT.shape, "int16", source)
    y = network.tensor(EVERY_INPUT.shape, "int16", target)
    network.operator(name, [x], [y])
    network.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(network.bytes())
    graph = integer_graph(path)
    made = reference.run(graph, {graph.inputs[0]: EVERY_INPUT})[graph.outputs[0]]
    np.testing.assert_array_equal(made, run_reference(path.read_bytes(), [EVERY_INPUT])[0])


def test_exp_beyond_float32(tmp_path: Path) -> None:
    network = Network()
    x, y = network.input((1, 8), "int16", 3.1e-3), network.tensor((1, 8), "int16", 0.25)
    network.operator("EXP", [x], [y])
    network.outputs.append(y)
    path = tmp_path / "model.tflite"
    path.write_bytes(network.bytes())
    with pytest.raises(EdgeqError, match="leaves float32 and wraps around"):
        integer_graph(path)
