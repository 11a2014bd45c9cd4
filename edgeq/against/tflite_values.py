"""Activations of a .tflite model as TensorFlow Lite's reference kernels (BUILTIN_REF) compute them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeq.against.steps import Step
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite.model import TfliteModel, read
from edgeq.frontend.tflite.unsigned import signed_bytes, unsigned_bytes


def stepper(path: Path, wanted: set[str], outputs: Sequence[int]) -> Step:
    """Runs one step, variable tensors kept; values by tensor number, integers as they are stored. Tensors whose memory
    a later operator wrote into (TensorFlow Lite adds in place) are left out."""
    try:
        from tflite_runtime.interpreter import Interpreter, OpResolverType
    except ImportError as error:
        raise EdgeqError(
            "tflite-runtime is not installed, and --against tflite needs it; run: pip install 'edgeq[tflite]'"
        ) from error
    model = read(path)
    interpreter = Interpreter(
        model_content=path.read_bytes(),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()

    def run(inputs: list[np.ndarray]) -> tuple[Mapping[str, np.ndarray], Mapping[int, np.ndarray]]:
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], unsigned_bytes(array) if detail["dtype"] == np.uint8 else array)
        interpreter.invoke()
        kept = sorted(wanted - _overwritten(interpreter, model))
        results = interpreter.get_output_details()
        made = {position: interpreter.get_tensor(results[position]["index"]).copy() for position in outputs}
        values = {name: np.array(interpreter.get_tensor(int(name)), ndmin=1) for name in kept}
        signed = {name: signed_bytes(value) if value.dtype == np.uint8 else value for name, value in values.items()}
        return signed, made

    return run


def _overwritten(interpreter: object, model: TfliteModel) -> set[str]:
    """Numbers of tensors that share their memory with one made later."""
    last_at: dict[int, str] = {}
    lost: set[str] = set()
    for number in [*model.inputs, *(item for operator in model.operators for item in operator.outputs)]:
        address = interpreter.tensor(number)().__array_interface__["data"][0]  # type: ignore[attr-defined]
        if address in last_at:
            lost.add(last_at[address])
        last_at[address] = str(number)
    return lost
