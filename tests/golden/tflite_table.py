"""docs/tflite.md: every operator of TensorFlow Lite, in which types it is imported, what to write instead. Made from
the code: an integer type counts where a drawn operator of it (tests/tflite, compared there with TensorFlow Lite's
reference kernels) becomes an integer graph."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import schema
from edgeq.frontend.tflite.refusals import INSTEAD
from tests.tflite.drawn import Case
from tests.tflite.groups import GROUPS
from tests.tflite.test_single_operators import integer_graph
from tests.tflite.test_unsigned import UNSIGNED, sums
from tests.tflite.writer import TYPES, Network

INTRODUCTION = """# TensorFlow Lite's operators

Made from the code by `pytest tests/golden --update-golden`. *int8*, *int16* (activations; weights are int8) and
*uint8*: operators with these activations are imported, and `tests/tflite` holds drawn ones to TensorFlow Lite's
reference kernels (BUILTIN_REF of 2.14), byte for byte. *float*: imported from float files, and quantized like any float
model. Between DEQUANTIZE and QUANTIZE an operator of any column may run in float.

Older files quantize activations and weights in uint8: edgeq stores them as int8 less 128. Weights that have a zero
point and don't fit int8 without it make their input channels appear twice. What follows other rules there (bilinear
resizing, L2_NORMALIZATION, LOG_SOFTMAX) is refused.

EXP of int16 may differ by one step where a float32 rounds differently. SUM of int8 is right, and TensorFlow Lite 2.14's
is not (it reads int8 as uint8); of operands in its output's scale it is refused, because bytes wrap there.
"""
#: operators that have no kernel of their own to compare: what they are, in words
NOTES = {
    "BATCH_TO_SPACE_ND": "imported behind a convolution behind SPACE_TO_BATCH_ND, as a dilated convolution",
    "SPACE_TO_BATCH_ND": "imported before a convolution before BATCH_TO_SPACE_ND, as a dilated convolution",
    "BROADCAST_TO": "int8 and int16 too; compared with numpy",
    "DEQUANTIZE": "int8 and int16: a border between integers and real numbers",
    "ELU": "int8 too",
    "EXP": "int16 too, every input compared",
}
DRAWN = 120


def found() -> dict[str, set[str]]:
    """Operator -> integer types of activations that become an integer graph."""
    types: dict[str, set[str]] = {name: set() for name in schema.OPERATORS.values()}
    unsigned = {name: GROUPS[name] for name in UNSIGNED} | {"sums": sums()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.tflite"
        for strategy in GROUPS.values():
            _collect(strategy, path, types, unsigned=False)
        for strategy in unsigned.values():
            _collect(strategy, path, types, unsigned=True)
        _collect(sums(), path, types, unsigned=False)
    return types


def _collect(strategy: st.SearchStrategy[Case], path: Path, types: dict[str, set[str]], unsigned: bool) -> None:
    @seed(1)
    @settings(max_examples=DRAWN, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
              database=None)  # fmt: skip
    @given(strategy)
    def draw(case: Case) -> None:
        rng, network = np.random.default_rng(0), Network()
        case.add(network, rng)
        if unsigned and not network.unsigned(rng):
            return
        kinds = {number: name for name, number in TYPES.items()}
        kind = kinds[network.tensors[network.inputs[0]]["type"]]
        names = {network.codes[operator["opcode_index"]] for operator in network.operators}
        if all(kind in types[name] for name in names):
            return
        path.write_bytes(network.bytes())
        try:
            integer_graph(path)
        except EdgeqError:
            return
        for name in names:
            types[name].add(kind)

    draw()


def document() -> str:
    types = found()
    imported = {target for operator in ops.registry().values() for target in operator.tflite_targets}
    lines = [INTRODUCTION, "| operator | int8 | int16 | uint8 | float | else |", "|---|---|---|---|---|---|"]
    for name in sorted(set(types) - {"CUSTOM"}):
        cells = ["yes" if kind in types[name] else "" for kind in ("int8", "int16", "uint8")]
        cells.append("yes" if name in imported else "")
        note = NOTES.get(name, "" if name in imported else f"use {INSTEAD[name]}" if name in INSTEAD else "")
        lines.append(f"| {name} | {' | '.join(cells)} | {note} |")
    return "\n".join(lines) + "\n"
