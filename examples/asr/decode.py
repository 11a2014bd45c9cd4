"""From logits to words (numpy only)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from vocabulary import WORDS


def greedy(logits: NDArray[np.float32]) -> list[str]:
    """Words of logits [T, 1 + words]: the best label of every step, repetitions as one, without blanks."""
    best = logits.argmax(axis=1)
    new = np.concatenate([[True], best[1:] != best[:-1]])
    return [WORDS[label - 1] for label in best[new] if label]
