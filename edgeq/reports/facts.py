"""The facts of a build, and report.json: keys that scripts rely on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq import cmsis_nn
from edgeq.accuracy import METRIC
from edgeq.budget import Budget
from edgeq.emit.env import render
from edgeq.firmware.sizes import Sizes
from edgeq.firmware_folder import FirmwareFolder
from edgeq.lower.program import Program
from edgeq.ops import front_end, weight_types
from edgeq.ops.cmsis_nn import LIBRARY, library_rounding
from edgeq.ops.fixed_point import SINGLE
from edgeq.plan.arena import Plan
from edgeq.profiling import Profile
from edgeq.reports import traffic
from edgeq.reports.stack import StackFacts
from edgeq.text.facts import TextFacts
from edgeq.train.facts import TrainingFacts
from edgeq.verification import Verification


@dataclass
class Accuracy:
    """Top-1 shares, or what `metric` says; the firmware runs on `firmware_samples` of the `samples`, spread evenly.
    `confusion` counts the integer reference's answers (edgeq.accuracy.confusion), `labels` names them."""

    float_model: float
    quantized_reference: float
    samples: int
    firmware: float | None = None
    firmware_samples: int = 0
    metric: str = METRIC
    confusion: list[list[int]] | None = None
    labels: tuple[str, ...] = ()


