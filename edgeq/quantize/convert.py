"""Canonical float graph + ranges -> integer graph. Each operator adds its own integer form; this file holds what they
share: which scale an activation gets, and the graph in the making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.ops import fixed_point, lut, rescale
from edgeq.ops.float_types import FLOATS
from edgeq.quantize import float_form
from edgeq.quantize.observe import Range
from edgeq.quantize.scales import spanning
from edgeq.quantize.states import state_quantization

#: steps beyond any integer range that activations are stored in
BEYOND = 2.0**30
#: attributes of float nodes that integer nodes hold as integers
FLOAT_ONLY = ("activation", "min", "max", "by_shifts", "single_product", "narrow_sums")


#: the types of activations that are all int8
INT8: Mapping[str, str] = MappingProxyType({})


def to_integer(graph: Graph, ranges: Mapping[str, Range], types: Mapping[str, str] = INT8) -> Graph:
    """The integer graph; `types` of activations that are not int8 (quantize/precision.py). Raises EdgeqError for an
    operator without an integer form, naming its layer."""
    converter = Converter(graph, activation_quantization(graph, ranges, types), ranges)
    for node in graph.nodes:
        if float_form.applies(converter, node):
            float_form.add(converter, node)
            continue
        converter.require_types(node)
        try:
            ops.get(node.op).quantize(converter, node)
        except NotImplementedError:
            shape = graph.tensor(node.inputs[0]).shape
            dtype = types.get(node.output, "int8")
            raise EdgeqError(f"layer {node.name}: {node.op} on {shape} has no {dtype} form") from None
        except ValueError as error:
            raise EdgeqError(f"layer {node.name}: {error}; calibrate with representative data") from error
    return converter.finish()


def activation_quantization(
    graph: Graph, ranges: Mapping[str, Range], types: Mapping[str, str] = INT8
) -> dict[str, Quantization]:
    """Quantization of every activation: as its file prescribes, from its range, from the operator, or, where the
    operator can't change the scale, from its input."""
    chosen = {
        name: graph.tensor(name).quantization or spanning(ranges[name], types.get(name, "int8"))
        for name in graph.inputs
    }
    of_states = state_quantization(graph, ranges, types)
    chosen.update({state.start: of_states[state.start] for state in graph.states})
    for node in graph.nodes:
        operator = ops.get(node.op)
        for name in node.outputs:
            prescribed = graph.tensor(name).quantization
            dtype = types.get(name, "int8")
            fixed = None if dtype in FLOATS else operator.fixed_output(node, dtype)
            if prescribed is not None:
                chosen[name] = prescribed
            elif fixed is not None:
                chosen[name] = fixed
            elif operator.requantizes_to_any_scale():
                chosen[name] = of_states.get(name) or spanning(operator.output_range(node, name, ranges), dtype)
            else:
                chosen[name] = chosen[node.inputs[0]]
    _agree_with_concat(graph, chosen)
    for node in graph.nodes:
        if chosen[node.output].dtype not in FLOATS:
            ops.get(node.op).settle(graph, node, ranges, chosen)
    return chosen


def _agree_with_concat(graph: Graph, chosen: dict[str, Quantization]) -> None:
    """A layer that only feeds a concat (or another operator that joins its inputs) writes in its scale at once, also
    where its output is moved on the way there."""
    producers = graph.producers()
    for node in reversed(graph.nodes):
        if not ops.get(node.op).joins:
            continue
        for name in node.inputs:
            way, reader = [name], node
            while (producer := producers.get(way[-1])) is not None:
                free = graph.tensor(way[-1]).quantization is None and graph.only_consumer(way[-1]) is reader
                operator = ops.get(producer.op)
                if not free or operator.fixed_output(producer, chosen[way[-1]].dtype) is not None:
                    break
                if operator.requantizes_to_any_scale():
                    chosen.update(dict.fromkeys(way, chosen[node.output]))
                    break
                way.append(producer.inputs[0])
                reader = producer


