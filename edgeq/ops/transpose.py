"""transpose: axes in another order; attribute perm (the batch stays first in the canonical graph).

Importers put transposes around image operators; the layout pass takes them out again. What is left moves bytes, and
`edgeq inspect` lists it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import moves, pixel_blocks
from edgeq.ops.base import Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.train.tape import Tape


def import_permute(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.permute."""
    rank = len(importer.shape(args["self"]))
    return importer.transpose(args["self"], tuple(axis % rank for axis in args["dims"]))


def import_matrix_transpose(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.t of a matrix."""
    return importer.transpose(args["self"], (1, 0))


def import_transpose(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.transpose of two axes."""
    rank = len(importer.shape(args["self"]))
    perm = list(range(rank))
    first, second = args["dim0"] % rank, args["dim1"] % rank
    perm[first], perm[second] = perm[second], perm[first]
    return importer.transpose(args["self"], tuple(perm))


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """TRANSPOSE by a constant permutation."""
    rank, perm = len(importer.shape(call.input(0))), call.integers(1, "a permutation")
    if sorted(axis % rank for axis in perm) != list(range(rank)):
        raise importer.unsupported(f"a transpose by {perm} of {rank} axes", "a permutation")
    return importer.transpose(call.input(0), tuple(axis % rank for axis in perm))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Transpose; without a permutation the axes are reversed."""
    return importer.transpose(call.activation(), call.permutation())


class Transpose(moves.Move):
    name = "transpose"
    torch_targets = {
        "aten.permute.default": import_permute,
        "aten.transpose.int": import_transpose,
        "aten.t.default": import_matrix_transpose,
        **pixel_blocks.TORCH_TARGETS,
    }
    tflite_targets = {"TRANSPOSE": import_tflite, **pixel_blocks.TFLITE_TARGETS}
    onnx_targets = {"Transpose": import_onnx, **pixel_blocks.ONNX_TARGETS}

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(inputs[0].shape[axis] for axis in node.attributes["perm"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [np.ascontiguousarray(inputs[0].transpose(node.attributes["perm"]))]

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        perm = tuple(int(axis) for axis in np.argsort(node.attributes["perm"]))
        tape.give(node.inputs[0], tape.add("transpose", [gradient], node, "igrad", perm=perm), node)

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        strides = moves.strides_of(graph.tensor(node.inputs[0]).shape)
        size = graph.tensor(node.outputs[0]).shape
        return moves.parameters(size, [strides[axis] for axis in node.attributes["perm"]], 0)


OP = Transpose()
