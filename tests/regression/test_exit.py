"""A build that was stopped while Python took itself down ended with the signal, though its folder was whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import os, signal

class Late:
    # is taken down with the module, behind what handles signals
    def __init__(self):
        self.kill, self.arguments = os.kill, (os.getpid(), signal.{name})

    def __del__(self):
        self.kill(*self.arguments)

late = Late()
from edgeq.cli import main
main(["boards"])
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_behind_the_work_does_not_change_the_exit_code(name: str) -> None:
    result = subprocess.run([sys.executable, "-c", CODE.format(name=name)], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "cortex-m4" in result.stdout
