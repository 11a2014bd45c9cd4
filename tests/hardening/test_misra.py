"""MISRA C:2012 by cppcheck's addon: what docs/misra.md lists as not followed is all that is not followed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from edgeq.firmware_folder import FirmwareFolder
from edgeq.paths import runtime_dir
from tests.conftest import ROOT
from tests.hardening.test_static_analysis import includes
from tests.tools import require_tool

PAGE = ROOT / "docs" / "misra.md"
#: folders of runtime_c whose files go into a firmware
SHIPPED = ("src", "platform/cortex_m", "platform/freestanding", "platform/riscv")
OPTIONS = (
    "--addon=misra", "--std=c11", "--language=c", "--quiet", "--max-configs=1", "--template={id}", "--inline-suppr",
)  # fmt: skip


def listed() -> set[str]:
    """The rules in the first column of the page's tables."""
    return set(re.findall(r"^\| (\d+\.\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE))


def broken(folder: Path, sources: Sequence[str], root: Path) -> set[str]:
    """The rules that the files, and the headers that they include, don't follow."""
    command = [require_tool("cppcheck"), *OPTIONS, "-I.", *includes(root), *sources]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return set(re.findall(r"^misra-c2012-(\d+\.\d+)$", result.stderr, re.MULTILINE))


def own_sources(firmware: FirmwareFolder) -> list[str]:
    return [name for name in firmware.manifest["sources"] if not name.startswith("runtime/")]


def test_a_generated_network_and_its_kernels(generated: dict[str, FirmwareFolder]) -> None:
    firmware = generated["inference"]
    found = broken(firmware.path, firmware.manifest["sources"], Path("runtime"))
    assert found, "the addon found nothing at all"
    assert found <= listed(), f"not in {PAGE.name}: {sorted(found - listed())}"


@pytest.mark.sweep
def test_everything_that_goes_into_a_firmware(generated: dict[str, FirmwareFolder], tmp_path: Path) -> None:
    """And every rule of the list is there for a reason that is still there."""
    runtime = tmp_path / "runtime"
    shutil.copytree(runtime_dir(), runtime)  # the addon leaves its files beside the sources
    found = broken(runtime, SHIPPED, Path())
    for firmware in generated.values():
        found |= broken(firmware.path, own_sources(firmware), Path("runtime"))
    assert found == listed()
