"""Proves a firmware equal to the integer reference, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq import reference
from edgeq.firmware_folder import FirmwareFolder
from edgeq.observer import Progress
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.session import RunOptions, run_samples


@dataclass(frozen=True)
class Difference:
    """A layer (or output) whose bytes differ: how many, the largest difference, the first sample."""

    name: str
    values: int
    max_abs_diff: int
    first_sample: int


@dataclass(frozen=True)
class Verification:
    """`layers` holds (key, Difference or None) in execution order; only outputs when layers weren't compared.

    `inside` holds (key, key of the stage's last layer) for layers without an output of their own to compare: they run
    band by band, and the last layer of their stage is exact only if they are.
    """

    samples: int
    layers: tuple[tuple[str, Difference | None], ...]
    inside: tuple[tuple[str, str], ...] = ()

    @property
    def bit_exact(self) -> bool:
        return all(difference is None for _, difference in self.layers)

    @property
    def max_abs_diff(self) -> int:
        return max((difference.max_abs_diff for _, difference in self.layers if difference), default=0)

    @property
    def first_difference(self) -> Difference | None:
        return next((difference for _, difference in self.layers if difference), None)

    def as_json(self) -> dict[str, Any]:
        first = self.first_difference
        return {
            "bit_exact": self.bit_exact,
            "samples": self.samples,
            "max_abs_diff": self.max_abs_diff,
            "first_difference": first.name if first else None,
            "layers": [
                {"name": key, "bit_exact": diff is None, "max_abs_diff": diff.max_abs_diff if diff else 0}
                for key, diff in self.layers
            ],
            "seen_through": dict(self.inside),
        }


def verify_layers(firmware: FirmwareFolder, samples: Samples, progress: Progress | None = None) -> Verification:
    """Compares the output of every layer that has a whole one on every sample, together with its further outputs
    that are the model's."""
    graph = firmware.graph
    inputs = quantize_inputs(graph, samples)
    expected: dict[str, list[np.ndarray]] = {}
    reference.run(graph, inputs, watch=lambda name, values: expected.setdefault(name, []).append(values))
    result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True), progress)
    nodes = graph.producers()
    compared = []
    for layer in firmware.manifest["layers"]:
        if layer["output_whole"]:
            key, made = layer["key"], {layer["output"]: result.layers[layer["key"]]}
            further = nodes[layer["output"]].outputs[1:]
            made |= {name: result.outputs[name] for name in further if name in result.outputs}
            found = (compare(key, np.concatenate(expected[name]), values) for name, values in made.items())
            compared.append((key, next((difference for difference in found if difference), None)))
    return Verification(len(samples), tuple(compared), tuple(_inside(firmware)))


def _inside(firmware: FirmwareFolder) -> list[tuple[str, str]]:
    """Layers whose outputs never exist as a whole, each with the next layer whose output does."""
    found: list[tuple[str, str]] = []
    waiting: list[str] = []
    for layer in firmware.manifest["layers"]:
        if layer["output_whole"]:
            found += [(key, layer["key"]) for key in waiting]
            waiting = []
        else:
            waiting.append(layer["key"])
    return found


def compare(name: str, expected: np.ndarray, actual: np.ndarray) -> Difference | None:
    """The difference of two integer arrays [samples, ...], or None when they are equal."""
    delta = np.abs(expected.astype(np.int64) - actual.astype(np.int64)).reshape(len(expected), -1)
    if not delta.any():
        return None
    return Difference(name, int((delta > 0).sum()), int(delta.max()), int(delta.any(axis=1).argmax()))
