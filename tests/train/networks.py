"""Networks that training is tried on, and what the tests share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.ir.graph import Graph
from edgeq.train import spec as specs
from edgeq.train.derive import PARAMETERS, TARGET, TrainingGraph
from edgeq.train.simulate import network_inputs
from edgeq.train.stage import training_graph
from tests.unit.test_import import imported, randomized


class Small(nn.Module):
    """Strided and padded convolutions, a residual, both pools, one output a class."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.point = nn.Conv2d(6, 6, 1)
        self.strided = nn.Conv2d(6, 5, (3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2))
        self.head = nn.Linear(5, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(x))
        y = torch.relu(self.point(nn.functional.relu6(self.depthwise(y)))) + y
        y = nn.functional.max_pool2d(y, 3, stride=2, padding=1)
        y = nn.functional.avg_pool2d(self.strided(y), (1, 2), stride=1)
        return self.head(torch.relu(y).mean(dim=(2, 3)))


class Twice(nn.Module):
    """A layer that is used twice."""

    def __init__(self) -> None:
        super().__init__()
        self.shared, self.head = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.shared(torch.relu(self.shared(x))))
        return self.head(y.mean(dim=(2, 3)))


SMALL_INPUT, TWICE_INPUT = (1, 3, 13, 12), (1, 4, 6, 5)


def small() -> Graph:
    torch.manual_seed(0)
    return imported(randomized(Small()), torch.zeros(SMALL_INPUT))


def twice() -> Graph:
    torch.manual_seed(0)
    return imported(randomized(Twice()), torch.zeros(TWICE_INPUT))


def derived(graph: Graph, text: str) -> TrainingGraph:
    """The training step of a float graph for an inline specification."""
    return training_graph(graph, pipeline.random_samples(graph).inputs, specs.load(text))


def data(graph: Graph, count: int, seed: int = 0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """(inputs of a training graph as its firmware takes them, targets)."""
    rng = np.random.default_rng(seed)
    inputs = {
        name: rng.standard_normal((count, *graph.tensor(name).shape[1:])).astype(graph.tensor(name).dtype)
        for name in network_inputs(graph)
    }
    target, output = graph.tensor(TARGET), graph.tensor(graph.outputs[0])
    if target.dtype == "int32":
        return inputs, rng.integers(0, output.elements, count)
    return inputs, rng.standard_normal((count, output.elements)).astype(np.float32)


def exact_values(graph: Graph, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every activation in float64, whatever type stores it: the gradient rules without rounding."""
    values = {name: np.asarray(array, np.float64) for name, array in given.items()}
    for state, array in reference.reset_states(graph).items():
        values.setdefault(state, array.astype(np.float64))
    for node in graph.nodes:
        arguments = [
            values[name] if name in values else graph.constant(name).astype(np.float64) for name in node.inputs
        ]
        made = reference.run_real(node, arguments)
        values.update(zip(node.outputs, made, strict=True))
    return values


def gradients(graph: Graph) -> dict[str, str]:
    """Parameter -> the activation that is its gradient."""
    updates = [node for node in graph.nodes if node.op in ("sgd", "adam")]
    return {node.inputs[0]: node.inputs[1] for node in updates}


def parameters(graph: Graph) -> list[str]:
    return [state.start for state in graph.states if state.memory == PARAMETERS]
