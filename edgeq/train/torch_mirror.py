"""The forward part of a training graph in PyTorch, whose autograd and optimizers then train the same parameters on the
same samples: an independent judge of the gradient rules and of the firmware's training, in float32 throughout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.ops import step_control
from edgeq.ops.float_types import FLOATS
from edgeq.train import derive
from edgeq.train.simulate import EVALUATE, STEP, Record
from edgeq.train.torch_calls import CALLS, limited


class Mirror:
    """The network of a training graph with its parameters, in PyTorch.

    Raises EdgeqError for an operator that has no counterpart here.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        loss = next(node for node in graph.nodes if node.output == graph.outputs[1])
        self.classifies = loss.op == "cross_entropy"
        self.nodes = graph.nodes[: graph.nodes.index(loss)]
        kept = {
            state.start: torch.from_numpy(graph.constant(state.initial).copy())
            for state in graph.states
            if state.memory == derive.PARAMETERS and state.initial is not None
        }
        self.averages = [node for node in graph.nodes if node.op == "running_average"]
        self.running = {node.inputs[0]: kept.pop(node.inputs[0]) for node in self.averages}
        self.parameters = {name: torch.nn.Parameter(values) for name, values in kept.items()}

    def forward(self, inputs: Mapping[str, np.ndarray]) -> Tensor:
        """The network's output for inputs [1, ...] as the firmware takes them. What computes in integers does so
        here. Without gradients batch norms use their running statistics, with gradients they renew them."""
        values: dict[str, Any] = {derive.CONFIG: derive.configuration(), **inputs}
        for node in self.nodes:
            if self.graph.tensor(node.output).dtype in FLOATS and node.op != "convert":
                call = CALLS.get(node.op)
                if call is None:
                    raise EdgeqError(f"layer {node.name}: {node.op} has no counterpart in PyTorch here")
                result = call(node, [self._operand(values, name) for name in node.inputs])
                values[node.output] = limited(result, *node.attributes.get("activation", (None, None)))
                continue
            if any(isinstance(values.get(name), Tensor) for name in node.inputs):
                values[node.output] = self._operand(values, node.inputs[0])
                continue
            arguments = [
                values[name] if name in values else reference.constant_of(self.graph, node, name)
                for name in node.inputs
            ]
            values.update(zip(node.outputs, reference.run_node(self.graph, node, arguments), strict=True))
        if torch.is_grad_enabled():
            self._average({node.inputs[1]: self._operand(values, node.inputs[1]) for node in self.averages})
        return self._operand(values, self.graph.outputs[0])

    def _average(self, statistics: Mapping[str, Tensor]) -> None:
        """The running statistics of batch norms after a sample, as torch's batch norms keep them."""
        for node in self.averages:
            running, (mean, variance) = self.running[node.inputs[0]], statistics[node.inputs[1]].detach()[0]
            count = node.attributes["pixels"]
            sample = torch.stack([mean, variance * count / (count - 1)])[None]
            self.running[node.inputs[0]] = torch.lerp(running, sample, node.attributes["momentum"])

    def _operand(self, values: Mapping[str, Any], name: str) -> Tensor:
        if name in self.parameters:
            return self.parameters[name]
        if name in self.running:
            return self.running[name]
        value = values[name] if name in values else self.graph.constant(name)
        return value if isinstance(value, Tensor) else torch.from_numpy(np.array(value, np.float32))

    def loss(self, output: Tensor, target: np.ndarray) -> Tensor:
        """Of one sample's output."""
        flat = output.reshape(1, -1)
        if self.classifies:
            return functional.cross_entropy(flat, torch.from_numpy(target.reshape(1).astype(np.int64)))
        return functional.mse_loss(flat, torch.from_numpy(target.reshape(1, -1).astype(np.float32)))

    def optimizer(self, config: np.ndarray) -> torch.optim.Optimizer:
        """torch's own for the graph's updates and a configuration (derive.configuration)."""
        values = [float(value) for value in config.reshape(-1)]
        rate, decay = values[step_control.LEARNING_RATE], values[step_control.WEIGHT_DECAY]
        updates = [node for node in self.graph.nodes if node.op in ("sgd", "adam")]
        groups = [
            {"params": [self.parameters[node.inputs[0]]], "weight_decay": decay if node.attributes["decays"] else 0.0}
            for node in updates
        ]
        if updates[0].op == "adam":
            return torch.optim.AdamW(groups, lr=rate)
        momentum = values[step_control.MOMENTUM] if len(updates[0].outputs) > 1 else 0.0
        return torch.optim.SGD(groups, lr=rate, momentum=momentum)


def train(
    graph: Graph, inputs: Mapping[str, np.ndarray], targets: np.ndarray, records: Sequence[Record], config: np.ndarray
) -> tuple[list[tuple[float, int]], dict[str, np.ndarray]]:
    """(loss, predicted class) of every step and evaluation, and the parameters [..] at the end."""
    mirror = Mirror(graph)
    optimizer = mirror.optimizer(config)
    control = next(node for node in graph.nodes if node.op == "step_control")
    samples, clip = control.attributes["samples"], float(config.reshape(-1)[step_control.CLIP])
    rows: list[tuple[float, int]] = []
    gathered = 0
    for record in records:
        if record.kind not in (STEP, EVALUATE):
            continue
        at = slice(record.sample, record.sample + 1)
        with torch.set_grad_enabled(record.kind == STEP):
            output = mirror.forward({name: array[at] for name, array in inputs.items()})
            loss = mirror.loss(output, targets[at])
        rows.append((float(loss.item()), int(output.detach().reshape(-1).argmax())))
        if record.kind != STEP:
            continue
        (loss / samples).backward()
        gathered += 1
        if gathered == samples:
            if clip > 0.0:
                torch.nn.utils.clip_grad_norm_(list(mirror.parameters.values()), clip)
            optimizer.step()
            optimizer.zero_grad()
            gathered = 0
    return rows, {name: value.detach().numpy()[0] for name, value in mirror.parameters.items()}


def require_known(graph: Graph) -> None:
    """Raises EdgeqError for the first layer without a counterpart in PyTorch here."""
    for node in Mirror(graph).nodes:
        known = node.op in CALLS or node.op == "convert" or graph.tensor(node.output).dtype not in FLOATS
        if not known:
            raise EdgeqError(f"layer {node.name}: {node.op} has no counterpart in PyTorch here")
