"""The wheel, installed where there is no checkout, works from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.e2e.test_tflite import network
from tests.tools import require_board, require_module


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the programs of an environment with the wheel in it; what edgeq needs is borrowed from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", str(folder), str(ROOT)], check=True)
    (wheel,) = folder.glob("edgeq-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python.parent


def call(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    command = [str(installed / arguments[0]), *arguments[1:]]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)


@pytest.mark.sweep
@pytest.mark.qemu
def test_it_works_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    require_board("cortex-m4")
    require_module("flatbuffers")
    where = call(installed, tmp_path, "python", "-c", "import edgeq; print(edgeq.__file__)").stdout
    assert Path(where.strip()).is_relative_to(installed.parent)
    names = json.loads(call(installed, tmp_path, "edgeq", "boards", "--json").stdout)
    assert "riscv-8core" in {board["name"] for board in names}
    assert all(Path(board["path"]).is_relative_to(installed.parent) for board in names)
    checks = json.loads(call(installed, tmp_path, "edgeq", "doctor", "--json").stdout)
    assert {"torch", "make", "arm-none-eabi-gcc"} <= {check["name"] for check in checks}
    (tmp_path / "network.tflite").write_bytes(network("int8"))
    built = call(installed, tmp_path, "edgeq", "build", "network.tflite", "--board", "cortex-m4", "--json")
    assert built.returncode == 0, built.stderr
    report = json.loads(built.stdout)
    assert report["verify"]["bit_exact"] is True
    assert report["cost"]["instructions"] > 0
    assert (tmp_path / "out" / "network-cortex-m4" / "firmware.elf").is_file()
