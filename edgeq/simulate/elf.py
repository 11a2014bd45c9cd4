"""The few things the simulator needs from a firmware's ELF: symbols, the function at an address, a patched word."""

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


def patched_word(elf: Path, symbol: str, value: int) -> bytes:
    """The ELF's bytes with the initialised 32-bit variable `symbol` set to `value` (little endian).

    Raises EdgeqError when there is no such variable in a section with contents.
    """
    address = read_symbols(elf).address(symbol, elf)
    data = bytearray(elf.read_bytes())
    try:
        with elf.open("rb") as stream:
            for section in ELFFile(stream).iter_sections():
                start = int(section["sh_addr"])
                if section["sh_type"] == "SHT_PROGBITS" and start <= address <= start + int(section["sh_size"]) - 4:
                    offset = int(section["sh_offset"]) + address - start
                    data[offset : offset + 4] = value.to_bytes(4, "little")
                    return bytes(data)
    except (OSError, ELFError) as error:
        raise _open_error(elf, error) from error
    raise EdgeqError(f"{elf.name}: variable '{symbol}' has no initial value to change; build the firmware again.")
