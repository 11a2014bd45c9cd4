"""The gradient rules against torch's autograd and against finite differences, over random layers; networks with parts
frozen that others get wrong."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.train import derive
from edgeq.train.torch_mirror import Mirror
from tests.train import networks
from tests.unit.test_import import imported, randomized

STEP = 1e-5
RATE = derive.configuration(lr=0.1)


class Layers(nn.Module):
    """A stack of drawn layers and a head."""

    def __init__(self, layers: list[nn.Module], shape: tuple[int, ...]) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        outputs = self.layers(torch.zeros(shape)).flatten(1).shape[1]
        self.head = nn.Linear(outputs, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layers(x).flatten(1))


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Graph, str]:
    """A float graph, and the loss and optimizer that it is trained with."""
    channels, layers = draw(st.integers(1, 5)), []
    shape = (1, channels, draw(st.integers(7, 11)), draw(st.integers(7, 11)))
    for _ in range(draw(st.integers(1, 3))):
        kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
        details = {
            "stride": (draw(st.integers(1, 2)), draw(st.integers(1, 2))),
            "padding": (draw(st.integers(0, 1)), draw(st.integers(0, 1))),
        }
        kind = draw(st.sampled_from(("conv", "conv", "depthwise", "max", "average")))
        if kind == "conv":
            outputs = draw(st.integers(1, 6))
            layers.append(nn.Conv2d(channels, outputs, kernel, dilation=draw(st.integers(1, 2)), **details))
            channels = outputs
        elif kind == "depthwise":
            layers.append(nn.Conv2d(channels, channels, kernel, groups=channels, **details))
        elif kind == "max":
            layers.append(nn.MaxPool2d(2, stride=draw(st.integers(1, 2)), padding=draw(st.integers(0, 1))))
        else:
            layers.append(nn.AvgPool2d(2, stride=draw(st.integers(1, 2))))
        layers += [[], [nn.ReLU()], [nn.ReLU6()], [nn.Hardtanh(-0.5, 0.7)]][draw(st.integers(0, 3))]
        if min(nn.Sequential(*layers)(torch.zeros(shape)).shape[2:]) < 5:  # the largest window
            break
    torch.manual_seed(draw(st.integers(0, 1000)))
    return imported(randomized(Layers(layers, shape)), torch.zeros(shape)), draw(
        st.sampled_from(("cross_entropy", "mse"))
    )


def torch_gradients(graph: Graph, inputs: dict[str, np.ndarray], target: np.ndarray) -> dict[str, np.ndarray]:
    """Parameter -> gradient [1, ..] of one sample by autograd."""
    mirror = Mirror(graph)
    mirror.loss(mirror.forward(inputs), target).backward()
    return {name: value.grad.numpy() for name, value in mirror.parameters.items() if value.grad is not None}


def check(graph: Graph, seed: int = 0) -> None:
    """Gradients by the rules in float64 equal autograd's in float32 to 1e-5, and finite differences of the loss."""
    inputs, targets = networks.data(graph, 1, seed)
    target = targets.reshape(1, -1)
    values = networks.exact_values(graph, {**inputs, derive.TARGET: target, derive.CONFIG: RATE})
    found = torch_gradients(graph, inputs, targets)
    rng = np.random.default_rng(seed)
    for name, gradient in networks.gradients(graph).items():
        ours, theirs = values[gradient], found[name]
        assert ours.shape == theirs.shape, name
        scale = max(float(np.abs(theirs).max()), 1e-3)
        assert np.abs(ours - theirs).max() <= 1e-5 * scale, name
        direction = rng.standard_normal(ours.shape)
        losses = [
            networks.exact_values(
                graph,
                {**inputs, derive.TARGET: target, derive.CONFIG: RATE, name: values[name] + sign * STEP * direction},
            )[graph.outputs[1]].item()
            for sign in (1.0, -1.0)
        ]
        slope = (losses[0] - losses[1]) / (2 * STEP)
        # a relu or a maximum may change sides within the step
        assert abs(slope - float((ours * direction).sum())) <= 1e-3 * max(1.0, abs(slope)), name


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(stacks(), st.integers(0, 100))
def test_rules_equal_autograd_and_finite_differences(drawn: tuple[Graph, str], seed: int) -> None:
    graph, loss = drawn
    check(networks.derived(graph, f"fp32,{loss}").graph, seed)