class Converter:
    """The integer graph in the making; operators' `quantize` methods use it."""

    def __init__(self, source: Graph, quantization: Mapping[str, Quantization], ranges: Mapping[str, Range]) -> None:
        self.source = source
        self.ranges = ranges
        self._quantization = quantization
        self._nodes: list[Node] = []
        self._tensors: dict[str, Tensor] = {}
        for name in source.given:
            self._tensors[name] = self.integer(name)

    def integer(self, name: str) -> Tensor:
        """The integer tensor that stands for the activation `name`."""
        quantization = self._quantization[name]
        return Tensor(name, self.source.tensor(name).shape, quantization.dtype, quantization)

    def require_types(self, node: Node) -> None:
        """Raises EdgeqError for a type of activation that the operator has no kernel for."""
        operator = ops.get(node.op)
        activations = {
            index: name for index, name in enumerate(node.inputs) if not self.source.tensor(name).is_constant
        }
        if operator.is_view:
            return
        indices = {name for index, name in activations.items() if index in operator.index_inputs}
        checked, wide = {*activations.values(), *node.outputs} - indices, set(operator.wide_operands(node))
        types = {self._quantization[name].dtype for name in checked - wide}
        types |= {self._quantization[name].dtype for name in checked & wide} - {"int16"}
        allowed = {"int8", "int16"} if operator.takes_int16 else {"int8"}
        if node.attributes.get("function") == "requantize":  # between any two types
            allowed |= set(FLOATS)
        if not types <= allowed:
            function = node.attributes.get("function", node.op)
            raise EdgeqError(
                f"layer {node.name}: there is no kernel for {function} on {' and '.join(sorted(types))} activations; "
                f"convert the model with {' or '.join(sorted(allowed))} there"
            )

    def quantized(self, name: str) -> Tensor:
        """The integer activation of that name."""
        return self._tensors[name]

    def operand(self, name: str, dtype: str = "int8") -> Tensor:
        """The integer activation of that name, or a constant: the file's own integers, or `dtype` with a scale for its
        values."""
        source = self.source.tensor(name)
        if source.data is None:
            return self._tensors[name]
        stored = source.dtype in ("int8", "int16")
        made = name if stored or dtype == "int8" else f"{name}.{dtype}"
        if made not in self._tensors:
            if stored:
                self._tensors[made] = source
            else:
                real, info = self.source.real_constant(name), np.iinfo(dtype)
                chosen = spanning((float(real.min()), float(real.max())), dtype)
                steps = np.rint(real / chosen.scale[0]) + chosen.zero_point
                self._tensors[made] = constant(made, np.clip(steps, info.min, info.max).astype(dtype), chosen)
        return self._tensors[made]

    def stored_constant(self, name: str, target: Quantization, reader: str) -> str:
        """A constant in a given quantization, as the file holds it or rounded to the nearest step."""
        source, made = self.source.tensor(name), f"{reader}.{name}.stored"
        known = source.quantization
        if known is not None and source.dtype == target.dtype and known.same_as(target):
            return self.constant(made, self.source.constant(name), target)
        info = np.iinfo(target.dtype)
        steps = np.rint(self.source.real_constant(name) / target.scale[0]) + target.zero_point
        return self.constant(made, np.clip(steps, info.min, info.max).astype(target.dtype), target)

    def quantized_output(self, node: Node) -> Tensor:
        """The integer tensor that the node's integer form has to make."""
        return self.integer(node.output)

    def constant(self, name: str, data: np.ndarray, quantization: Quantization | None = None) -> str:
        self._tensors[name] = constant(name, data, quantization)
        return name

    def add(self, node: Node, inputs: tuple[str, ...], *outputs: Tensor, **attributes: Any) -> None:
        """Appends the integer form of `node`: its attributes without the float ones, plus `attributes`."""
        kept = {key: value for key, value in node.attributes.items() if key not in FLOAT_ONLY}
        self._tensors.update({output.name: output for output in outputs})
        merged = MappingProxyType({**kept, **attributes})
        names = tuple(output.name for output in outputs)
        self._nodes.append(replace(node, inputs=inputs, outputs=names, attributes=merged))

    def add_unchanged(self, node: Node, inputs: tuple[str, ...], output: Tensor) -> None:
        """Appends `node` with all its attributes on other operands."""
        self._tensors[output.name] = output
        self._nodes.append(replace(node, inputs=inputs, outputs=(output.name,)))

    def add_keeping_scale(self, node: Node, inputs: tuple[str, ...], **attributes: Any) -> None:
        """Appends an integer form whose output holds its input's integers, moved or chosen but not rescaled. Where the
        output is to have another quantization a lut follows; TensorFlow Lite copies the integers all the same."""
        source = self._tensors[inputs[0]].quantization
        assert source is not None
        if node.attributes.get("rounding") == fixed_point.TFLITE:
            self.add(node, inputs, self.quantized_output(node), **attributes)
        else:
            self.add_made_in(source, node, inputs, **attributes)

    def add_made_in(self, source: Quantization, node: Node, inputs: tuple[str, ...], **attributes: Any) -> None:
        """Appends an integer form that makes its output in the quantization `source`; a lut follows where the output
        is to have another one."""
        output = self.quantized_output(node)
        assert output.quantization is not None
        if output.quantization.same_as(source):
            self.add(node, inputs, output, **attributes)
            return
        inner = Tensor(f"{output.name}.unscaled", output.shape, source.dtype, source)
        self.add(node, inputs, inner, **attributes)
        self._add_rescaling(f"{output.name}.rescaled", inner, output)

    def _add_rescaling(self, node: str, source: Tensor, target: Tensor) -> None:
        """Appends what makes the integers of `target` of those of `source`: a lut of bytes, otherwise a product."""
        assert source.quantization is not None
        assert target.quantization is not None
        self._tensors[target.name] = target
        if source.dtype == target.dtype == "int8":
            values = lut.rescale_table(source.quantization, target.quantization)
            table = self.constant(f"{target.name}.table", values)
            self._nodes.append(Node(node, "lut", (source.name, table), (target.name,)))
            return
        attributes = rescale.between(source, target)
        self._nodes.append(Node(node, "rescale", (source.name,), (target.name,), MappingProxyType(attributes)))

    def rescaled(self, name: str, target: Quantization, reader: str) -> str:
        """`name` in another quantization; adds a lut or a rescale where it differs."""
        tensor = self._tensors[name]
        assert tensor.quantization is not None
        if tensor.quantization.same_as(target):
            return name
        made = f"{reader}.{name}.rescaled"
        if tensor.data is not None and made not in self._tensors:
            info = np.iinfo(target.dtype)
            real = tensor.quantization.scale[0] * (tensor.data.astype(np.int64) - tensor.quantization.zero_point)
            steps = np.rint(real / target.scale[0]) + target.zero_point
            self._tensors[made] = constant(made, np.clip(steps, info.min, info.max).astype(target.dtype), target)
        elif made not in self._tensors:
            self._add_rescaling(made, tensor, Tensor(made, tensor.shape, target.dtype, target))
        return made

    def activation_range(self, node: Node, output: Tensor) -> dict[str, int]:
        """act_min and act_max of the node's fused activation in the output's quantization."""
        return self.integer_bounds(node.attributes.get("activation", (None, None)), output)

    @staticmethod
    def integer_bounds(bounds: tuple[float | None, float | None], output: Tensor) -> dict[str, int]:
        """Bounds in the output's integers (fixed_point.integer_bounds)."""
        low, high = fixed_point.integer_bounds(bounds, output.scale, output.zero_point, output.dtype)
        return {"act_min": low, "act_max": high}

    def finish(self) -> Graph:
        """The integer graph; ends of states that could not be made in the state's scale are brought to it."""
        states = []
        for state in self.source.states:
            target = self._tensors[state.start].quantization
            assert target is not None
            states.append(replace(state, end=self.rescaled(state.end, target, state.start)))
        return replace(self.source, states=tuple(states)).with_nodes(self._nodes, self._tensors)
