"""Orders of branching graphs: the smallest peak among all topological orders, and never a larger arena."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.ir import verify
from edgeq.ir.graph import Boundary, Graph, Node, Quantization, Tensor
from edgeq.lower.select import lower
from edgeq.plan import order
from edgeq.plan.arena import lower_bound, plan
from edgeq.plan.lifetime import buffers
from edgeq.plan.over_input import overwrite_inputs

HOST = load_board("host")
ADD = {"a": 1, "b": 1, "c": 0, "n": 1, "act_min": -128, "act_max": 127}


class Builder:
    """A graph of concatenations, additions, clamps and reshapes; values are images of 1x1xC."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.tensors: dict[str, Tensor] = {}

    def value(self, channels: int) -> str:
        name = f"t{len(self.tensors)}"
        self.tensors[name] = Tensor(name, (1, 1, 1, channels), "int8", Quantization.per_tensor(0.1, 0))
        return name

    def node(self, op: str, inputs: list[str], channels: int, **attributes: int) -> str:
        output = self.value(channels)
        name = f"n{len(self.nodes)}"
        self.nodes.append(Node(name, op, tuple(inputs), (output,), MappingProxyType(dict(attributes))))
        return output

    def concat(self, *inputs: str) -> str:
        return self.node("concat", list(inputs), sum(self.tensors[name].shape[3] for name in inputs), axis=3)

    def first(self, x: str, channels: int) -> str:
        """Stands for a layer of another size: only the plan matters here, so the shapes need not follow the rule."""
        return self.node("concat", [x], channels, axis=3)

    def add(self, left: str, right: str) -> str:
        return self.node("add", [left, right], self.tensors[left].shape[3], **ADD)

    def finish(self, inputs: list[str], outputs: list[str]) -> Graph:
        boundary = {name: Boundary(self.tensors[name].shape, (0, 1, 2, 3)) for name in (*inputs, *outputs)}
        empty = Graph("g", tuple(inputs), tuple(outputs), (), MappingProxyType({}), MappingProxyType(boundary))
        return empty.with_nodes(self.nodes, self.tensors)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    builder = Builder()
    inputs = [builder.value(draw(st.integers(1, 200))) for _ in range(draw(st.integers(1, 2)))]
    values = list(inputs)
    for _ in range(draw(st.integers(1, 7))):
        kind = draw(st.sampled_from(("first", "first", "concat", "add", "clamp", "reshape")))
        x = draw(st.sampled_from(values[-4:]))
        same = [v for v in values if v != x and builder.tensors[v].shape == builder.tensors[x].shape]
        if kind == "concat":
            values.append(builder.concat(x, draw(st.sampled_from(values))))
        elif kind == "add" and same:
            values.append(builder.add(x, draw(st.sampled_from(same))))
        elif kind == "clamp":
            values.append(builder.node("clamp", [x], builder.tensors[x].shape[3], act_min=-3, act_max=3))
        elif kind == "reshape":
            values.append(builder.node("reshape", [x], builder.tensors[x].shape[3]))
        else:
            values.append(builder.first(x, draw(st.integers(1, 200))))
    read = {name for node in builder.nodes for name in node.inputs}
    outputs = [v for v in values if v not in read and v not in inputs]
    return builder.finish(inputs, outputs)


def topological_orders(graph: Graph) -> list[list[Node]]:
    orders: list[list[Node]] = []

    def extend(chosen: list[Node], known: set[str]) -> None:
        if len(chosen) == len(graph.nodes):
            orders.append(chosen)
        for node in graph.nodes:
            if node not in chosen and known.issuperset(node.inputs):
                extend([*chosen, node], known | set(node.outputs))

    extend([], set(graph.inputs))
    return orders


def live_peak(graph: Graph) -> int:
    """From the lifetimes that the planner itself uses."""
    return lower_bound(buffers(lower(graph, HOST)))


def has_layers(graph: Graph) -> bool:
    return any(node.op != "reshape" for node in graph.nodes)


@settings(max_examples=150, deadline=None)
@given(graphs().filter(has_layers))
def test_smallest_of_all_orders(graph: Graph) -> None:
    smallest = min(live_peak(graph.with_nodes(nodes)) for nodes in topological_orders(graph))
    found = order.smallest_peak(graph)
    assert sorted(node.name for node in found.nodes) == sorted(node.name for node in graph.nodes)
    assert live_peak(found) == order.peak_bytes(found) == smallest
    if live_peak(graph) == smallest:
        assert found is graph


@settings(max_examples=60, deadline=None)
@given(graph=graphs().filter(has_layers))
def test_beam_gives_valid_orders_that_are_no_worse(graph: Graph) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "MAX_STATES", 0)
        patch.setattr(order, "BEAM", 2)
        found = order.smallest_peak(graph)
    known = set(graph.inputs)
    for node in found.nodes:
        assert known.issuperset(node.inputs)
        known.update(node.outputs)
    assert live_peak(found) <= live_peak(graph)


@settings(max_examples=60, deadline=None)
@given(graph=graphs().filter(has_layers))
def test_arena_is_never_larger(graph: Graph) -> None:
    _, arranged = pipeline.arrange(graph, HOST)
    assert arranged.arena_bytes <= plan(overwrite_inputs(lower(graph, HOST))).arena_bytes


def inception(branches: int) -> Graph:
    """Branches that widen, then narrow, written breadth first as an export may list them."""
    builder = Builder()
    x = builder.value(64)
    wide = [builder.first(x, 1000) for _ in range(branches)]
    narrow = [builder.first(value, 16) for value in wide]
    return builder.finish([x], [builder.concat(*narrow)])


@pytest.mark.parametrize("branches", [4, 40])
def test_wide_branches_run_one_after_the_other(branches: int) -> None:
    """40 branches have far more states than the exact search takes: the beam does it."""
    graph = inception(branches)
    given_peak = live_peak(graph)
    program, arranged = pipeline.arrange(graph, HOST)
    assert given_peak >= branches * 1000
    assert arranged.arena_bytes <= 64 + 1008 + 16 * branches + 16 * branches
    assert [layer.index for layer in program.layers] == list(range(len(program.layers)))


def test_order_of_the_example_is_kept(resnet8_integer: Graph) -> None:
    assert order.smallest_peak(resnet8_integer) is resnet8_integer
    verify.run(order.smallest_peak(resnet8_integer), "order")
