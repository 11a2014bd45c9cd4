"""Runs a simulator, a native program or make with a time limit and keeps what it prints."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CONSOLE_LIMIT_BYTES = 1 << 20

_running: set[int] = set()


def stop_all() -> None:
    """Kills everything that run_process runs now, in whatever thread: for a user who has given up."""
    for group in tuple(_running):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Puts off Ctrl-C and SIGTERM to the end of the block, in the main thread; others never see them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    handlers = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in handlers:
        signal.signal(number, lambda arrived, _frame: came.append(arrived))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


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
        process, timed_out = None, False
        try:
            with _undisturbed():  # a process that was started and isn't known yet would stay behind
                process = subprocess.Popen(
                    command,
                    cwd=workdir,
                    stdin=subprocess.DEVNULL,
                    stdout=console,
                    stderr=subprocess.STDOUT,
                    env=dict(environment) if environment is not None else None,
                    start_new_session=True,
                )
                _running.add(process.pid)
            process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            if process is not None:
                _running.discard(process.pid)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
        assert process is not None
        length = console.seek(0, os.SEEK_END)
        console.seek(max(0, length - CONSOLE_LIMIT_BYTES))
        return ProcessResult(process.returncode, console.read().decode("utf-8", "replace"), timed_out)
