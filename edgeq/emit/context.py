"""What the templates see: plain records made from the program and its plan, in C's terms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.emit import stages
from edgeq.emit.env import c_array_text, c_float, render
from edgeq.emit.names import model_name, unique_identifiers
from edgeq.ir.graph import ARENA, Graph, Node, Tensor
from edgeq.lower.program import Layer, Planar, Program, Rolling, aligned
from edgeq.ops import cmsis_nn, fixed_point
from edgeq.ops.base import Kernel
from edgeq.ops.float_types import FLOATS
from edgeq.ops.spatial import Window
from edgeq.plan.arena import Plan
from edgeq.plan.lifetime import band_name, copy_name, scratch_name, stored_bytes, weights_name


def model_context(program: Program, plan: Plan) -> dict[str, Any]:
    """Everything about the model, for all templates under templates/model and templates/simulation."""
    graph = program.graph
    name = model_name(graph.name)
    stored = [tensor for buffer in plan.buffers for tensor in buffer.tensors or (buffer.name,)]
    identifiers = unique_identifiers(stored)
    macros = {tensor: _offset_macro(name, text) for tensor, text in identifiers.items()}
    places = Places(name, macros, {tensor: buffer.memory for buffer in plan.buffers for tensor in buffer.tensors})
    context: dict[str, Any] = {
        "name": name,
        "upper": name.upper(),
        "description": f"{len(graph.inputs)} input(s), {len(graph.outputs)} output(s), {_precision(graph)}",
        "arena_bytes": plan.arena_bytes,
        "lower_bound_bytes": plan.lower_bound_bytes,
        "arena_ratio": f"{plan.ratio:.3f}",
        "macs": program.macs,
        "weights_bytes": program.weights_bytes,
        "inputs": _ports(graph, name, graph.inputs, "input", identifiers, places),
        "outputs": _ports(graph, name, graph.outputs, "output", identifiers, places),
        "states": _states(graph, places),
        "state_bytes": plan.state_bytes,
        "memories": [
            {"name": memory, "macro": places.limit(memory), "bytes": size} for memory, size in plan.memories.items()
        ],
        "tensors": _tensors(program, plan, places),
        "arrays": _arrays(program, name),
        "tuned": tuned_fields(program),
        "tuned_bytes": tuned_bytes(program),
        "kernel_headers": sorted(
            {header for layer in program.layers for header in _headers(layer)}
            | ({"eq_rows.h"} if program.stages else set())
            | ({"eq_memory.h"} if graph.states else set())
        ),
        "has_floats": program.has_floats,
        "unpacks": any(layer.unpacking for layer in program.layers),
        "library": _library(program),
        "stages": stages.stage_records(program, identifiers),
    }
    owners = program.stored_constants()
    context["most_outputs"] = max(len(layer.node.outputs) for layer in program.layers)
    context["layers"] = [_layer(program, plan, layer, places, identifiers, owners) for layer in program.layers]
    return context


def _library(program: Program) -> dict[str, Any] | None:
    """The library that computes layers of the program: whether it is to round once, and whether that can be asked of
    its convolution."""
    if program.library is None:
        return None
    return {
        "name": program.library,
        "single_rounding": cmsis_nn.library_rounding(program.graph) == fixed_point.SINGLE,
        "probed": any(layer.kernel.library and layer.node.op == "conv2d" for layer in program.layers),
    }


def _headers(layer: Layer) -> list[str]:
    further = {"eq_conv2d_residual.h": layer.residual, "eq_weight_groups.h": layer.unpacking}
    return [f"eq_{layer.family}.h", *(header for header, used in further.items() if used)]


def _precision(graph: Graph) -> str:
    """Types of the activations, the most frequent first."""
    kinds = Counter(tensor.dtype for tensor in graph.tensors.values() if not tensor.is_constant)
    return " and ".join(kind for kind, _ in kinds.most_common())


@dataclass(frozen=True)
class Places:
    """Where tensors lie: the macro of each one's offset, and its memory, the arena unless `memories` says otherwise."""

    model: str
    macros: Mapping[str, str]
    memories: Mapping[str, str]

    def memory(self, name: str) -> str:
        """The memory of a tensor or buffer."""
        return self.memories.get(name, ARENA)

    def limit(self, memory: str) -> str:
        """The macro of a memory's size."""
        return f"{self.model}_{memory}_bytes".upper()

    def address(self, name: str) -> str:
        """A tensor's first byte, as C."""
        return f"model->{self.memory(name)} + {self.macros[name]}"


