"""The commands on a built folder, as a user runs them one after another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from edgeq.cli import main
from tests.conftest import EXAMPLES
from tests.tools import require_board

KWS = EXAMPLES / "kws"
REPORT_KEYS = {
    "accuracy": {"float", "quantized_reference", "firmware", "metric", "samples"},
    "verify": {"bit_exact", "samples", "max_abs_diff"},
    "memory": {"flash_bytes", "code_bytes", "weights_bytes", "ram_bytes", "arena_bytes", "stack_bytes"},
    "cost": {
        "macs",
        "bit_operations",
        "traffic_bytes",
        "instructions",
        "est_cycles",
        "est_ms",
        "cores",
        "speedup_vs_1core",
    },
}
LAYER_KEYS = {
    "name", "op", "kernel", "precision", "macs", "bit_operations", "traffic_bytes", "instructions", "est_cycles",
    "arena_bytes", "weights_bytes", "sqnr_db",
}  # fmt: skip


def edgeq(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    require_board("cortex-m4")
    folder = tmp_path_factory.mktemp("commands") / "kws"
    output = edgeq(
        "build", str(KWS / "kws.pt2"), "--board", "cortex-m4", "--calib", str(KWS / "demo_calib.npz"),
        "--eval", str(KWS / "demo.npz"), "--simulate-samples", "30", "-o", str(folder), "--json",
    )  # fmt: skip
    return folder, json.loads(output)


@pytest.mark.qemu
def test_build_reports(firmware: tuple[Path, dict[str, object]]) -> None:
    folder, printed = firmware
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report == printed
    for section, keys in REPORT_KEYS.items():
        assert keys <= set(report[section]), section
    assert all(set(layer) >= LAYER_KEYS for layer in report["layers"])
    assert report["verify"]["bit_exact"] is True
    assert report["accuracy"]["float"] > 0.8
    assert abs(report["accuracy"]["float"] - report["accuracy"]["quantized_reference"]) < 0.03
    assert sum(layer["instructions"] for layer in report["layers"]) == report["cost"]["instructions"]
    assert report["memory"]["flash_bytes"] == report["memory"]["code_bytes"] + report["memory"]["weights_bytes"]
    assert report["memory"]["arena_bytes"] >= max(layer["arena_bytes"] for layer in report["layers"]) - 16
    stack = report["stack"]
    assert stack["holds"] is True
    assert stack["bound_bytes"] == sum(frame["bytes"] for frame in stack["path"]) == max(stack["entries"].values())
    assert 0 < stack["measured_bytes"] <= stack["bound_bytes"] <= stack["reserved_bytes"]
    for key in ("macs", "bit_operations", "traffic_bytes"):
        assert sum(layer[key] for layer in report["layers"]) == report["cost"][key]
    counts = np.array(report["accuracy"]["confusion"])
    assert counts.shape == (12, 12)
    assert counts.sum() == report["accuracy"]["samples"]
    assert np.trace(counts) / counts.sum() == report["accuracy"]["quantized_reference"]
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "bit-exact" in html
    assert "{{" not in html


@pytest.mark.qemu
def test_silence_is_for_streams(firmware: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    folder, _ = firmware
    np.savez(tmp_path / "in.npz", x=np.zeros((1, 1), np.float32))
    refused = CliRunner().invoke(main, ["run", str(folder), "--inputs", str(tmp_path / "in.npz"), "--silence", "1"])
    assert refused.exit_code == 2
    assert "no stream" in refused.stderr


@pytest.mark.qemu
def test_run_gives_integer_and_float_outputs(firmware: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    folder, _ = firmware
    inputs = tmp_path / "in.npz"
    with np.load(KWS / "demo.npz") as demo:
        np.savez(inputs, x=demo["x"][:5])
    summary = json.loads(
        edgeq("run", str(folder), "--inputs", str(inputs), "--outputs", str(tmp_path / "out.npz"), "--json")
    )
    assert summary["samples"] == 5
    with np.load(tmp_path / "out.npz") as out:
        (name,) = (key for key in out.files if not key.endswith("_float"))
        assert out[name].dtype == np.int8
        assert out[name].shape == (5, 12)
        assert out[f"{name}_float"].dtype == np.float32


@pytest.mark.qemu
def test_verify_names_the_layer_that_differs(firmware: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    folder, _ = firmware
    assert json.loads(edgeq("verify", str(folder), "--json"))["bit_exact"] is True
    # One changed weight in the reference's third layer must show up there and not before.
    graph = json.loads((folder / "reference" / "graph.json").read_text(encoding="utf-8"))
    broken = tmp_path / "broken"
    broken.mkdir()
    for part in ("manifest.json", "simulation.elf"):
        (broken / part).write_bytes((folder / part).read_bytes())
    (broken / "board").mkdir()
    (broken / "board" / "cortex-m4.toml").write_bytes((folder / "board" / "cortex-m4.toml").read_bytes())
    (broken / "reference").mkdir()
    (broken / "reference" / "graph.json").write_text(json.dumps(graph), encoding="utf-8")
    with np.load(folder / "reference" / "constants.npz") as arrays:
        constants = {name: arrays[name].copy() for name in arrays.files}
    third = graph["nodes"][2]
    constants[graph["tensors"][third["inputs"][2]]["constant"]] += 100_000
    np.savez(broken / "reference" / "constants.npz", **constants)
    result = CliRunner().invoke(main, ["verify", str(broken), "--json"])
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert found["bit_exact"] is False
    assert found["first_difference"].startswith("l02_")


@pytest.mark.qemu
def test_profile(firmware: tuple[Path, dict[str, object]]) -> None:
    folder, _ = firmware
    first = json.loads(edgeq("profile", str(folder), "--json"))
    assert first == json.loads(edgeq("profile", str(folder), "--json"))
    assert first["instructions"] == sum(layer["instructions"] for layer in first["layers"])
    assert "MAC/cycle" in edgeq("profile", str(folder))


def test_inspect_boards_and_doctor() -> None:
    facts = json.loads(edgeq("inspect", str(KWS / "kws.pt2"), "--json"))
    assert facts["macs"] == 2_656_768
    assert all(board["supported"] for board in facts["boards"].values())
    assert "riscv-8core" in edgeq("boards")
    assert "flash" in edgeq("boards", "cortex-m4")
    assert json.loads(edgeq("boards", "--json"))[0]["name"]
    result = CliRunner().invoke(main, ["doctor", "--json"])
    assert {check["name"] for check in json.loads(result.stdout)} >= {"torch", "make", "qemu-system-arm"}


def test_inspect_tells_which_layer_adds_a_residual() -> None:
    facts = json.loads(edgeq("inspect", str(EXAMPLES / "resnet8" / "resnet8.pt2"), "--board", "cortex-m4", "--json"))
    kernels = facts["boards"]["cortex-m4"]["kernels"]
    inside = {name: kernel for name, kernel in kernels.items() if kernel.startswith("in ")}
    assert inside
    assert all(kernels[layer.removeprefix("in ")].startswith("eq_conv2d") for layer in inside.values())


@pytest.mark.qemu
def test_reports_of_two_builds_are_compared(firmware: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    folder, printed = firmware
    assert json.loads(edgeq("report", str(folder), "--json")) == printed
    other = tmp_path / "other"
    edgeq("build", str(KWS / "kws.pt2"), "--board", "host", "--calib", str(KWS / "demo.npz"), "--quant", "int4",
          "--no-simulate", "-o", str(other))  # fmt: skip
    page = tmp_path / "page.html"
    words = ("report", str(folder), str(other))
    compared = json.loads(edgeq(*words, "--html", str(page), "--json"))
    reports = [json.loads((path / "report.json").read_text(encoding="utf-8")) for path in (folder, other)]
    rows = {row["name"]: row for row in compared["whole"]}
    flash = [report["memory"]["flash_bytes"] for report in reports]
    assert [rows["flash, B"]["first"], rows["flash, B"]["second"]] == flash
    assert rows["flash, B"]["ratio"] == round(flash[1] / flash[0], 4)
    assert (rows["instructions"]["second"], rows["instructions"]["ratio"]) == (None, None)
    assert [layer["name"] for layer in compared["layers"]] == [layer["name"] for layer in reports[0]["layers"]]
    assert ["int8", "int4"] in [layer["precisions"] for layer in compared["layers"]]
    assert compared["builds"][1] == "kws on host (int4)"
    assert "kws on host (int4)" in page.read_text(encoding="utf-8")
    assert f"{flash[1]:,}" in edgeq(*words)
    (other / "report.json").write_text('{"model": 1}', encoding="utf-8")
    for bad, said in ((words, "is damaged"), (("report", str(tmp_path)), "has no report.json")):
        refused = CliRunner().invoke(main, bad)
        assert (refused.exit_code, said in refused.stderr) == (2, True)
