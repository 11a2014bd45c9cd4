"""Bad input ends in one sentence that names what is wrong, exit code 2, and no output folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from torch import nn

from edgeq.cli import main
from tests.conftest import EXAMPLES
from tests.tools import require_board, require_tool

KWS = str(EXAMPLES / "kws" / "kws.pt2")
CALIB = str(EXAMPLES / "kws" / "demo_calib.npz")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "made" / "firmware"


def build(*arguments: str, target: Path) -> Result:
    return CliRunner().invoke(main, ["build", *arguments, "-o", str(target)])


def refused(result: Result, target: Path, *words: str) -> None:
    """One sentence with these words, exit code 2, nothing written."""
    assert result.exit_code == 2, result.output
    message = [line for line in result.stderr.splitlines() if line.startswith("edgeq: ")]
    assert len(message) == 1, result.stderr
    assert "Traceback" not in result.output
    for word in words:
        assert word in message[0], message[0]
    assert not target.exists()
    if target.parent.exists():
        assert not list(target.parent.iterdir())


def exported(module: nn.Module, example: tuple[torch.Tensor, ...], path: Path, **options: object) -> str:
    torch.export.save(torch.export.export(module.eval(), example, **options), path)  # type: ignore[arg-type]
    return str(path)


def test_missing_model(target: Path) -> None:
    refused(build("nowhere.pt2", "--board", "host", target=target), target, "nowhere.pt2", "no such file")


def test_text_file(target: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_text("import torch\n", encoding="utf-8")
    refused(build(str(path), "--board", "host", target=target), target, "not a model", "torch.export.save")


def test_state_dict_without_arch(target: Path, tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 2).state_dict(), tmp_path / "weights.pt")
    refused(build(str(tmp_path / "weights.pt"), "--board", "host", target=target), target, "--arch")


def test_pickled_module_without_trust(target: Path, tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 2), tmp_path / "module.pt")
    refused(build(str(tmp_path / "module.pt"), "--board", "host", target=target), target, "--trust-pickle")


def test_pickled_module_with_trust_needs_a_shape(target: Path, tmp_path: Path) -> None:
    torch.save(nn.Linear(4, 2), tmp_path / "module.pt")
    result = build(str(tmp_path / "module.pt"), "--board", "host", "--trust-pickle", target=target)
    refused(result, target, "--input-shape")


def test_operator_without_kernel(target: Path, tmp_path: Path) -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.spectrum = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.fft.rfft(self.spectrum(x)).abs()

    path = exported(Odd(), (torch.zeros(1, 8),), tmp_path / "odd.pt2")
    refused(build(path, "--board", "host", "--calib", "random", target=target), target, "fft", "[1, 8]", "layer")


def test_operator_with_a_known_replacement(target: Path, tmp_path: Path) -> None:
    class Best(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scores = nn.Linear(8, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.kthvalue(self.scores(x), 3).values

    path = exported(Best(), (torch.zeros(1, 8),), tmp_path / "best.pt2")
    refused(build(path, "--board", "host", "--calib", "random", target=target), target, "kthvalue", "use topk")


def test_dynamic_shape(target: Path, tmp_path: Path) -> None:
    dynamic = {"input": {0: torch.export.Dim("batch", min=1, max=8)}}
    path = exported(nn.Linear(4, 2), (torch.zeros(2, 4),), tmp_path / "dynamic.pt2", dynamic_shapes=dynamic)
    refused(build(path, "--board", "host", "--calib", "random", target=target), target, "dynamic", "fixed shapes")


def test_batch_other_than_one(target: Path, tmp_path: Path) -> None:
    path = exported(nn.Linear(4, 2), (torch.zeros(3, 4),), tmp_path / "batch.pt2")
    refused(build(path, "--board", "host", "--calib", "random", target=target), target, "batch of 1")


def test_not_finite_weights(target: Path, tmp_path: Path) -> None:
    layer = nn.Linear(4, 2)
    nn.init.constant_(layer.weight, float("nan"))
    path = exported(layer, (torch.zeros(1, 4),), tmp_path / "nan.pt2")
    refused(build(path, "--board", "host", "--calib", "random", target=target), target, "NaN")


def test_unknown_board_names_the_nearest(target: Path) -> None:
    refused(build(KWS, "--board", "cortex-m5", target=target), target, "cortex-m5", "cortex-m55")


def test_unknown_recipe_names_the_nearest(target: Path) -> None:
    refused(build(KWS, "--board", "host", "--quant", "int9", target=target), target, "int9", "int8")


def test_recipe_with_an_unknown_key(target: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('observr = "mse"\n', encoding="utf-8")
    refused(build(KWS, "--board", "host", "--quant", str(recipe), target=target), target, "observr", "observer")


def test_board_with_an_unknown_key(target: Path, tmp_path: Path) -> None:
    text = (EXAMPLES.parent / "boards" / "cortex-m4.toml").read_text(encoding="utf-8")
    board = tmp_path / "mine.toml"
    board.write_text("colour = 'red'\n" + text.replace('name = "cortex-m4"', 'name = "mine"'), encoding="utf-8")
    refused(build(KWS, "--board", str(board), target=target), target, "colour")


def test_no_calibration_data(target: Path) -> None:
    refused(build(KWS, "--board", "host", target=target), target, "--calib random")


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"x": np.zeros((4, 1, 10, 49), np.float32)}, ("[4, 1, 10, 49]", "[samples, 1, 49, 10]")),
        ({"x": np.full((4, 1, 49, 10), np.nan, np.float32)}, ("NaN", "sample 0")),
        ({"x": np.zeros((0, 1, 49, 10), np.float32)}, ("no samples",)),
        ({"z": np.zeros((4, 1, 49, 10), np.float32)}, ("no array", "z")),
        ({"x": np.zeros((4, 1, 49, 10), np.int8)}, ("int8", "float")),
        ({"x": np.full((4, 1, 49, 10), "a")}, ("numbers",)),
    ],
)
def test_bad_calibration_data(
    arrays: dict[str, np.ndarray], words: tuple[str, ...], target: Path, tmp_path: Path
) -> None:
    path = tmp_path / "calib.npz"
    np.savez(path, **arrays)
    refused(build(KWS, "--board", "host", "--calib", str(path), target=target), target, "--calib", *words)


def test_calibration_file_that_is_no_archive(target: Path, tmp_path: Path) -> None:
    path = tmp_path / "calib.npz"
    path.write_text("x,y\n1,2\n", encoding="utf-8")
    refused(build(KWS, "--board", "host", "--calib", str(path), target=target), target, "can't be read as .npz")


def test_labels_that_do_not_match(target: Path, tmp_path: Path) -> None:
    path = tmp_path / "eval.npz"
    np.savez(path, x=np.zeros((4, 1, 49, 10), np.float32), y=np.zeros(3, np.int64))
    result = build(KWS, "--board", "host", "--calib", CALIB, "--eval", str(path), target=target)
    refused(result, target, "labels")


def test_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    result = build(KWS, "--board", "host", "--calib", CALIB, target=tmp_path)
    assert result.exit_code == 2
    assert "not empty" in result.stderr
    assert [item.name for item in tmp_path.iterdir()] == ["notes.txt"]


def test_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = build(KWS, "--board", "host", "--calib", CALIB, target=tmp_path / "file" / "firmware")
    assert result.exit_code == 2
    assert "can't be written" in result.stderr


def small_board(folder: Path, flash: int, ram: int) -> str:
    text = (EXAMPLES.parent / "boards" / "cortex-m4.toml").read_text(encoding="utf-8")
    text = text.replace("length = 0x100000\n", f"length = {flash}\n", 1).replace(
        "length = 0x40000\n", f"length = {ram}\n", 1
    )
    text = text.replace('name = "cortex-m4"', 'name = "small"')
    path = folder / "small.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("flash", "ram", "region"), [(16384, 262144, "flash"), (28672, 262144, "flash"), (1 << 20, 8192, "ram")]
)
def test_model_too_big(flash: int, ram: int, region: str, target: Path, tmp_path: Path) -> None:
    """Constants alone too large, code on top too large (the linker finds out), activations too large."""
    board = small_board(tmp_path, flash, ram)
    result = build(KWS, "--board", board, "--calib", CALIB, target=target)
    size = flash if region == "flash" else ram
    refused(result, target, f"region {region}", str(size), "largest")


def test_missing_compiler(target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = build(KWS, "--board", "cortex-m4", "--calib", CALIB, target=target)
    refused(result, target, "missing", "apt-get install")


def test_missing_simulator(target: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Told before anything is built."""
    for tool in ("make", "arm-none-eabi-gcc"):
        (tmp_path / tool).symlink_to(require_tool(tool))
    monkeypatch.setenv("PATH", str(tmp_path))
    refused(
        build(KWS, "--board", "cortex-m4", "--calib", CALIB, target=target), target, "apt-get install qemu-system-arm"
    )


