"""`edgeq build --kernels cmsis-nn`: with a copy of the library and without, and linked into a project of its own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edgeq.cli import main
from edgeq.cmsis_nn import VARIABLE
from tests.cmsis_nn import copies
from tests.conftest import EXAMPLES
from tests.tools import require_board, require_tool

MODEL = str(EXAMPLES / "kws" / "kws.pt2")
DATA = ["--calib", str(EXAMPLES / "kws" / "demo_calib.npz")]
PROJECT = """cmake_minimum_required(VERSION 3.13)
project(app C)
set(CMSIS_NN_DEFINITIONS CMSIS_NN_USE_SINGLE_ROUNDING)
add_subdirectory({stand_in} cmsis-nn)
add_subdirectory({library} kws)
add_executable(app app.c)
target_link_libraries(app PRIVATE kws)
"""
APP = '#include "kws.h"\nstatic kws_t model;\nint main(void) { return kws_init(&model, 0, 0) + kws_invoke(&model); }\n'


def build(folder: Path, *options: str, board: str = "cortex-m4") -> Result:
    arguments = ["build", MODEL, "--board", board, *DATA, "-o", str(folder), "--kernels", "cmsis-nn", *options]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(
    ("board", "root", "options", "words"),
    [
        ("riscv-8core", "", [], "CMSIS-NN is for Cortex-M, and riscv-8core is riscv"),
        ("cortex-m4", "", [], "CMSIS_NN_ROOT is not set"),
        ("cortex-m4", "", ["--no-simulate", "--budget", "flash=60KB"], "--no-simulate without --budget"),
        ("cortex-m4", "/nowhere", ["--no-simulate"], "CMSIS_NN_ROOT=/nowhere: has no Include/arm_nnfunctions.h"),
        ("cortex-m4", "", ["--train", "fp32,last:1,sgd"], "leave --train out"),
    ],
)
def test_refused(
    board: str, root: str, options: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, root)
    result = build(tmp_path / "out", *options, board=board)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert not any(tmp_path.iterdir())


def test_a_copy_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    header = tmp_path / "old" / "Include" / "arm_nnfunctions.h"
    header.parent.mkdir(parents=True)
    header.write_text("/* nothing */\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "old"))
    result = build(tmp_path / "out", "--no-simulate")
    assert result.exit_code == 2
    assert "has no arm_fully_connected_per_channel_s8" in result.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a build without the library."""
    require_board("cortex-m4")
    folder = tmp_path_factory.mktemp("sources") / "kws"
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(VARIABLE, raising=False)
        result = build(folder, "--no-simulate", "--format", "cmake")
    assert result.exit_code == 0, result.output
    assert "the sources are written but not compiled" in result.stderr
    return folder


def test_sources_alone(sources: Path) -> None:
    """What is not known is null; what CMSIS-NN computes, and what not and why, is in the report."""
    report = json.loads((sources / "report.json").read_text(encoding="utf-8"))
    assert report["memory"]["flash_bytes"] is None
    assert report["memory"]["arena_bytes"] > 0
    library = report["library"]
    assert library["single_rounding"]
    assert len(library["layers"]) + len(library["left_out"]) == len(report["layers"])
    assert list(library["left_out"].values()) == ["edgeq calls no function of CMSIS-NN for mean"]
    assert not list(sources.rglob("*.elf"))
    done = subprocess.run(["make", "-s"], cwd=sources, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "set CMSIS_NN_ROOT to a copy of CMSIS-NN" in done.stderr


def test_a_project_with_a_target_of_its_own(sources: Path, tmp_path: Path) -> None:
    """CMake links the project's target cmsis-nn, and says so where there is none."""
    cmake, compiler = require_tool("cmake"), require_tool("arm-none-eabi-gcc")
    library = sources / "cmake"
    (tmp_path / "app.c").write_text(APP, encoding="utf-8")
    text = PROJECT.format(stand_in=copies.STAND_IN, library=library)
    (tmp_path / "CMakeLists.txt").write_text(text, encoding="utf-8")
    flags = [
        f"-DCMAKE_C_COMPILER={compiler}",
        "-DCMAKE_SYSTEM_NAME=Generic",
        "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY",
        "-DCMAKE_C_FLAGS=-mcpu=cortex-m4 -mthumb",
        "-DCMAKE_EXE_LINKER_FLAGS=--specs=nosys.specs",
    ]
    made = tmp_path / "made"
    subprocess.run([cmake, "-S", str(tmp_path), "-B", str(made), *flags], check=True, capture_output=True)
    subprocess.run([cmake, "--build", str(made)], check=True, capture_output=True)
    alone = [cmake, "-S", str(library), "-B", str(tmp_path / "alone"), *flags]
    refused = subprocess.run(alone, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "which makes the target cmsis-nn" in refused.stderr
