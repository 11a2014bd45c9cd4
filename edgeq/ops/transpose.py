"""transpose: axes in another order; attribute perm (batch stays first).

Importers put transposes around image operators; the layout pass takes them out again. One that is left between layers
has no kernel yet and is refused with its layer's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Node, Tensor
from edgeq.ops.base import Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter


def import_permute(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.permute."""
    rank = len(importer.shape(args["self"]))
    return importer.transpose(args["self"], tuple(axis % rank for axis in args["dims"]))


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


class Transpose(Operator):
    name = "transpose"
    torch_targets = {"aten.permute.default": import_permute, "aten.transpose.int": import_transpose}
    tflite_targets = {"TRANSPOSE": import_tflite}

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(inputs[0].shape[axis] for axis in node.attributes["perm"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [inputs[0].transpose(node.attributes["perm"])]

    def quantize(self, converter: Converter, node: Node) -> None:
        shape = converter.source.tensor(node.inputs[0]).shape
        layer = node.name.partition(".")[0]
        raise EdgeqError(
            f"layer {layer}: what reads its result needs the axes of {list(shape)} in the order "
            f"{list(node.attributes['perm'])}, and there is no kernel that moves them; flatten or reshape images only "
            "in front of linear layers"
        )

    def requantizes_to_any_scale(self) -> bool:
        return False


OP = Transpose()
