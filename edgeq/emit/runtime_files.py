"""Which files of runtime_c a firmware needs: its kernels, its platform, and the headers those include."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from edgeq.lower.program import Planar, Program, Rolling
from edgeq.paths import runtime_dir

#: folders of runtime_c that are on the include path, besides a file's own
INCLUDE_FOLDERS = ("include", "src/common")
OVER_INPUT_SOURCES = {Rolling: "conv2d/eq_conv2d_s8_rolling.c", Planar: "dwconv2d/eq_dwconv2d_s8_planar.c"}
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def kernel_sources(program: Program) -> list[Path]:
    """The C files of the program's kernels, relative to runtime_c, sorted, each once."""
    files = {Path("src") / layer.kernel.source for layer in program.layers}
    files |= {Path("src") / OVER_INPUT_SOURCES[type(layer.over_input)] for layer in program.layers if layer.over_input}
    if program.stages:
        files.add(Path("src/rows/eq_rows.c"))
    files |= {Path("src") / layer.kernel.helper for layer in program.layers if layer.kernel.helper}
    for layer in program.layers:
        if layer.residual is not None:
            files |= {Path("src/conv2d/eq_conv2d_s8_residual.c"), Path("src") / layer.residual.kernel.source}
    return sorted(files)


def with_headers(files: Iterable[Path], extra_headers: Iterable[str] = ()) -> list[Path]:
    """`files` and every header that they include, directly or not, relative to runtime_c; sorted."""
    root = runtime_dir()
    found: set[Path] = set()
    waiting = list(files) + [_find(name, None) for name in extra_headers]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        text = (root / file).read_text(encoding="utf-8")
        waiting += [_find(name, file.parent) for name in included(text)]
    return sorted(found)


def included(text: str) -> list[str]:
    """Names of the headers beside the compiler's own that C text includes, in its order."""
    return _INCLUDE.findall(text)


def _find(header: str, folder: Path | None) -> Path:
    """Where an included header lies, relative to runtime_c."""
    candidates = ([folder] if folder is not None else []) + [Path(name) for name in INCLUDE_FOLDERS]
    for candidate in candidates:
        if (runtime_dir() / candidate / header).is_file():
            return candidate / header
    raise FileNotFoundError(f"runtime_c has no header {header}")
