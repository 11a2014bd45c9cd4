"""The precisions, which layer computes in which type of activations, and the changes of type between them.

A layer computes in one type: its activations all have it. Where a recipe wants a type (int16, float16, float32) of an
operator (with these shapes and scales) that has no such form or no kernel for it, the layer is kept in int8, with the
reason; where neighbours differ, a requantization is put between them. Weights of less than 8 bits are kept in int8
where no kernel reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import BOOLEAN, Graph, Node, Tensor
from edgeq.ops import front_end, weight_types
from edgeq.ops.float_types import FLOAT16, FLOAT32, FLOATS
from edgeq.ops.weight_types import WeightType
from edgeq.quantize.convert import to_integer
from edgeq.quantize.observe import Range

INT8, INT16 = "int8", "int16"
#: types of activations, of which an input gets the last that a reader wants
TYPES = (INT8, INT16, FLOAT16, FLOAT32)


@dataclass(frozen=True)
class Precision:
    """Types of a layer's activations and of its weights. `inner`: what recipes of this precision alone are for all
    layers but the first and the last one with weights, which stay int8: at two bits and less those cost the most
    accuracy and hardly any memory."""

    activations: str = INT8
    weights: str = INT8
    inner: bool = False

    @property
    def is_float(self) -> bool:
        """Whether nothing is quantized, so that no ranges are needed."""
        return self.activations in FLOATS


PRECISIONS: Mapping[str, Precision] = MappingProxyType(
    {
        "int8": Precision(),
        "int16": Precision(activations=INT16),
        "fp16": Precision(FLOAT16, FLOAT16),
        "fp32": Precision(FLOAT32, FLOAT32),
        "int4": Precision(weights="int4"),
        **{stored.name: Precision(weights=stored.name) for stored in weight_types.INT4_GROUPS},
        "pow2": Precision(weights="pow2"),
        "int2": Precision(weights="int2", inner=True),
        "ternary": Precision(weights="ternary", inner=True),
        "binary": Precision(weights="binary", inner=True),
    }
)


@dataclass(frozen=True)
class Placed:
    """A float graph whose borders between precisions are nodes of their own, with the types of its activations.
    `borders`: activation behind a border -> the same before it. `kept_int8`: layer that was to be of another type ->
    why it is not."""

    graph: Graph
    types: Mapping[str, str]
    borders: Mapping[str, str]
    kept_int8: Mapping[str, str]


def place(graph: Graph, ranges: Mapping[str, Range], wanted: Mapping[str, str]) -> Placed:
    """Gives every layer the type of activations of the precision that `wanted` has for it (layer -> precision), or int8
    (of some operators int16) where it can't be had with activations of these ranges.

    Raises EdgeqError when another type is wanted of a model whose file prescribes how its activations are stored.
    """
    types = {name: PRECISIONS[precision].activations for name, precision in wanted.items()}
    if set(types.values()) <= {INT8}:
        return Placed(graph, {}, {}, {})
    given = {node.inputs[at] for node in graph.nodes for at in ops.get(node.op).index_inputs}
    given |= {*front_end.rates(graph), *(state.start for state in graph.states if state.only_read)}
    for name, tensor in graph.tensors.items():
        known = None if tensor.is_constant or name in given else tensor.quantization
        if known is not None and known.dtype in (INT8, INT16) and not known.same_as(BOOLEAN):
            raise EdgeqError(
                f"activation {name}: the file prescribes {known.dtype} for it, which a recipe can't "
                "change; give the float model, or --quant int8 to take the file's types"
            )
    kept: dict[str, str] = {}
    precision = {}
    for node in graph.nodes:
        precision[node.name] = types[node.name]
        if types[node.name] != INT8 and not ops.get(node.op).is_view:
            reason = obstacle(graph, node, ranges, types[node.name])
            if reason is not None:
                instead = ops.get(node.op).instead_of_float if types[node.name] in FLOATS else INT8
                kept[node.name], precision[node.name] = reason, instead
    return _Borders(graph, precision).placed(kept)


def activations(graph: Graph, node: Node) -> list[str]:
    """The node's operands that are neither constants nor indices."""
    indices = ops.get(node.op).index_inputs
    return [
        name for index, name in enumerate(node.inputs) if not graph.tensor(name).is_constant and index not in indices
    ]


def obstacle(graph: Graph, node: Node, ranges: Mapping[str, Range], dtype: str) -> str | None:
    """Why the node can't compute in that type: None if its form can be made, and kernels for it exist."""
    names = dict.fromkeys([*node.inputs, *node.outputs])
    alone = replace(
        graph,
        inputs=tuple(name for name in dict.fromkeys(node.inputs) if not graph.tensor(name).is_constant),
        outputs=node.outputs,
        nodes=(node,),
        tensors={name: graph.tensor(name) for name in names},
        states=(),
    )
    try:
        made = to_integer(alone, ranges, dict.fromkeys([*activations(graph, node), *node.outputs], dtype))
    except EdgeqError as error:
        return str(error).removeprefix(f"layer {node.name}: ").partition(";")[0]
    for part in made.nodes:
        operator = ops.get(part.op)
        fitting = (kernel for kernel in operator.kernels if kernel.isa == "scalar" and kernel.takes(made, part))
        if not operator.is_view and all(kernel.applies(made, part) is not None for kernel in fitting):
            return f"there is no kernel for {part.op} on {dtype} activations"
    return None


