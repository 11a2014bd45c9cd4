"""TensorFlow Lite's own reference kernels (BUILTIN_REF), the definition of right for imported .tflite models."""

from __future__ import annotations

import numpy as np


def run_reference(content: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs [samples, ...] for each of the model's outputs; `inputs` [samples, ...] in the model's order. Variable
    tensors are kept from sample to sample."""
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    made = []
    for index in range(len(inputs[0])):
        for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
            interpreter.set_tensor(detail["index"], array[index : index + 1])
        interpreter.invoke()
        made.append([interpreter.get_tensor(detail["index"]).copy() for detail in interpreter.get_output_details()])
    return [np.concatenate(parts) for parts in zip(*made, strict=True)]
