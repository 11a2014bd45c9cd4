"""Output folders that are there whole, or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeq.errors import EdgeqError


@contextmanager
def target_folder(target: Path) -> Iterator[Path]:
    """A working folder beside `target` that becomes `target` on success and disappears on failure."""
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            what = "is not empty" if target.is_dir() else "is a file"
            raise EdgeqError(f"output folder {target}: already exists and {what}; remove it or choose another with -o")
        parent = target.resolve().parent
        parent.mkdir(parents=True, exist_ok=True)
        working = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=parent))
    except OSError as error:
        raise EdgeqError(
            f"output folder {target}: can't be written ({error.strerror}); choose another with -o"
        ) from error
    moved: list[Path] = []
    try:
        yield working
        working.chmod(0o755)
        if not target.exists():
            os.rename(working, target)
            return
        for item in working.iterdir():  # an empty folder that is already there is kept as it is
            moved.append(target / item.name)
            os.rename(item, target / item.name)
        working.rmdir()
    except BaseException:
        for item in (working, *moved):
            shutil.rmtree(item, ignore_errors=True) if item.is_dir() else item.unlink(missing_ok=True)
        raise
