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


class BatchNorm(Operator):
    name = "batch_norm"
    torch_targets = {
        "aten.batch_norm.default": import_torch,
        "aten._native_batch_norm_legit_no_training.default": import_torch,
    }

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, scale, offset = inputs
        return [x * scale + offset]


OP = BatchNorm()
