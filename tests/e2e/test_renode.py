"""`--simulator renode` as a user sees it: without Renode, and with a program in its place that runs the same ELF in
QEMU and leaves the files that templates/renode/semihosting.py leaves."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from elftools.elf.elffile import ELFFile

from edgeq.cli import main
from edgeq.simulate import renode
from tests.conftest import EXAMPLES
from tests.tools import require_board
from tests.unit.test_renode import parsed

KWS = EXAMPLES / "kws"
STAND_IN = f"""#!{sys.executable}
import re, subprocess, sys
from pathlib import Path
from edgeq.board import load_board
from edgeq.simulate.qemu import command_line
assert sys.argv[1:] == ["--plain", "--disable-gui", "start.resc"]
elf, script = re.fullmatch(r"\\$elf=@(.*)\\ninclude @(.*)\\n", Path("start.resc").read_text()).groups()
assert Path(script).is_file()
command = command_line(load_board("cortex-m4"), Path(elf))
done = subprocess.run(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE)
Path("console.txt").write_bytes(done.stdout)
Path("exit.txt").write_text(str(done.returncode))
"""


def edgeq(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def build(board: str, folder: Path) -> Result:
    model, calibration = str(KWS / "kws.pt2"), str(KWS / "demo_calib.npz")
    options = ["--simulator", "renode", "--simulate-samples", "2", "-o", str(folder)]
    return edgeq("build", model, "--board", board, "--calib", calibration, *options)


@pytest.mark.qemu
def test_with_and_without_renode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_board("cortex-m4")
    folder = tmp_path / "kws"
    monkeypatch.setattr(renode, "PROGRAM", "renode-that-nobody-has")
    result = build("cortex-m4", folder)
    assert result.exit_code == 0, result.output
    assert "renode is not on PATH" in result.stderr
    assert f"edgeq run {folder}" in result.stderr
    entries = parsed((folder / "renode" / "platform.repl").read_text(encoding="utf-8"))
    memories = [(int(e["at"], 16), int(e["size"], 16)) for e in entries.values() if "size" in e]
    with (folder / "simulation.elf").open("rb") as file:
        elf = ELFFile(file)
        loaded = [(s["p_vaddr"], s["p_memsz"]) for s in elf.iter_segments("PT_LOAD") if s["p_memsz"]]
        assert elf.get_section_by_name(".symtab").get_symbol_by_name("eq_semihost")
    assert loaded
    for start, size in loaded:
        assert any(origin <= start and start + size <= origin + length for origin, length in memories), hex(start)

    inputs = tmp_path / "in.npz"
    np.savez(inputs, x=np.load(KWS / "demo.npz")["x"][:2])
    refused = edgeq("run", str(folder), "--inputs", str(inputs))
    assert refused.exit_code == 2
    assert "not on PATH" in refused.stderr
    assert refused.stderr.count("\n") == 1

    stand_in = tmp_path / "bin" / "renode"
    stand_in.parent.mkdir()
    stand_in.write_text(STAND_IN)
    stand_in.chmod(0o755)
    monkeypatch.setattr(renode, "PROGRAM", str(stand_in))
    verified = edgeq("verify", str(folder), "--inputs", str(inputs))
    assert verified.exit_code == 0, verified.output
    counted = edgeq("profile", str(folder))
    assert counted.exit_code == 2
    assert "instructions are not counted" in counted.stderr


def test_a_board_that_renode_has_not(tmp_path: Path) -> None:
    result = build("riscv-8core", tmp_path / "kws")
    assert result.exit_code == 2
    assert "Xpulp" in result.stderr
    assert not (tmp_path / "kws").exists()
