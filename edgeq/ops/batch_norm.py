"""batch_norm in its inference form over the last axis: y = x * scale + offset. Float graphs only: the fold pass puts
it into the layer before it, or turns it into a 1x1 depthwise convolution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Node, Tensor
from edgeq.ops.base import Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall


def import_torch(importer: Importer, args: Mapping[str, Any]) -> Any:
    """aten.batch_norm in evaluation mode, and the forms it decomposes into; statistics must be constants."""
    mean = importer.constant_array(args["running_mean"], "the running mean of a batch norm").astype(np.float64)
    variance = importer.constant_array(args["running_var"], "the running variance of a batch norm").astype(np.float64)
    if args.get("training"):
        raise importer.unsupported("a batch norm in training mode", "model.eval() before the export")
    scale = 1.0 / np.sqrt(variance + args["eps"])
    if args.get("weight") is not None:
        scale = scale * importer.constant_array(args["weight"], "the weight of a batch norm")
    offset = -mean * scale
    if args.get("bias") is not None:
        offset = offset + importer.constant_array(args["bias"], "the bias of a batch norm")
    x = args["input"]
    rank = len(importer.shape(x))
    if rank not in (2, 3, 4):
        raise importer.unsupported(f"a batch norm over axis 1 of rank {rank}", "one on [N, C], [N, C, L], [N, C, H, W]")
    inputs = [
        x if rank == 2 else importer.channels_last(x),
        importer.constant(scale.astype(np.float32)),
        importer.constant(offset.astype(np.float32)),
    ]
    y = importer.add("batch_norm", inputs, {})
    return y if rank == 2 else importer.channels_first(y, rank)


def per_channel(importer: Importer, x: str, scale: np.ndarray, offset: np.ndarray, axis: int) -> str:
    """x * scale + offset, one number of each for every index of `axis`."""
    rank = len(importer.shape(x))
    last = (*(at for at in range(rank) if at != axis), axis)
    constants = [importer.constant(np.broadcast_to(values, importer.shape(x)[axis])) for values in (scale, offset)]
    y = importer.add("batch_norm", [importer.transpose(x, last), *constants], {})
    return importer.transpose(y, tuple(last.index(at) for at in range(rank)))


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
    return per_channel(importer, x, factor, bias - mean * factor, 1)


class BatchNorm(Operator):
    name = "batch_norm"
    torch_targets = {
        "aten.batch_norm.default": import_torch,
        "aten._native_batch_norm_legit_no_training.default": import_torch,
    }

    onnx_targets = {"BatchNormalization": import_onnx}

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, scale, offset = inputs
        return [x * scale + offset]


OP = BatchNorm()
