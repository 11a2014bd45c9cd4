"""Top-1 accuracy, and what is taken for what."""

from __future__ import annotations

import numpy as np

METRIC = "top-1"
#: a table of more classes is not for people
MOST_CLASSES = 64


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose largest output is the label's; outputs [samples, ..., classes], labels [samples]."""
    return float((outputs.reshape(len(labels), -1).argmax(axis=1) == labels.reshape(-1)).mean())


def confusion(outputs: np.ndarray, labels: np.ndarray) -> list[list[int]] | None:
    """How many samples of each label (rows) each answer was given to (columns); outputs [samples, ..., classes], labels
    [samples]. None beyond MOST_CLASSES classes."""
    scores = outputs.reshape(len(labels), -1)
    classes = scores.shape[1]
    if classes > MOST_CLASSES:
        return None
    cells = labels.reshape(-1).astype(np.int64) * classes + scores.argmax(axis=1)
    counts: list[list[int]] = np.bincount(cells, minlength=classes * classes).reshape(classes, classes).tolist()
    return counts
