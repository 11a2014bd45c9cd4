"""Wrong calls of the generated API get error codes, and any order of right ones stays within its memory: drivers in C
that the address and the undefined-behaviour sanitizer watch."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.firmware_folder import FirmwareFolder
from tests.tools import require_tool

DRIVERS = {"inference": "inference.c", "stream": "streaming.c", "training": "training.c"}
SEEDS = range(4)


def defined(kind: str, firmware: FirmwareFolder) -> dict[str, str]:
    """Macros that name the API."""
    model = firmware.manifest["model"]
    name = model if kind == "inference" else firmware.manifest[kind]["interface"]
    weights = [source.removesuffix("_weights.c") for source in firmware.manifest["sources"] if "_weights.c" in source]
    beside = next((other for other in weights if other != model), model)
    inputs = firmware.graph.tensor(firmware.graph.inputs[0]).elements
    names = {"NAME": name, "UPPER": name.upper(), "MODEL": beside, "MODEL_UPPER": beside.upper()}
    return {**names, "INCLUDE": f'"{name}.h"', "INPUTS": str(inputs)}


@pytest.mark.parametrize("kind", DRIVERS)
def test_the_api_keeps_to_its_memory(
    kind: str, generated: dict[str, FirmwareFolder], here: Path, tmp_path: Path
) -> None:
    compiler, firmware = require_tool("gcc"), generated[kind]
    flags = [*firmware.board.toolchain.flags, "-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{firmware.path}"]
    flags += [f"-I{firmware.path}/runtime/{folder}" for folder in ("include", "src/common")]
    flags += [f"-D{name}={value}" for name, value in defined(kind, firmware).items()]
    objects = [str(path) for path in sorted((firmware.path / "build" / "model").rglob("*.o"))]
    objects += [str(path) for path in sorted((firmware.path / "build" / "firmware").rglob("team_sequential.c.o"))]
    program = tmp_path / kind
    subprocess.run([compiler, *flags, str(here / DRIVERS[kind]), *objects, "-lm", "-o", str(program)], check=True)
    for seed in SEEDS:
        result = subprocess.run([program, str(seed)], capture_output=True, text=True, check=False, timeout=120)
        assert (result.returncode, result.stdout) == (0, "done\n"), result.stdout + result.stderr