def _pointer(graph: Graph, name: str, places: Places, const: bool, kernel: Kernel | None = None) -> str:
    """A tensor as the kernel takes it that reads or writes it."""
    place = places.address(name)
    element = c_type(graph.tensor(name).dtype)
    if kernel is not None:
        element = "int8_t" if kernel.dtype == "bytes" else kernel.pointers or element
    return place if element == "int8_t" else f"({'const ' if const else ''}{element} *)({place})"


def c_type(dtype: str) -> str:
    """The C type of a tensor's elements."""
    return FLOATS[dtype].c_type if dtype in FLOATS else f"{dtype}_t"


def _offset_macro(model: str, identifier: str) -> str:
    """The macro of a buffer's offset in the arena."""
    return f"{model}_at_{identifier}".upper()


def _ports(
    graph: Graph,
    model: str,
    names: tuple[str, ...],
    kind: str,
    identifiers: Mapping[str, str],
    places: Places,
) -> list[dict[str, Any]]:
    ports = []
    for tensor_name in names:
        tensor = graph.tensor(tensor_name)
        suffix = kind if len(names) == 1 else f"{kind}_{identifiers[tensor_name]}"
        source = graph.boundary[tensor_name]
        moved = source.perm != tuple(range(len(source.perm)))
        ports.append(
            {
                "kind": kind,
                "tensor": tensor_name,
                "suffix": suffix,
                "function": f"{model}_{suffix}",
                "upper": f"{model}_{suffix}".upper(),
                "macro": _offset_macro(model, identifiers[tensor_name]),
                "pointer": _pointer(graph, tensor_name, places, const=kind == "output"),
                "shape": list(tensor.shape),
                "note": f" (the model's {list(source.shape)}, channels last)" if moved else "",
                "dtype": tensor.dtype,
                "c_type": c_type(tensor.dtype),
                "is_float": tensor.dtype in FLOATS,
                "lowest": 0 if tensor.dtype in FLOATS else int(np.iinfo(tensor.dtype).min),
                "highest": 0 if tensor.dtype in FLOATS else int(np.iinfo(tensor.dtype).max),
                "elements": tensor.elements,
                "size_bytes": tensor.size_bytes,
                "scale": c_float(tensor.scale),
                "zero_point": tensor.zero_point,
            }
        )
    return ports


def _states(graph: Graph, places: Places) -> list[dict[str, Any]]:
    """What the network keeps between inferences."""
    initial = {state.start: state.initial for state in graph.states}
    tensors = [graph.tensor(state.start) for state in graph.states]
    return [
        {
            "tensor": tensor.name,
            "initial": None if initial[tensor.name] is None else initial_symbol(places.model, index),
            "memory": places.memory(tensor.name),
            "pointer": _pointer(graph, tensor.name, places, const=False),
            "shape": list(tensor.shape),
            "dtype": tensor.dtype,
            "c_type": c_type(tensor.dtype),
            "is_float": tensor.dtype in FLOATS,
            "elements": tensor.elements,
            "size_bytes": tensor.size_bytes,
            "scale": c_float(tensor.scale),
            "zero_point": tensor.zero_point,
        }
        for index, tensor in enumerate(tensors)
    ]


def initial_symbol(model: str, index: int) -> str:
    """The C name of what a state begins as."""
    return f"{model}_initial{index}"


def _tensors(program: Program, plan: Plan, places: Places) -> list[dict[str, Any]]:
    """Every name that layers use, in order of first use; tensors that share a buffer share its offset."""
    rows = []
    for buffer in plan.buffers:
        for name in buffer.tensors or (buffer.name,):
            size = stored_bytes(program, name) if buffer.tensors else buffer.size_bytes
            rows.append(
                {
                    "name": name,
                    "macro": places.macros[name],
                    "memory": buffer.memory,
                    "limit": places.limit(buffer.memory),
                    "offset": plan.offsets[buffer.name],
                    "size_bytes": size,
                    "first": buffer.first,
                    "last": buffer.last,
                }
            )
    return rows


def _symbol(model: str, key: str, field: str) -> str:
    """The C name of a layer's constant."""
    return f"{model}_{key}_{field}"