def test_one_hot_labels(target: Path, tmp_path: Path) -> None:
    path = tmp_path / "eval.npz"
    np.savez(path, x=np.zeros((4, 1, 49, 10), np.float32), y=np.zeros((4, 12), np.int64))
    result = build(KWS, "--board", "host", "--calib", CALIB, "--eval", str(path), target=target)
    refused(result, target, "labels must be 4 integers")


def test_empty_folder_reached_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    result = build(KWS, "--board", "host", "--calib", CALIB, "--no-simulate", target=tmp_path / "link")
    assert result.exit_code == 0, result.output
    assert (tmp_path / "real" / "manifest.json").is_file()


@pytest.mark.parametrize("damage", ["manifest", "graph", "constants", "layers"])
def test_damaged_folder(damage: str, built_kws: Path, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(built_kws, folder)
    if damage == "manifest":
        (folder / "manifest.json").write_text("{", encoding="utf-8")
    elif damage == "layers":
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        (folder / "manifest.json").write_text(json.dumps({**manifest, "layers": []}), encoding="utf-8")
    elif damage == "graph":
        text = (folder / "reference" / "graph.json").read_text(encoding="utf-8")
        (folder / "reference" / "graph.json").write_text(text.replace('"conv2d"', '"convolve"'), encoding="utf-8")
    else:
        (folder / "reference" / "constants.npz").write_bytes(b"")
    result = CliRunner().invoke(main, ["verify", str(folder)])
    assert result.exit_code == 2, result.output
    assert "build" in result.stderr


@pytest.fixture(scope="module")
def built_kws(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require_board("host")
    folder = tmp_path_factory.mktemp("built") / "kws"
    assert build(KWS, "--board", "host", "--calib", CALIB, "--no-simulate", target=folder).exit_code == 0
    return folder


def test_run_on_a_folder_that_is_no_firmware(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["verify", str(tmp_path)])
    assert result.exit_code == 2
    assert "no firmware folder" in result.stderr
