"""What a foreign project needs of one or several built folders: flat files, each once, and an example that calls them.

Networks share the runtime: a kernel that several use is one file. Without a harness, start-up code and linker scripts,
which the foreign project has.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edgeq import __version__
from edgeq.board import Board
from edgeq.emit.runtime_files import included
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.paths import runtime_dir
from edgeq.stepwise import has_floats

TEAM = Path("platform/freestanding/team_sequential.c")
_MAIN = "int main(void) {"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Network:
    """One of the networks: its interface's name and header, the example's C, bytes of its arena."""

    name: str
    header: str
    example: str
    arena_bytes: int


@dataclass(frozen=True)
class Library:
    """C sources and headers by name; boards that they were built for, whose compilers' flags are the same; whether a
    network has floating-point layers; the project's own library that networks call, and how it is compiled."""

    name: str
    version: str
    networks: tuple[Network, ...]
    sources: dict[str, str]
    headers: dict[str, str]
    boards: tuple[Board, ...]
    has_floats: bool
    calls: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """As an Arduino library is called."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def cpu_flags(self) -> tuple[str, ...]:
        """Of the compiler."""
        return self.boards[0].toolchain.flags_for(self.has_floats)

    @property
    def cores(self) -> int:
        """That kernels fork over."""
        return max(board.cores for board in self.boards)

    @property
    def core(self) -> str:
        """As CMSIS calls the processor core."""
        flag = next((flag for flag in self.cpu_flags if flag.startswith("-mcpu=cortex-")), "")
        return "Cortex-" + flag.removeprefix("-mcpu=cortex-").replace("plus", "+").upper()


def collect(folders: Sequence[Path], name: str | None = None) -> Library:
    """The library of the folders' networks, by default with the first one's name. Raises EdgeqError for a folder that
    edgeq did not build, and for folders that don't go together."""
    opened = [open_folder(path, compiled=False) for path in folders]
    sources: dict[str, str] = {}
    headers: dict[str, str] = {}
    for firmware in opened:
        own, public = _files(firmware)
        for into, files in ((sources, own), (headers, public)):
            for file, text in files.items():
                if into.setdefault(file, text) != text:
                    raise EdgeqError(
                        f"{firmware.path}: its {file} is not that of {folders[0]}; build both with this edgeq, and "
                        "networks of one name from files of different names"
                    )
    networks = tuple(_network(firmware) for firmware in opened)
    boards = {firmware.board.name: firmware.board for firmware in opened}
    floats = any(has_floats(firmware.graph) for firmware in opened)
    if len({board.toolchain.flags_for(floats) for board in boards.values()}) > 1:
        raise EdgeqError(
            f"{folders[1]}: is built for {opened[1].board.name}, {folders[0]} for {opened[0].board.name}; networks of "
            "one firmware are built for one board"
        )
    name = name or networks[0].name
    if not _NAME.fullmatch(name):
        raise EdgeqError(f"--name {name}: must be a C name of small letters, digits and _")
    calls = [firmware.manifest["library"] for firmware in opened if firmware.manifest.get("library")]
    if len({item["single_rounding"] for item in calls}) > 1:
        raise EdgeqError(
            f"{', '.join(map(str, folders))}: one of them needs {calls[0]['name']} with a single rounding and another "
            "without; link them into different firmwares, or build one without --kernels cmsis-nn"
        )
    sorted_boards = tuple(boards[key] for key in sorted(boards))
    return Library(name, __version__, networks, sources, headers, sorted_boards, floats, calls[0] if calls else None)


def _files(firmware: FirmwareFolder) -> tuple[dict[str, str], dict[str, str]]:
    """C sources and headers of a folder's networks, by their names alone, which are unique."""
    listed = firmware.manifest.get("sources")
    if listed is None:
        raise EdgeqError(f"{firmware.path}: was built by an older edgeq; build it again")
    sources = {Path(name).name: (firmware.path / name).read_text(encoding="utf-8") for name in listed}
    headers = {path.name: path.read_text(encoding="utf-8") for path in sorted(firmware.path.glob("*.h"))}
    runtime = {path.name: path for path in sorted((firmware.path / "runtime").rglob("*.h"))}
    waiting = [*sources.values(), *headers.values()]
    while waiting:
        for wanted in included(waiting.pop()):
            if wanted not in headers:
                headers[wanted] = runtime[wanted].read_text(encoding="utf-8")
                waiting.append(headers[wanted])
    if "eq_team.h" in headers:
        sources[TEAM.name] = (runtime_dir() / TEAM).read_text(encoding="utf-8")
    return dict(sorted(sources.items())), dict(sorted(headers.items()))


def _network(firmware: FirmwareFolder) -> Network:
    text = (firmware.path / "main.c").read_text(encoding="utf-8")
    header = included(text)[0]
    name = header.removesuffix(".h")
    if _MAIN not in text:
        raise EdgeqError(f"{firmware.path}: its main.c was changed; build it again")
    example = f"#define EQ_ARENA_SECTION /* where the linker puts other data */\n{text}"
    return Network(name, header, example.replace(_MAIN, f"int {name}_example(void) {{"), _arena(firmware))


def _arena(firmware: FirmwareFolder) -> int:
    both = firmware.manifest.get("text")  # an encoder and a decoder share theirs
    return int(both["arena_bytes"] if both else firmware.manifest["arena"]["bytes"])
