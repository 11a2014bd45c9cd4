"""Prefix beam search over CTC scores, in integers: the definition of what the firmware does (eq_ctc_beam.h).

A. Hannun, A. Maas, D. Jurafsky, A. Ng, "First-Pass Large Vocabulary Continuous Speech Recognition using Bi-Directional
Recurrent DNNs", 2014, algorithm 1: every prefix has the probability of all its alignments that end with the blank and
of those that end with its last label, and what a language model says of its labels (language.py) if there is one. The
softmax of a step divides all prefixes by the same number, so it is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from edgeq.stream.language import TABLE_BITS

#: bits behind the point of logarithms of probabilities, and of a multiplier of scores
LOG_BITS, MULTIPLIER_BITS = 12, 16
#: log(1 + exp(-d)) is tabled for every 2^STEP_BITS, ENTRIES of them
STEP_BITS, ENTRIES = 7, 289
#: of what has no alignment; of one score
NEVER, LEAST = -(1 << 28), -(1 << 24)
#: labels that are kept of a prefix (EQ_CTC_HISTORY)
HISTORY = 32


def table() -> np.ndarray:
    """uint16 [289]: log(1 + exp(-i / 32)) in Q12."""
    return np.rint(np.log1p(np.exp(-np.arange(ENTRIES) / 32.0)) * 2.0**LOG_BITS).astype(np.uint16)


_TABLE = [int(value) for value in table()]


def log_add(a: int, b: int) -> int:
    """log(exp(a) + exp(b)) of numbers in Q12, with straight lines between the table's entries."""
    high, distance = max(a, b), abs(a - b)
    at = distance >> STEP_BITS
    if at >= ENTRIES - 1:
        return high
    rest = distance & ((1 << STEP_BITS) - 1)
    return high + _TABLE[at] - ((_TABLE[at] - _TABLE[at + 1]) * rest >> STEP_BITS)


def multiplier(scale: float) -> int:
    """From scores of that scale to Q12, in Q16."""
    return round(scale * 2.0 ** (LOG_BITS + MULTIPLIER_BITS))


@dataclass
class _Prefix:
    blank: int = 0
    label: int = NEVER
    last: int = 0
    labels: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass
class _Candidate:
    score: int
    blank: int
    label: int
    source: _Prefix
    added: int


def search(
    scores: np.ndarray, width: int, scale_multiplier: int, bigram: np.ndarray | None = None
) -> Iterator[tuple[int, int]]:
    """Of integer scores [steps, labels]: (step where it began, label) of everything heard, in the order of hearing.
    `bigram`: what is added for a label (columns) behind another one, in Q8."""
    prefixes = [_Prefix()]
    follows = bigram if bigram is not None else np.zeros((scores.shape[1],) * 2, np.int16)
    added = (follows.astype(np.int64) << (LOG_BITS - TABLE_BITS)).tolist()
    for row, step in enumerate(scores):
        differences = step.astype(np.int64) - int(step.max())
        logs = np.maximum(differences * scale_multiplier >> MULTIPLIER_BITS, LEAST).tolist()
        prefixes = _next(prefixes, logs, added, width, row)
        yield from _heard(prefixes)
    del prefixes[1:]
    yield from _heard(prefixes)


def _next(prefixes: list[_Prefix], logs: list[int], follows: list[list[int]], width: int, row: int) -> list[_Prefix]:
    found: list[_Candidate] = []

    def consider(candidate: _Candidate) -> None:
        place = len(found)
        while place > 0 and candidate.score > found[place - 1].score:
            place -= 1
        found.insert(place, candidate)
        del found[width:]

    for prefix in prefixes:
        label = max(prefix.label + logs[prefix.last], NEVER) if prefix.last else NEVER
        for parent in prefixes:
            if prefix.labels and parent.labels == prefix.labels[:-1]:
                label = log_add(label, _extended(parent, prefix.labels[-1], logs, follows))
        blank = max(log_add(prefix.blank, prefix.label) + logs[0], NEVER)
        consider(_Candidate(log_add(blank, label), blank, label, prefix, 0))
    for added in range(1, len(logs)):
        for prefix in prefixes:
            score = _extended(prefix, added, logs, follows)
            full = len(found) == width and score <= found[-1].score
            if full or len(prefix.labels) == HISTORY or any(p.labels == [*prefix.labels, added] for p in prefixes):
                continue
            consider(_Candidate(score, NEVER, score, prefix, added))
    made = []
    for one in found:
        labels, rows, last = list(one.source.labels), list(one.source.rows), one.source.last
        if one.added:
            labels, rows, last = [*labels, one.added], [*rows, row], one.added
        best = found[0].score
        made.append(_Prefix(max(one.blank - best, NEVER), max(one.label - best, NEVER), last, labels, rows))
    return made


def _extended(prefix: _Prefix, added: int, logs: list[int], follows: list[list[int]]) -> int:
    """What alignments of a prefix give to it with another label: a repetition needs a blank between."""
    before = prefix.blank if prefix.last == added else log_add(prefix.blank, prefix.label)
    return max(before + logs[added] + follows[prefix.last][added], NEVER)


def _heard(prefixes: list[_Prefix]) -> Iterator[tuple[int, int]]:
    best = prefixes[0]
    while best.labels:
        first = best.labels[0]
        if len(best.labels) == HISTORY:
            prefixes[:] = [one for one in prefixes if one.labels[:1] == [first]]
        if any(one.labels[:1] != [first] for one in prefixes):
            return
        yield best.rows[0], first
        for one in prefixes:
            del one.labels[0], one.rows[0]
