"""What the functions of edgeq.api return: the same keys as the JSON of the command line, as frozen objects.

Each has `as_json`, which the commands print with --json.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.against.compare import Comparison
from edgeq.audio.closeness import Closeness
from edgeq.verification import Verification


@dataclass(frozen=True)
class Accuracy:
    """Shares of right answers, or what `metric` says; `firmware` is None without a run. `confusion` counts the
    reference's answers, a row a label."""

    float: builtins.float
    quantized_reference: builtins.float
    firmware: builtins.float | None
    metric: str
    samples: int
    firmware_samples: int
    labels: tuple[str, ...]
    confusion: tuple[list[int], ...] | None


@dataclass(frozen=True)
class Verified:
    """Whether the firmware's outputs equal the reference's."""

    bit_exact: bool
    within_bound: bool
    samples: int
    max_abs_diff: float


@dataclass(frozen=True)
class Memory:
    """Bytes, read from the ELF (None where nothing could be compiled) and the arena's plan; `stack_bytes` as a run took
    it, None without."""

    flash_bytes: int | None
    code_bytes: int | None
    weights_bytes: int
    ram_bytes: int | None
    arena_bytes: int
    state_bytes: int
    arena_lower_bound_bytes: int
    arena_ratio: float
    arena_optimal: bool
    states: tuple[dict[str, Any], ...]
    stages: tuple[dict[str, Any], ...]
    stack_bytes: int | None


@dataclass(frozen=True)
class Stack:
    """The most stack that the generated API takes (docs/memory.md)."""

    bound_bytes: int | None
    entry: str | None
    path: tuple[dict[str, Any], ...]
    callbacks: tuple[str, ...]
    unbounded: dict[str, str]
    entries: dict[str, int]
    worker_bound_bytes: int | None
    measured_bytes: int | None
    holds: bool | None
    reserved_bytes: int


@dataclass(frozen=True)
class Cost:
    """Of one inference; counts are None without a run in a simulator, cycles an estimate (docs/estimates.md)."""

    macs: int
    bit_operations: int
    traffic_bytes: int
    instructions: int | None
    est_cycles: int | None
    est_ms: float | None
    cores: int
    clock_hz: int
    speedup_vs_1core: float | None
    est_cycles_source: str


@dataclass(frozen=True)
class Layer:
    """A row of the report's table."""

    name: str
    op: str
    kernel: str
    precision: str
    macs: int
    bit_operations: int
    traffic_bytes: int
    instructions: int | None
    est_cycles: int | None
    arena_bytes: int
    weights_bytes: int
    sqnr_db: float | None


@dataclass(frozen=True, eq=False)
class Report:
    """report.json of a built `folder`; `budget`, `stream`, `training` and `text` are None where the build has none."""

    folder: Path
    model: str
    board: str
    quant: str
    optimize: str
    calibration: str
    accuracy: Accuracy | None
    verify: Verified | None
    memory: Memory
    stack: Stack | None
    cost: Cost
    budget: dict[str, Any] | None
    stream: dict[str, Any] | None
    training: dict[str, Any] | None
    text: dict[str, Any] | None
    layers: tuple[Layer, ...]
    _json: dict[str, Any]
    library: dict[str, Any] | None = None

    @property
    def is_right(self) -> bool:
        """Whether the firmware is equal to the reference, or was not run."""
        return self.verify is None or self.verify.within_bound

    def as_json(self) -> dict[str, Any]:
        return self._json


#: keys of report.json that have a type of their own
_SECTIONS = {"accuracy": Accuracy, "verify": Verified, "memory": Memory, "stack": Stack, "cost": Cost}


def report_of(document: dict[str, Any], folder: Path) -> Report:
    """report.json as an object."""
    made: dict[str, Any] = {**document, "folder": folder, "_json": document}
    for key, kind in _SECTIONS.items():
        made[key] = None if document[key] is None else _filled(kind, document[key])
    made["layers"] = tuple(_filled(Layer, layer) for layer in document["layers"])
    return Report(**made)


def _filled(kind: Any, values: Mapping[str, Any]) -> Any:
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


@dataclass(frozen=True, eq=False)
class Outputs:
    """What a firmware computed: `arrays` [samples, ...] by output name in the model's own layout, as stored and as
    `<name>_float`; `names` of the outputs in the model's order."""

    board: str
    samples: int
    names: tuple[str, ...]
    arrays: dict[str, np.ndarray]

    def as_json(self) -> dict[str, Any]:
        shapes = {name: list(array.shape) for name, array in self.arrays.items()}
        return {"board": self.board, "samples": self.samples, "outputs": shapes}


@dataclass(frozen=True)
class Recording:
    """What a stream heard in a recording (`events`) or a decoder wrote (`tokens`)."""

    file: str
    text: str
    equals_reference: bool
    events: tuple[dict[str, Any], ...] | None = None
    tokens: tuple[int, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        own = {"events": self.events, "tokens": self.tokens}
        given = {key: list(value) for key, value in own.items() if value is not None}
        return {"file": self.file, "text": self.text, **given, "equals_reference": self.equals_reference}


@dataclass(frozen=True)
class Recordings:
    """What a firmware that hears made of recordings."""

    board: str
    recordings: tuple[Recording, ...]

    @property
    def first_wrong(self) -> str | None:
        """The first recording in which the firmware heard something else than the reference."""
        return next((item.file for item in self.recordings if not item.equals_reference), None)

    def as_json(self) -> dict[str, Any]:
        return {"board": self.board, "recordings": [item.as_json() for item in self.recordings]}


@dataclass(frozen=True, eq=False)
class Comparisons:
    """`verification`: every layer beside the reference; `features`: of front ends, beside their formulas; `against`:
    every layer beside the framework's own, where that was asked for."""

    verification: Verification
    features: dict[str, Closeness]
    against: Comparison | None

    @property
    def is_right(self) -> bool:
        return self.verification.within_bound and not (self.against and self.against.first_divergence)

    def as_json(self) -> dict[str, Any]:
        features = {key: value.as_json() for key, value in self.features.items()}
        against = self.against.as_json() if self.against else None
        return {**self.verification.as_json(), "features": features, "against": against}


@dataclass(frozen=True)
class ProfiledLayer:
    """Instructions of a layer; `classes` by kind of instruction."""

    name: str
    op: str
    kernel: str
    macs: int
    instructions: int
    instructions_per_mac: float | None
    est_cycles: int
    mac_per_cycle: float | None
    speedup_vs_1core: float
    classes: dict[str, int]
    weights_bytes: int


@dataclass(frozen=True)
class Profiled:
    """Instructions and estimated cycles of one inference."""

    model: str
    board: str
    cores: int
    macs: int
    instructions: int
    est_cycles: int
    est_ms: float
    speedup_vs_1core: float
    est_cycles_source: str
    layers: tuple[ProfiledLayer, ...]

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "layers": [vars(layer) for layer in self.layers]}


@dataclass(frozen=True)
class Exported:
    """A library that was written: `files` relative to `folder`."""

    format: str
    folder: Path
    networks: tuple[str, ...]
    files: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        lists = {"networks": list(self.networks), "files": list(self.files)}
        return {"format": self.format, "folder": str(self.folder), **lists}
