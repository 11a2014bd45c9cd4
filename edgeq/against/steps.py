"""Runs a model step by step; what it returns as state goes into its next step."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

#: inputs of one step, [1, ...] -> the named values, and outputs by position where they are states
Step = Callable[[list[np.ndarray]], tuple[Mapping[str, np.ndarray], Mapping[int, np.ndarray]]]


def run_steps(step: Step, inputs: list[np.ndarray], states: Mapping[int, int]) -> dict[str, np.ndarray]:
    """The named values of all steps, [steps, ...]. `inputs` in the model's order, [steps, ...], of states the first
    value only; `states`: position of an input -> that of the output that it becomes."""
    made: dict[str, list[np.ndarray]] = {}
    carried = {position: inputs[position] for position in states}
    steps = next(len(array) for position, array in enumerate(inputs) if position not in states)
    for index in range(steps):
        values, outputs = step(
            [carried.get(position, array[index : index + 1]) for position, array in enumerate(inputs)]
        )
        for name, value in values.items():
            made.setdefault(name, []).append(value)
        carried = {position: outputs[output] for position, output in states.items()}
    return {name: np.concatenate(parts) for name, parts in made.items()}
