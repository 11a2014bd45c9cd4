"""The copies of CMSIS-NN that tests link against: the stand-in, and the library itself where the machine has one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edgeq.cmsis_nn import VARIABLE

STAND_IN = Path(__file__).resolve().parent / "stand_in"
#: as the environment named it when the tests began
LIBRARY = os.environ.get(VARIABLE, "")
COPIES = ("stand-in", "library")


def use(copy: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Sets CMSIS_NN_ROOT to one of COPIES; skips where there is no such copy."""
    if copy == "library" and not LIBRARY:
        pytest.skip(f"{VARIABLE} is not set to a copy of CMSIS-NN")
    root = STAND_IN if copy == "stand-in" else Path(LIBRARY)
    monkeypatch.setenv(VARIABLE, str(root))
    return root
