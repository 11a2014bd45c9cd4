"""Top-1 accuracy."""

from __future__ import annotations

import numpy as np

METRIC = "top-1"


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose largest output is the label's; outputs [samples, ..., classes], labels [samples]."""
    return float((outputs.reshape(len(labels), -1).argmax(axis=1) == labels.reshape(-1)).mean())
