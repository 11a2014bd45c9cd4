"""Proves a firmware equal to the integer reference, layer by layer; floating-point layers within their bound."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeq import reference, stepwise
from edgeq.audio.closeness import Closeness, closeness
from edgeq.firmware_folder import FirmwareFolder
from edgeq.observer import Progress
from edgeq.ops import front_end
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.simulate.session import RunOptions, run_samples


@dataclass(frozen=True)
class Difference:
    """A layer (or output) whose values differ: how many, the largest difference, the first sample; `beyond`: how many
    lie beyond the error bound of floating point, which integer layers don't have."""

    name: str
    values: int
    max_abs_diff: float
    first_sample: int
    beyond: int

    @property
    def within_bound(self) -> bool:
        return self.beyond == 0


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
    def within_bound(self) -> bool:
        """Whether nothing differs but floating-point layers, and those by what rounding explains."""
        return all(difference is None or difference.within_bound for _, difference in self.layers)

    @property
    def max_abs_diff(self) -> float:
        return max((difference.max_abs_diff for _, difference in self.layers if difference), default=0)

    @property
    def first_difference(self) -> Difference | None:
        """The first that rounding does not explain, or the first of those that it does."""
        found = [difference for _, difference in self.layers if difference]
        return next((difference for difference in found if not difference.within_bound), next(iter(found), None))

    def as_json(self) -> dict[str, Any]:
        first = self.first_difference
        return {
            "bit_exact": self.bit_exact,
            "within_bound": self.within_bound,
            "samples": self.samples,
            "max_abs_diff": self.max_abs_diff,
            "first_difference": first.name if first else None,
            "layers": [
                {
                    "name": key,
                    "bit_exact": diff is None,
                    "within_bound": diff is None or diff.within_bound,
                    "max_abs_diff": diff.max_abs_diff if diff else 0,
                }
                for key, diff in self.layers
            ],
            "seen_through": dict(self.inside),
        }


def verify_layers(firmware: FirmwareFolder, samples: Samples, progress: Progress | None = None) -> Verification:
    """Compares the output of every layer that has a whole one on every sample, together with its further outputs
    that are the model's; in a network with floating-point layers each with what it should make of the firmware's own
    values before it."""
    graph = firmware.graph
    inputs = quantize_inputs(graph, samples)
    if stepwise.has_floats(graph):
        result = run_samples(firmware, inputs, RunOptions(layers=True, poison=True), progress)
        gaps = stepwise.gaps(firmware, inputs, stepwise.recorded(firmware, result))
        layers = tuple((key, difference(key, gap)) for key, gap in gaps.items())
        return Verification(len(samples), layers, tuple(_inside(firmware)))
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


def front_ends(firmware: FirmwareFolder, samples: Samples) -> dict[str, Closeness]:
    """Key of every front end -> how close its integers, which the layer's comparison proves the firmware's, are to the
    formula in floating point on these recordings."""
    graph = firmware.graph
    inputs = quantize_inputs(graph, samples)
    keys = {layer["node"]: layer["key"] for layer in firmware.manifest["layers"]}
    found = {}
    for node in graph.nodes:
        if node.op == front_end.OP.name:
            own, output = front_end.front_end_of(node.attributes), graph.tensor(node.output)
            if "stream" in firmware.manifest:  # steps that follow one another
                own, pcm = replace(own, before=own.frame - own.step), inputs[graph.inputs[0]].reshape(1, -1)
            else:
                pcm = inputs[node.inputs[0]]
            made = front_end.tables_of(graph, node)
            found[keys[node.name]] = closeness(own, made, output.scale, output.zero_point, pcm)
    return found


def difference(name: str, gap: stepwise.Gap) -> Difference | None:
    """What is said of a layer's gap; None where there is none."""
    return Difference(name, gap.values, gap.largest, gap.first_sample, gap.beyond) if gap.values else None


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
    values = int((delta > 0).sum())
    return Difference(name, values, int(delta.max()), int(delta.any(axis=1).argmax()), values)
