"""Recurrent torch layers become one node a direction that computes the same, and quantize well."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from edgeq import pipeline, reference
from edgeq.errors import EdgeqError
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, dequantize, quantize_inputs, to_model_layout
from edgeq.quantize.recipe import Recipe

#: signal to noise that every output of the networks below keeps on random sequences
LEAST_DB = 30.0


class Calls(nn.Module):
    """A recurrent layer and a head, called as `forward` says."""

    def __init__(self, layer: nn.Module, forward: Callable[..., object], features: int = 7) -> None:
        super().__init__()
        self.layer, self.head, self.call = layer, nn.Linear(features, 3), forward

    def forward(self, *inputs: torch.Tensor) -> object:
        return self.call(self, *inputs)


def sequence(m: Calls, *inputs: torch.Tensor) -> object:
    """What comes out of the layer at every step."""
    states = inputs[1:] if len(inputs) < 3 else (inputs[1:],)
    return m.layer(inputs[0], *states)[0]


def everything(m: Calls, *inputs: torch.Tensor) -> object:
    """The head on the last output, and the states."""
    states = inputs[1:] if len(inputs) < 3 else (inputs[1:],)
    y, last = m.layer(inputs[0], *states)
    return (m.head(y[:, -1]), *(last if isinstance(last, tuple) else (last,)))


def last_of_both(m: Calls, x: torch.Tensor) -> object:
    _, (h, c) = m.layer(x.transpose(0, 1))
    return m.head(torch.cat((h[-2], h[-1]), 1)), c[-1]


def states_behind_the_batch(m: Calls, x: torch.Tensor, h: torch.Tensor) -> object:
    y, last = m.layer(x, h.transpose(0, 1))
    return y, last.transpose(0, 1)


def from_a_constant(m: Calls, x: torch.Tensor) -> object:
    return m.layer(x, (torch.full((1, 1, 7), 0.3), torch.full((1, 1, 7), -0.7)))[0]


def stepped(m: Calls, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor) -> object:
    h, c = m.layer(x, (h, c))
    return m.head(h), c


#: name -> (module, shapes of its inputs, recurrent operators)
NETWORKS: dict[str, tuple[nn.Module, list[tuple[int, ...]], list[str]]] = {
    "lstm": (Calls(nn.LSTM(5, 7, batch_first=True), sequence), [(1, 6, 5)], ["lstm"]),
    "gru": (Calls(nn.GRU(5, 7, batch_first=True), everything), [(1, 6, 5)], ["gru"]),
    "lstm_states": (Calls(nn.LSTM(5, 7, batch_first=True), everything), [(1, 6, 5)], ["lstm"]),
    "deep_both_ways_without_biases": (
        Calls(nn.LSTM(5, 7, 2, batch_first=True, bidirectional=True, bias=False, dropout=0.3), sequence),
        [(1, 4, 5)], ["lstm"] * 4,
    ),
    "time_first": (Calls(nn.GRU(5, 7), lambda m, x: m.head(m.layer(x.transpose(0, 1))[0][-1])), [(1, 6, 5)], ["gru"]),
    "linear_over_time_first": (
        Calls(nn.GRU(5, 7), lambda m, x: m.head(m.layer(x.transpose(0, 1))[0]).transpose(0, 1)), [(1, 6, 5)], ["gru"],
    ),
    "last_states_of_both_ways": (
        Calls(nn.LSTM(5, 7, 2, bidirectional=True), last_of_both, 14), [(1, 5, 5)], ["lstm"] * 4,
    ),
    "states_given": (
        Calls(nn.LSTM(5, 7, batch_first=True), everything), [(1, 3, 5), (1, 1, 7), (1, 1, 7)], ["lstm"],
    ),
    "deep_states_given": (
        Calls(nn.GRU(5, 7, 2, batch_first=True), states_behind_the_batch), [(1, 3, 5), (1, 2, 7)], ["gru", "gru"],
    ),
    "constant_state": (Calls(nn.LSTM(5, 7, batch_first=True), from_a_constant), [(1, 3, 5)], ["lstm"]),
    "lstm_cell": (Calls(nn.LSTMCell(5, 7), stepped), [(1, 5), (1, 7), (1, 7)], ["lstm"]),
    "gru_cell": (
        Calls(nn.GRUCell(5, 7, bias=False), lambda m, x, h: m.head(m.layer(x, h))), [(1, 5), (1, 7)], ["gru"],
    ),
    "state_from_a_layer": (
        Calls(nn.GRU(5, 3, batch_first=True), lambda m, x, z: m.layer(x, m.head(z)[None])[0]),
        [(1, 4, 5), (1, 7)], ["gru"],
    ),
}  # fmt: skip


class Stepped(nn.Module):
    """Gives a layer's states names."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor | None = None) -> object:
        return self.inner(x, h) if c is None else self.inner(x, h, c)


