"""What is trained is what the firmware computes: every integer layer, given what the trained network has before it,
makes what the trained network has behind it, to one step of the output's scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

from edgeq import pipeline, qat, reference
from edgeq.frontend import torch_program
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.ops import weight_types
from edgeq.qat import methods
from edgeq.quantize.data import to_integers
from edgeq.quantize.observe import unprescribed
from edgeq.quantize.recipe import load_recipe
from tests.qat.networks import Signs, residual

SAMPLES = 8


def trained(network: nn.Module, quant: str, weights: str, activations: str) -> tuple[fx.GraphModule, Tensor]:
    """A network after a few steps of training, and inputs."""
    x = torch.randn(48, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    model = qat.prepare(network, quant, x, weights=weights, activations=activations)
    optimizer = torch.optim.SGD(model.parameters(), 0.01 if quant == "pow2" else 0.05)  # exponents up to 6 grow fast
    model.train()
    for _ in range(6):
        loss = (model(x) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval(), x


def torch_values(path: Path, graph: Graph, x: Tensor) -> dict[str, np.ndarray]:
    """Activation of the integer graph -> what torch computes of it, in its integers and its order of axes."""
    program = torch_program.simplify(torch.export.load(path))
    wanted = {origin.value for origin in graph.origins.values()}
    runs = [torch_program.values_of(program, wanted, [sample[None].numpy()]) for sample in x[:SAMPLES]]
    found = {graph.inputs[0]: x[:SAMPLES].numpy().transpose(graph.boundary[graph.inputs[0]].perm)}
    for name, origin in graph.origins.items():
        found[name] = np.concatenate([run[origin.value] for run in runs]).transpose(origin.perm)
    return {
        name: to_integers(real, graph.tensor(name).scale, graph.tensor(name).zero_point, graph.tensor(name).dtype)
        for name, real in found.items()
        if name in graph.tensors and graph.tensor(name).dtype != "uint32"
    }


CASES = [
    ("int8", "lsq", "lsq"),
    ("int4", "lsq", "pact"),
    ("int2", "lsq", "lsq"),
    ("ternary", "lsq", "fixed"),
    ("int2", "sawb", "pact"),
    ("int2", "dorefa", "lsq"),
    ("int4", "denseshift", "lsq"),
    ("pow2", "denseshift", "lsq"),
    ("ternary", "bitnet", "lsq"),
    ("ternary", "bitnet_median", "lsq"),
    ("binary", "xnor", "lsq"),
    ("binary", "bireal", "lsq"),
]


def test_every_method_is_among_the_cases() -> None:
    assert {weights for _, weights, _ in CASES} == set(methods.WEIGHTS)
    assert {activations for _, _, activations in CASES} == set(methods.ACTIVATIONS)


@pytest.mark.usefixtures("every_weight_type")
@pytest.mark.parametrize(("quant", "weights", "activations"), CASES)
def test_every_layer_makes_what_was_trained(quant: str, weights: str, activations: str, tmp_path: Path) -> None:
    model, x = trained(residual(), quant, weights, activations)
    integer, compared = compared_layers(model, x, tmp_path / "trained.pt2")
    inner = [weight_types.of_node(integer, node) for node in integer.nodes if node.name in ("depthwise", "point")]
    assert inner == [quant, quant]
    assert compared == {"conv2d", "dwconv2d", "add", "avg_pool2d", "reshape", "linear"}


def test_layers_of_signs_count_the_bits_that_were_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model, x = trained(Signs().eval(), "binary", "bireal", "lsq")
    thresholds = model.get_parameter("block.body.0.threshold").detach()
    assert torch.count_nonzero(thresholds) == 8  # trained as well
    integer, compared = compared_layers(model, x, tmp_path / "trained.pt2")
    assert {"binary_conv2d", "add"} <= {node.op for node in integer.nodes}
    assert "binary_conv2d" in compared


def compared_layers(model: fx.GraphModule, x: Tensor, path: Path) -> tuple[Graph, set[str]]:
    """The integer graph of a trained network, and the operators whose layers were compared with torch's."""
    converted = qat.convert(model)
    with torch.no_grad():
        apart = (model(x) - converted(x)).abs().numpy()
    qat.save(converted, (torch.zeros(1, 3, 8, 8),), path)
    graph = pipeline.import_model(ModelSource(path))
    assert unprescribed(graph) == []
    integer = pipeline.quantize(graph, None, load_recipe("int8"))
    assert apart.max() <= 1.01 * integer.tensor(integer.outputs[0]).scale  # sums in another order may round otherwise
    assert np.mean(apart > 1e-5) < 0.02
    stored = torch_values(path, integer, x)
    compared: set[str] = set()
    for node in integer.nodes:
        arguments = [stored[name] if name in stored else integer.constant(name) for name in node.inputs]
        made = reference.run_node(integer, node, arguments)[0]
        if node.output in stored:
            apart = np.abs(made.astype(int) - stored[node.output].astype(int)).max()
            assert apart <= 1, node.name
            compared.add(node.op)
        stored.setdefault(node.output, made)  # torch has no name for it: compared where its elements are moved to
    return integer, compared
