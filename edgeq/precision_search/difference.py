"""How far a network's outputs are from the float network's, as far as its answers go.

Of scores of classes, which are the first output, it is the divergence of S. Kullback and R. Leibler (On Information and
Sufficiency, Annals of Mathematical Statistics, 1951), in nats, as G. Hinton, O. Vinyals and J. Dean (arXiv 1503.02531)
have it for networks that shall answer alike:

    min over t >= 0 of E[ sum_c p_c log(p_c / q_c) ],    p = softmax(y), q = softmax(t z)

y being the float network's scores and z the other's, over samples (and, where a sample has several rows of scores, over
rows). Scores that no answer depends on hardly count, unlike in a squared error. The factor t changes no answer and
takes out that scores of coarse weights spread less or more; with t = 0 nothing is known of the answers, so that no
network is further away than one that always says the same.

Of every other output it is the mean squared difference by the variance.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from edgeq.ir.graph import Graph

Arrays = Mapping[str, np.ndarray]

#: half a step of an int8 softmax, below which probabilities are not told apart
LEAST_PROBABILITY = 1 / 512
#: logarithms of the smallest and the largest factor t
FACTORS = (-6.0, 6.0)


class Difference:
    """From the float network `graph` and its outputs `exact` [samples, ...] by name."""

    def __init__(self, graph: Graph, exact: Arrays) -> None:
        self._exact, self._classes = exact, ""
        first = graph.outputs[0]
        if exact[first].shape[-1] > 1:
            maker = graph.producers().get(first)
            self._classes, self._are_probabilities = first, maker is not None and maker.op == "softmax"
            self._answers = log_softmax(self._scores(exact[first]), axis=-1)
            self._shares = np.exp(self._answers)

    def __call__(self, made: Arrays) -> float:
        """Of the outputs of another network, in real numbers, on the same samples."""
        return float(self.of_samples(made).mean())

    def of_samples(self, made: Arrays) -> np.ndarray:
        """The same of every sample, by the one factor t for all of them [samples]."""
        parts = [
            self._divergence(made[name]) if name == self._classes else _by_variance(exact, made[name])
            for name, exact in self._exact.items()
        ]
        return np.asarray(sum(parts))

    def _divergence(self, made: np.ndarray) -> np.ndarray:
        scores = self._scores(made)

        def at(factor: float) -> np.ndarray:
            return np.asarray((self._shares * (self._answers - log_softmax(factor * scores, axis=-1))).sum(axis=-1))

        found = minimize_scalar(lambda power: at(np.exp(power)).mean(), bounds=FACTORS, method="bounded")
        best = min((at(0.0), at(np.exp(found.x))), key=np.mean)
        return best.reshape(len(made), -1).mean(axis=1)

    def _scores(self, values: np.ndarray) -> np.ndarray:
        """[rows, classes]"""
        rows = values.reshape(-1, values.shape[-1]).astype(np.float64)
        return np.log(np.maximum(rows, LEAST_PROBABILITY)) if self._are_probabilities else rows


def squared_error(exact: Arrays, made: Arrays) -> float:
    """Mean squared difference, summed over the network's outputs."""
    return sum(float(np.mean(np.square(exact[name] - made[name], dtype=np.float64))) for name in exact)


def _by_variance(exact: np.ndarray, made: np.ndarray) -> np.ndarray:
    wide = exact.astype(np.float64)
    squares = np.square(wide - made).reshape(len(made), -1).mean(axis=1)
    return np.asarray(squares / max(np.var(wide), np.finfo(np.float64).tiny))
