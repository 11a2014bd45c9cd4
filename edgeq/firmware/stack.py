"""The most stack that a firmware's functions can take, told from its ELF without running it.

Frames are the larger of what the compiler says it made (-fstack-usage, name.c.su beside every object file) and what the
machine code subtracts from the stack pointer: the compiler knows nothing of its library, of assembly in a function and
of naked functions, the machine code nothing of frames whose size is in a register. Calls are the linker's relocations,
which the Makefile has it keep in the ELF (--emit-relocs): one at a call names the callee, any other of a function is of
code or of a constant that takes its address. ziglang's linker keeps none, so that its firmware has no bound.

Calls by pointer, of which the runtime has two kinds:
- eq_team_run and the workers' loop call tasks; tasks are the functions in the tables `layers` of the models, and of
  these only the tables of functions on the way to the call.
- Any other pointer comes down the path of calls: it is in a constant, or an argument made, of a function on the path.
  So such a call is taken to reach every function whose address a function on the path takes, tasks excepted.
What no function on the path takes the address of is the caller's own (the callback of a stream, the storage of a
checkpoint): its stack comes on top, and the function that calls it is named.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile

from edgeq.firmware.machine_code import Effects, effects

#: relocations of calls and of jumps between functions, in ELFs for Arm and for RISC-V
CALLS = {"cortex_m": {10, 30, 51, 102, 103}, "riscv": {16, 17, 18, 19, 44, 45}}
#: functions that call tasks; the tables that hold these
TEAM = ("eq_team_run", "eq_team_worker", "fork_and_join")
TASK_TABLE = "layers"
WORKER = "eq_team_worker"
SHF_ALLOC, SHF_EXECINSTR = 2, 4


class StackError(Exception):
    """Why no bound can be told."""


@dataclass(frozen=True)
class Frame:
    """A function on the deepest path, and the bytes of its own."""

    function: str
    bytes: int


@dataclass(frozen=True)
class Bound:
    """`bytes`: the most that a call of a function takes, its callees included, along `path`. `callbacks`: functions on
    some path that call a function of the caller's, whose stack comes on top."""

    bytes: int
    path: tuple[Frame, ...]
    callbacks: tuple[str, ...]


@dataclass
class _Function:
    start: int
    end: int
    name: str
    file: str
    calls: set[int] = field(default_factory=set)
    refers: set[int] = field(default_factory=set)  # functions and constants, by their starts


