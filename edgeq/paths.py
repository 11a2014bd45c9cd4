"""Where the data folders are: beside the package in a checkout, inside it (edgeq/_data) once installed."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

from edgeq.errors import EdgeqError

_PACKAGE = Path(__file__).resolve().parent


@cache
def _data_folder(name: str) -> Path:
    for parent in (_PACKAGE / "_data", _PACKAGE.parent):  # beside an installed package lie those of others
        if (parent / name).is_dir():
            return parent / name
    raise EdgeqError(
        f"edgeq's data folder '{name}' is missing (looked beside and inside {_PACKAGE}): reinstall edgeq, "
        "or run it from a complete checkout."
    )


def templates_dir() -> Path:
    """Folder of the Jinja2 templates. Raises EdgeqError when the installation is incomplete."""
    return _data_folder("templates")


def runtime_dir() -> Path:
    """Folder of the C runtime (kernels, platform, counter plugin). Raises EdgeqError when it is missing."""
    return _data_folder("runtime_c")


def boards_dir() -> Path:
    """Folder of the board descriptions. Raises EdgeqError when it is missing."""
    return _data_folder("boards")


def can_write(folder: Path) -> bool:
    """Whether files can be made in a folder, which may not be there yet."""
    nearest = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def cache_dir() -> Path:
    """Folder of what can be made again (EDGEQ_CACHE_DIR, XDG_CACHE_HOME or ~/.cache, and edgeq in it); it may not be
    there yet, or not be writable."""
    base = os.environ.get("EDGEQ_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "edgeq"
