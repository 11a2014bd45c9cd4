"""What TensorFlow Lite has no reference kernels for, and that edgeq knows every operator that there is."""

from __future__ import annotations

import re

import pytest

from edgeq.frontend.tflite import schema
from tests.tflite import writer
from tests.tflite.absent_cases import BUILDERS, FORMS, answer, control
from tests.tflite.writer import Network
from tests.tools import require_module


def _name(code: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the runtime calls an operator: what it has loaded, or the name in its refusal; "" where there is none."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    monkeypatch.setitem(writer.CODES, "PROBE", code)
    network = Network()
    x, y = network.input((1, 4), "int8", 0.5, 0), network.tensor((1, 4), "int8", 0.5, 0)
    network.operator("PROBE", [x], [y])
    network.outputs.append(y)
    try:
        interpreter = Interpreter(
            model_content=network.bytes(), experimental_op_resolver_type=OpResolverType.BUILTIN_REF
        )
    except ValueError as error:
        text = str(error)
        found = re.search(r"builtin opcode '(\w+)'|No valid (\w+) builtin options", text)
        return "" if found is None else found[1] or found[2]
    return str(interpreter._get_ops_details()[0]["op_name"])


def test_every_operator_of_the_runtime_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    require_module("tflite_runtime")
    count = len(schema.OPERATORS)
    known = {code: name for code, name in schema.OPERATORS.items() if name != "CUSTOM"}
    assert {code: _name(code, monkeypatch) for code in known} == known
    assert _name(count, monkeypatch) == ""


def test_forms_run_in_a_type_of_their_own() -> None:
    """What the kernels say of int8 and int16 is said of the type: the same files run in another one."""
    require_module("tflite_runtime")
    for name in (*FORMS, *BUILDERS):
        kind = control(name)
        if kind is None:
            assert "Didn't find op" in answer(name, "float32"), name
        else:
            assert answer(name, kind) == "", name
