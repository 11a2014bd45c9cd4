"""The compilers that build firmware: a GCC found on PATH, or clang from the PyPI package ziglang.

ziglang needs no installation by root and is the same clang on every machine; it drives every board's core with its own
`-target` and `-mcpu`, so a board that can be built by it says so in [toolchain.zig].
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from dataclasses import dataclass

GCC, ZIG = "gcc", "zig"
KINDS = (GCC, ZIG)
#: the Python package behind ZIG
ZIG_PACKAGE = "ziglang"


@dataclass(frozen=True)
class Toolchain:
    """`compiler` is the executable's name, or the Python package's for ZIG; `flags` choose cpu and ABI, `link_flags`
    are for linking only; `apt` is the Debian package (empty for ZIG). `float_flags` follow `flags` in firmware that has
    floating-point layers."""

    kind: str
    compiler: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    apt: str
    float_flags: tuple[str, ...] = ()

    def flags_for(self, floats: bool) -> tuple[str, ...]:
        """Flags that choose cpu and ABI; `floats`: of firmware with floating-point layers. An option=value that these
        have another value of is left out: given twice, GCC finds the compiler's own library for neither."""
        if not floats:
            return self.flags
        again = {flag.partition("=")[0] for flag in self.float_flags if "=" in flag}
        kept = [flag for flag in self.flags if "=" not in flag or flag.partition("=")[0] not in again]
        return (*kept, *self.float_flags)

    def is_installed(self) -> bool:
        """Whether this machine has the compiler."""
        if self.kind == ZIG:
            return importlib.util.find_spec(ZIG_PACKAGE) is not None
        return shutil.which(self.compiler) is not None

    @property
    def install_command(self) -> str:
        """What brings the compiler to this machine."""
        if self.kind == ZIG:
            return f"{sys.executable} -m pip install {ZIG_PACKAGE}"
        return f"apt-get install -y {self.apt}"

    @property
    def make_variables(self) -> tuple[str, ...]:
        """Arguments of make that tell the generated Makefile about this machine."""
        return (f"PYTHON={sys.executable}",) if self.kind == ZIG else ()
