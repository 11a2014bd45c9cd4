"""`python -m edgeq.against.worker REQUEST.json FOLDER`: runs a model in its own framework, in a process of its own.

Reads FOLDER/inputs.npz (one array an input, in the model's order: 0, 1, ...) and writes FOLDER/values.npz with the
activations that the request names; a problem becomes FOLDER/error.txt and exit code 2. Inputs that are states (`states`
of the request: their positions and those of the outputs that they become) come with their first value only.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from edgeq import worker
from edgeq.against.steps import run_steps


def run(request: dict[str, Any], folder: Path) -> None:
    """Handles a request {framework, path, values, states}. Raises EdgeqError for what can't be compared with."""
    with np.load(folder / "inputs.npz", allow_pickle=False) as arrays:
        inputs = [arrays[str(index)] for index in range(len(arrays.files))]
    framework = importlib.import_module(f"edgeq.against.{request['framework']}_values")
    states = dict(request["states"])
    step = framework.stepper(Path(request["path"]), set(request["values"]), sorted(states.values()))
    found = run_steps(step, inputs, states)
    np.savez(folder / "values.npz", **{f"v{request['values'].index(name)}": array for name, array in found.items()})


def main() -> None:
    """Handles one request."""
    warnings.filterwarnings("ignore")
    worker.answer(run)


if __name__ == "__main__":
    main()
