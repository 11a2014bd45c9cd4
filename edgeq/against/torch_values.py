"""Activations of an exported torch program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeq.against.steps import Step
from edgeq.frontend import torch_program
from edgeq.frontend.torch_worker import read_exported


def stepper(path: Path, wanted: set[str], outputs: Sequence[int]) -> Step:
    """Runs one step; inputs float32 in the model's order and layout."""
    program = torch_program.simplify(read_exported({"path": str(path)}))
    names = {position: str(program.graph_signature.user_outputs[position]) for position in outputs}

    def run(inputs: list[np.ndarray]) -> tuple[Mapping[str, np.ndarray], Mapping[int, np.ndarray]]:
        found = torch_program.values_of(program, wanted | set(names.values()), inputs)
        made = {position: found[name] for position, name in names.items()}
        return {name: value for name, value in found.items() if name in wanted}, made

    return run
