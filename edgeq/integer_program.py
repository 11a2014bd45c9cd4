"""Integer programs of zeros and ones, solved exactly by HiGHS (Q. Huangfu, J. Hall, 2018) through scipy."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

#: a matrix of rows, and the least and the most that each may be
Rows = tuple[np.ndarray, Any, Any]


def solve(objective: np.ndarray, rows: Sequence[Rows], upper: np.ndarray | float = 1.0) -> np.ndarray | None:
    """The vector of zeros and ones with the least objective that keeps to the rows, or None where there is none. An
    entry of `upper` that is 0 forbids a one."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # 0.7 s

    with _silent():
        result = milp(
            objective,
            integrality=np.ones(len(objective)),
            bounds=Bounds(0, upper),
            constraints=[LinearConstraint(*row) for row in rows],
            options={"mip_rel_gap": 0},
        )
    found: np.ndarray | None = result.x
    return found


def picked(x: np.ndarray, sizes: Sequence[int]) -> tuple[int, ...]:
    """Which of each group of options has the one: `x` begins with groups of these sizes."""
    starts = np.cumsum([0, *sizes])
    return tuple(int(np.argmax(x[start : start + size])) for start, size in zip(starts, sizes, strict=False))


@contextmanager
def _silent() -> Iterator[None]:
    """HiGHS now and then prints a line on the process's stdout, whatever its options say; what a command prints there
    must not have it."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            os.dup2(nowhere.fileno(), 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
