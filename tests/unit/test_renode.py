"""What is written for Renode, without Renode: the platform's grammar and memories, the script, and the Python that
serves the firmware's files, run against a bus of its own."""

# ruff: noqa: N802 - names of Renode's

from __future__ import annotations

import itertools
import re
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgeq.board import list_boards, load_board
from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.simulate import renode

#: Renode's types that the files may name, with the properties of each.
TYPES = {
    "Memory.MappedMemory": {"size"},
    "IRQControllers.NVIC": {"systickFrequency"},
    "CPU.CortexM": {"cpuType", "nvic"},
    "CPU.RiscV32": {"cpuType", "timeProvider"},
}
ENTRY = re.compile(r"(\w+): ([\w.]+) @ sysbus(?: (0x[0-9A-F]+))?")
PROPERTY = re.compile(r'    (\w+): ("[^"]+"|\w+)')
IN_RENODE = [name for name in list_boards() if not (known := load_board(name).simulator.renode) or not known.refused]
REFUSED = sorted(set(list_boards()) - set(IN_RENODE))


def written(name: str) -> dict[str, str]:
    board = load_board(name)
    context = {"board": board, "name": "net", "renode": renode.described(board), "regions": renode.regions(board)}
    return {file: render(f"renode/{file}.j2", **context) for file in ("platform.repl", "run.resc", "semihosting.py")}


def parsed(text: str) -> dict[str, dict[str, str]]:
    """Entries of a .repl file by name: their type, address and properties."""
    entries: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if not line or line.startswith("//"):
            continue
        if match := ENTRY.fullmatch(line):
            current = entries.setdefault(match[1], {"type": match[2], "at": match[3] or ""})
        elif match := PROPERTY.fullmatch(line):
            assert match[1] in TYPES[current["type"]], line
            current[match[1]] = match[2]
        else:
            assert line == "    -> cpu@0"
            current["to"] = "cpu@0"
    return entries


@pytest.mark.parametrize("name", IN_RENODE)
def test_platform(name: str) -> None:
    board = load_board(name)
    entries = parsed(written(name)["platform.repl"])
    assert {entry["type"] for entry in entries.values()} <= set(TYPES)
    assert entries["cpu"]["type"] == ("CPU.CortexM" if board.arch == "cortex_m" else "CPU.RiscV32")
    memories = {name: (int(e["at"], 16), int(e["size"], 16)) for name, e in entries.items() if "size" in e}
    assert set(memories) == set(board.memory)
    for region, (origin, length) in memories.items():
        wanted = board.memory[region]
        assert origin <= wanted.simulated
        assert wanted.simulated + wanted.length <= origin + length
        assert origin % 4096 == length % 4096 == 0
        assert length < wanted.length + 2 * 4096
    ends = sorted((origin, origin + length) for origin, length in memories.values())
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))


@pytest.mark.parametrize("name", IN_RENODE)
def test_script_and_python_parse(name: str) -> None:
    files = written(name)
    script = files["run.resc"]
    commands = re.findall(r"^def mc_(\w+)", files["semihosting.py"], re.MULTILINE)
    lines = script.splitlines()
    assert set(commands) <= set(lines)
    assert lines.index("sysbus LoadELF $elf") < lines.index("install_semihosting") < lines.index("start")
    assert set(re.findall(r"\$ORIGIN/([\w.]+)", script)) == {"..", "platform.repl", "semihosting.py"}
    if load_board(name).arch == "cortex_m":
        assert f"cpu VectorTableOffset 0x{load_board(name).memory['flash'].simulated:08X}" in lines
    compile(files["semihosting.py"], "semihosting.py", "exec")


@pytest.mark.parametrize("name", REFUSED)
def test_boards_that_renode_has_not(name: str) -> None:
    with pytest.raises(EdgeqError, match=rf"board '{name}' can't be simulated by Renode: \w+"):
        renode.described(load_board(name))


def test_boards_that_say_nothing() -> None:
    board = load_board("cortex-m4")
    silent = replace(board, simulator=replace(board.simulator, renode=None))
    with pytest.raises(EdgeqError, match=r"\[simulator\.renode\]"):
        renode.described(silent)
    crowded = {**board.memory, "ram": replace(board.memory["flash"], simulated=0x100400, length=1024)}
    with pytest.raises(EdgeqError, match="share a page"):
        renode.regions(replace(board, memory={**crowded, "flash": replace(board.memory["flash"], length=0x100400)}))


class Bus:
    """Memory as the Python peripheral of Renode's bus sees it."""

    def __init__(self) -> None:
        self.memory = bytearray(4096)

    def ReadByte(self, address: int) -> int:
        return self.memory[address]

    def ReadDoubleWord(self, address: int) -> int:
        return int.from_bytes(self.memory[address : address + 4], "little")

    def ReadBytes(self, address: int, count: int) -> list[int]:
        return list(self.memory[address : address + count])

    def WriteBytes(self, data: list[int], address: int) -> None:
        self.memory[address : address + len(data)] = bytes(data)

    def GetSymbolAddress(self, name: str) -> int:
        assert name == "eq_semihost"
        return 0x101


