"""Processes that handle one request, `python -m MODULE REQUEST.json FOLDER`, and who asks them. They write what was
asked for into FOLDER and print nothing; a problem becomes FOLDER/error.txt and exit code 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError

REQUEST, PROBLEM = "request.json", "error.txt"


class StoppedError(Exception):
    """A process ended with neither what was asked for nor a problem; `lines` of its standard error, or how it ended."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(lines[-1])
        self.lines = lines


def ask(
    module: str,
    request: Mapping[str, Any],
    folder: Path,
    timeout_s: float,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Has `request` handled in a process of its own, which leaves what was asked for in `folder`. Raises EdgeqError
    with the problem that it met, subprocess.TimeoutExpired, or StoppedError."""
    (folder / REQUEST).write_text(json.dumps(request), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", module, str(folder / REQUEST), str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode == 0:
        return
    if (folder / PROBLEM).exists():
        raise EdgeqError((folder / PROBLEM).read_text(encoding="utf-8"))
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    raise StoppedError(lines or [f"exit {done.returncode}"])


def answer(run: Callable[[dict[str, Any], Path], None]) -> None:
    """Hands the command line's request and folder to `run`, whose EdgeqError is the problem."""
    folder = Path(sys.argv[2])
    try:
        run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), folder)
    except EdgeqError as error:
        (folder / PROBLEM).write_text(str(error), encoding="utf-8")
        sys.exit(2)
