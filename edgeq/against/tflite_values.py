"""Activations of a .tflite model as TensorFlow Lite's reference kernels (BUILTIN_REF) compute them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.tflite.model import TfliteModel, read
from edgeq.frontend.tflite.unsigned import signed_bytes, unsigned_bytes


def values(path: Path, wanted: set[str], inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Values by tensor number, [samples, ...], integers as they are stored; tensors whose memory a later operator wrote
    into (TensorFlow Lite adds in place) are left out."""
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
    made: dict[str, list[np.ndarray]] = {}
    for index in range(len(inputs[0])):
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            stored = unsigned_bytes(array) if detail["dtype"] == np.uint8 else array
            interpreter.set_tensor(detail["index"], stored[index : index + 1])
        interpreter.invoke()
        for name in sorted(wanted - _overwritten(interpreter, model)):
            value = interpreter.get_tensor(int(name))
            made.setdefault(name, []).append(signed_bytes(value) if value.dtype == np.uint8 else value.copy())
    return {name: np.concatenate(arrays) for name, arrays in made.items()}


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