class Cpu:
    """Registers by Renode's numbers; remembers its hook."""

    def __init__(self) -> None:
        self.registers = dict.fromkeys(range(32), 0)
        self.PC, self.IsHalted = 0x100, False
        self.hooks: dict[int, Any] = {}

    def AddHook(self, address: int, hook: Any) -> None:
        self.hooks[address] = hook

    def GetRegister(self, number: int) -> Any:
        return types.SimpleNamespace(RawValue=self.registers[number])

    def SetRegister(self, number: int, value: int) -> None:
        self.registers[number] = value


class Machine:
    """What the monitor calls the current machine."""

    def __init__(self) -> None:
        self.SystemBus, self.cpu = Bus(), Cpu()

    def __getitem__(self, path: str) -> Cpu:
        assert path == "sysbus.cpu"
        return self.cpu


@pytest.fixture
def monitor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """Renode's monitor in a working directory of its own, with the .NET types that the script imports."""
    of_cpu, system = types.ModuleType("Antmicro.Renode.Peripherals.CPU"), types.ModuleType("System")
    setattr(of_cpu, "RegisterValue", types.SimpleNamespace(Create=lambda value, _bits: value))  # noqa: B010
    for name, value in (("Array", {None: list}), ("Byte", None)):
        setattr(system, name, value)
    for module in (of_cpu, system):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    return types.SimpleNamespace(Machine=Machine())


def installed(name: str, monitor: types.SimpleNamespace) -> dict[str, Any]:
    """The names of the board's semihosting.py, its hook set."""
    scope: dict[str, Any] = {"monitor": monitor}
    exec(written(name)["semihosting.py"], scope)
    scope["mc_install_semihosting"]()
    return scope


@pytest.mark.parametrize(("name", "numbers"), [("cortex-m4", (0, 1, 14)), ("riscv-rv32imc", (10, 11, 1))])
def test_files_console_and_exit(
    name: str, numbers: tuple[int, int, int], tmp_path: Path, monitor: types.SimpleNamespace
) -> None:
    """The calls of runtime_c/platform/simulation/port_semihosting.c."""
    (tmp_path / "in.bin").write_bytes(bytes(range(200, 210)))
    (tmp_path / "exit.txt").write_text("9")  # of a run before
    cpu, bus = monitor.Machine.cpu, monitor.Machine.SystemBus
    scope = installed(name, monitor)
    operation, parameters, link = numbers

    def call(number: int, *words: int, text: bytes = b"") -> int:
        bus.memory[0:12] = b"".join(word.to_bytes(4, "little") for word in words).ljust(12, b"\0")
        bus.memory[64 : 64 + len(text) + 1] = text + b"\0"
        cpu.registers.update({operation: number, parameters: 64 if not words else 0, link: 0x201})
        cpu.hooks[0x100](cpu, 0x100)
        return cpu.registers[operation]

    assert call(1, 64, 1, 7, text=b"none.in") == 0xFFFFFFFF
    source, sink = call(1, 64, 1, 6, text=b"in.bin"), call(1, 64, 5, 7, text=b"out.bin")
    assert source != sink
    assert cpu.PC.RawValue == 0x201
    assert call(6, source, 128, 8) == 0
    assert bus.memory[128:136] == bytes(range(200, 208))
    assert call(6, source, 128, 8) == 6
    assert bus.memory[128:130] == bytes((208, 209))
    assert call(6, source, 128, 8) == 8
    assert call(10, source, 4) == 0
    assert call(6, source, 128, 1) == 0
    assert bus.memory[128] == 204
    assert call(5, sink, 128, 2) == 0
    assert call(5, sink, 128, 0) == 0
    assert call(2, source) == 0
    assert call(1, 64, 3, 6, text=b"in.bin") == source
    assert call(5, source, 128, 1) == 0
    call(4, text=b"printed\n")
    assert not cpu.IsHalted
    call(32, 0x20026, 99)
    assert cpu.IsHalted
    scope["mc_wait_for_exit"]()
    assert (tmp_path / "out.bin").read_bytes() == bytes((204, 209))
    assert (tmp_path / "in.bin").read_bytes() == bytes((204, *range(201, 210)))
    assert (tmp_path / renode.CONSOLE).read_text() == "printed\n"
    assert int((tmp_path / renode.EXIT).read_text()) == 99


def test_an_unknown_call_ends_the_run(tmp_path: Path, monitor: types.SimpleNamespace) -> None:
    """Nothing hangs where a firmware asks for what the script has not."""
    installed("cortex-m4", monitor)
    cpu = monitor.Machine.cpu
    cpu.registers[0] = 0x31
    cpu.hooks[0x100](cpu, 0x100)
    assert cpu.IsHalted
    assert (tmp_path / renode.EXIT).read_text() == "70\n"
    assert "operation 49" in (tmp_path / renode.CONSOLE).read_text()
