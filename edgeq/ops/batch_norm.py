"""batch_norm over the last axis: y = (x - mean) * gain / sqrt(variance + eps) + bias, one entry of each a channel; the
operand statistics [2, C] holds means and variances. Attribute momentum: of the running statistics in training.

The fold pass puts it into the layer before it, or turns it into a 1x1 depthwise convolution; in training form
(edgeq/train/batch_norms.py) it stays, and its statistics are the sample's (edgeq/ops/batch_statistics.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import float_layers, normalize_float, training
from edgeq.ops.base import Arrangement, Operator, Shape
from edgeq.ops.float_types import Rounding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.train.tape import Tape


def import_torch(importer: Importer, args: Mapping[str, Any]) -> Any:
    """aten.batch_norm in evaluation mode, and the forms it decomposes into; statistics must be constants."""
    mean = importer.constant_array(args["running_mean"], "the running mean of a batch norm").astype(np.float64)
    variance = importer.constant_array(args["running_var"], "the running variance of a batch norm").astype(np.float64)
    if args.get("training"):
        raise importer.unsupported("a batch norm in training mode", "model.eval() before the export")
    gain = np.ones(len(mean))
    if args.get("weight") is not None:
        gain = importer.constant_array(args["weight"], "the weight of a batch norm")
    bias = np.zeros(len(mean))
    if args.get("bias") is not None:
        bias = importer.constant_array(args["bias"], "the bias of a batch norm")
    x = args["input"]
    rank = len(importer.shape(x))
    if rank not in (2, 3, 4):
        raise importer.unsupported(f"a batch norm over axis 1 of rank {rank}", "one on [N, C], [N, C, L], [N, C, H, W]")
    image = x if rank == 2 else importer.channels_last(x)
    y = _add(importer, image, gain, bias, mean, variance, args["eps"], args.get("momentum", 0.1))
    return y if rank == 2 else importer.channels_first(y, rank)


def _add(
    importer: Importer,
    x: str,
    gain: np.ndarray,
    bias: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    eps: float,
    momentum: float,
) -> str:
    """The node over the last axis of `x`."""
    statistics = np.stack([mean, variance]).astype(np.float32)
    constants = [importer.constant(values.astype(np.float32)) for values in (gain, bias, statistics)]
    return importer.add("batch_norm", [x, *constants], {"eps": float(eps), "momentum": float(momentum)})


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """BatchNormalization over axis 1 with constant statistics."""
    scale, bias, mean, variance = (
        call.values(index, "the parameters of a batch norm").astype(np.float64).reshape(-1) for index in range(1, 5)
    )
    x, depth = call.activation(), call.shape()[1] if len(call.shape()) > 1 else 0
    if call.attribute("training_mode", 0) or {scale.size, bias.size, mean.size, variance.size} != {depth}:
        raise importer.unsupported("a batch norm in training mode or with statistics that don't fit", "an export")
    with np.errstate(invalid="ignore", divide="ignore"):
        factor = scale / np.sqrt(variance + call.attribute("epsilon", 1e-5))
    if not np.all(np.isfinite(factor)):
        raise importer.unsupported("a batch norm with a variance below 0", "a trained model")
    rank = len(importer.shape(x))
    last = (0, *range(2, rank), 1)
    eps, momentum = call.attribute("epsilon", 1e-5), 1.0 - call.attribute("momentum", 0.9)
    y = _add(importer, importer.transpose(x, last), scale, bias, mean, variance, eps, momentum)
    return importer.transpose(y, tuple(last.index(at) for at in range(rank)))


def scale_and_offset(graph: Graph, node: Node) -> tuple[np.ndarray, np.ndarray]:
    """What every channel is multiplied with, and what is added then."""
    gain, bias, (mean, variance) = (graph.real_constant(name).astype(np.float64) for name in node.inputs[1:4])
    scale = 1.0 / np.sqrt(variance + node.attributes["eps"]) * gain
    return scale.astype(np.float32), (bias - mean * scale).astype(np.float32)


def _parameters(graph: Graph, node: Node) -> dict[str, Any]:
    channels = graph.tensor(node.output).shape[-1]
    return {
        "pixels": graph.tensor(node.output).elements // channels,
        "channels": channels,
        "epsilon": float_layers.c_number(node.attributes["eps"]),
        **float_layers.activation(node),
    }


def _channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.output).shape[-1]


#: fields of eq_batch_norm_t -> positions of the operands
FIELDS = {"gain": 1, "bias": 2, "statistics": 3}


class BatchNorm(Operator):
    name = "batch_norm"
    torch_targets = {
        "aten.batch_norm.default": import_torch,
        "aten._native_batch_norm_legit_no_training.default": import_torch,
    }

    onnx_targets = {"BatchNormalization": import_onnx}

    takes_float = True
    gain_at = FIELDS["gain"]
    in_place = (0,)
    kernels = training.kernels(
        "batch_norm",
        _parameters,
        units=_channels,
        pack=lambda graph, node: normalize_float.constants(
            graph, {field: node.inputs[position] for field, position in FIELDS.items()}
        ),
        operands={field: (position, Arrangement()) for field, position in FIELDS.items()},
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, gain, bias, statistics = inputs
        mean, variance = statistics.reshape(2, -1)
        factor = gain / np.sqrt(variance + np.float32(node.attributes["eps"]))
        return [(x - mean) * factor + bias]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """Of the distance from the mean one rounding, of the factor five, of product and sum one each."""
        x, gain, bias, statistics = (np.abs(array) for array in inputs)
        mean, variance = statistics.reshape(2, -1)
        factor = gain / np.sqrt(variance + node.attributes["eps"])
        return Rounding(8, (x + mean) * factor + bias)

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        """That of a normalization of every channel over the sample's pixels: the statistics depend on the input."""
        groups = tape.shape(node.output)[-1]
        sets = {"groups": groups, "centred": True, "eps": node.attributes["eps"]}
        normalize_float.add_gradients(tape, node, sets, gradient)


OP = BatchNorm()
