"""Boards: frozen dataclasses and the strict loader of boards/<name>.toml.

A board is one TOML file. Unknown keys, missing keys, wrong types, overlapping memory regions and unknown cost
classes are errors that name the file, the key and what is allowed.
"""

from __future__ import annotations

import difflib
import itertools
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError
from edgeq.paths import boards_dir
from edgeq.toolchain import GCC, KINDS, ZIG, ZIG_PACKAGE, Toolchain

ARCHITECTURES = ("host", "riscv", "cortex_m")

# Kernel families that the cores of an architecture can run.
KERNEL_FAMILIES = {
    "host": ("scalar", "rv32im", "xpulp"),
    "riscv": ("scalar", "rv32im", "xpulp", "rvv"),
    "cortex_m": ("scalar", "dsp", "mve"),
}

# Memory regions every cross-compiled board declares: what the product uses, and what only the simulation build uses.
MEMORY_REGIONS = ("flash", "ram", "simulation")

_CLASSES_MEMORY = ("load", "store")
_CLASSES_ARITHMETIC = ("alu", "mul", "mulh", "mac", "simd", "div")
_CLASSES_BOTH = (*_CLASSES_ARITHMETIC, *_CLASSES_MEMORY, "branch", "jump", "hwloop", "csr", "other")

# Instruction classes that runtime_c/plugin counts, per architecture; each has a cost in [cost.cycles].
COST_CLASSES: dict[str, tuple[str, ...]] = {
    "host": (),
    "riscv": (*_CLASSES_BOTH, "fp", "fpdiv", "atomic"),
    "cortex_m": (
        *_CLASSES_BOTH,
        "load_multiple",
        "store_multiple",
        "multi_register",
        "fp",
        "fpdiv",
        "vector",
        "vector_load",
        "vector_store",
    ),
}

# What only boards with a kernel family have a cost for.
COST_CLASSES_OF_FAMILY: dict[str, tuple[str, ...]] = {"rvv": ("vector", "vector_load", "vector_store")}

# When a load costs `load_use_extra` more: when the next instruction uses its result, or (Cortex-M3/M4) whenever the
# next instruction is no load or store, because only neighbouring memory accesses pipeline.
LOAD_EXTRA_RULES = ("used", "not_followed_by_memory")


@dataclass(frozen=True)
class MemoryRegion:
    """One region of the linker script: byte address and bytes; `simulated` is its address in the simulator, whose
    memory need not lie where the part's does."""

    origin: int
    length: int
    simulated: int


@dataclass(frozen=True)
class Renode:
    """The core as Renode calls it and monitor commands that set it up, or why Renode can't simulate the board."""

    cpu: str
    commands: tuple[str, ...]
    refused: str


@dataclass(frozen=True)
class Simulator:
    """QEMU's argv before the kernel (empty: the program runs natively) and its Debian package; the board in Renode,
    where its file says."""

    command: tuple[str, ...]
    apt: str
    renode: Renode | None


@dataclass(frozen=True)
class Cost:
    """Published cycle costs, applied by the counter to executed instructions; an estimate, never a measurement.

    `cycles` maps the classes of cost_classes(arch, isa) to cycles (multiples of 0.01 are kept).
    """

    source: str
    cycles: dict[str, float]
    taken_branch_extra: float
    load_use_extra: float
    fork: float
    join: float
    notes: str
    load_extra_rule: str = "used"


@dataclass(frozen=True)
class Power:
    """Published power while computing."""

    active_mw: float
    source: str


@dataclass(frozen=True)
class Board:
    """Everything edgeq knows about a board; `isa` lists kernel variants, preferred first, `path` is its TOML file."""

    path: Path
    name: str
    description: str
    arch: str
    isa: tuple[str, ...]
    cores: int
    fpu: bool
    clock_hz: int
    stack_bytes: int
    memory: dict[str, MemoryRegion]
    toolchain: Toolchain
    simulator: Simulator
    cost: Cost
    power: Power | None


def list_boards() -> list[str]:
    """Names of all boards that come with edgeq, sorted."""
    return sorted(path.stem for path in boards_dir().glob("*.toml"))


