"""The facts of a training step: the key `training` of report.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeq.firmware.sizes import Sizes
from edgeq.firmware_folder import FirmwareFolder
from edgeq.lower.program import Program
from edgeq.plan.arena import Plan
from edgeq.profiling import Profile, layer_rows
from edgeq.reports.stack import StackFacts
from edgeq.train.derive import OPTIMIZER, PARAMETERS

#: kinds of a step's work by operator; everything else before the loss is forward
WEIGHT_GRADIENTS = ("conv2d_wgrad", "dwconv2d_wgrad", "bias_gradient", "gain_gradient")
UPDATES = ("square_sum", "step_control", "sgd", "adam", "accumulate", "running_average")
FORWARD, WGRAD, IGRAD, UPDATE = "forward", "weight_gradient", "input_gradient", "update"


@dataclass
class TrainingFacts:
    """What is known of a training step; counts are None without a simulation. `again`: layers that are computed twice
    to save memory; `whole_arena`: what the arena would take without."""

    firmware: FirmwareFolder
    program: Program
    plan: Plan
    sizes: Sizes
    again: tuple[str, ...]
    whole_arena: int
    stack: StackFacts | None = None
    profile: Profile | None = None

    def part(self, index: int) -> str:
        """Which part of the step a layer belongs to."""
        op = self.program.layers[index].node.op
        if op in UPDATES:
            return UPDATE
        if index < self.firmware.manifest["training"]["forward_layers"]:
            return FORWARD
        return WGRAD if op in WEIGHT_GRADIENTS else IGRAD

    def as_json(self) -> dict[str, Any]:
        """What report.json has of it."""
        training = self.firmware.manifest["training"]
        parameters = sum(self.program.graph.tensor(name).elements for name in training["parameters"])
        return {
            "spec": training["spec"],
            "parameters": parameters,
            "layers": len(set(training["parameters"].values())),
            "memory": {
                "flash_bytes": self.sizes.flash,
                "code_bytes": self.sizes.code,
                "constants_bytes": self.sizes.weights,
                "ram_bytes": self.sizes.ram,
                "arena_bytes": self.plan.arena_bytes,
                "parameters_bytes": self.plan.memories[PARAMETERS],
                "optimizer_bytes": self.plan.memories[OPTIMIZER],
                "arena_without_recomputation_bytes": self.whole_arena,
                "computed_again": list(self.again),
                "ram_by_class": self.ram_by_class(),
            },
            "stack": None if self.stack is None else self.stack.as_json(),
            "commit": {key: training["commit"].get(key) for key in ("obstacle", "bytes")},
            "cost": self._cost(),
        }

    def ram_by_class(self) -> dict[str, int]:
        """Bytes at the fullest moment of the arena, by what they hold; with what is kept between steps."""
        fullest = max(
            range(len(self.program.layers)),
            key=lambda index: sum(buffer.size_bytes for buffer in self.plan.live_at(index)),
        )
        made = {name: layer for layer in self.program.layers for name in layer.node.outputs}
        classes = dict.fromkeys(("activations", "gradients", "weight_gradients", "packed_weights", "scratch"), 0)
        for buffer in self.plan.live_at(fullest):
            layer = made.get(buffer.tensors[0]) if buffer.tensors else None
            kind = "scratch" if not buffer.tensors else "activations"
            if layer is not None and layer.node.op == "pack_weights":
                kind = "packed_weights"
            elif layer is not None and self.part(layer.index) != FORWARD:
                kind = "weight_gradients" if self.part(layer.index) == WGRAD else "gradients"
            classes[kind] += buffer.size_bytes
        return {**classes, **self.plan.memories}

    def _cost(self) -> dict[str, Any]:
        rows: dict[str, dict[str, int]] = {
            part: {"macs": 0, "instructions": 0, "est_cycles": 0, "est_cycles_1core": 0}
            for part in (FORWARD, WGRAD, IGRAD, UPDATE)
        }
        for index, layer in enumerate(self.program.layers):
            rows[self.part(index)]["macs"] += layer.macs
        macs = self.program.macs
        if self.profile is None:
            return {"macs": macs, "instructions": None, "est_cycles": None, "parts": rows}
        one_core = self.profile.single_core or self.profile.counts
        for index, row in enumerate(layer_rows(self.firmware, self.profile)):
            part = rows[self.part(index)]
            for key in ("instructions", "est_cycles"):
                part[key] += row[key]
            part["est_cycles_1core"] += one_core.layers[index].cycles
        cycles = self.profile.cycles
        return {
            "macs": macs,
            "instructions": self.profile.instructions,
            "est_cycles": cycles,
            "est_mac_per_cycle": round(macs / cycles, 3),
            "est_ms": round(1e3 * cycles / self.program.board.clock_hz, 4),
            "cores": self.program.board.cores,
            "speedup_vs_1core": round(self.profile.speedup, 3),
            "one_core": {
                "instructions": one_core.instructions,
                "est_cycles": one_core.cycles,
                "est_mac_per_cycle": round(macs / one_core.cycles, 3),
            },
            "parts": rows,
        }