@dataclass
class Facts:
    """What is known of a build; what only a simulation tells is None without one, `sizes` of firmware that could not be
    linked."""

    firmware: FirmwareFolder
    program: Program
    plan: Plan
    sizes: Sizes | None
    sqnr_db: dict[str, float]
    calibration: str
    accuracy: Accuracy | None = None
    verification: Verification | None = None
    stack_bytes: int | None = None
    stack: StackFacts | None = None
    profile: Profile | None = None
    budget: Budget | None = None
    training: TrainingFacts | None = None
    text: TextFacts | None = None

    def as_json(self) -> dict[str, Any]:
        """The report, as DESIGN's contract names its keys."""
        manifest = self.firmware.manifest
        return {
            "model": manifest["model"],
            "board": manifest["board"],
            "quant": manifest["quant"],
            "optimize": manifest["optimize"],
            "calibration": self.calibration,
            "accuracy": self._accuracy(),
            "verify": self._verify(),
            "memory": self._memory(),
            "stack": None if self.stack is None else self.stack.as_json(),
            "cost": self._cost(),
            "budget": self._budget(),
            "library": self._library(),
            "stream": self._stream(),
            "training": None if self.training is None else self.training.as_json(),
            "text": None if self.text is None else self.text.as_json(),
            "layers": self._layers(),
        }

    def _accuracy(self) -> dict[str, Any] | None:
        if self.accuracy is None:
            return None
        return {
            "float": self.accuracy.float_model,
            "quantized_reference": self.accuracy.quantized_reference,
            "firmware": self.accuracy.firmware,
            "metric": self.accuracy.metric,
            "samples": self.accuracy.samples,
            "firmware_samples": self.accuracy.firmware_samples,
            "labels": list(self.accuracy.labels),
            "confusion": self.accuracy.confusion,
        }

    def _verify(self) -> dict[str, Any] | None:
        if self.verification is None:
            return None
        return {
            "bit_exact": self.verification.bit_exact,
            "within_bound": self.verification.within_bound,
            "samples": self.verification.samples,
            "max_abs_diff": self.verification.max_abs_diff,
        }

    def _memory(self) -> dict[str, Any]:
        stack, sizes = None, self.sizes
        if self.stack_bytes is not None:
            other = self.text.encoder.stack_bytes if self.text is not None else None
            stack = max(self.stack_bytes, other or 0) * self.program.board.cores
        return {
            "flash_bytes": sizes.flash if sizes else None,
            "code_bytes": sizes.code if sizes else None,
            "weights_bytes": sizes.weights if sizes else self.program.weights_bytes,
            "ram_bytes": sizes.ram + (stack or 0) if sizes else None,
            "arena_bytes": self.plan.arena_bytes,
            "state_bytes": self.plan.state_bytes,
            "arena_lower_bound_bytes": self.plan.lower_bound_bytes,
            "arena_ratio": round(self.plan.ratio, 4),
            "arena_optimal": self.plan.optimal,
            "states": [
                {"name": buffer.name, "bytes": buffer.size_bytes} for buffer in self.plan.buffers if buffer.kept
            ],
            "stages": [
                {
                    "layers": [layer.key for layer in self.program.layers[stage.first : stage.last + 1]],
                    "bands": stage.bands,
                }
                for stage in self.program.stages
            ],
            "stack_bytes": stack,
        }

    def _cost(self) -> dict[str, Any]:
        board, graph, layers = self.program.board, self.program.graph, self.program.layers
        cycles = self.profile.cycles if self.profile else None
        return {
            "macs": self.program.macs,
            "bit_operations": sum(traffic.bit_operations(graph, layer) for layer in layers),
            "traffic_bytes": sum(traffic.bytes_moved(graph, layer) for layer in layers),
            "instructions": self.profile.instructions if self.profile else None,
            "est_cycles": cycles,
            "est_ms": round(1e3 * cycles / board.clock_hz, 4) if cycles is not None else None,
            "cores": board.cores,
            "clock_hz": board.clock_hz,
            "speedup_vs_1core": round(self.profile.speedup, 3) if self.profile else None,
            "est_cycles_source": board.cost.source,
        }

    def _library(self) -> dict[str, Any] | None:
        """The library that was asked for, how it has to be compiled, and the layers that it does not compute."""
        if not cmsis_nn.is_preferred(self.program.board):
            return None
        return {
            "name": LIBRARY,
            "single_rounding": library_rounding(self.program.graph) == SINGLE,
            "layers": [layer.key for layer in self.program.layers if layer.kernel.library],
            "left_out": cmsis_nn.left_out(self.program),
        }

    def _stream(self) -> dict[str, Any] | None:
        """What a step takes of the time that its samples last, and the front end of its instructions."""
        known = self.firmware.manifest.get("stream")
        if known is None:
            return None
        step_ms, taken_ms = 1e3 * known["step_samples"] / known["rate"], self._cost()["est_ms"]
        factor = None if taken_ms is None else round(taken_ms / step_ms, 6)
        heard = [row["instructions"] for row in self._layers() if row["op"] == front_end.OP.name]
        own = sum(heard) if self.profile else None
        return {**known, "step_ms": step_ms, "est_real_time_factor": factor, "front_end_instructions": own}

    def _budget(self) -> dict[str, Any] | None:
        """The limits, and what was chosen instead of the board's first choice to keep to them or to use them."""
        if self.budget is None:
            return None
        changed = [layer for layer in self.program.layers if layer.instead_of]
        return {
            "flash_bytes": self.budget.flash_bytes,
            "ram_bytes": self.budget.ram_bytes,
            "chosen": [
                {"layer": layer.key, "kernel": layer.function, "instead_of": layer.instead_of, "why": layer.why}
                for layer in changed
            ],
        }

    def _layers(self) -> list[dict[str, Any]]:
        rows = []
        for layer in self.program.layers:
            count = self.profile.counts.layers[layer.index] if self.profile else None
            sqnr = self.sqnr_db.get(layer.node.output)
            rows.append(
                {
                    "name": layer.key,
                    "op": layer.node.op,
                    "kernel": layer.function,
                    "precision": weight_types.precision_name(self.program.graph, layer.node),
                    "macs": layer.macs,
                    "bit_operations": traffic.bit_operations(self.program.graph, layer),
                    "traffic_bytes": traffic.bytes_moved(self.program.graph, layer),
                    "instructions": count.instructions if count else None,
                    "est_cycles": count.cycles if count else None,
                    "arena_bytes": sum(buffer.size_bytes for buffer in self.plan.live_at(layer.index)),
                    "weights_bytes": layer.weights_bytes,
                    "sqnr_db": round(sqnr, 2) if sqnr is not None else None,
                }
            )
        return rows


def write(facts: Facts, folder: Path) -> None:
    """report.json and report.html."""
    report = facts.as_json()
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    html = render("report/report.html.j2", report=report, board=facts.program.board, chart=_arena_chart(facts))
    (folder / "report.html").write_text(html, encoding="utf-8")


def _arena_chart(facts: Facts) -> dict[str, Any]:
    """Rectangles of the arena's picture: time (layers) to the right, offsets upwards; in percent."""
    steps = len(facts.program.layers) + 2
    arena = facts.plan.arena_bytes or 1
    return {
        "boxes": [
            {
                "name": buffer.name,
                "bytes": buffer.size_bytes,
                "x": round(100 * (buffer.first + 1) / steps, 3),
                "width": round(100 * (buffer.last - buffer.first + 1) / steps, 3),
                "y": round(100 * (arena - facts.plan.offsets[buffer.name] - buffer.size_bytes) / arena, 3),
                "height": round(100 * buffer.size_bytes / arena, 3),
                "kind": "state" if buffer.kept else "tensor" if buffer.tensors else "scratch",
            }
            for buffer in facts.plan.buffers
        ],
        "arena_bytes": facts.plan.arena_bytes,
    }
