"""Adam: D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015, arXiv 1412.6980, algorithm 1."""

from __future__ import annotations

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-12


class Adam:
    """The state of one array."""

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self.rate = rate
        self.count = 0
        self.first = np.zeros(shape)
        self.second = np.zeros(shape)

    def step(self, gradient: np.ndarray) -> np.ndarray:
        """What is to be taken from the array."""
        self.count += 1
        self.first = BETA1 * self.first + (1.0 - BETA1) * gradient
        self.second = BETA2 * self.second + (1.0 - BETA2) * np.square(gradient)
        first, second = self.first / (1.0 - BETA1**self.count), self.second / (1.0 - BETA2**self.count)
        return self.rate * first / (np.sqrt(second) + EPSILON)
