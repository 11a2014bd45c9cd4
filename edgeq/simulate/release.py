"""Which QEMU is installed, and what differs between its releases."""

from __future__ import annotations

import re
import subprocess
from functools import cache

# From this release on, the names of RISC-V CPU properties are lower case ("zfh" for "Zfh").
_LOWER_CASE_PROPERTIES = (8, 2)


@cache
def qemu_release(simulator: str) -> tuple[int, int]:
    """Major and minor version of a QEMU executable; (0, 0) when it doesn't say."""
    text = subprocess.run([simulator, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"version (\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else (0, 0)


def adapted_arguments(arguments: tuple[str, ...], release: tuple[int, int]) -> list[str]:
    """A board's simulator arguments, written for QEMU 7.2, in the form that `release` takes."""
    adapted = list(arguments)
    if "-cpu" in adapted and release >= _LOWER_CASE_PROPERTIES:
        place = adapted.index("-cpu") + 1
        adapted[place] = adapted[place].lower()
    return adapted