def load_board(name_or_path: str | Path) -> Board:
    """The board of that name, or of that TOML file (anything that ends in .toml).

    Raises EdgeqError for an unknown name (with the nearest ones) and for a file that breaks the schema.
    """
    text = str(name_or_path)
    if text.endswith(".toml"):
        path = Path(text)
        if not path.is_file():
            raise EdgeqError(f"Board file {path} does not exist: give a board's name or the path of its TOML file.")
    else:
        path = boards_dir() / f"{text}.toml"
        if text not in list_boards():
            raise EdgeqError(_unknown_board(text))
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EdgeqError(f"Board file {path.name} can't be read as TOML: {error}.") from error
    return _parse_board(_Table(data, path.name), path)


def _unknown_board(name: str) -> str:
    names = list_boards()
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(names)}"
    return f"There is no board '{name}' ({hint}); 'edgeq boards' lists them all."


class _Table:
    """A TOML table that hands out typed values and, when closed, complains about keys nobody asked for."""

    def __init__(self, data: dict[str, Any], where: str) -> None:
        self._data = data
        self._where = where
        self._known: set[str] = set()

    def error(self, problem: str) -> EdgeqError:
        return EdgeqError(f"Board file {self._where}: {problem}.")

    def get(self, key: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        self._known.add(key)
        if key not in self._data:
            raise self.error(f"key '{key}' ({wanted}) is missing")
        value = self._data[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise self.error(f"key '{key}' is {value!r}, must be {wanted}")
        return value

    def has(self, key: str) -> bool:
        self._known.add(key)
        return key in self._data

    def text(self, key: str) -> str:
        return str(self.get(key, str, "a string"))

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.get(key, list, "a list of strings")
        if not all(isinstance(value, str) for value in values):
            raise self.error(f"key '{key}' is {values!r}, must be a list of strings")
        return tuple(values)

    def integer(self, key: str, minimum: int) -> int:
        value = int(self.get(key, int, f"an integer of at least {minimum}"))
        if value < minimum:
            raise self.error(f"key '{key}' is {value}, must be at least {minimum}")
        return value

    def number(self, key: str) -> float:
        value = float(self.get(key, (int, float), "a number of at least 0"))
        if not 0 <= value < 1e6:
            raise self.error(f"key '{key}' is {value}, must be between 0 and 1000000")
        return value

    def choice(self, key: str, choices: Iterable[str]) -> str:
        value = self.text(key)
        if value not in choices:
            raise self.error(f"key '{key}' is '{value}', must be one of {', '.join(choices)}")
        return value

    def table(self, key: str) -> _Table:
        value = self.get(key, dict, "a table")
        return _Table(value, f"{self._where} [{key}]" if "[" not in self._where else f"{self._where[:-1]}.{key}]")

    def close(self) -> None:
        unknown = sorted(set(self._data) - self._known)
        if unknown:
            near = difflib.get_close_matches(unknown[0], sorted(self._known), n=1)
            hint = f"did you mean '{near[0]}'" if near else f"allowed here: {', '.join(sorted(self._known))}"
            raise self.error(f"unknown key '{unknown[0]}' ({hint})")


def _parse_board(top: _Table, path: Path) -> Board:
    name = top.text("name")
    if name != path.stem:
        raise top.error(f"key 'name' is '{name}', must be the file's name without .toml, '{path.stem}'")
    arch = top.choice("arch", ARCHITECTURES)
    isa = top.texts("isa")
    if not isa or isa[-1] != "scalar":
        raise top.error(f"key 'isa' is {list(isa)}, must list kernel variants, preferred first, 'scalar' last")
    for family in isa:
        if family not in KERNEL_FAMILIES[arch]:
            known = ", ".join(KERNEL_FAMILIES[arch])
            raise top.error(f"key 'isa' names '{family}', but the kernel families of {arch} are {known}")
    board = Board(
        path=path,
        name=name,
        description=top.text("description"),
        arch=arch,
        isa=isa,
        cores=top.integer("cores", 1),
        fpu=bool(top.get("fpu", bool, "true or false")),
        clock_hz=top.integer("clock_hz", 1),
        stack_bytes=top.integer("stack_bytes", 256),
        memory=_parse_memory(top, arch),
        toolchain=_parse_toolchain(top.table("toolchain")),
        simulator=_parse_simulator(top.table("simulator"), arch),
        cost=_parse_cost(top.table("cost"), cost_classes(arch, isa)),
        power=_parse_power(top.table("power")) if top.has("power") else None,
    )
    if board.stack_bytes % 16 != 0:
        raise top.error(f"key 'stack_bytes' is {board.stack_bytes}, must be a multiple of 16")
    if board.cores > 1 and arch != "riscv":
        raise top.error(f"key 'cores' is {board.cores}, but only riscv boards may have more than one core")
    if board.cores > 1 and f"-DEQ_CORES={board.cores}" not in board.toolchain.flags:
        raise top.error(f"[toolchain] flags must contain '-DEQ_CORES={board.cores}', as 'cores' is {board.cores}")
    top.close()
    return board


def _parse_memory(top: _Table, arch: str) -> dict[str, MemoryRegion]:
    if arch == "host":
        return {}
    memory = top.table("memory")
    regions: dict[str, MemoryRegion] = {}
    for name in MEMORY_REGIONS:
        table = memory.table(name)
        origin, length = table.integer("origin", 0), table.integer("length", 1024)
        regions[name] = MemoryRegion(
            origin, length, table.integer("simulated", 0) if table.has("simulated") else origin
        )
        if max(origin, regions[name].simulated) + length > 1 << 32:
            raise table.error("origin + length lies beyond the 32-bit address space")
        table.close()
    memory.close()
    part = {name: (region.origin, region.length) for name, region in regions.items() if name != "simulation"}
    simulated = {name: (region.simulated, region.length) for name, region in regions.items()}
    for places in (part, simulated):
        for (low_name, low), (high_name, high) in itertools.pairwise(sorted(places.items(), key=lambda item: item[1])):
            if sum(low) > high[0]:
                raise memory.error(
                    f"regions '{low_name}' (ends at {sum(low):#x}) and '{high_name}' (starts at {high[0]:#x}) overlap"
                )
    return regions


def _parse_toolchain(table: _Table) -> Toolchain:
    """GCC as [toolchain] has it, or with use = "zig" what [toolchain.zig] says."""
    chosen = table.choice("use", KINDS) if table.has("use") else GCC
    result = Toolchain(
        GCC,
        table.text("compiler"),
        table.texts("flags"),
        table.texts("link_flags"),
        table.text("apt"),
        _float_flags(table),
    )
    if chosen == ZIG or table.has(ZIG):
        zig = table.table(ZIG)
        with_zig = Toolchain(ZIG, ZIG_PACKAGE, zig.texts("flags"), zig.texts("link_flags"), "", _float_flags(zig))
        zig.close()
        result = with_zig if chosen == ZIG else result
    table.close()
    return result


def _float_flags(table: _Table) -> tuple[str, ...]:
    """Optional: what firmware with floating-point layers is compiled with besides."""
    return table.texts("float_flags") if table.has("float_flags") else ()


def _parse_simulator(table: _Table, arch: str) -> Simulator:
    renode = _parse_renode(table.table("renode")) if table.has("renode") else None
    result = Simulator(table.texts("command"), table.text("apt"), renode)
    if (arch == "host") != (not result.command):
        raise table.error("key 'command' must be empty on a host board and name the simulator on any other")
    table.close()
    return result


def _parse_renode(table: _Table) -> Renode:
    """Either `refused`, or `cpu` and perhaps `commands`."""
    refused = table.text("refused") if table.has("refused") else ""
    result = Renode(
        cpu="" if refused else table.text("cpu"),
        commands=table.texts("commands") if not refused and table.has("commands") else (),
        refused=refused,
    )
    table.close()
    return result


def cost_classes(arch: str, isa: tuple[str, ...]) -> tuple[str, ...]:
    """The classes of [cost.cycles]."""
    return (*COST_CLASSES[arch], *(name for family in isa for name in COST_CLASSES_OF_FAMILY.get(family, ())))


def _parse_cost(table: _Table, classes: tuple[str, ...]) -> Cost:
    source = table.text("source")
    cycles_table = table.table("cycles")
    cycles = {name: cycles_table.number(name) for name in classes}
    cycles_table.close()
    rule = table.choice("load_extra_rule", LOAD_EXTRA_RULES) if table.has("load_extra_rule") else LOAD_EXTRA_RULES[0]
    result = Cost(
        source=source,
        cycles=cycles,
        taken_branch_extra=table.number("taken_branch_extra"),
        load_use_extra=table.number("load_use_extra"),
        fork=table.number("fork"),
        join=table.number("join"),
        notes=table.text("notes"),
        load_extra_rule=rule,
    )
    table.close()
    return result


def _parse_power(table: _Table) -> Power:
    result = Power(table.number("active_mw"), table.text("source"))
    table.close()
    return result
