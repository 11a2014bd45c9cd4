"""Instructions and estimated cycles of one inference, per layer, on all cores and on one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.firmware_folder import FirmwareFolder
from edgeq.quantize.data import quantize_inputs, random_samples
from edgeq.simulate.counts import Counts
from edgeq.simulate.session import RunOptions, run_samples


@dataclass(frozen=True)
class Profile:
    """Counts on all of the board's cores and, where there are several, on one."""

    counts: Counts
    single_core: Counts | None

    @property
    def instructions(self) -> int:
        return self.counts.instructions

    @property
    def cycles(self) -> int:
        return self.counts.cycles

    @property
    def speedup(self) -> float:
        """Estimated cycles on one core over those on all; 1 on a single core."""
        return self.single_core.cycles / self.counts.cycles if self.single_core else 1.0


def run(firmware: FirmwareFolder, inputs: Mapping[str, np.ndarray]) -> Profile:
    """Counts one inference on the first sample of `inputs`."""
    one = {name: array[:1] for name, array in inputs.items()}
    counts = run_samples(firmware, one, RunOptions(count=True)).counts
    assert counts is not None
    single = None
    if firmware.board.cores > 1:
        single = run_samples(firmware, one, RunOptions(count=True, cores=1)).counts
    return Profile(counts, single)


def default_inputs(firmware: FirmwareFolder) -> dict[str, np.ndarray]:
    """Seeded noise: instruction counts hardly depend on the data."""
    return quantize_inputs(firmware.graph, random_samples(firmware.graph, count=1))


def layer_rows(firmware: FirmwareFolder, profile: Profile) -> list[dict[str, Any]]:
    """One row a layer: what it is, what it costs on all cores and on one."""
    rows = []
    for index, layer in enumerate(firmware.manifest["layers"]):
        count = profile.counts.layers[index]
        single = profile.single_core.layers[index] if profile.single_core else None
        rows.append(
            {
                "name": layer["key"],
                "op": layer["op"],
                "kernel": layer["function"],
                "macs": layer["macs"],
                "instructions": count.instructions,
                "instructions_per_mac": round(count.instructions / layer["macs"], 3) if layer["macs"] else None,
                "est_cycles": count.cycles,
                "mac_per_cycle": round(layer["macs"] / count.cycles, 2) if count.cycles else None,
                "speedup_vs_1core": round(single.cycles / count.cycles, 2) if single and count.cycles else 1.0,
                "classes": count.by_class,
                "weights_bytes": layer["weights_bytes"],
            }
        )
    return rows
