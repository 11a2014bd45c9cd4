"""expf as C libraries compute it: glibc, musl, Bionic and newlib share one algorithm, Arm's optimized routines. Its
errors are up to 0.502 units in the last place, so once in a few hundred tables it isn't the nearest float32, and
TensorFlow Lite's tables hold what it gives.
"""

from __future__ import annotations

import numpy as np

#: entries of the table of powers of two
ENTRIES = 32
#: 2^(r / ENTRIES) for |r| <= 0.5 is 1 + r * (C[2] + r * (C[1] + r * C[0]))
COEFFICIENTS = tuple(
    float.fromhex(text) / ENTRIES**power
    for text, power in (("0x1.c6af84b912394p-5", 3), ("0x1.ebfce50fac4f3p-3", 2), ("0x1.62e42ff0c52d6p-1", 1))
)
LOG2_E = float.fromhex("0x1.71547652b82fep+0")


def expf(x: np.ndarray) -> np.ndarray:
    """float32 values of e^x for float32 values `x` (of any floating type). Infinite above float32's range."""
    scaled = x.astype(np.float32).astype(np.float64) * (LOG2_E * ENTRIES)
    whole = np.rint(scaled)
    r = scaled - whole
    power = np.ldexp(np.exp2((whole % ENTRIES) / ENTRIES), (whole // ENTRIES).astype(np.int64))
    polynomial = (COEFFICIENTS[0] * r + COEFFICIENTS[1]) * (r * r) + (COEFFICIENTS[2] * r + 1.0)
    with np.errstate(over="ignore", under="ignore"):
        return (polynomial * power).astype(np.float32)
