"""Running programs and reading counts, without a simulator or cross compiler."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from edgeq.board import load_board
from edgeq.errors import EdgeqError
from edgeq.simulate import plugin
from edgeq.simulate.counts import parse_counts
from edgeq.simulate.elf import read_symbols
from edgeq.simulate.host import run_program
from edgeq.simulate.process import run_process
from edgeq.simulate.release import adapted_arguments

LAYER = {
    "layer": 3,
    "runs": 2,
    "centicycles": 1049,
    "harts": [
        {
            "instructions": 7,
            "centicycles": 1049,
            "taken_branches": 1,
            "load_stalls": 0,
            "transfers": 0,
            "classes": {"mul": 3, "alu": 4},
        },
        {
            "instructions": 5,
            "centicycles": 500,
            "taken_branches": 0,
            "load_stalls": 1,
            "transfers": 0,
            "classes": {"alu": 5},
        },
    ],
}


def test_counts(tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    path.write_text(json.dumps({"version": 1, "harts": 2, "forks": 1, "layers": [LAYER]}))
    counts = parse_counts(path)
    assert counts.instructions == 12
    assert counts.cycles == 10
    assert list(counts.layers[3].by_class.items()) == [("alu", 9), ("mul", 3)]
    assert counts.layers[3].per_hart[1].load_stalls == 1


@pytest.mark.parametrize("text", ["", "{}", '{"version": 2, "harts": 1, "forks": 0, "layers": []}', '{"version": 1}'])
def test_broken_counts(text: str, tmp_path: Path) -> None:
    path = tmp_path / "counts.json"
    path.write_text(text)
    with pytest.raises(EdgeqError, match=r"counts\.json can't be read"):
        parse_counts(path)
    with pytest.raises(EdgeqError, match="can't be read"):
        parse_counts(tmp_path / "missing.json")


def test_process_keeps_the_end_of_what_was_printed(tmp_path: Path) -> None:
    result = run_process([sys.executable, "-c", "print('x' * 2000000); print('end')"], tmp_path, 30)
    assert result.exit_code == 0
    assert result.console.endswith("x\nend\n")
    assert len(result.console) == 1 << 20


def test_process_kills_children_too(tmp_path: Path) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    assert run_process([sys.executable, "-c", code], tmp_path, 1).timed_out


def test_host_program_errors(tmp_path: Path) -> None:
    board = load_board("host")
    with pytest.raises(EdgeqError, match="can't be started"):
        run_program(board, tmp_path / "missing", tmp_path, timeout_s=1)
    script = tmp_path / "program"
    script.write_text("#!/bin/sh\necho working\nkill -11 $$\n")
    script.chmod(0o755)
    with pytest.raises(EdgeqError, match=r"signal 11.*working"):
        run_program(board, script, tmp_path, timeout_s=10)


def test_not_an_elf(tmp_path: Path) -> None:
    path = tmp_path / "firmware.elf"
    path.write_bytes(b"not an ELF file at all")
    with pytest.raises(EdgeqError, match="can't be read as an ELF"):
        read_symbols(path)
    with pytest.raises(EdgeqError, match="can't be read as an ELF"):
        read_symbols(tmp_path / "missing.elf")


def test_counter_without_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin.build(sys.executable)  # what was found for one cache is not that of another one
    monkeypatch.setenv("EDGEQ_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EdgeqError, match="apt-get install gcc"):
        plugin.build(sys.executable)


def test_arguments_follow_the_release() -> None:
    arguments = ("-M", "virt", "-cpu", "rv32,Zfh=true,v=false")
    assert adapted_arguments(arguments, (7, 2)) == list(arguments)
    assert adapted_arguments(arguments, (10, 0))[3] == "rv32,zfh=true,v=false"
    assert adapted_arguments(("-M", "mps2-an386"), (10, 0)) == ["-M", "mps2-an386"]
