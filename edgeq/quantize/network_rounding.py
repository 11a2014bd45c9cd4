"""Rounding of all layers at once, for the network's answers: reconstruction as by AdaRound (M. Nagel et al., ICML 2020,
arXiv 2004.10568) and BRECQ (Y. Li et al., ICLR 2021, arXiv 2102.05426) with the whole network as the one block, and the
loss of knowledge distillation (G. Hinton, O. Vinyals, J. Dean, 2015, arXiv 1503.02531) in place of the squared error.

Layers are rounded on their own first. Then weights and biases go down the gradient (Adam) of

    loss = E[sum(p * log(p / q))] + SQUARES * E[(y - z)^2]

over calibration samples, y being the float network's scores, z the quantized one's, p and q their softmax: classes that
are near each other count most, and the second term holds what no answer depends on. Activations are rounded as the
firmware has them; gradients pass every rounding as if it were none (Y. Bengio et al., 2013, arXiv 1308.3432). Scales
stay; labels are not read.

A weight begins as the real number of the float network, moved into the cell of its integer, MARGIN of the cell away
from the borders; the integer in whose cell it ends is the new one. Every HELD_BACK-th sample is not learnt from: of the
states at CHECKS points on the way and the one to begin with, that with the least loss on those samples is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, constant
from edgeq.ops import weighted
from edgeq.ops.float_types import FLOATS
from edgeq.ops.weight_types import TYPES, WeightType
from edgeq.qat.estimators import fake_quantize, nearest_level
from edgeq.quantize.weights import has_real_weights
from edgeq.train.torch_calls import CALLS, has_counterpart, limited

STEPS, BATCH, MARGIN, SQUARES = 800, 32, 0.02, 0.05
#: of weights with more than COARSE levels, and of the others, in cells a step: with few levels most integers change
RATE, COARSE_RATE, COARSE = 0.0003, 0.003, 4
HELD_BACK, CHECKS = 5, 8
#: the fewest samples, and the most that are held back
LEAST_SAMPLES, MOST_HELD_BACK = 10, 1024


@dataclass(frozen=True)
class Rounded:
    """`graph`: the float graph with integer weights and biases. `before`, `after`: the loss on the samples held back
    as layers were rounded on their own, and now."""

    graph: Graph
    before: float
    after: float


def obstacle(graph: Graph, samples: int) -> str | None:
    """Why the layers of a float graph can't be rounded for its answers on so many calibration samples; None if they
    can."""
    if samples < LEAST_SAMPLES:
        return f"{samples} calibration samples are too few, {LEAST_SAMPLES} are needed"
    if graph.states:
        return "networks with states are not supported"
    for node in graph.nodes:
        if not has_counterpart(node):
            return f"layer {node.name}: {node.attributes.get('function', node.op)} has no gradient here"
    for name in graph.outputs:
        if graph.tensor(name).shape[-1] < 2:
            return f"output {name} has one value, no scores of classes"
    if not any(has_real_weights(graph, node) for node in graph.nodes):
        return f"the model {graph.name} has no layer with float weights"
    return None


def rounded_for_answers(
    graph: Graph, inputs: Mapping[str, np.ndarray], chosen: Mapping[str, Quantization], rounded: Graph
) -> Rounded:
    """`rounded`, whose nodes are those of the float graph `graph`, maybe with integer weights, with other integers and
    biases. `inputs`: calibration data in float [samples, ...]; `chosen`: quantization of the activations. Raises
    EdgeqError where there is an `obstacle`."""
    count = len(next(iter(inputs.values())))
    reason = obstacle(graph, count)
    if reason is not None:
        raise EdgeqError(f"network_rounding: {reason}; leave it out of the recipe")
    with _one_thread():
        return _Rounding(graph, inputs, chosen, rounded).run(count)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Sums of floats in one order, however many cores there are."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


class _Layer:
    """What is tuned of a layer, in steps: weights (None: those in groups stay) and biases in steps of the output."""

    def __init__(self, node: Node, steps: np.ndarray, stored: Quantization, real: tuple[np.ndarray, ...], unit: float):
        weights, bias = real
        self.node, self.stored, self.unit, self.start = node, stored, unit, steps
        self.type = TYPES[stored.dtype]
        assert stored.axis is not None
        shape = [-1 if axis == stored.axis else 1 for axis in range(steps.ndim)]
        scale = stored.scale.reshape(shape)
        self.scale = torch.from_numpy(scale.astype(np.float32))
        first = steps.astype(np.float64) if self.type.group else within_cells(weights / scale, steps, self.type)
        self.position = torch.from_numpy(first.astype(np.float32)).requires_grad_(not self.type.group)
        self.bias = torch.from_numpy((bias / unit).astype(np.float32)).requires_grad_()

    @property
    def tuned(self) -> list[Tensor]:
        return [item for item in (self.position, self.bias) if item.requires_grad]

    @property
    def rate(self) -> float:
        return RATE if len(self.type.levels) > COARSE else COARSE_RATE

    def operands(self) -> list[Tensor]:
        """Real weights and bias."""
        levels = self.position if self.type.group else nearest_level(self.position, self.type, beyond=True)
        return [levels * self.scale, self.bias * self.unit]

    @torch.no_grad()
    def constants(self) -> tuple[np.ndarray, np.ndarray]:
        """int8 weights, float32 bias."""
        steps = self.start if self.type.group else self.type.nearest(self.position.numpy().astype(np.float64))
        return steps.astype(np.int8), (self.bias * self.unit).numpy()


def within_cells(real: np.ndarray, steps: np.ndarray, stored: WeightType, margin: float = MARGIN) -> np.ndarray:
    """The numbers nearest to `real` (in steps) that round to the levels `steps` and lie `margin` of the cell inside."""
    levels, between = np.array(stored.levels, np.float64), stored.between
    borders = np.concatenate([[2 * levels[0] - between[0]], between, [2 * levels[-1] - between[-1]]])
    at = np.searchsorted(levels, steps)
    low, high = borders[at], borders[at + 1]
    return np.clip(real, low + margin * (high - low), high - margin * (high - low))


class _Rounding:
    def __init__(
        self, graph: Graph, inputs: Mapping[str, np.ndarray], chosen: Mapping[str, Quantization], rounded: Graph
    ) -> None:
        self._graph, self._chosen, self._rounded = graph, chosen, rounded
        self._inputs = {name: torch.from_numpy(np.asarray(inputs[name], np.float32)) for name in graph.inputs}
        self._layers = {
            node.name: self._layer(node, made)
            for node, made in zip(graph.nodes, rounded.nodes, strict=True)
            if has_real_weights(graph, node) and chosen[node.output].dtype not in FLOATS
        }
        self._constants = {
            name: torch.from_numpy(np.array(graph.real_constant(name), np.float32))
            for node in graph.nodes
            for name in node.inputs
            if graph.tensor(name).is_constant
        }
        self._scores = [_scores_of(graph, name) for name in graph.outputs]

    def _layer(self, node: Node, made: Node) -> _Layer:
        x, y = (float(self._chosen[name].scale[0]) for name in (node.inputs[0], node.output))
        axis = ops.get(node.op).weight_axis
        steps, stored = weighted.integer_weights(self._rounded, made, axis, x, weighted.scale_floor(x, y))
        real = self._graph.real_constant(node.inputs[1]), self._rounded.real_constant(made.inputs[2])
        return _Layer(node, steps, stored, real, y)

    def run(self, count: int) -> Rounded:
        judging = np.arange(HELD_BACK - 1, count, HELD_BACK)
        held, learnt = judging[:MOST_HELD_BACK], np.setdiff1d(np.arange(count), judging)
        exact = self._exact(count)
        before = least = self._mean_loss(held, exact)
        best: dict[str, tuple[np.ndarray, np.ndarray]] | None = None
        optimizer = torch.optim.Adam([{"params": layer.tuned, "lr": layer.rate} for layer in self._layers.values()])
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        order = _batches(learnt)
        for step in range(1, STEPS + 1):
            index = next(order)
            optimizer.zero_grad()
            self._loss(index, exact).backward()
            optimizer.step()
            schedule.step()
            if step % (STEPS // CHECKS) == 0 and (found := self._mean_loss(held, exact)) < least:
                least, best = found, self._state()
        return Rounded(self._rounded if best is None else self._with(best), before, least)

    def _state(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        return {name: layer.constants() for name, layer in self._layers.items()}

    def _with(self, state: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> Graph:
        tensors, nodes = dict(self._rounded.tensors), []
        for made in self._rounded.nodes:
            if made.name in state:
                steps, bias = state[made.name]
                names = f"{made.name}.tuned", f"{made.name}.tuned_bias"
                tensors[names[0]] = constant(names[0], steps, self._layers[made.name].stored)
                tensors[names[1]] = constant(names[1], bias)
                made = replace(made, inputs=(made.inputs[0], *names, *made.inputs[3:]))
            nodes.append(made)
        return self._rounded.with_nodes(nodes, tensors)

    @torch.no_grad()
    def _exact(self, count: int) -> list[Tensor]:
        """Scores of the float network, output by output."""
        parts = [self._scores_on(index, exact=True) for index in _parts(np.arange(count))]
        return [torch.cat(found) for found in zip(*parts, strict=True)]

    @torch.no_grad()
    def _mean_loss(self, index: np.ndarray, exact: Sequence[Tensor]) -> float:
        return sum(float(self._loss(part, exact)) * len(part) for part in _parts(index)) / len(index)

    def _loss(self, index: np.ndarray, exact: Sequence[Tensor]) -> Tensor:
        found = self._scores_on(index)
        return torch.stack([loss(of[index], made) for of, made in zip(exact, found, strict=True)]).sum()

    def _scores_on(self, index: np.ndarray, exact: bool = False) -> list[Tensor]:
        values = {name: self._stored(name, array[index], exact) for name, array in self._inputs.items()}
        for node in self._graph.nodes:
            arguments = [values[name] if name in values else self._constants[name] for name in node.inputs]
            if node.name in self._layers and not exact:
                arguments[1:3] = self._layers[node.name].operands()
            made = limited(CALLS[node.op](node, arguments), *node.attributes.get("activation", (None, None)))
            values[node.output] = self._stored(node.output, made, exact)
        return [factor * values[name] for name, factor in self._scores]

    def _stored(self, name: str, values: Tensor, exact: bool) -> Tensor:
        stored = self._chosen[name]
        if exact or stored.dtype in FLOATS:
            return values
        info, scale = np.iinfo(stored.dtype), torch.tensor(float(stored.scale[0]))
        return fake_quantize(values, scale, int(info.min), int(info.max), stored.zero_point)


def loss(exact: Tensor, made: Tensor) -> Tensor:
    """Of scores [.., classes]: sum(p * log(p / q)), its mean over all but the last axis, and SQUARES times the mean
    squared difference."""
    p, q = (torch.log_softmax(scores.reshape(-1, scores.shape[-1]), dim=-1) for scores in (exact, made))
    apart = functional.kl_div(q, p, log_target=True, reduction="batchmean")
    return apart + SQUARES * functional.mse_loss(made, exact)


def _scores_of(graph: Graph, output: str) -> tuple[str, float]:
    """What the softmax is taken of, and a factor: the operand of the network's own softmax where it has one."""
    maker = graph.producers().get(output)
    if maker is not None and maker.op == "softmax":
        return maker.inputs[0], float(maker.attributes.get("beta", 1.0))
    return output, 1.0


def _parts(index: np.ndarray) -> list[np.ndarray]:
    return [index[start : start + 4 * BATCH] for start in range(0, len(index), 4 * BATCH)]


def _batches(index: np.ndarray) -> Iterator[np.ndarray]:
    """Batches without end, every sample as often as any other; always the same ones."""
    rng, size = np.random.default_rng(0), min(BATCH, len(index))
    while True:
        order = rng.permutation(index)
        for start in range(0, len(order) - size + 1, size):
            yield order[start : start + size]
