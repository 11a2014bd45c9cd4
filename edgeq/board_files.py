"""New board files from those that come with edgeq: another part with the same core.

A board's file is text with comments, sources and costs that hold for the new part too, so it is edited and not written
anew. What comes out is read by the loader before it is kept.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from edgeq.board import Board, list_boards, load_board
from edgeq.errors import EdgeqError
from edgeq.paths import boards_dir

#: of memories, where datasheets mean 1024 by K; and of clocks
SIZE_UNITS = {"": 1, "b": 1, "kb": 1024, "kib": 1024, "mb": 1024**2, "mib": 1024**2}
CLOCK_UNITS = {"": 1, "hz": 1, "khz": 1000, "mhz": 1000**2, "ghz": 1000**3}
_QUANTITY = re.compile(r"(0x[0-9a-f]+|\d+(?:\.\d+)?(?:e\d+)?)\s*([a-z]*)", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Part:
    """What a new board has of its own; None: as the board that it starts from. Bytes, addresses, Hz."""

    name: str
    description: str | None = None
    clock_hz: int | None = None
    stack_bytes: int | None = None
    lengths: dict[str, int | None] = field(default_factory=dict)
    origins: dict[str, int | None] = field(default_factory=dict)


def size(text: str, option: str) -> int:
    """Bytes in "512KB", "0x80000" or "524288"; K is 1024. Raises EdgeqError that names `option`."""
    return _quantity(text, option, SIZE_UNITS, "bytes (524288), 512KB or 1MB")


def clock(text: str, option: str) -> int:
    """Hz in "80MHz" or "80000000". Raises EdgeqError that names `option`."""
    return _quantity(text, option, CLOCK_UNITS, "Hz (80000000) or 80MHz")


def _quantity(text: str, option: str, units: dict[str, int], example: str) -> int:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise EdgeqError(f"{option} {text}: must be {example}")
    number = int(match[1], 16) if match[1].lower().startswith("0x") else float(match[1])
    return round(number * units[match[2].lower()])


def described(base: Board, part: Part) -> str:
    """One line about the new board, where it has none of its own."""
    flash, ram = (part.lengths.get(name) or base.memory[name].length for name in ("flash", "ram"))
    return f"{part.name}, a core as of {base.name}; {flash:,} bytes of flash, {ram:,} of RAM."


def text_of(base: Board, part: Part) -> str:
    """The new board's file. A memory that moves stays where it was in the simulator, whose machine has not moved."""
    text = base.path.read_text(encoding="utf-8")
    while text.startswith("#"):  # about the other part
        text = text.partition("\n")[2]
    text = _edited(text, "", "name", f'"{part.name}"')
    text = _edited(text, "", "description", f'"{part.description or described(base, part)}"')
    for key, value in (("clock_hz", part.clock_hz), ("stack_bytes", part.stack_bytes)):
        if value is not None:
            text = _edited(text, "", key, str(value))
    for name, region in base.memory.items():
        length, origin = part.lengths.get(name), part.origins.get(name)
        if length is not None:
            text = _edited(text, f"memory.{name}", "length", f"{length:#x}")
        if origin is not None and origin != region.origin:
            text = _edited(text, f"memory.{name}", "simulated", f"{region.simulated:#010x}")
            text = _edited(text, f"memory.{name}", "origin", f"{origin:#010x}")
    head = f"# Made from {base.name} by edgeq boards new: memories and clock are this part's, the costs that core's."
    return f"{head}\n{text}"


def copy_with_toolchain(name: str, kind: str, folder: Path) -> Path:
    """Writes the file of board `name` with `use = kind` in its [toolchain] into `folder`; returns its path."""
    text = (boards_dir() / f"{name}.toml").read_text(encoding="utf-8")
    path = folder / f"{name}.toml"
    path.write_text(_edited(text, "toolchain", "use", f'"{kind}"'), encoding="utf-8")
    return path


def write(base: Board, part: Part, folder: Path) -> Path:
    """Writes <folder>/<name>.toml and returns it. Raises EdgeqError where that exists, where the name is taken or no
    name, and where the loader would refuse the file."""
    if not _NAME.fullmatch(part.name):
        raise EdgeqError(f"--name {part.name!r}: must be letters, digits, - and _, as it names files")
    if part.name in list_boards():
        raise EdgeqError(f"--name {part.name}: edgeq has a board of that name; choose another")
    if base.arch == "host":
        raise EdgeqError(f"--from {base.name}: has no memories of its own; start from a board with a chip's core")
    if part.description is not None and set(part.description) & {'"', "\\", "\n"}:
        raise EdgeqError('--description: must be one line without " and \\')
    target = folder / f"{part.name}.toml"
    if target.exists():
        raise EdgeqError(f"{target} exists already; choose another --name, or remove it")
    text = text_of(base, part)
    with tempfile.TemporaryDirectory() as scratch:
        trial = Path(scratch) / target.name
        trial.write_text(text, encoding="utf-8")
        load_board(trial)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise EdgeqError(f"{target} can't be written ({error.strerror})") from error
    return target


def _edited(text: str, table: str, key: str, value: str) -> str:
    """TOML text with `key` of `table` ("": the top) set; a key that is not there is put at the table's end."""
    lines, inside, end = text.splitlines(), table == "", 0
    for number, line in enumerate(lines):
        if line.startswith("["):
            if inside:
                break
            inside = line.strip() == f"[{table}]"
        if inside and re.match(rf"{re.escape(key)}\s*=", line):
            lines[number] = f"{key} = {value}"
            return "\n".join(lines) + "\n"
        if inside and line.strip():
            end = number + 1
    lines.insert(end, f"{key} = {value}")
    return "\n".join(lines) + "\n"