def _arrays(program: Program, model: str) -> list[dict[str, Any]]:
    """The constants, equal ones once, but for those that training changes."""
    tuned = {(layer.key, field) for layer in program.layers for field in layer.tuned}
    stored = set(program.stored_constants().values()) - tuned
    return [
        {
            "symbol": _symbol(model, layer.key, field),
            "c_type": constant.c_type,
            "length": constant.data.size,
            "text": c_array_text(constant.data),
        }
        for layer in program.layers
        for field, constant in layer.constants.items()
        if (layer.key, field) in stored
    ] + [
        {
            "symbol": initial_symbol(model, index),
            "c_type": c_type(program.graph.tensor(state.initial).dtype),
            "length": program.graph.tensor(state.initial).elements,
            "text": c_array_text(program.graph.constant(state.initial)),
        }
        for index, state in enumerate(program.graph.states)
        if state.initial is not None
    ]


def tuned_fields(program: Program) -> list[dict[str, Any]]:
    """The constants that training changes, in the order in which they lie in memory, each aligned."""
    fields, offset = [], 0
    for layer in program.layers:
        for name in layer.tuned:
            constant = layer.constants[name]
            fields.append(
                {
                    "layer": layer.node.name,
                    "field": name,
                    "member": f"{layer.key}_{name}",
                    "c_type": constant.c_type,
                    "length": constant.data.size,
                    "text": c_array_text(constant.data),
                    "offset": offset,
                    "size_bytes": constant.data.nbytes,
                }
            )
            offset += aligned(constant.data.nbytes)
    return fields


def tuned_bytes(program: Program) -> int:
    """Bytes of all of them."""
    return sum(aligned(layer.constants[name].data.nbytes) for layer in program.layers for name in layer.tuned)


def _layer(
    program: Program,
    plan: Plan,
    layer: Layer,
    places: Places,
    identifiers: Mapping[str, str],
    owners: Mapping[tuple[str, str], tuple[str, str]],
) -> dict[str, Any]:
    graph, node = program.graph, layer.node
    activations = [name for name in node.inputs if not graph.tensor(name).is_constant]
    copy_bytes = layer.over_input.copy_bytes if layer.over_input else 0
    made = {
        field: _pointer(graph, node.inputs[position], places, const=True)
        for field, (position, _) in layer.kernel.operands.items()
        if not graph.tensor(node.inputs[position]).is_constant
    }
    tuned = {field: f"model->tuned->{layer.key}_{field}" for field in layer.tuned}
    stored = {field: _symbol(places.model, *owners[layer.key, field]) for field in layer.constants}
    unpacked = _unpacked(layer, places, stored)
    if unpacked is not None:
        made["weights"] = unpacked["memory"]
    view: dict[str, Any] = {
        "key": layer.key,
        "node": node.name,
        "op": node.op,
        "function": layer.function,
        "cores": layer.cores,
        "storage": "const" if made or tuned else "static const",
        "parameters": layer.parameters,
        "symbols": stored | made | tuned,
        "unpacked": unpacked,
        "has_requant": "multiplier" in layer.constants,
        "inputs": [_pointer(graph, name, places, const=True, kernel=layer.kernel) for name in activations],
        "output": _pointer(graph, node.output, places, const=False, kernel=layer.kernel),
        "further_outputs": [_pointer(graph, name, places, const=False) for name in node.outputs[1:]],
        "scratch": _per_core(layer, places, scratch_name(layer.key), layer.scratch_bytes),
        "rolling": layer.over_input if isinstance(layer.over_input, Rolling) else None,
        "planar": layer.over_input if isinstance(layer.over_input, Planar) else None,
        "residual": layer.residual,
        "band": _per_core(layer, places, band_name(layer.key), layer.residual.band_bytes if layer.residual else 0),
        "input_copy": _per_core(layer, places, copy_name(layer.key), copy_bytes),
        "range": f"eq_split({layer.units}, {layer.granule}, core, cores)",
        "library": layer.kernel.library,
        "details": _details(node),
        "comment": _comment(program, plan, layer, activations),
        "macs": layer.macs,
        "weights_bytes": layer.weights_bytes,
        "why": layer.why,
        "instead_of": layer.instead_of,
        "output_shape": list(graph.tensor(node.output).shape),
        "output_macro": places.macros[node.output],
        "spans": [
            {"memory": places.memory(name), "macro": places.macros[name], "bytes": graph.tensor(name).size_bytes}
            for name in node.outputs
        ],
        **stages.layer_record(program, layer, identifiers),
    }
    if view["parts"]:
        view.update(stages.in_bands(program, layer, view))
    view["body"] = render(f"ops/{layer.family}.c.j2", layer=view).strip("\n")
    return view


