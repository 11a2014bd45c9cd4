"""batch_norm in its inference form over the last axis: y = x * scale + offset. Float graphs only: the fold pass puts
it into the layer before it, or turns it into a 1x1 depthwise convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    if rank not in (2, 4):
        raise importer.unsupported(f"a batch norm over axis 1 of rank {rank}", "one on [N, C] or [N, C, H, W]")
    image = rank == 4
    inputs = [
        importer.channels_last(x) if image else x,
        importer.constant(scale.astype(np.float32)),
        importer.constant(offset.astype(np.float32)),
    ]
    y = importer.add("batch_norm", inputs, {})
    return importer.channels_first(y) if image else y


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


def onnx_affine(how: Callable[[np.ndarray, bool], tuple[np.ndarray, np.ndarray]]) -> Any:
    """Import function of an activation and a constant; `how` gives (scale, offset) of the constant and whether it is
    the first operand."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        first = call.constant(0) is not None
        if not first and call.constant(1) is None:
            raise importer.unsupported(f"{call.node.op} of two activations", "a constant operand")
        x, values = call.activation(1 if first else 0), call.values(0 if first else 1, "an operand")
        shape, rank = importer.shape(x), len(importer.shape(x))
        with np.errstate(divide="ignore", over="ignore"):
            scale, offset = how(values.astype(np.float64).reshape(-1), first)
        if not (np.all(np.isfinite(scale)) and np.all(np.isfinite(offset))):
            raise importer.unsupported(f"{call.node.op} by {values.min():g}", "a constant within float32")
        if values.size == 1 and values.ndim <= rank:
            affine = {"function": "affine", "scale": float(scale.max()), "offset": float(offset.max())}
            return importer.add("unary", [x], affine)
        axis = [at + rank - values.ndim for at, size in enumerate(values.shape) if size > 1]
        if values.ndim > rank or len(axis) != 1 or axis[0] == 0 or shape[axis[0]] != values.size:
            raise importer.unsupported(
                f"{call.node.op} of {shape} and a constant {values.shape}", "one number, or one per index of an axis"
            )
        return per_channel(importer, x, scale, offset, axis[0])

    return convert


def _product(values: np.ndarray, first: bool) -> tuple[np.ndarray, np.ndarray]:
    return values, np.zeros(1)


def _difference(values: np.ndarray, first: bool) -> tuple[np.ndarray, np.ndarray]:
    return (-np.ones(1), values) if first else (np.ones(1), -values)


def _sum(values: np.ndarray, first: bool) -> tuple[np.ndarray, np.ndarray]:
    return np.ones(1), values


import_onnx_sum = onnx_affine(_sum)


def _quotient(importer: Importer, call: OnnxCall) -> str:
    """Div by a constant."""
    if call.constant(0) is not None:
        raise importer.unsupported("a division of a constant", "Reciprocal and a product")
    return str(onnx_affine(lambda values, first: (1.0 / values, np.zeros(1)))(importer, call))


class BatchNorm(Operator):
    name = "batch_norm"
    torch_targets = {
        "aten.batch_norm.default": import_torch,
        "aten._native_batch_norm_legit_no_training.default": import_torch,
    }

    onnx_targets = {
        "BatchNormalization": import_onnx,
        "Div": _quotient,
        "Mul": onnx_affine(_product),
        "Sub": onnx_affine(_difference),
    }

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, scale, offset = inputs
        return [x * scale + offset]


OP = BatchNorm()
