"""Libraries for other ecosystems compile as those ecosystems compile them, two networks in one, and say the same."""

from __future__ import annotations

import json
import subprocess
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.cli import main
from edgeq.commands.export import FORMATS
from edgeq.emit.firmware import EmitOptions
from edgeq.errors import EdgeqError
from edgeq.integrate import formats, library
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import load_recipe
from tests.tools import require_board, require_tool

HERE = Path(__file__).resolve().parent
OPTIONS = EmitOptions("speed", "int8", {"file": "example", "sha256": ""})
WARNINGS = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror"]
SKETCH = """
struct Out { void begin(long) {} void print(const char *) {} void println(const char *) {} } Serial;
"""


def ran(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(
    kws_integer: Graph, resnet8_integer: Graph, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Path]]:
    """Folders of two networks for each of three boards."""
    folders: dict[str, list[Path]] = {}
    for board in ("host", "cortex-m4", "riscv-8core"):
        require_board(board)
        for graph in (kws_integer, resnet8_integer):
            folder = tmp_path_factory.mktemp(f"{graph.name}-{board}")
            pipeline.generate(graph, load_board(board), folder, OPTIONS)
            folders.setdefault(board, []).append(folder)
    return folders


def written(folders: list[Path], chosen: str, folder: Path) -> Path:
    made = library.collect(folders, "nets")
    assert formats.write(made, chosen, folder)
    return folder


def test_cmake_builds_and_runs(built: dict[str, list[Path]], tmp_path: Path) -> None:
    cmake = require_tool("cmake")
    folder = written(built["host"], "cmake", tmp_path / "with space ä")
    ran([cmake, "-S", folder, "-B", tmp_path / "b", "-DCMAKE_C_FLAGS=-Wall -Wextra -Wconversion -Werror"], tmp_path)
    ran([cmake, "--build", tmp_path / "b"], tmp_path)
    assert "nets: ok" in ran([tmp_path / "b" / "nets_example"], tmp_path)


def test_cmake_in_a_firmware_that_is_not_ours(built: dict[str, list[Path]], tmp_path: Path) -> None:
    cmake, compiler = require_tool("cmake"), require_tool("arm-none-eabi-gcc")
    written(built["cortex-m4"], "cmake", tmp_path / "nets")
    (tmp_path / "app.c").write_text(
        '#include "kws.h"\n#include "resnet8.h"\nstatic kws_t one, two;\nstatic resnet8_t other;\n'
        "int main(void) { return kws_init(&one, 0, 0) + kws_init(&two, 0, 0) + resnet8_init(&other, 0, 0); }\n"
    )
    (tmp_path / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.13)\nproject(app C)\nadd_subdirectory(nets)\nadd_executable(app app.c)\n"
        "target_link_libraries(app PRIVATE nets)\n"
    )
    flags = [
        f"-DCMAKE_C_COMPILER={compiler}",
        "-DCMAKE_SYSTEM_NAME=Generic",
        "-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY",
    ]
    cpu = "-DCMAKE_C_FLAGS=-mcpu=cortex-m4 -mthumb -Wall -Wextra -Wconversion -Werror"
    ran(
        [cmake, "-S", tmp_path, "-B", tmp_path / "b", *flags, cpu, "-DCMAKE_EXE_LINKER_FLAGS=--specs=nosys.specs"],
        tmp_path,
    )
    ran([cmake, "--build", tmp_path / "b"], tmp_path)


@pytest.mark.parametrize(("chosen", "board"), [("zephyr", "cortex-m4"), ("esp-idf", "host")])
def test_component_of_a_build_system(chosen: str, board: str, built: dict[str, list[Path]], tmp_path: Path) -> None:
    """With stand-ins for the build system's own functions, by CMake itself."""
    cmake = require_tool("cmake")
    compiler = require_tool(load_board(board).toolchain.compiler)
    folder = written(built[board], chosen, tmp_path / "nets")
    (tmp_path / "CMakeLists.txt").write_text((HERE / "stubs.cmake").read_text())
    folders = str(folder) if chosen == "zephyr" else f"{folder};{folder}/examples/nets/main"
    options = [f"-DFOLDERS={folders}", f"-DCMAKE_C_COMPILER={compiler}", "-DCMAKE_SYSTEM_NAME=Generic"]
    options += ["-DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY"]
    cpu = "" if board == "host" else "-mcpu=cortex-m4 -mthumb"
    ran([cmake, "-S", tmp_path, "-B", tmp_path / "b", *options, f"-DCMAKE_C_FLAGS={cpu}"], tmp_path)
    ran([cmake, "--build", tmp_path / "b"], tmp_path)


