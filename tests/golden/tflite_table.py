"""docs/tflite.md: every operator of TensorFlow Lite, in which types it is imported, what to write instead. Made from
the code: an integer type counts where a drawn operator of it (tests/tflite, compared there with TensorFlow Lite's
reference kernels) becomes an integer graph."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import schema
from edgeq.frontend.tflite.refusals import INSTEAD
from edgeq.ops.stored_import import INTEGERS_ONLY
from tests.tflite.absent_cases import answer
from tests.tflite.drawn import Case
from tests.tflite.groups import GROUPS
from tests.tflite.recurrent_cases import Lstm, lstms
from tests.tflite.test_single_operators import OPERATORS, integer_graph
from tests.tflite.test_unsigned import UNSIGNED, sums
from tests.tflite.test_unsigned import check as compared
from tests.tflite.writer import TYPES, Network

INTRODUCTION = """# TensorFlow Lite's operators

Made from the code by `pytest tests/golden --update-golden`. *int8*, *int16* (activations; weights are int8) and
*uint8*: **exact** means that `tests/tflite` draws operators with these activations, runs them through TensorFlow Lite's
reference kernels (BUILTIN_REF of 2.14) and finds every byte equal; **imported** means that edgeq builds them and that
no reference kernel is compared, for the reason in the last column. *float*: imported from float files, and quantized
like any float model. Between DEQUANTIZE and QUANTIZE an operator of any column may run in float.

Older files quantize activations and weights in uint8: edgeq stores them as int8 less 128. Weights that have a zero
point and don't fit int8 without it make their input channels appear twice. What follows other rules there (bilinear
resizing, L2_NORMALIZATION, LOG_SOFTMAX) is refused.

*bool*: truth values, which the firmware takes and gives as int8, 0 and 1 (scale 1, zero point 0). A comparison makes
them of operands of the other columns; SELECT and SELECT_V2 copy their choices as the file stores them.

Where a type's cell is empty, the last column says why, and "BUILTIN_REF has no kernel" is what it answered to a file
that it runs in another type (`tests/tflite/absent_cases.py`).