@pytest.mark.parametrize(
    "trainable",
    [
        "all",
        "bias",
        "last:1",
        "last:2",
        "first,strided",
        "first,depthwise,point",
        "depthwise",
        "point:bias",
        "*",
        "first:0.5,depthwise:0.5,point:0.3,head:0.25",
    ],
)
def test_parts_of_a_network(trainable: str) -> None:
    """Last layers, the head and a pointwise layer in the middle frozen; biases alone."""
    training = networks.derived(networks.small(), f"fp32,{trainable}")
    check(training.graph)
    trained = set(training.parameters.values())
    if trainable == "first,strided":
        assert trained == {"first", "strided"}
    if trainable == "bias":
        assert all(name.endswith(".bias") for name in training.parameters)


def test_a_layer_that_is_used_twice_has_one_parameter() -> None:
    training = networks.derived(networks.twice(), "fp32,all")
    assert len(training.parameters) == 4
    check(training.graph)


def test_nothing_is_kept_for_frozen_layers() -> None:
    """What only earlier layers need is neither computed nor kept."""
    graph = networks.derived(networks.small(), "fp32,last:1").graph
    operators = [node.op for node in graph.nodes]
    assert operators.count("conv2d_wgrad") == 1
    assert "conv2d_igrad" not in operators
    assert "clamp_gradient" not in operators


@pytest.mark.parametrize(
    ("text", "operators"),
    [
        ("fp32,all,sgd", {"cross_entropy", "square_sum", "step_control", "sgd", "pack_weights"}),
        ("fp32,all,adam,mse,batch:4", {"squared_error", "accumulate", "square_sum", "step_control", "adam"}),
    ],
)
def test_what_a_step_ends_with(text: str, operators: set[str]) -> None:
    """Each parameter is updated once, behind the one decision about all; what tests/train/test_firmware.py holds to its
    bound layer by layer."""
    training = networks.derived(networks.small(), text)
    made = [node.op for node in training.graph.nodes]
    assert operators <= set(made)
    decision = made.index("step_control")
    assert all(made.index(op) < decision for op in operators & {"square_sum", "accumulate", "squared_error"})
    updates = [node for node in training.graph.nodes if node.op in ("sgd", "adam")]
    assert sorted(node.inputs[0] for node in updates) == sorted(training.parameters)
    assert made.index(updates[0].op) > decision


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fp32,lsat:2", r"'lsat:2' is no layer with weights; did you mean"),
        ("fp17,last:2", r"'fp17' is no layer with weights; did you mean 'fp16'"),
        ("fp32,last:9", r"the model has 5 layers with weights, so last:1 to last:5"),
        ("fp32,last:0", r"so last:1 to last:5"),
        ("fp32,head:2.5", r"'head:2.5'; behind the colon stands bias, or a share of the channels"),
        ("fp32,,sgd", r"an empty word"),
        ("fp32,batch:0", r"0 samples an update; give a whole number from 1 to 65535"),
        ("nothing.toml", r"nothing.toml: can't be read"),
    ],
)
def test_bad_specifications_are_refused(text: str, message: str) -> None:
    with pytest.raises(EdgeqError, match=message):
        networks.derived(networks.small(), text)


def test_an_operator_without_a_rule_is_named() -> None:
    class Larger(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.head = nn.Conv2d(3, 4, 1), nn.Linear(4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.first(x)
            return self.head(torch.maximum(y, y.flip(1)).mean(dim=(2, 3)))

    graph = imported(randomized(Larger()), torch.zeros(1, 3, 5, 5))
    with pytest.raises(EdgeqError, match=r"layer .*: maximum can't be trained through; train only layers behind it"):
        networks.derived(graph, "fp32,all")
    check(networks.derived(graph, "fp32,last:1").graph)