def stored_weights(graph: Graph, wanted: Mapping[str, str]) -> tuple[dict[str, WeightType], dict[str, str]]:
    """`wanted`: layer -> precision. Layer -> type of its weights, where that is not int8; and layer -> why it has none
    of the wanted type: int8 instead, of int4 in groups int4 with a scale per channel."""
    found, kept = {}, {}
    for node in graph.nodes:
        precision = PRECISIONS[wanted[node.name]]
        if precision.weights not in weight_types.TYPES or precision.weights == INT8:
            continue
        if len(node.inputs) < 2 or not graph.tensor(node.inputs[1]).is_constant:
            continue
        stored, has_weights = weight_types.TYPES[precision.weights], ops.get(node.op).weight_axis >= 0
        if not has_weights or not _reads(node, stored.name):
            kept[node.name] = f"there is no kernel for {node.op} with {stored.name} weights"
            stored = weight_types.INT4 if stored.group else weight_types.INT8
        if has_weights and stored is not weight_types.INT8 and _reads(node, stored.name):
            found[node.name] = stored
    return found, kept


def _reads(node: Node, stored: str) -> bool:
    """Whether the operator has kernels for a type of weights."""
    return any(stored in kernel.weights for kernel in ops.get(node.op).kernels)


def with_readable_weights(graph: Graph) -> tuple[Graph, dict[str, str]]:
    """The graph with its file's integer weights in a type that a kernel reads: those of less than 8 bits become int8
    (their values stay) where none does. Beside it: layer -> why."""
    tensors, kept = dict(graph.tensors), {}
    for node in graph.nodes:
        stored = weight_types.of_node(graph, node)
        if stored == INT8 or _reads(node, stored):
            continue
        weights = graph.tensor(node.inputs[1])
        assert weights.quantization is not None
        tensors[weights.name] = replace(weights, quantization=replace(weights.quantization, dtype=INT8))
        kept[node.name] = f"there is no kernel for {node.op} with {stored} weights"
    return graph.with_nodes(graph.nodes, tensors), kept


class _Borders:
    """The placed graph in the making."""

    def __init__(self, graph: Graph, precision: Mapping[str, str]) -> None:
        self._graph = graph
        self._precision = precision
        self._borders: dict[str, str] = {}
        self._tensors = dict(graph.tensors)
        self._nodes: list[Node] = []
        self._types: dict[str, str] = {}

    def placed(self, kept: Mapping[str, str]) -> Placed:
        """Types from the inputs on, with a requantization before every first reader in another type."""
        producers = self._graph.producers()
        for name in self._graph.inputs:
            self._types[name] = self._prescribed(name) or self._wanted_by_readers(name)
        for state in self._graph.states:
            prescribed = self._prescribed(state.start)
            if prescribed is not None:
                self._types[state.start] = prescribed
                continue
            maker = producers.get(state.end)
            while maker is not None and ops.get(maker.op).is_view and maker.inputs[0] in producers:
                maker = producers[maker.inputs[0]]
            made = self._precision[maker.name] if maker is not None else INT8
            self._types[state.start] = made
        for node in self._graph.nodes:
            requantizes = node.attributes.get("function") == "requantize"  # from any type
            names = [] if requantizes else activations(self._graph, node)
            dtype = self._types[names[0]] if ops.get(node.op).is_view and names else self._precision[node.name]
            renamed = {name: self._in_type(name, dtype) for name in names}
            self._nodes.append(replace(node, inputs=tuple(renamed.get(name, name) for name in node.inputs)))
            self._types.update(dict.fromkeys(node.outputs, dtype))
        graph = self._graph.with_nodes(self._nodes, self._tensors)
        return Placed(graph, self._types, self._borders, kept)

    def _prescribed(self, name: str) -> str | None:
        """The type of what is given, where that is settled: samples of a recording, the memory of a decoder."""
        known = self._graph.tensor(name).quantization
        return known.dtype if known is not None and known.dtype in TYPES else None

    def _wanted_by_readers(self, name: str) -> str:
        """The widest type of what computes with the activation."""
        wanted = [INT8]
        for node in self._graph.nodes:
            if name in activations(self._graph, node):
                is_view = ops.get(node.op).is_view
                wanted.append(self._wanted_by_readers(node.output) if is_view else self._precision[node.name])
        return max(wanted, key=TYPES.index)

    def _in_type(self, name: str, dtype: str) -> str:
        """The activation of that name in that type."""
        if self._types[name] == dtype:
            return name
        made = f"{name}.{dtype}"
        if made not in self._tensors:
            self._tensors[made] = Tensor(made, self._tensors[name].shape)
            self._types[made] = dtype
            self._borders[made] = name
            attributes = MappingProxyType({"function": "requantize"})
            self._nodes.append(Node(made, "unary", (name,), (made,), attributes))
        return made
