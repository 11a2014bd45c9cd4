"""GCC's analyzer and cppcheck find nothing: in generated networks, and with -m sweep (make analyze) in the whole C
runtime. A finding that is none is suppressed beside its line, with the reason."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from edgeq.firmware_folder import FirmwareFolder
from edgeq.paths import runtime_dir
from tests.tools import require_tool

#: of the runtime: what follows pointers, keeps state, or is given memory by the caller; kernels are in the sweep
FOLLOWED = ("checkpoint", "stream", "tune", "platform")
CPPCHECK = (
    "--std=c11", "--language=c", "--enable=warning,portability", "--inline-suppr", "--quiet", "--max-configs=2",
    # An arena is bytes in which tensors of every type lie, each aligned to EQ_ARENA_ALIGN by the plan.
    "--suppress=invalidPointerCast",
    # Accumulators of an unrolled loop begin alike; a message about configurations is no finding.
    "--suppress=duplicateAssignExpression", "--suppress=toomanyconfigs",
)  # fmt: skip
#: any warning is a finding
ANALYZER = ("-std=c11", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fanalyzer", "-c", "-o", "/dev/null")


def includes(root: Path) -> list[str]:
    return [f"-I{root / folder}" for folder in ("include", "src/common")]


def sources_of(firmware: FirmwareFolder) -> list[str]:
    """The network's own C, and of the runtime what is followed."""
    names: list[str] = firmware.manifest["sources"]
    followed = [
        name for name in names if not name.startswith("runtime/") or any(f"/{key}/" in name for key in FOLLOWED)
    ]
    return [name for name in followed if name.endswith(".c") and not name.endswith("_weights.c")]


@pytest.mark.parametrize("kind", ["inference", "stream", "training"])
def test_gccs_analyzer_on_generated_code(kind: str, generated: dict[str, FirmwareFolder]) -> None:
    compiler, firmware = require_tool("gcc"), generated[kind]
    for source in sources_of(firmware):
        flags = [*ANALYZER, "-I.", *includes(Path("runtime"))]
        result = subprocess.run(
            [compiler, *flags, source], cwd=firmware.path, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("kind", ["inference", "stream", "training"])
def test_cppcheck_on_generated_code(kind: str, generated: dict[str, FirmwareFolder]) -> None:
    tool, firmware = require_tool("cppcheck"), generated[kind]
    command = [tool, *CPPCHECK, "--error-exitcode=1", "-I.", *includes(Path("runtime")), *sources_of(firmware)]
    result = subprocess.run(command, cwd=firmware.path, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.sweep
def test_cppcheck_on_the_whole_runtime() -> None:
    command = [require_tool("cppcheck"), *CPPCHECK, "--error-exitcode=1", *includes(runtime_dir())]
    folders = [str(runtime_dir() / folder) for folder in ("src", "platform")]
    result = subprocess.run([*command, *folders], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.sweep
@pytest.mark.parametrize("path", sorted(path.name for path in (runtime_dir() / "src").iterdir()))
def test_gccs_analyzer_on_the_portable_kernels(path: str) -> None:
    compiler = require_tool("gcc")
    for source in sorted((runtime_dir() / "src" / path).glob("*.c")):
        if not source.stem.endswith(("_dsp", "_mve", "_xpulp", "_rvv", "_cmsis_nn")):
            flags = [*ANALYZER, *includes(runtime_dir())]
            result = subprocess.run([compiler, *flags, str(source)], capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr
