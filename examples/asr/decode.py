"""From logits to words, and how many of them are wrong (numpy only)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from vocabulary import WORDS


def greedy(logits: NDArray[np.float32]) -> list[str]:
    """Words of logits [T, 1 + words]: the best label of every step, repetitions as one, without blanks."""
    best = logits.argmax(axis=1)
    new = np.concatenate([[True], best[1:] != best[:-1]])
    return [WORDS[label - 1] for label in best[new] if label]


def word_errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Least number of words to put in, take out or change (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        corner, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (word != other))
    return row[-1]
