"""The most stack that a firmware's functions can take, and what an inference took: `stack` in report.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq.board import Board
from edgeq.firmware.stack import WORKER, Bound, Stack, StackError, recorded_frames
from edgeq.firmware_folder import FirmwareFolder
from edgeq.observer import Observer


@dataclass(frozen=True)
class StackFacts:
    """Bounds of the functions that a firmware's API has (`entries`, by name; a text says why there is none), of the
    loop of the cores beside the first, and of the inference in the simulator's build, which `measured` bytes were seen
    of. `reserved`: what the linker script keeps for a core."""

    entries: Mapping[str, Bound | str]
    worker: Bound | str | None
    simulated: Bound | str
    reserved: int
    measured: int | None = None

    @property
    def worst(self) -> tuple[str, Bound] | None:
        """The entry with the largest bound; None where one has none."""
        bounds = [(name, bound) for name, bound in self.entries.items() if isinstance(bound, Bound)]
        return max(bounds, key=lambda item: item[1].bytes) if len(bounds) == len(self.entries) and bounds else None

    @property
    def holds(self) -> bool | None:
        """Whether what was measured is within the bound; None where one of them is unknown."""
        if self.measured is None or isinstance(self.simulated, str):
            return None
        return self.measured <= self.simulated.bytes

    def as_json(self) -> dict[str, Any]:
        """What report.json has of it."""
        worst, worker = self.worst, self.worker
        return {
            "bound_bytes": worst[1].bytes if worst else None,
            "entry": worst[0] if worst else None,
            "path": [{"function": frame.function, "bytes": frame.bytes} for frame in worst[1].path] if worst else [],
            "callbacks": list(worst[1].callbacks) if worst else [],
            "unbounded": {name: why for name, why in self.entries.items() if isinstance(why, str)},
            "entries": {name: bound.bytes for name, bound in self.entries.items() if isinstance(bound, Bound)},
            "worker_bound_bytes": worker.bytes if isinstance(worker, Bound) else None,
            "measured_bytes": self.measured,
            "holds": self.holds,
            "reserved_bytes": self.reserved,
        }


def read_stack(firmware: FirmwareFolder, measured: int | None = None) -> StackFacts | None:
    """Of a built folder: of the functions of its API that firmware.elf uses. `measured`: what an inference of
    simulation.elf took. None on the host, where the system gives stacks as they are needed."""
    manifest, board = firmware.manifest, firmware.board
    if board.arch == "host":
        return None
    model = manifest["model"]
    api = next((manifest[kind]["interface"] for kind in ("stream", "training", "text") if kind in manifest), model)
    shipped, simulated = (_read(firmware.path, name, board) for name in ("firmware", "simulation"))
    names = sorted(name for name in shipped.names if name.startswith(f"{api}_") and shipped.is_global(name))
    return StackFacts(
        entries={name: _bound(shipped, name) for name in names},
        worker=_bound(shipped, WORKER) if board.cores > 1 else None,
        simulated=_bound(simulated, f"{model}_invoke"),
        reserved=board.stack_bytes,
        measured=measured,
    )


def read_and_warn(firmware: FirmwareFolder, measured: int | None, observer: Observer) -> StackFacts | None:
    """The same; warns of a bound that is larger than the stack, and of one that a run has shown wrong."""
    facts = read_stack(firmware, measured)
    if facts is None:
        return None
    if facts.holds is False and isinstance(facts.simulated, Bound):
        observer.warning(
            f"an inference took {facts.measured} bytes of stack, more than the {facts.simulated.bytes} that its code "
            "can take at most: the bound is wrong; report it"
        )
    worst = facts.worst
    if worst is not None and worst[1].bytes > facts.reserved:
        observer.warning(
            f"{worst[0]} may take {worst[1].bytes} bytes of stack, and a core has {facts.reserved}: raise stack_bytes "
            "in the board's file"
        )
    return facts


def _read(folder: Path, name: str, board: Board) -> Stack:
    return Stack(folder / f"{name}.elf", board.arch, recorded_frames([folder / "build/model", folder / "build" / name]))


def _bound(stack: Stack, name: str) -> Bound | str:
    try:
        return stack.bound(name)
    except StackError as error:
        return str(error)
