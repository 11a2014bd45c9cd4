"""docs/python-api.md does what it says; results have the keys of the JSON; the command line has no other way."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

import edgeq
from edgeq import results
from edgeq.cli import main
from tests.conftest import ROOT
from tests.tools import require_board


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The names that the examples of the page leave behind; run in a folder with the repository's examples."""
    require_board("cortex-m4")
    folder = tmp_path_factory.mktemp("walk")
    (folder / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {"__file__": str(folder)}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            exec(compile(code, "python-api.md", "exec"), names)
        names["written"] = json.loads(Path("out/kws/report.json").read_text(encoding="utf-8"))
    return names


@pytest.mark.qemu
def test_the_page(walked: dict[str, Any]) -> None:
    assert walked["scores"].dtype == "int8"
    assert walked["scores"].shape[1] == 12
    assert walked["report"].as_json() == walked["written"]


@pytest.mark.qemu
def test_objects_have_the_keys_of_the_json(walked: dict[str, Any]) -> None:
    report, document = walked["report"], walked["written"]
    own = {field.name for field in fields(results.Report)} - {"folder", "_json"}
    assert own == set(document)
    for key in ("verify", "memory", "stack", "cost"):
        made = getattr(report, key)
        assert {field.name for field in fields(made)} == set(document[key])
        assert all(getattr(made, name) in (value, tuple(value) if isinstance(value, list) else value)
                   for name, value in document[key].items())  # fmt: skip
    assert [layer.name for layer in report.layers] == [layer["name"] for layer in document["layers"]]
    with pytest.raises(AttributeError):
        report.model = "other"


def test_every_command_is_a_function_of_the_package() -> None:
    named = {name.replace("-", "_") for name in main.commands}
    assert set(edgeq.__all__) - {"EdgeqError", "Observer"} == named <= set(dir(edgeq))
    with pytest.raises(AttributeError, match="no attribute 'built'"):
        edgeq.built  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_no_other() -> None:
    code = "import edgeq, sys; print([name for name in ('numpy', 'torch', 'click') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_every_option_of_a_command_is_an_argument() -> None:
    renamed = {
        "board_name": "board", "folder": "output", "recipe": "quant", "chosen": "format", "measure": "sensitivity",
        "target": "output", "no_simulate": "simulate", "mend": "fix",
    }  # fmt: skip
    ours = {"as_json", "outputs", "page"}  # what only printing needs
    for name, command in main.commands.items():
        function = getattr(edgeq, name.replace("-", "_"))
        arguments = set(inspect.signature(function).parameters)
        for option in command.params:
            known = {option.name, renamed.get(str(option.name), option.name)}
            assert known & arguments or option.name in ours, f"{name}: {option.name}"
