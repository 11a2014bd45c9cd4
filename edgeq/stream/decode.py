"""From the scores of a stream to events, as the firmware does it (eq_events.h, eq_ctc.h, eq_ctc_beam.h)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from edgeq.ir.graph import Tensor
from edgeq.ir.meaning import Meaning
from edgeq.stream import beam
from edgeq.stream.rule import Rule


@dataclass(frozen=True)
class Event:
    """`label` was heard with the scores of number `step`, counted from 0."""

    step: int
    label: int


@dataclass(frozen=True, eq=False)
class Limits:
    """A rule in integers: what the sum of a class's scores over `average` steps has to reach, and which classes may be
    heard; of networks read by CTC the prefixes of a beam, what makes logarithms of scores (beam.py), and the table of a
    language model (language.py)."""

    average: int
    limit: int
    hold: int
    heard: tuple[bool, ...]
    beam: int = 0
    multiplier: int = 0
    bigram: np.ndarray | None = None

    @staticmethod
    def of(rule: Rule, output: Tensor, meaning: Meaning) -> Limits:
        """Of a network with that output."""
        classes = output.shape[-1]
        heard = tuple(label not in rule.ignore for label in meaning.labels) or (True,) * classes
        limit = int(np.ceil((rule.threshold / output.scale + output.zero_point) * rule.average))
        bigram = rule.language.table(meaning.labels) if rule.language is not None else None
        return Limits(rule.average, limit, rule.hold, heard, rule.beam, beam.multiplier(output.scale), bigram)


def classes(scores: np.ndarray, limits: Limits) -> Iterator[Event]:
    """Events of integer scores [steps, classes]."""
    quiet = limits.hold
    for step in range(len(scores)):
        quiet += 1
        if step + 1 < limits.average:
            continue
        sums = scores[step + 1 - limits.average : step + 1].astype(np.int64).sum(axis=0)
        best = int(sums.argmax())
        if sums[best] >= limits.limit and limits.heard[best] and quiet > limits.hold:
            quiet = 0
            yield Event(step, best)


def ctc(scores: np.ndarray) -> Iterator[Event]:
    """The best label of every step; repetitions are one, label 0 is none."""
    last = 0
    for step, best in enumerate(scores.argmax(axis=1)):
        if best not in (0, last):
            yield Event(step, int(best))
        last = int(best)


def events(scores: np.ndarray, meaning: Meaning, limits: Limits) -> list[Event]:
    """Events of integer scores [steps, labels]."""
    if meaning.decoding != "ctc":
        return list(classes(scores, limits))
    if limits.beam == 0:
        return list(ctc(scores))
    return [Event(*pair) for pair in beam.search(scores, limits.beam, limits.multiplier, limits.bigram)]