def imported(module: nn.Module, shapes: list[tuple[int, ...]], folder: Path, states: tuple[str, ...] = ()) -> Graph:
    path = folder / "model.pt2"
    torch.export.save(torch.export.export(module.eval(), tuple(torch.zeros(shape) for shape in shapes)), path)
    return pipeline.import_model(ModelSource(path, states=states))


@pytest.mark.parametrize("name", ["time_first", "last_states_of_both_ways", "gru", "lstm"])
def test_only_the_last_step_is_stored_where_only_it_is_read(name: str, tmp_path: Path) -> None:
    module, shapes, _ = NETWORKS[name]
    graph = imported(module, shapes, tmp_path)
    stored = [graph.tensor(node.output).shape[1] for node in graph.nodes if node.op in ("lstm", "gru")]
    steps = shapes[0][1]
    shortened = {"time_first": [1], "last_states_of_both_ways": [steps, steps, 1, 1], "gru": [1]}
    assert stored == shortened.get(name, [steps])


def random_samples(graph: Graph, count: int, seed: int = 0) -> Samples:
    """Inputs in stored layout; initial states stay within what an output can be."""
    rng = np.random.default_rng(seed)
    return Samples(
        {
            name: (rng.standard_normal((count, *graph.tensor(name).shape[1:])) * (1.0 if index == 0 else 0.4)).astype(
                "f4"
            )
            for index, name in enumerate(graph.inputs)
        },
        None,
    )


@pytest.mark.parametrize("name", sorted(NETWORKS))
def test_import_computes_the_same(name: str, tmp_path: Path) -> None:
    module, shapes, expected_ops = NETWORKS[name]
    torch.manual_seed(3)
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -0.6, 0.6)
    graph = imported(module, shapes, tmp_path)
    assert [node.op for node in graph.nodes if node.op in ("lstm", "gru")] == expected_ops
    samples = random_samples(graph, 64)
    made = reference.run(graph, samples.inputs)
    for index in range(4):
        example = [torch.from_numpy(to_model_layout(graph, n, samples.inputs[n])[index, None]) for n in graph.inputs]
        with torch.no_grad():
            expected = module(*example)
        for output, right in zip(graph.outputs, expected if isinstance(expected, tuple) else (expected,), strict=True):
            mine = to_model_layout(graph, output, made[output])[index]
            np.testing.assert_allclose(mine.reshape(-1), right.numpy().reshape(-1), rtol=1e-4, atol=1e-5)
    integer = pipeline.quantize(graph, samples, Recipe())
    integers = reference.run(integer, quantize_inputs(integer, samples))
    for output in graph.outputs:
        tensor = integer.tensor(output)
        error = dequantize(integers[output], tensor.scale, tensor.zero_point) - made[output]
        assert 10 * np.log10(np.square(made[output]).sum() / np.square(error).sum()) > LEAST_DB


@pytest.mark.parametrize(("kind", "pairs"), [(nn.GRU, ("h=1",)), (nn.LSTM, ("h=1", "c=2"))])
def test_states_that_last(kind: type[nn.Module], pairs: tuple[str, ...], tmp_path: Path) -> None:
    """A layer that is given its state step by step: cell state and gru state are kept in 16 bits, and 300 steps on the
    noise is what it is in a sequence."""
    torch.manual_seed(1)
    inner = Calls(kind(5, 7, batch_first=True), everything)
    graph = imported(Stepped(inner), [(1, 1, 5)] + [(1, 1, 7)] * len(pairs), tmp_path, pairs)
    samples = random_samples(graph, 300)
    integer = pipeline.quantize(graph, samples, Recipe())
    kept = {integer.tensor(state.start).dtype for state in integer.states}
    assert "int16" in kept
    (output,) = graph.outputs
    real = reference.run(graph, samples.inputs)[output]
    tensor = integer.tensor(output)
    made = reference.run(integer, quantize_inputs(integer, samples))[output]
    error = (dequantize(made, tensor.scale, tensor.zero_point) - real)[200:]
    assert 10 * np.log10(np.square(real[200:]).sum() / np.square(error).sum()) > LEAST_DB


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (Calls(nn.LSTM(5, 7, batch_first=True, proj_size=3), sequence), "a projection of the outputs"),
        (Calls(nn.RNN(5, 7, batch_first=True), lambda m, x: m.layer(x)[0]), "rnn_tanh.*use nn.GRU or nn.LSTM"),
        (Calls(nn.RNN(5, 7, nonlinearity="relu"), lambda m, x: m.layer(x)[0]), "rnn_relu.*use nn.GRU or nn.LSTM"),
        (Calls(nn.RNNCell(5, 7), lambda m, x: m.layer(x[:, 0])), "rnn_tanh_cell.*use nn.GRUCell"),
    ],
)  # fmt: skip
def test_refusals(module: nn.Module, message: str, tmp_path: Path) -> None:
    with pytest.raises(EdgeqError, match=message):
        imported(module, [(1, 4, 5)], tmp_path)