def _unpacked(layer: Layer, places: Places, stored: Mapping[str, str]) -> dict[str, Any] | None:
    """How a layer's weights are unpacked before it runs; None where it reads them as they are."""
    how = layer.unpacking
    if how is None:
        return None
    return {
        "function": how.function,
        "fields": how.fields,
        "packed": stored["weights"],
        "memory": f"model->arena + {places.macros[weights_name(layer.key)]}",
        "range": f"eq_split({how.units}, 1, core, cores)",
        "cores": layer.cores,
    }


def _per_core(layer: Layer, places: Places, buffer: str, size_bytes: int) -> str:
    """Pointer to a core's part of a buffer that has `size_bytes` for each core."""
    if not size_bytes:
        return "NULL"
    start = f"model->arena + {places.macros[buffer]}"
    return start if layer.cores == 1 else f"{start} + core * {size_bytes}u"


def _details(node: Node) -> str:
    if "kernel" not in node.attributes:
        return ""
    window = Window.of(node.attributes)
    text = f", kernel {window.kernel[0]}x{window.kernel[1]}, stride {window.stride[0]}x{window.stride[1]}"
    if any(window.padding):
        text += ", padding {}+{} x {}+{}".format(*window.padding)
    if window.dilation != (1, 1):
        text += f", dilation {window.dilation[0]}x{window.dilation[1]}"
    return text


def _comment(program: Program, plan: Plan, layer: Layer, activations: list[str]) -> list[str]:
    graph, node = program.graph, layer.node
    lines = [f"in   {_describe(program, graph.tensor(name), plan)}" for name in activations]
    lines += [f"out  {_describe(program, graph.tensor(name), plan)}" for name in node.outputs]
    if "weights" in layer.constants:
        weights = graph.tensor(node.inputs[1])
        if weights.quantization is None:
            lines.append(f"weights {list(weights.shape)}, {weights.dtype}")
        else:
            scale = weights.quantization.scale
            lines.append(f"weights {list(weights.shape)}, scale per channel {scale.min():.4g} to {scale.max():.4g}")
    if layer.unpacking is not None:
        lines.append(f"unpacked to {layer.unpacking.size_bytes} bytes by {layer.unpacking.function}")
    if layer.scratch_bytes:
        lines.append(f"scratch {layer.scratch_bytes} bytes a core")
    if isinstance(layer.over_input, Rolling):
        lines.append(f"over its own input, {layer.over_input.band_rows} output row(s) at a time")
    if isinstance(layer.over_input, Planar):
        lines.append(f"over its own input, {layer.over_input.channels} channels at a time")
    stage = program.stage_of(layer)
    if stage is not None:
        lines.append(f"band by band with layers {stage.first} to {stage.last}, {stage.bands} bands")
    if layer.residual is not None:
        lines.append(
            f"adds its second input by {layer.residual.kernel.function}, {layer.residual.band_rows} row(s) at a time"
        )
    lines.append(f"{layer.macs:,} MACs; {layer.cores} core(s), {layer.units} work units in groups of {layer.granule}")
    lines.append(f"{layer.function}: {layer.why}")
    return lines


def _describe(program: Program, tensor: Tensor, plan: Plan) -> str:
    start = plan.tensor_offset(tensor.name)
    stored = stored_bytes(program, tensor.name)
    window = f" ({stored // (tensor.size_bytes // tensor.shape[1])} rows of it)" if stored < tensor.size_bytes else ""
    meaning = f"scale {tensor.scale:.6g} zero_point {tensor.zero_point}"
    if tensor.dtype in FLOATS:
        meaning = tensor.dtype
    memory = next(buffer.memory for buffer in plan.buffers if tensor.name in buffer.tensors)
    return f"{tensor.name} {list(tensor.shape)} {meaning}, {memory} {start} .. {start + stored - 1}{window}"
