"""The quantization of states: one for both ends, and for what is only made to become the end."""

from __future__ import annotations

from collections.abc import Mapping

from edgeq import ops
from edgeq.ir.graph import Graph, Node, Quantization, State
from edgeq.ops.float_types import FLOATS
from edgeq.quantize.observe import Range
from edgeq.quantize.scales import spanning


def state_quantization(graph: Graph, ranges: Mapping[str, Range], types: Mapping[str, str]) -> dict[str, Quantization]:
    """Start of every state, and every activation from the operator that chooses the scale of its end to that end ->
    quantization: as a file prescribes it, as that operator does, or over the range of both ends."""
    producers = graph.producers()
    found = {}
    for state in graph.states:
        way = _made_for(graph, state, producers)
        found.update(dict.fromkeys((state.start, *way), _chosen(graph, state, producers.get(way[-1]), ranges, types)))
    return found


def _made_for(graph: Graph, state: State, producers: Mapping[str, Node]) -> list[str]:
    """The end, and backwards the activations that it is chosen or moved elements of and that nothing else reads."""
    way = [state.end]
    while (producer := producers.get(way[-1])) is not None and producer.inputs[0] in producers:
        operator = ops.get(producer.op)
        prescribed = graph.tensor(producer.inputs[0]).quantization is not None
        keeps_scale = operator.fixed_output(producer, "int8") is None and not operator.requantizes_to_any_scale()
        if prescribed or not keeps_scale or graph.only_consumer(producer.inputs[0]) is not producer:
            break
        way.append(producer.inputs[0])
    return way


def _chosen(
    graph: Graph, state: State, maker: Node | None, ranges: Mapping[str, Range], types: Mapping[str, str]
) -> Quantization:
    for name in (state.start, state.end):
        prescribed = graph.tensor(name).quantization
        if prescribed is not None:
            return prescribed
    dtype = types.get(state.start, "int8")
    free = maker is None or dtype in FLOATS
    fixed = None if free or maker is None else ops.get(maker.op).fixed_output(maker, dtype)
    if fixed is not None:
        return fixed
    both = [ranges[name] for name in (state.start, state.end)]
    return spanning((min(low for low, _ in both), max(high for _, high in both)), dtype)
