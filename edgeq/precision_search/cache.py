"""Costs of layers on disk, so that what was measured once is not measured again: a small JSON file each, in the user's
cache folder (EDGEQ_CACHE_DIR). Files are written whole and then renamed, so that any number of searches may share them.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from edgeq.paths import boards_dir, cache_dir, runtime_dir, templates_dir


def folder() -> Path:
    """Where the files are."""
    return cache_dir() / "costs"


def problem() -> str | None:
    """Why nothing can be kept; None if it can."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder()):
            return None
    except OSError as error:
        return f"{folder()} can't be written ({error.strerror})"


def get(key: str) -> dict[str, Any] | None:
    """What is kept under the key; None for nothing, or nothing that can be read."""
    try:
        value = json.loads((folder() / f"{key}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def put(key: str, value: dict[str, Any]) -> None:
    """Keeps a value; without effect where the folder can't be written (see `problem`)."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        write_whole(folder() / f"{key}.json", json.dumps(value, sort_keys=True) + "\n")
    except OSError:
        return


def write_whole(path: Path, text: str) -> None:
    """The file with this text; whoever reads it meanwhile sees the old one or the new one. Raises OSError."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def digest(value: Any) -> str:
    """A name for a JSON value."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:24]


@cache
def edgeq_digest() -> str:
    """Changes with everything that a firmware and its costs come from: edgeq's code, templates and runtime."""
    found = hashlib.sha256()
    for root in (Path(__file__).resolve().parent.parent, templates_dir(), runtime_dir(), boards_dir()):
        for path in sorted(root.rglob("*")):
            if path.is_file() and path.suffix in (".py", ".c", ".h", ".S", ".j2", ".toml"):
                found.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return found.hexdigest()[:24]
