"""The integer form of recurrent layers (recurrent.py): weights and biases of their gates, types of their states.

What the quantizer chooses for float models: x and y as calibrated; weights symmetric per gate, largest magnitude / 127;
the cell state the smallest power of two that holds its calibrated extremes, from 2^-15 to 2^-9 (then clamped at +-64);
the state of a gru the same of its output, and never less than 2^-15, which holds [-1, 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops.recurrent import GATE_STEP, STATE_EXPONENTS, Scaling, gates_of, initial, sat16, scaling_of, state_name

if TYPE_CHECKING:
    from edgeq.quantize.convert import Converter

#: operators that move a state without computing with it
MOVES = ("reshape", "transpose")


def folded(bias: np.ndarray, weights: np.ndarray, zero_point: int) -> np.ndarray:
    """int32 bias - zero_point * sum of each row."""
    return (bias.astype(np.int64) - zero_point * weights.astype(np.int64).sum(axis=1)).astype(np.int32)


def integer_weights(source: Graph, name: str, gates: int) -> tuple[np.ndarray, np.ndarray]:
    """(int8 weights, float32 scale per gate): the file's integers, or largest magnitude / 127."""
    tensor = source.tensor(name)
    if tensor.quantization is not None and tensor.dtype == "int8" and tensor.quantization.zero_point == 0:
        assert tensor.data is not None
        scale = np.broadcast_to(tensor.quantization.scale, tensor.shape[0])
        return tensor.data, scale[:: tensor.shape[0] // gates].astype(np.float32)
    real = source.real_constant(name).astype(np.float64)
    parts = real.reshape(gates, -1)
    scale = np.maximum(np.abs(parts).max(axis=1) / 127.0, 2.0**-24).astype(np.float32)
    steps = np.rint(parts / scale[:, None].astype(np.float64))
    return np.clip(steps, -127, 127).astype(np.int8).reshape(real.shape), scale


def integer_bias(source: Graph, name: str, scales: np.ndarray) -> np.ndarray:
    """int64 bias in units of `scales` (one a gate): the file's integers, or rounded."""
    tensor = source.tensor(name)
    if tensor.quantization is not None and tensor.dtype == "int32":
        assert tensor.data is not None
        return tensor.data.astype(np.int64)
    real = source.real_constant(name).astype(np.float64)
    return np.rint(real.reshape(len(scales), -1) / scales[:, None].astype(np.float64)).reshape(-1).astype(np.int64)


def side(
    converter: Converter,
    node: Node,
    which: str,
    operand: int,
    quantization: Quantization,
    steps: np.ndarray | float = GATE_STEP,
) -> tuple[list[str], tuple[Scaling, ...]]:
    """One product of the gates: names of integer weights and folded bias, and a scaling a gate. `quantization`: of
    the vector that the weights in operand `operand` are multiplied with; `steps`: what a step of the sums is worth.
    Raises EdgeqError where sums leave int32."""
    gates = gates_of(node)
    weights, scales = integer_weights(converter.source, node.inputs[operand], gates)
    vector = np.float32(quantization.scale[0])
    bias_name = node.inputs[operand + 2]
    bias_real = np.abs(converter.source.real_constant(bias_name)).max(initial=0.0)
    least = np.float32(bias_real / (float(vector) * 2.0**29))
    if converter.source.tensor(bias_name).dtype != "int32" and np.any(scales < least):
        raise EdgeqError(
            f"layer {node.name}: its biases reach {bias_real:.3g}, beyond what int32 sums hold with the {which} "
            "weights of some gate; train it with weight decay on the biases"
        )
    bias = integer_bias(converter.source, bias_name, vector * scales)
    largest = 255 * np.abs(weights.astype(np.int64)).sum(axis=1) + np.abs(bias)
    ratio = vector * scales / np.asarray(steps, np.float32)
    reach = largest.reshape(gates, -1).max(axis=1)
    if np.any(reach >= 2**31) or np.any(reach * ratio >= 2**30):
        raise EdgeqError(
            f"layer {node.name}: its gates can reach {float((reach * ratio).max()) * GATE_STEP:.3g} in front of their "
            f"functions, and {2.0**30 * GATE_STEP:.3g} is the limit; scale the layer's input down"
        )
    names = [
        converter.constant(f"{node.name}.{which}_weights", weights, Quantization(scales.astype(np.float64), 0, 0)),
        converter.constant(f"{node.name}.{which}_bias", folded(bias, weights, quantization.zero_point)),
    ]
    return names, tuple(scaling_of(float(scale)) for scale in ratio)


def exponent_for(largest: float) -> int:
    """The state's exponent for values up to `largest`."""
    low, high = STATE_EXPONENTS
    needed = int(np.ceil(np.log2(max(largest, 2.0**low)))) - 15
    return max(low, min(high, needed))


def wide(exponent: int) -> Quantization:
    """int16 with the scale 2^exponent."""
    return Quantization(np.array([2.0**exponent]), 0, None, "int16")


def source_of(graph: Graph, name: str) -> list[str]:
    """`name` and what it is a moved form of, back to what is given; empty where a layer makes it or reads it too."""
    producers, way = graph.producers(), [name]
    while way[-1] in producers:
        node = producers[way[-1]]
        if node.op not in MOVES:
            return []
        way.append(node.inputs[0])
    alone = all(sum(item in node.inputs for node in graph.nodes) == 1 for item in way)
    free = all(graph.tensor(item).quantization is None and item not in graph.results for item in way)
    return way if alone and free else []


def moved_to_results(graph: Graph, name: str) -> list[str]:
    """`name` and all its moved forms where nothing else reads them; empty otherwise."""
    found = [name]
    for item in found:
        readers = [node for node in graph.nodes if item in node.inputs]
        if graph.tensor(item).quantization is not None or any(node.op not in MOVES for node in readers):
            return []
        found += [node.output for node in readers]
    return found


def settle_state(graph: Graph, node: Node, exponent: int, chosen: dict[str, Quantization]) -> None:
    """Stores the state as int16 where only the model's inputs, outputs and states hold it; of a state that lasts
    between inferences both ends."""
    given = initial(node, node.inputs)
    before = source_of(graph, given[state_name(node)]) if state_name(node) in given else []
    after = moved_to_results(graph, node.outputs[1]) if len(node.outputs) > 1 else []
    for state in graph.states:
        if (state.start in before) != (state.end in after):
            before = [] if state.start in before else before
            after = [] if state.end in after else after
    chosen.update(dict.fromkeys((*before, *after), wide(exponent)))


def settle_output(graph: Graph, node: Node, name: str, chosen: dict[str, Quantization]) -> None:
    """Stores the output before the first step, where it is given to the model, as the outputs are stored; if it is a
    state that ends in one of them, its end as well."""
    before = source_of(graph, name)
    producers = graph.producers()
    for state in graph.states:
        if state.start in before:
            way = [state.end]
            while way[-1] in producers and producers[way[-1]].op in (*MOVES, "slice"):
                way.append(producers[way[-1]].inputs[0])
            free = all(graph.tensor(item).quantization is None for item in way[:-1])
            if way[-1] != node.output or not free:
                return
            before += way
    chosen.update(dict.fromkeys(before, chosen[node.output]))


def state_operand(converter: Converter, node: Node, name: str, exponent: int) -> tuple[str, Scaling | None]:
    """The initial state as an operand, and the scaling that an int8 one needs."""
    if converter.source.tensor(name).is_constant:
        steps = sat16(np.rint(converter.source.real_constant(name) / 2.0**exponent))
        return converter.constant(f"{node.name}.state", steps.astype(np.int16), wide(exponent)), None
    tensor = converter.quantized(name)
    assert tensor.quantization is not None
    if tensor.dtype == "int16":
        if not tensor.quantization.same_as(wide(exponent)):
            raise EdgeqError(
                f"layer {node.name}: its initial state has the scale {tensor.scale:.6g}, and the layer needs "
                f"{2.0**exponent:.6g}; calibrate the model anew"
            )
        return name, None
    return name, scaling_of(float(np.float32(tensor.scale / 2.0**exponent)))


def state_outputs(converter: Converter, node: Node, exponent: int) -> tuple[list[Tensor], Scaling | None]:
    """The second output, if there is one, and the scaling that an int8 one needs."""
    if len(node.outputs) == 1:
        return [], None
    tensor = converter.integer(node.outputs[1])
    if tensor.dtype == "int16":
        return [tensor], None
    return [tensor], scaling_of(float(np.float32(2.0**exponent / tensor.scale)))


def add_integer(
    converter: Converter,
    node: Node,
    h: Quantization,
    exponent: int,
    attributes: Mapping[str, Any],
    steps: np.ndarray | float = GATE_STEP,
    form_operands: Sequence[str] = (),
) -> None:
    """Appends the integer form; `h`: how the outputs are stored, `attributes` the operator's own, `steps` what a step
    of its gates' sums is worth, `form_operands` those behind the initial values."""
    x = converter.quantized(node.inputs[0])
    assert x.quantization is not None
    input_names, input_scales = side(converter, node, "input", 1, x.quantization, steps)
    recurrent_names, recurrent_scales = side(converter, node, "recurrent", 2, h, steps)
    inputs = [x.name, input_names[0], recurrent_names[0], input_names[1], recurrent_names[1]]
    state_in_scale = None
    for key, name in initial(node, node.inputs).items():
        if key == state_name(node):
            made, state_in_scale = state_operand(converter, node, name, exponent)
        else:
            converter.operand(name)
            made = converter.rescaled(name, h, node.name)
        inputs.append(made)
    further, state_out_scale = state_outputs(converter, node, exponent)
    optional = {"state_in_scale": state_in_scale, "state_out_scale": state_out_scale}
    converter.add(
        node, (*inputs, *form_operands), converter.quantized_output(node), *further,
        input_scales=input_scales, recurrent_scales=recurrent_scales, state_exponent=exponent, **attributes,
        **{key: value for key, value in optional.items() if value is not None},
    )  # fmt: skip
