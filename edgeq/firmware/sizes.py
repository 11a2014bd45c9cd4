"""Flash and RAM of a firmware, read from its ELF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from edgeq.board import Board

SHF_ALLOC = 2


@dataclass(frozen=True)
class Sizes:
    """Bytes. `flash` = code, constants and initial values of data; `ram` = data, bss and arena without stacks;
    `weights` is the part of flash that is the model's constants."""

    flash: int
    weights: int
    ram: int

    @property
    def code(self) -> int:
        return self.flash - self.weights


def read_sizes(elf: Path, board: Board, *models: str) -> Sizes:
    """Sizes of firmware.elf; constants are the symbols `<model>_l..`, `<model>_initial..` and `<model>_tuned` of the
    models in it. On the host everything allocated counts."""
    flash = ram = weights = 0
    with elf.open("rb") as file:
        binary = ELFFile(file)
        for section in binary.iter_sections():
            size = section["sh_size"]
            if not section["sh_flags"] & SHF_ALLOC or section.name == ".stacks":
                continue
            if section["sh_type"] != "SHT_NOBITS":
                flash += size
            if board.arch == "host" or _lies_in(section["sh_addr"], board, "ram"):
                ram += size
        symbols = binary.get_section_by_name(".symtab")
        prefixes = tuple(f"{model}_{kind}" for model in models for kind in ("l", "initial", "tuned"))
        for symbol in symbols.iter_symbols() if symbols is not None else []:
            if symbol["st_info"]["type"] == "STT_OBJECT" and symbol.name.startswith(prefixes):
                weights += symbol["st_size"]
    return Sizes(flash, weights, ram)


def code_sizes(elf: Path, objects: Path) -> dict[str, dict[str, int]]:
    """Source file -> function that the ELF has of it -> bytes. The ELF does not tell where global functions come from:
    `objects` is the folder with the object files (name.c.o) that it was linked from."""
    files = {name: path.stem for path in sorted(objects.rglob("*.o")) for _, name, _, _ in _functions(path)}
    found: dict[str, dict[str, int]] = {}
    for source, name, size, is_local in _functions(elf):
        file = source if is_local else files.get(name, "")
        found.setdefault(file, {})[name] = size
    return found


def _functions(path: Path) -> Iterator[tuple[str, str, int, bool]]:
    """(file, name, bytes, whether it is static) of the functions that an ELF or an object file defines; the file is
    that of static ones only."""
    source = ""
    with path.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".symtab")
        for symbol in symbols.iter_symbols() if symbols is not None else []:
            kind = symbol["st_info"]["type"]
            if kind == "STT_FILE":
                source = symbol.name
            elif kind == "STT_FUNC" and symbol["st_shndx"] != "SHN_UNDEF":
                yield source, symbol.name, symbol["st_size"], symbol["st_info"]["bind"] == "STB_LOCAL"


def _lies_in(address: int, board: Board, region: str) -> bool:
    memory = board.memory[region]
    return memory.origin <= address < memory.origin + memory.length
