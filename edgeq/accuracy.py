"""How often outputs are right, by what the network is for, and what is taken for what."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.meaning import Meaning
from edgeq.quantize import transcripts
from edgeq.stream.decode import ctc
from edgeq.text import words

METRIC, WORDS_RIGHT = "top-1", "1 - word error rate"
#: a table of more classes is not for people
MOST_CLASSES = 64


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of samples whose largest output is the label's; outputs [samples, ..., classes], labels [samples]."""
    return float(_right(outputs, labels).mean())


def _right(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.asarray(outputs.reshape(len(labels), -1).argmax(axis=1) == labels.reshape(-1))


def metric_of(meaning: Meaning) -> str:
    """What `score` is called."""
    return words.METRIC if meaning.decoding == "ctc" else METRIC


def score(outputs: np.ndarray | Sequence[np.ndarray], labels: np.ndarray, meaning: Meaning) -> float:
    """Top-1 accuracy; of networks read by CTC, whose outputs may have as many rows as their recordings last, the word
    error rate of the best labels (greedy decoding)."""
    if meaning.decoding != "ctc":
        return accuracy(np.asarray(outputs), labels)
    return words.error_rate(transcripts.texts(labels), _heard(outputs))


def mistakes(outputs: np.ndarray | Sequence[np.ndarray], labels: np.ndarray, meaning: Meaning) -> list[int]:
    """Of every sample: 1 where the answer is wrong; of networks read by CTC the words in error."""
    if meaning.decoding != "ctc":
        return [int(not right) for right in _right(np.asarray(outputs), labels)]
    return words.errors(transcripts.texts(labels), _heard(outputs))


def _heard(outputs: np.ndarray | Sequence[np.ndarray]) -> list[list[int]]:
    classes = outputs[0].shape[-1]
    return [[event.label for event in ctc(made.reshape(-1, classes))] for made in outputs]


def share_metric_of(meaning: Meaning) -> str:
    """What `share_right` is called."""
    return WORDS_RIGHT if meaning.decoding == "ctc" else METRIC


def share_right(outputs: np.ndarray, labels: np.ndarray, meaning: Meaning) -> float:
    """The same so that more is better."""
    found = score(outputs, labels, meaning)
    return 1.0 - found if share_metric_of(meaning) == WORDS_RIGHT else found


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
