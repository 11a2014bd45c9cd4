"""Runs a simulator or a native program with a time limit and keeps what it prints."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CONSOLE_LIMIT_BYTES = 1 << 20


@dataclass(frozen=True)
class ProcessResult:
    """Exit status (negative: ended by that signal), everything printed (the last MiB), and whether time ran out."""

    exit_code: int
    console: str
    timed_out: bool


def run_process(
    command: list[str], workdir: Path, timeout_s: float, environment: Mapping[str, str] | None = None
) -> ProcessResult:
    """Runs `command` in `workdir` without input; kills it with its children after `timeout_s`.

    Raises OSError when the program can't be started.
    """
    with tempfile.TemporaryFile() as console:
        process = subprocess.Popen(
            command,
            cwd=workdir,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            env=dict(environment) if environment is not None else None,
            start_new_session=True,
        )
        timed_out = False
        try:
            process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        length = console.seek(0, os.SEEK_END)
        console.seek(max(0, length - CONSOLE_LIMIT_BYTES))
        return ProcessResult(process.returncode, console.read().decode("utf-8", "replace"), timed_out)
