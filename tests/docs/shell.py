"""A folder in which the documentation's commands run: as if it were the checkout's root, but for what they write."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.docs.pages import Block

#: of the checkout, to be read
SHOWN = ("boards", "docs", "examples")
TIMEOUT_S = 1800


def prepare(folder: Path, package: Path = ROOT) -> dict[str, str]:
    """Makes the checkout's folders reachable in `folder`, unless it has its own; the environment for commands there,
    whose python is that of this process, and whose edgeq lies in `package`."""
    programs = folder / ".bin"
    programs.mkdir(parents=True)
    for name, command in (("edgeq", f'"{sys.executable}" -m edgeq'), ("python", f'"{sys.executable}"')):
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    for name in SHOWN:
        if not (folder / name).exists():
            (folder / name).symlink_to(ROOT / name)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(package), "COLUMNS": "150"}


def run(script: str, folder: Path, environment: dict[str, str], where: str) -> str:
    """What the lines print; the first that fails fails the test."""
    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail"],
        input=script,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{where}: exit {done.returncode}\n{script}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def save(block: Block, folder: Path) -> None:
    """Writes a block that is a file."""
    assert block.file is not None
    path = folder / block.file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
