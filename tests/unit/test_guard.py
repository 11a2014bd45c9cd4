"""Model files that aren't what they seem: each is told apart or refused, and none runs code."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from edgeq.errors import EdgeqError
from edgeq.frontend import guard
from tests.conftest import EXAMPLES

KWS = EXAMPLES / "kws" / "kws.pt2"


class Bomb:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


def rewritten(target: Path, change: Callable[[str, bytes], bytes], extra: dict[str, bytes] | None = None) -> Path:
    """A copy of the keyword spotter with changed members."""
    with zipfile.ZipFile(KWS) as source, zipfile.ZipFile(target, "w") as copy:
        prefix = source.namelist()[0].split("/")[0]
        for name in source.namelist():
            if f"{name.partition('/')[2]}" not in (extra or {}):
                copy.writestr(name, change(name, source.read(name)))
        for name, data in (extra or {}).items():
            copy.writestr(f"{prefix}/{name}", data)
    return target


def test_the_example_is_an_export() -> None:
    assert guard.kind_of(KWS) == guard.KIND_EXPORTED


def test_pickled_sample_inputs_are_refused(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for protocol in range(5):
        data = pickle.dumps(Bomb(marker), protocol=protocol)
        path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {"data/sample_inputs/model.pt": data})
        with pytest.raises(EdgeqError, match=r"sample_inputs.*would call (posix|os)\.system"):
            guard.kind_of(path)
    assert not marker.exists()


def test_zipped_pickles_are_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save(Bomb(tmp_path / "ran"), buffer)
    path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {"data/sample_inputs/model.pt": buffer.getvalue()})
    with pytest.raises(EdgeqError, match="would call"):
        guard.kind_of(path)


def test_harmless_sample_inputs_pass_and_are_left_out(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save((torch.zeros(1, 1, 49, 10),), buffer)
    path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {"data/sample_inputs/model.pt": buffer.getvalue()})
    assert guard.kind_of(path) == guard.KIND_EXPORTED
    cleaned = guard.without_sample_inputs(path, tmp_path / "clean.pt2")
    with zipfile.ZipFile(cleaned) as archive:
        samples = [name for name in archive.namelist() if "sample_inputs" in name]
        assert samples
        assert all(archive.read(name) == b"" for name in samples)


def test_pickled_weights_are_refused(tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if not name.endswith("weights_config.json"):
            return data
        config = json.loads(data)
        next(iter(config["config"].values()))["use_pickle"] = True
        return json.dumps(config).encode()

    with pytest.raises(EdgeqError, match="as a pickle"):
        guard.kind_of(rewritten(tmp_path / "m.pt2", change))


@pytest.mark.parametrize(
    "expression", ["__import__('os').system('id')", "exec('1')", "s0 + (lambda: 0)()", "Symbol.__class__"]
)
def test_expressions_that_are_code_are_refused(expression: str, tmp_path: Path) -> None:
    def change(name: str, data: bytes) -> bytes:
        if "/models/" not in name:
            return data
        document = json.loads(data)
        document["hidden"] = [{"as_expr": {"expr_str": expression}}]
        return json.dumps(document).encode()

    with pytest.raises(EdgeqError, match="would run as code"):
        guard.kind_of(rewritten(tmp_path / "m.pt2", change))


def test_state_dict_and_module_are_told_apart(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "weights.pt")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    assert guard.kind_of(tmp_path / "weights.pt") == guard.KIND_STATE_DICT
    assert guard.kind_of(tmp_path / "module.pt") == guard.KIND_PICKLED_MODULE


@pytest.mark.filterwarnings("ignore")
def test_torchscript_says_how_to_export(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), tmp_path / "script.pt")
    with pytest.raises(EdgeqError, match=r"TorchScript.*torch\.export\.save"):
        guard.kind_of(tmp_path / "script.pt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"hello, I am a text\n", "not a model"),
        (b"\x80\x02\x8a\x0al\xfc\x9c", "older than 1.6"),
        (b"PK\x03\x04 broken", "damaged or cut short"),
    ],
)
def test_other_files_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(content)
    with pytest.raises(EdgeqError, match=message):
        guard.kind_of(path)


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = KWS.read_bytes()
    path = tmp_path / "short.pt2"
    for share in (0.01, 0.3, 0.7, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(EdgeqError, match="damaged or cut short"):
            guard.kind_of(path)


@pytest.mark.parametrize(
    "name", ["DATA/SAMPLE_INPUTS/MODEL.PT", "data/sample_inputs/MODEL.pt", "data/other.pt", "../x"]
)
def test_members_under_other_names_are_refused(name: str, tmp_path: Path) -> None:
    """torch finds members whatever their case: a pickle must not hide behind that."""
    marker = tmp_path / "ran"
    original = "data/sample_inputs/model.pt"
    path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {original: b"", name: pickle.dumps(Bomb(marker))})
    with pytest.raises(EdgeqError, match="does not write"):
        guard.kind_of(path)
    path = tmp_path / "renamed.pt2"
    with zipfile.ZipFile(KWS) as source, zipfile.ZipFile(path, "w") as copy:
        for member in source.namelist():
            if not member.endswith("model.pt"):
                copy.writestr(member, source.read(member))
        copy.writestr(f"kws/{name}", pickle.dumps(Bomb(marker)))
    with pytest.raises(EdgeqError, match=r"does not write|would call"):
        guard.kind_of(path)
    assert not marker.exists()


def test_names_that_a_pickle_computes_are_refused(tmp_path: Path) -> None:
    """Strings pushed and dropped must not pass for the name that is called."""
    data = (
        b"\x80\x04" + b"\x8c\x02os\x94" + b"\x8c\x06system\x94" + b"\x8c\x05torch0" + b"\x8c\x04Size0" + b"00"
        b"h\x00h\x01\x93" + b"\x8c\x02id\x85R."
    )
    path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {"data/sample_inputs/model.pt": data})
    with pytest.raises(EdgeqError, match="would call a name that it computes"):
        guard.kind_of(path)


def test_a_cut_off_directory_is_not_taken_for_an_inner_archive(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save((torch.zeros(1, 1, 49, 10),), buffer)
    path = rewritten(tmp_path / "m.pt2", lambda _, old: old, {"data/sample_inputs/model.pt": buffer.getvalue()})
    data = path.read_bytes()
    path.write_bytes(data[:-30])
    with pytest.raises(EdgeqError, match="damaged or cut short"):
        guard.kind_of(path)