@pytest.mark.parametrize("chosen", ["arduino", "platformio"])
def test_sources_compile_flat(chosen: str, built: dict[str, list[Path]], tmp_path: Path) -> None:
    """As these tools do: every C file under src/, and the example, with the headers' folder to look in."""
    compiler = require_tool("arm-none-eabi-gcc")
    folder = written(built["cortex-m4"], chosen, tmp_path / "nets")
    headers = folder / formats.FORMATS[chosen].headers
    for source in [*(folder / "src").glob("*.c"), *(folder / "examples").rglob("*.c")]:
        ran([compiler, "-mcpu=cortex-m4", "-mthumb", "-c", *WARNINGS, f"-I{headers}", source, "-o", "x.o"], tmp_path)
    if chosen == "arduino":
        properties = (folder / "library.properties").read_text()
        wanted = (
            "name",
            "version",
            "author",
            "maintainer",
            "sentence",
            "paragraph",
            "category",
            "url",
            "architectures",
        )
        assert [line.partition("=")[0] for line in properties.splitlines()][: len(wanted)] == list(wanted)
        (sketch,) = folder.rglob("*.ino")
        assert sketch.stem == sketch.parent.name == "Nets"
        (tmp_path / "sketch.cpp").write_text(SKETCH + sketch.read_text())
        ran([require_tool("arm-none-eabi-g++"), "-fsyntax-only", "-Wall", f"-I{headers}", "sketch.cpp"], tmp_path)
    else:
        found = json.loads((folder / "library.json").read_text())
        assert {"name", "version", "description", "build", "headers", "examples"} <= set(found)
        assert all((headers / name).is_file() for name in found["headers"])
        for example in found["examples"]:
            assert all((folder / example["base"] / name).is_file() for name in example["files"])


def test_cmsis_pack_holds_what_it_names(built: dict[str, list[Path]], tmp_path: Path) -> None:
    folder = written(built["cortex-m4"], "cmsis-pack", tmp_path / "nets")
    (packed,) = folder.glob("*.pack")
    with zipfile.ZipFile(packed) as pack:
        (description,) = (name for name in pack.namelist() if name.endswith(".pdsc"))
        root = ElementTree.fromstring(pack.read(description))
        names = {file.get("name", "") for file in root.iter("file")}
        assert {name for name in names if not name.endswith("/")} <= set(pack.namelist())
    vendor, name, version = root.findtext("vendor"), root.findtext("name"), root.find("releases/release")
    assert version is not None
    assert packed.name == f"{vendor}.{name}.{version.get('version')}.pack"
    assert description == f"{vendor}.{name}.pdsc"
    order = [child.tag for child in root]
    schema = ["vendor", "name", "description", "url", "releases", "keywords", "conditions", "taxonomy", "components"]
    assert order == schema
    require = root.find("conditions/condition/require")
    assert require is not None
    assert require.get("Dcore") == "Cortex-M4"


def test_pmsis_application_compiles(built: dict[str, list[Path]], tmp_path: Path) -> None:
    """With a stand-in for the SDK's header."""
    board = load_board("riscv-8core")
    folder = written(built["riscv-8core"], "pmsis", tmp_path / "nets")
    assert not (folder / "src" / "team_sequential.c").exists()
    flags = [*board.toolchain.flags_for(False), *WARNINGS, "-ffreestanding"]
    flags += [f"-I{folder / 'include'}", f"-I{HERE / 'pmsis_stub'}"]
    for source in (folder / "src").glob("*.c"):
        ran([require_tool(board.toolchain.compiler), "-fsyntax-only", *flags, source], tmp_path)


def test_every_format_has_its_name_on_the_command_line() -> None:
    assert tuple(formats.FORMATS) == FORMATS


def test_what_does_not_go_together(built: dict[str, list[Path]], tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match="are built for one board"):
        library.collect([built["host"][0], built["cortex-m4"][1]])
    with pytest.raises(EdgeqError, match="is not for cortex-m4"):
        written(built["cortex-m4"], "pmsis", tmp_path / "pmsis")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(EdgeqError, match="already exists and is not empty"):
        written(built["host"], "cmake", tmp_path / "full")
    assert [path.name for path in tmp_path.rglob("*")] == ["full", "mine.txt"]
    words = ["build", "examples/kws/kws.pt2", "--board", "cortex-m4", "--calib", "random", "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(main, [*words, "--format", "pmsis"])
    assert result.exit_code == 2
    assert "--format pmsis is not for cortex-m4" in result.output
    assert not (tmp_path / "out").exists()
    result = CliRunner().invoke(main, ["export", str(tmp_path / "full"), "--format", "cmake"])
    assert result.exit_code != 0


def test_floating_point_is_compiled_for_the_fpu(kws_float: Graph, kws_samples: Samples, tmp_path: Path) -> None:
    board = load_board("cortex-m4")
    require_board("cortex-m4")
    graph = pipeline.quantize(kws_float, kws_samples, load_recipe("fp32"))
    pipeline.generate(graph, board, tmp_path / "built", OPTIONS)
    made = library.collect([tmp_path / "built"])
    assert {*board.toolchain.float_flags} <= {*made.cpu_flags}
