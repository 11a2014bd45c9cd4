"""TensorFlow Lite's own reference kernels (BUILTIN_REF), the definition of right for imported .tflite models."""

from __future__ import annotations

import numpy as np


def run_reference(content: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs of one sample for each of the model's outputs; `inputs` in the model's order, batch of 1."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()]
