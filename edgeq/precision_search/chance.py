"""Whether one recipe answers better than another by more than chance: the sign test (W. Dixon and A. Mood, The
statistical sign test, Journal of the American Statistical Association, 1946) over the samples on which they differ,
which for answers that are right or wrong is McNemar's exact test (Psychometrika, 1947). And whether it is nearer to the
float network by more than chance: Student's test of the samples' differences (Biometrika, 1908)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import binomtest, ttest_rel

#: a difference that chance alone brings less often than this is a difference
LEVEL = 0.05


def surely_fewer(ours: Sequence[int], theirs: Sequence[int]) -> bool:
    """Whether the mistakes `ours` of every sample are fewer than `theirs` of the same samples, beyond chance: were
    either as likely to be the better on a sample on which they differ, so many or so few would be seen in less than
    one of twenty evaluation files."""
    better = sum(a < b for a, b in zip(ours, theirs, strict=True))
    worse = sum(a > b for a, b in zip(ours, theirs, strict=True))
    return better > worse and float(binomtest(better, better + worse).pvalue) < LEVEL


def surely_less(ours: np.ndarray | Sequence[float], theirs: np.ndarray | Sequence[float]) -> bool:
    """Whether errors `ours` of samples are less on the mean than `theirs` of the same samples, beyond chance."""
    if len(ours) == 1 or not np.mean(ours) < np.mean(theirs):
        return False
    return float(ttest_rel(ours, theirs).pvalue) < LEVEL
