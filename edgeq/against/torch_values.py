"""Activations of an exported torch program."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgeq.frontend import torch_program
from edgeq.frontend.torch_worker import read_exported


def values(path: Path, wanted: set[str], inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Values by name, [samples, ...]; `inputs` float32 [samples, ...] in the model's order and layout."""
    program = torch_program.simplify(read_exported({"path": str(path)}))
    samples = [
        torch_program.values_of(program, wanted, [array[index : index + 1] for array in inputs])
        for index in range(len(inputs[0]))
    ]
    return {name: np.concatenate([sample[name] for sample in samples]) for name in samples[0]}