EXP of int16 goes through a table made with expf, and C libraries may differ in its last bit: edgeq has that of glibc,
musl and Bionic; where e^x leaves float32 it is refused. **SUM of int8 does not equal the kernel of 2.14, which reads
int8 as uint8 there** (-1 counts as 255): it equals that of uint8, whose arithmetic later versions give int8 as well.
It saturates in every scale; in that of its operand later versions wrap bytes around. SUM of int16 wraps around, as the
kernel does. FLOOR_DIV and FLOOR_MOD of integers refuse constants that hold a 0; where TensorFlow Lite stops at a
computed divisor of 0, firmware gives 0.
"""
#: operators that have no kernel of their own to compare: what they are, in words
NOTES = {
    "BATCH_TO_SPACE_ND": "imported behind a convolution behind SPACE_TO_BATCH_ND, as a dilated convolution",
    "SPACE_TO_BATCH_ND": "imported before a convolution before BATCH_TO_SPACE_ND, as a dilated convolution",
    "DEQUANTIZE": "a border between integers and real numbers",
    "QUANTIZE": "a border between real numbers and integers as well",
    "ELU": "BUILTIN_REF has no kernel",
    "EXP": "int16: every input compared",
    "BITCAST": "int8, uint8 and int16 in any scales, either way",
    "DENSIFY": "of constants, which are stored dense; of others: use dense tensors; BUILTIN_REF has no kernel of int16",
    "FAKE_QUANT": "the kernel reads integers as float32; use a conversion that quantizes",
    "HASHTABLE_LOOKUP": "its keys are int32; use numbers looked up by the firmware's own code, given to the model as "
    "inputs",
    "LSH_PROJECTION": "its result is a hash of the bytes; use numbers looked up by the firmware's own code, given to "
    "the model as inputs",
    "LSTM": "the full kernel, with 5 intermediate values and an int16 cell state; full-integer files with peepholes, a "
    "projection, normalized and coupled gates in any combination, float ones without. With 12 intermediate values "
    "BUILTIN_REF computes the gates in float, or ends the process where normalization or the projection's bias is "
    "missing; it writes behind its memory where the cell state is int8 and where a layer with peepholes has more "
    "outputs than cells; it has no kernel of int16 or uint8 inputs",
    **dict.fromkeys(("FLOOR_DIV", "FLOOR_MOD"), "integers as they are stored, whatever their scales"),
    **dict.fromkeys(
        ("BITWISE_XOR", "RIGHT_SHIFT"),
        "integers as they are stored, whatever their scales; uint8 is refused, because edgeq stores it less 128",
    ),
    "FILL": "there is no kernel of uint8",
    "SIGN": "the kernel reads integers as float32",
    "SPARSE_TO_DENSE": "of constants at constant places, or of one computed value: several have no batch of 1; "
    "BUILTIN_REF has no kernel of int16",
    "SUM": "int16: in the scale of its operand, as the kernel demands",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "as LSTM is, but BUILTIN_REF refuses 12 intermediate values; it has no kernel "
    "of int16 or uint8 inputs",
    "UNIQUE": "how many elements it gives depends on the data, and memory is planned before; use numbers looked up by "
    "the firmware's own code, given to the model as inputs",
}
#: what an empty cell means whose kernel refuses the type (tests/tflite/absent_cases.py)
WITHOUT = "BUILTIN_REF has no kernel of"
#: operators whose empty cells mean something else, which NOTES or edgeq.frontend.tflite.refusals say: what they take
#: has no elements of these types, or what they give is not known before
OTHERWISE = {
    "ASSIGN_VARIABLE", "CALL", "CALL_ONCE", "DELEGATE", "FAKE_QUANT", "HASHTABLE_LOOKUP", "IF", "LSH_PROJECTION",
    "PLACEHOLDER_FOR_GREATER_OP_CODES", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "RANK", "READ_VARIABLE", "SHAPE",
    "SIGN", "SKIP_GRAM", "UNIQUE", "VAR_HANDLE", "WHERE", "WHILE",
}  # fmt: skip
#: (operator, type) -> why it is imported and not compared
NOT_COMPARED = {
    ("DEQUANTIZE", "int8"): "",
    ("DEQUANTIZE", "int16"): "",
    ("ELU", "int8"): "",
    ("RELU_0_TO_1", "int16"): "BUILTIN_REF has no kernel of int16",
}
#: compared by tests of their own
ELSEWHERE = (("EXP", "int16"),)
COLUMNS = {"int8", "int16", "uint8", "bool"}
#: files of OPERATORS operators each, the first that the tests draw: each operator of a group is among them
DRAWN = 8


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
        for strategy in (sums(), lstms()):
            _collect(strategy, path, types, unsigned=False)
    for name, kind in ELSEWHERE:
        types[name].add(kind)
    return types


def _collect(strategy: st.SearchStrategy[Any], path: Path, types: dict[str, set[str]], unsigned: bool) -> None:
    @seed(1)
    @settings(max_examples=DRAWN, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
              database=None)  # fmt: skip
    @given(st.lists(strategy, min_size=OPERATORS, max_size=OPERATORS))
    def draw(cases: list[Case | Lstm]) -> None:
        for case in cases:
            _note(case, path, types, unsigned)

    draw()


def _note(case: Case | Lstm, path: Path, types: dict[str, set[str]], unsigned: bool) -> None:
    """Adds what a drawn case is a proof of."""
    rng, network = np.random.default_rng(0), Network()
    case.add(network, rng)
    if unsigned and not network.unsigned(rng):
        return
    kinds = {number: name for name, number in TYPES.items()}
    given, made = (
        {kinds[network.tensors[index]["type"]] for index in ports} & COLUMNS
        for ports in (network.inputs, network.outputs)
    )
    found = given or made  # what looks up a table is given indices
    names = {network.codes[operator["opcode_index"]] for operator in network.operators}
    if all(found <= types[name] for name in names):
        return
    path.write_bytes(network.bytes())
    try:
        integer_graph(path)
    except EdgeqError:
        return
    if unsigned and not compared(case, 0, path.parent):
        return
    for name in names:
        types[name] |= found


def _cell(name: str, kind: str, types: set[str]) -> str:
    if kind in types:
        return "exact"
    return "imported" if (name, kind) in NOT_COMPARED else ""


def _why_empty(name: str, kinds: list[str]) -> str:
    """Why the cells of these types are empty. Raises AssertionError where nobody knows."""
    if name in OTHERWISE or not kinds:
        return ""
    ran = [kind for kind in kinds if not answer(name, kind)]
    assert not ran, f"{name} runs in {ran}, and edgeq has it not"
    return f"{WITHOUT} {' or '.join(kinds)}"


def document() -> str:
    types = found()
    imported = {target for operator in ops.registry().values() for target in operator.tflite_targets}
    lines = [INTRODUCTION, "| operator | int8 | int16 | uint8 | bool | float | else |", "|---|---|---|---|---|---|---|"]
    for name in sorted(set(types) - {"CUSTOM"}):
        cells = [_cell(name, kind, types[name]) for kind in ("int8", "int16", "uint8", "bool")]
        cells.append("imported" if name in imported and name not in INTEGERS_ONLY else "")
        why = [_why_empty(name, [kind for kind, cell in zip(("int8", "int16"), cells, strict=False) if not cell])]
        why += [reason for (known, _), reason in NOT_COMPARED.items() if known == name]
        why += [f"use {INSTEAD[name]}"] if name in INSTEAD and name not in imported else []
        note = NOTES[name] if name in NOTES else "; ".join(filter(None, why))
        assert note or all(cells[:2]), f"nothing says why {name} has an empty cell"
        lines.append(f"| {name} | {' | '.join(cells)} | {note} |")
    return "\n".join(lines) + "\n"
