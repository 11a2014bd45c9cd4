"""What was trained, as a module of standard torch operators: edgeq's front end takes its integers and scales as they
are, and any other tool that knows fake quantization can read it too."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, fx

from edgeq import torch_operators  # makes edgeq::binarize known
from edgeq.qat import estimators
from edgeq.qat.quantizers import ActivationQuantizer, WeightQuantizer

PER_CHANNEL = torch.ops.aten.fake_quantize_per_channel_affine.default
PER_TENSOR = torch.ops.aten.fake_quantize_per_tensor_affine.default


def convert(model: fx.GraphModule) -> fx.GraphModule:
    """A copy of a trained network of `prepare` in evaluation mode: its weights are the real values of their integers,
    and fake_quantize_per_channel_affine and fake_quantize_per_tensor_affine stand where rounding was. Batch norms stay;
    edgeq folds them into the scales of the weights, whose integers remain (passes/fold_batch_norm.py)."""
    made = copy.deepcopy(model).eval()
    for node in list(made.graph.nodes):
        if node.target is estimators.signs:
            node.target = torch.ops.edgeq.binarize.default
        if node.op != "call_module":
            continue
        module = made.get_submodule(str(node.target))
        if isinstance(module, WeightQuantizer):
            _fix_weights(made, node, module)
        elif isinstance(module, ActivationQuantizer):
            scale = float(module.scale().detach())
            _replace(made, node, PER_TENSOR, (node.args[0], scale, module.zero_point, module.low, module.high))
    made.delete_submodule("quantizers")
    made.graph.lint()
    made.recompile()
    return made


def _fix_weights(made: fx.GraphModule, node: fx.Node, module: WeightQuantizer) -> None:
    source = node.args[0]
    assert isinstance(source, fx.Node)
    weight = made.get_parameter(str(source.target))
    integers, scales = module.integers(weight)
    scale = torch.from_numpy(scales.astype(np.float32))
    weight.data = torch.from_numpy(integers).float() * scale.reshape(-1, *(1,) * (weight.dim() - 1))
    folder, _, _ = str(source.target).rpartition(".")
    arguments = []
    for name, value in (("scale", scale), ("zero_point", torch.zeros(len(scale), dtype=torch.int32))):
        path = f"{folder}.{name}".lstrip(".")
        made.get_submodule(folder).register_buffer(name, value)
        with made.graph.inserting_before(node):
            arguments.append(made.graph.get_attr(path))
    largest = module.stored.largest
    _replace(made, node, PER_CHANNEL, (source, *arguments, 0, -largest, largest))


def _replace(made: fx.GraphModule, node: fx.Node, target: torch._ops.OpOverload, arguments: tuple) -> None:
    with made.graph.inserting_before(node):
        call = made.graph.call_function(target, arguments)
    call.meta = dict(node.meta)
    node.replace_all_uses_with(call)
    made.graph.erase_node(node)


def save(model: fx.GraphModule, example_input: tuple[Tensor, ...], path: Path | str) -> None:
    """Writes a converted network for edgeq build: a static program with the batch of `example_input`, 1, without that
    input, and compressed, since integers of few bits fill floats badly."""
    program = torch.export.export(model, example_input)
    program.example_inputs = None
    for node in program.graph.nodes:  # where in whose scripts a layer was called is of no use
        node.meta.pop("stack_trace", None)
    torch.export.save(program, path)
    torch_operators.compress(path)
