"""States that the user names: networks that take and return their state explicitly, forward(x, h) -> (y, h2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from edgeq.errors import EdgeqError
from edgeq.frontend.importer import identifier
from edgeq.ir.graph import Graph, State


def declare(graph: Graph, pairs: Sequence[str]) -> Graph:
    """The graph with every INPUT=OUTPUT of `pairs` as a state instead of an input and an output; graphs as importers
    make them. Raises EdgeqError for names that are unknown or used twice, and for shapes that differ."""
    if not pairs:
        return graph
    names = _output_names(graph)
    states: list[State] = []
    for pair in pairs:
        given, _, named = pair.partition("=")
        start = identifier(given)
        if start not in graph.inputs:
            raise EdgeqError(f"--state {pair}: the model has no input {given!r}; it has {', '.join(graph.inputs)}")
        if named not in names:
            shown = ", ".join(_shown_names(graph, name) for name in graph.outputs)
            raise EdgeqError(f"--state {pair}: the model has no output {named!r}; give its name or its number: {shown}")
        end = names[named]
        if any(start == state.start or end == state.end for state in states):
            raise EdgeqError(f"--state {pair}: each input and each output can be one state's only; name others")
        shapes = [list(graph.tensor(name).shape) for name in (start, end)]
        if shapes[0] != shapes[1]:
            raise EdgeqError(
                f"--state {pair}: the input has the shape {shapes[0]} and the output {shapes[1]}; a state keeps its "
                "shape"
            )
        states.append(State(start, end, (graph.inputs.index(start), graph.outputs.index(end))))
    inputs = tuple(name for name in graph.inputs if all(name != state.start for state in states))
    outputs = tuple(name for name in graph.outputs if all(name != state.end for state in states))
    if not inputs or not outputs:
        what = "output" if inputs else "input"
        raise EdgeqError(f"--state {pairs[-1]}: leaves the model without an {what}; a network needs one of its own")
    return replace(graph, inputs=inputs, outputs=outputs, states=(*graph.states, *states))


def _output_names(graph: Graph) -> Mapping[str, str]:
    """Every name of an output -> output: its number, its own name, the framework's, and the name that it has where the
    order of its axes does not matter, which `edgeq inspect` shows."""
    names: dict[str, str] = {}
    for name in reversed(graph.outputs):
        names[_stored_name(graph, name)] = name
        if name in graph.origins:
            names[graph.origins[name].value] = name
    names |= {name: name for name in graph.outputs}
    return names | {str(number): name for number, name in enumerate(graph.outputs)}


def _stored_name(graph: Graph, name: str) -> str:
    producers = graph.producers()
    while (node := producers.get(name)) is not None and node.op == "transpose":
        name = node.inputs[0]
    return name


def _shown_names(graph: Graph, name: str) -> str:
    number = graph.outputs.index(name)
    value = graph.origins[name].value if name in graph.origins else name
    return f"{number} ({value})"
