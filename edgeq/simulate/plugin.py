"""The instruction counter: builds the QEMU plugin once per version, and writes its configuration."""

from __future__ import annotations

import atexit
import hashlib
import shutil
import tempfile
from functools import cache
from pathlib import Path

from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.paths import cache_dir, can_write, runtime_dir
from edgeq.simulate.elf import read_symbols
from edgeq.simulate.process import run_process
from edgeq.simulate.release import qemu_release

# QEMU 9.0 stopped accepting plugins of API version 1. What this plugin uses is the same in all versions.
_RELEASE_WITH_API_2 = (9, 0)

COMPILE_TIMEOUT_S = 300
_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden")


def build(simulator: str) -> Path:
    """The compiled plugin for this QEMU, from the user's cache or built now with the host's C compiler.

    The cache (EDGEQ_CACHE_DIR, else ~/.cache) is keyed by the sources; one that can't be written is done without.
    Raises EdgeqError when there is no compiler or it fails.
    """
    folder = runtime_dir() / "plugin"
    sources = sorted(folder.glob("*.c"))
    api = 2 if qemu_release(simulator) >= _RELEASE_WITH_API_2 else 1
    digest = hashlib.sha256(f"{api}\0{' '.join(_FLAGS)}".encode())
    for path in sorted(folder.glob("*.[ch]")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    library = _cache() / f"eq_count-{digest.hexdigest()[:16]}.so"
    if library.is_file():
        return library
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if compiler is None:
        raise EdgeqError("Counting instructions needs a C compiler (cc) on this machine: apt-get install gcc.")
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
            made = Path(scratch) / "plugin.so"
            command = [compiler, *_FLAGS, f"-DEQ_PLUGIN_API={api}", "-o", str(made), *map(str, sources)]
            result = run_process(command, Path(scratch), COMPILE_TIMEOUT_S)
            if result.exit_code != 0:
                raise EdgeqError(f"The instruction counter does not compile with {compiler}: {result.console.strip()}")
            made.replace(library)
    except OSError as error:
        raise EdgeqError(
            f"The instruction counter can't be built in {library.parent} ({error}): set EDGEQ_CACHE_DIR to a folder "
            "that can be written."
        ) from error
    return library


def _cache() -> Path:
    """Where the plugin is kept: the user's cache, or for this process only where that can't be written."""
    folder = cache_dir()
    return folder if can_write(folder) else _own()


@cache
def _own() -> Path:
    own = tempfile.TemporaryDirectory(prefix="edgeq-cache-")
    atexit.register(own.cleanup)
    return Path(own.name)


def configuration(board: Board, elf: Path, result: Path) -> str:
    """The plugin's configuration: one `key value` a line. Costs are in hundredths of a cycle.

    Raises EdgeqError when the ELF lacks the symbols of edgeq's linker script.
    """
    symbols = read_symbols(elf)

    def address(name: str) -> str:
        return f"{symbols.address(name, elf):#x}"

    lines = [
        f"decoder {board.arch}",
        f"harts {board.cores}",
        f"elf {elf}",
        f"result {result}",
        f"wait {address('__eq_wait_start')} {address('__eq_wait_end')}",
        f"trap {address('__eq_trap_start')} {address('__eq_trap_end')}",
        f"mark {address('__eq_mark_start')} {address('__eq_mark_end')}",
        f"marks {address('eq_marks')}",
    ]
    if "__eq_retired" in symbols.addresses:
        flash = board.memory["flash"]
        start = symbols.address("__eq_retired", elf)
        lines.append(f"retired {start:#x} {start + flash.length:#x} {flash.simulated:#x}")
    lines += [f"cost {name} {_hundredths(cycles)}" for name, cycles in board.cost.cycles.items()]
    lines += [
        f"taken_branch_extra {_hundredths(board.cost.taken_branch_extra)}",
        f"load_use_extra {_hundredths(board.cost.load_use_extra)}",
        f"load_extra_rule {board.cost.load_extra_rule}",
        f"fork {_hundredths(board.cost.fork)}",
        f"join {_hundredths(board.cost.join)}",
    ]
    return "\n".join(lines) + "\n"


def _hundredths(cycles: float) -> int:
    return round(cycles * 100)