def recorded_frames(folders: Iterable[Path]) -> dict[tuple[str, str], int | None]:
    """(source file, function) -> bytes from the .su files in `folders`; None: not bounded. The source file is "" where
    the function's name is that of one file only."""
    frames: dict[tuple[str, str], int | None] = {}
    files: dict[str, set[str]] = defaultdict(set)
    for path in sorted(file for folder in folders for file in folder.rglob("*.su")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            place, size, kind = line.rsplit("\t", 2)
            name = place.rsplit(":", 1)[1]
            frames[path.stem, name] = None if kind == "dynamic" else int(size)
            files[name].add(path.stem)
    for name, sources in files.items():
        if len(sources) == 1:
            frames["", name] = frames[next(iter(sources)), name]
    return frames


class Stack:
    """Bounds of the functions of one ELF. `frames` as recorded_frames has them."""

    def __init__(self, elf: Path, arch: str, frames: Mapping[tuple[str, str], int | None]) -> None:
        self._arch, self._frames = arch, frames
        self._functions: dict[int, _Function] = {}
        self._objects: list[tuple[int, int]] = []
        self._data: dict[int, set[int]] = defaultdict(set)  # constant -> functions and constants that it refers to
        self._tables: set[int] = set()
        self._inside: set[int] = set()  # functions into whose middle a constant points: they have a switch's table
        self._holes: list[tuple[int, bool]] = []  # (address, whether data begins there)
        self._sections: list[tuple[int, bytes]] = []
        self._related = False
        with elf.open("rb") as stream:
            self._read(ELFFile(stream))
        self._decoded: dict[int, Effects] = {}
        self._known: dict[tuple[int, frozenset[int]], Bound] = {}

    @property
    def names(self) -> list[str]:
        """Of all functions, in the ELF's order."""
        return [function.name for function in self._functions.values()]

    def is_global(self, name: str) -> bool:
        """Whether a function is not static."""
        return any(function.name == name and not function.file for function in self._functions.values())

    def bound(self, name: str) -> Bound:
        """Of a call of a function. Raises StackError where none can be told: it is not there, the linker kept no
        relocations, or something that it calls recurses or has a frame of no known size."""
        if not self._related:
            raise StackError("the linker keeps no relocations, which tell what calls what")
        return self._bound(self._start(name), self._tasks if name == WORKER else frozenset(), ())

    def _start(self, name: str) -> int:
        for start, function in self._functions.items():
            if function.name == name:
                return start
        raise StackError(f"there is no function {name}")

    @cached_property
    def _tasks(self) -> frozenset[int]:
        return frozenset(item for table in self._tables for item in self._data[table] if item in self._functions)

    def _bound(self, start: int, given: frozenset[int], path: tuple[int, ...]) -> Bound:
        """`given`: functions that those on the path have pointers to."""
        if start in path or self._effects(start).calls_itself:
            raise StackError(f"{self._functions[start].name} calls itself")
        function = self._functions[start]
        given = given | self._taken(start)
        if (start, given) in self._known:
            return self._known[start, given]
        own, code = self._frame(start), self._effects(start)
        callbacks: tuple[str, ...] = ()
        near = {self._function_at(start + branch) for branch in code.branches}
        callees = sorted(function.calls | {other for other in near if other is not None} - {start})
        below = [self._bound(callee, given, (*path, start)) for callee in callees]
        if code.calls_pointer or code.jumps_pointer:
            team = function.name.partition(".")[0] in TEAM
            pointed = given & self._tasks if team else given - self._tasks
            for callee in sorted(pointed - {start, *path}):
                left = given - self._tasks if team else given - {callee}
                below.append(self._bound(callee, left, (*path, start)))
            if not pointed and (code.calls_pointer or start not in self._inside):
                callbacks = (function.name,)
        deepest = max(below, key=lambda bound: bound.bytes, default=Bound(0, (), ()))
        said = dict.fromkeys([*callbacks, *(name for bound in below for name in bound.callbacks)])
        result = Bound(own + deepest.bytes, (Frame(function.name, own), *deepest.path), tuple(said))
        self._known[start, given] = result
        return result

    def _frame(self, start: int) -> int:
        function, decoded = self._functions[start], self._effects(start).frame_bytes
        key = self._record(function)
        recorded = decoded if key is None else self._frames[key]
        if recorded is None:
            raise StackError(f"the frame of {function.name} has no fixed size")
        return max(recorded, decoded or 0)

    def _record(self, function: _Function) -> tuple[str, str] | None:
        """Where the compiler's record of a function is."""
        keys = [(function.file, function.name), ("", function.name)]
        return next((key for key in keys if key in self._frames), None)

    def recorded_frame(self, name: str) -> int | None:
        """What the compiler says of a function's frame; None where it says nothing or that it has no fixed size."""
        key = self._record(self._functions[self._start(name)])
        return None if key is None else self._frames[key]

    def decoded_frame(self, name: str) -> int | None:
        """What the machine code of a function says of its frame; None where a register does."""
        return self._effects(self._start(name)).frame_bytes

    def _effects(self, start: int) -> Effects:
        if start not in self._decoded:
            self._decoded[start] = self._decode(start)
        return self._decoded[start]

    def _decode(self, start: int) -> Effects:
        end = self._functions[start].end
        for address, data in self._sections:
            if address <= start < address + len(data):
                holes = tuple((low - start, high - start) for low, high in self._data_between(start, end))
                return effects(data[start - address : end - address], self._arch, holes)
        raise StackError(f"{self._functions[start].name} has no code")

    def _data_between(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        for index, (address, is_data) in enumerate(self._holes):
            if is_data and start <= address < end:
                yield address, self._holes[index + 1][0] if index + 1 < len(self._holes) else end

    def _taken(self, start: int) -> frozenset[int]:
        """Functions whose address a function takes: in its code, and in the constants that it refers to."""
        found, seen = set(), set()
        open_items = list(self._functions[start].refers)
        while open_items:
            item = open_items.pop()
            if item in seen:
                continue
            seen.add(item)
            if item in self._functions:
                found.add(item)
            else:
                open_items += self._data.get(item, ())
        return frozenset(found - {start})

    def _read(self, elf: ELFFile) -> None:
        code = [s for s in elf.iter_sections() if s["sh_flags"] & SHF_ALLOC and s["sh_flags"] & SHF_EXECINSTR]
        self._sections = [(section["sh_addr"], section.data()) for section in code]
        symbols = self._read_symbols(elf)
        self._starts, self._object_starts = sorted(self._functions), [start for start, _ in self._objects]
        for section in elf.iter_sections():
            if section["sh_type"] in ("SHT_RELA", "SHT_REL"):
                place = elf.get_section(section["sh_info"])
                if place["sh_flags"] & SHF_ALLOC:
                    self._related = True
                    self._read_relocations(section, place, symbols)

    def _read_symbols(self, elf: ELFFile) -> list[int]:
        values, file = [], ""
        objects = set()
        for symbol in elf.get_section_by_name(".symtab").iter_symbols():
            kind, value, size = symbol["st_info"]["type"], int(symbol["st_value"]), int(symbol["st_size"])
            values.append(value)
            if kind == "STT_FILE":
                file = symbol.name
            elif symbol["st_shndx"] == "SHN_UNDEF":
                continue
            elif kind == "STT_FUNC":
                start, local = value & ~1, symbol["st_info"]["bind"] == "STB_LOCAL"
                known = self._functions.get(start)
                if known is None or known.end < start + size:
                    self._functions[start] = _Function(start, start + max(size, 2), symbol.name, file if local else "")
            elif kind == "STT_OBJECT" and size:
                objects.add((value, value + size))
                if symbol.name.partition(".")[0] == TASK_TABLE:
                    self._tables.add(value)
            elif symbol.name.startswith(("$d", "$t", "$a")):
                self._holes.append((value, symbol.name.startswith("$d")))
        self._objects = sorted(objects)
        self._holes.sort()
        return values

    def _owner(self, address: int) -> int | None:
        """Start of the function or of the constant at an address; constants without a name reach from one with a name
        to the next, and go by their beginning. None before the first and in code of no function, the startup's."""
        function = self._function_at(address)
        index = bisect_right(self._object_starts, address) - 1
        if function is not None or index < 0 or any(at <= address < at + len(code) for at, code in self._sections):
            return function
        start, end = self._objects[index]
        return start if address < end else end

    def _function_at(self, address: int) -> int | None:
        index = bisect_right(self._starts, address & ~1) - 1
        if index >= 0 and (address & ~1) < self._functions[self._starts[index]].end:
            return self._starts[index]
        return None

    def _read_relocations(self, section: Any, place: Any, symbols: list[int]) -> None:
        addends = section["sh_type"] == "SHT_RELA"
        content, base = place.data(), place["sh_addr"]
        for offset, info, *addend in struct.iter_unpack("<IIi" if addends else "<II", section.data()):
            kind, target = info & 0xFF, symbols[info >> 8] + (addend[0] if addends else 0)
            if not info >> 8:  # of no symbol: hints of the linker
                continue
            is_call = kind in CALLS[self._arch]
            if not addends and not is_call:  # Arm keeps the addend in place; an absolute word is its target already
                (target,) = struct.unpack_from("<I", content, offset - base)
            self._note(offset, target, is_call)

    def _note(self, place: int, target: int, is_call: bool) -> None:
        source, aim, constant = self._function_at(place), self._owner(target), self._owner(place)
        if aim is None:
            return
        if source is not None and is_call:
            if aim in self._functions and aim != source:
                self._functions[source].calls.add(aim)
        elif source is not None:
            if aim != source:
                self._functions[source].refers.add(aim)
        elif aim in self._functions and target & ~1 != aim:
            self._inside.add(aim)
        elif constant is not None:
            self._data[constant].add(aim)
