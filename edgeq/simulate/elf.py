"""The few things the simulator needs from a firmware's ELF: symbols, and the function at an address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from edgeq.errors import EdgeqError


@dataclass(frozen=True)
class Symbols:
    """Addresses by name, and the functions (start, end, name) sorted by start."""

    addresses: dict[str, int]
    functions: list[tuple[int, int, str]]

    def address(self, name: str, elf: Path) -> int:
        """Address of a symbol; raises EdgeqError when the ELF has none of that name."""
        if name not in self.addresses:
            raise EdgeqError(
                f"{elf.name} has no symbol '{name}': link it with edgeq's linker script and the files of "
                "platform_sources(board, simulation=True)."
            )
        return self.addresses[name]

    def function_at(self, address: int) -> str | None:
        """Name of the function that holds `address`, or None."""
        for start, end, name in self.functions:
            if start <= address < end:
                return name
        return None


def _open_error(elf: Path, error: Exception) -> EdgeqError:
    return EdgeqError(f"{elf} can't be read as an ELF file ({error}): build the firmware again.")


def read_symbols(elf: Path) -> Symbols:
    """Symbols of a firmware. Raises EdgeqError when the file is missing or is no ELF."""
    addresses: dict[str, int] = {}
    functions: list[tuple[int, int, str]] = []
    try:
        with elf.open("rb") as stream:
            table = ELFFile(stream).get_section_by_name(".symtab")
            if isinstance(table, SymbolTableSection):
                for symbol in table.iter_symbols():
                    value, size = int(symbol["st_value"]), int(symbol["st_size"])
                    if symbol.name and symbol["st_shndx"] != "SHN_UNDEF":
                        addresses[symbol.name] = value
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        start = value & ~1
                        functions.append((start, start + max(size, 2), symbol.name))
    except (OSError, ELFError) as error:
        raise _open_error(elf, error) from error
    return Symbols(addresses, sorted(functions))
