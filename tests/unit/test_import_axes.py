"""Random programs that move, cut and join axes, the first one too: imported they compute what eager torch computes, or
are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from edgeq.errors import EdgeqError
from tests.unit.test_import import imported, run

PROGRAMS, STEPS, MOST_ELEMENTS, SAMPLES = 16, 7, 4000, 2
Step = Callable[[torch.Tensor], torch.Tensor]


def steps(rng: np.random.Generator, shape: tuple[int, ...]) -> dict[str, Step]:
    """What may come next, with random axes; some of it may not fit the shape."""
    rank = len(shape)
    axis, perm = int(rng.integers(rank)), [int(at) for at in rng.permutation(rank)]
    index, weights = int(rng.integers(shape[axis])), torch.randn(3, shape[-1])
    return {
        f"permute {perm}": lambda x: x.permute(perm),
        f"unsqueeze {axis}": lambda x: x.unsqueeze(axis),
        f"squeeze {axis}": lambda x: x.squeeze(axis),
        f"select {axis} {index}": lambda x: x.select(axis, index),
        f"narrow {axis} {index}": lambda x: x.narrow(axis, index, shape[axis] - index),
        f"flip {axis}": lambda x: x.flip(axis),
        f"roll {axis}": lambda x: x.roll(1, axis),
        f"softmax {axis}": lambda x: x.softmax(axis),
        f"mean {axis}": lambda x: x.mean(axis, keepdim=True) + x,
        f"flatten {axis}": lambda x: x.flatten(axis, axis + 1),
        f"unflatten {axis}": lambda x: x.unflatten(axis, (2, -1)),
        f"concatenate {axis}": lambda x: torch.cat([x, x * 2], axis),
        "linear": lambda x: nn.functional.linear(x, weights),
        "square": lambda x: x @ x.transpose(-1, -2),
    }


class Program(nn.Module):
    def __init__(self, chosen: list[Step]) -> None:
        super().__init__()
        self.chosen = chosen

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for step in self.chosen:
            x = step(x)
        return torch.tanh(x)


def drawn(rng: np.random.Generator) -> tuple[list[str], Program, torch.Tensor]:
    x = torch.randn(1, *(int(size) for size in rng.integers(1, 7, rng.integers(1, 4))))
    names: list[str] = []
    chosen: list[Step] = []
    y = x
    for _ in range(int(rng.integers(2, STEPS))):
        options = steps(rng, tuple(y.shape))
        name = str(rng.choice(list(options)))
        try:
            made = options[name](y)
        except (RuntimeError, IndexError):
            continue
        if made.numel() <= MOST_ELEMENTS and 1 <= made.dim() <= 5:
            y = made
            names.append(name)
            chosen.append(options[name])
    return names, Program(chosen), x


def test_axes_of_random_programs() -> None:
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    refused = 0
    for _ in range(PROGRAMS):
        names, program, x = drawn(rng)
        try:
            graph = imported(program.eval(), x)
        except EdgeqError as error:
            if "over the batch" not in str(error) and "a batch of 1" not in str(error):
                raise
            refused += 1
            continue
        samples = torch.randn(SAMPLES, *x.shape[1:])
        expected = np.stack([program(sample[None]).numpy() for sample in samples])
        made = run(graph, samples.numpy()).reshape(expected.shape)
        np.testing.assert_allclose(made, expected, atol=1e-4, err_msg=str(names))
    assert refused < PROGRAMS / 4
