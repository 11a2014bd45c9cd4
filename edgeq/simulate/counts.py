"""Instruction counts and estimated cycles of a run, as the counter plugin writes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError

FORMAT_VERSION = 1


@dataclass(frozen=True)
class HartCount:
    """One core's share of a layer: executed instructions, by class, and what cost extra cycles."""

    instructions: int
    by_class: dict[str, int]
    taken_branches: int
    load_stalls: int
    cycles: int


@dataclass(frozen=True)
class LayerCount:
    """One layer's work over all its runs.

    `cycles` is the estimated critical path over the cores (fork and join included); `by_class` sums the cores.
    """

    layer: int
    runs: int
    instructions: int
    by_class: dict[str, int]
    cycles: int
    per_hart: tuple[HartCount, ...]


@dataclass(frozen=True)
class Counts:
    """All layers that were announced by eq_mark, by number, and the run's totals over them."""

    layers: dict[int, LayerCount]
    harts: int
    forks: int

    @property
    def instructions(self) -> int:
        """Executed instructions of all layers and cores."""
        return sum(layer.instructions for layer in self.layers.values())

    @property
    def cycles(self) -> int:
        """Estimated cycles of all layers, one after the other."""
        return sum(layer.cycles for layer in self.layers.values())


def _cycles(hundredths: int) -> int:
    return (hundredths + 50) // 100


def parse_counts(path: Path) -> Counts:
    """Reads the plugin's JSON. Raises EdgeqError when it is missing or not in the expected format."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] != FORMAT_VERSION:
            raise ValueError(f"version {data['version']}, expected {FORMAT_VERSION}")
        layers = [_layer(entry) for entry in data["layers"]]
        return Counts({layer.layer: layer for layer in layers}, int(data["harts"]), int(data["forks"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EdgeqError(
            f"The instruction counter's result {path.name} can't be read ({error}): the simulator may have stopped "
            "before the firmware's end; run again, or without counting."
        ) from error


def _layer(entry: dict[str, Any]) -> LayerCount:
    harts = tuple(_hart(hart) for hart in entry["harts"])
    by_class: dict[str, int] = {}
    for hart in harts:
        for name, count in hart.by_class.items():
            by_class[name] = by_class.get(name, 0) + count
    return LayerCount(
        layer=int(entry["layer"]),
        runs=int(entry["runs"]),
        instructions=sum(hart.instructions for hart in harts),
        by_class=dict(sorted(by_class.items())),
        cycles=_cycles(int(entry["centicycles"])),
        per_hart=harts,
    )


def _hart(entry: dict[str, Any]) -> HartCount:
    return HartCount(
        instructions=int(entry["instructions"]),
        by_class={str(name): int(count) for name, count in entry["classes"].items()},
        taken_branches=int(entry["taken_branches"]),
        load_stalls=int(entry["load_stalls"]),
        cycles=_cycles(int(entry["centicycles"])),
    )
