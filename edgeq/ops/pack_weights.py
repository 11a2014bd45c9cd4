"""pack_weights: a trained parameter as a layer reads it: float32 [1, ..] -> [..] (attribute shape) in the type of the
layer's activations; where only the first channels along an axis are trained (attribute axis), joined with the constant
that has the others. How the firmware stores it is the reader's business (Arrangement in edgeq/ops/base.py); parameters
themselves lie in memory in the order of their shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import float_layers, training
from edgeq.ops.base import Arrangement, Constant, Kernel, Shape
from edgeq.ops.float_types import FLOAT32, FLOATS
from edgeq.ops.spatial import Window
from edgeq.packing import floats
from edgeq.packing.blocks import round_up


def packed_elements(shape: Shape, reader: Node, arrangement: Arrangement) -> int:
    """Numbers that the packed weights of `shape` have, padding included."""
    if arrangement.order == "plain":
        return round_up(int(np.prod(shape)), arrangement.lanes)
    if arrangement.order == "flipped":
        return sum(floats.taps_of_phases(Window.of(reader.attributes))) * shape[-1]
    taps = int(np.prod(shape[1:-1]))
    if arrangement.order == "filters":
        return round_up(shape[0], arrangement.lanes) * round_up(taps * shape[-1], arrangement.step)
    sums = (
        round_up(count * shape[0], arrangement.step) for count in floats.taps_of_phases(Window.of(reader.attributes))
    )
    return round_up(shape[-1], arrangement.lanes) * sum(sums)


def parameters(shape: Shape, reader: Node, arrangement: Arrangement, trained: int) -> dict[str, Any]:
    """The integers of eq_pack_weights_t; `trained`: how many channels are parameters."""
    rows = arrangement.order in ("plain", "flipped")
    fields = {
        "order": f"EQ_PACK_{arrangement.order.upper()}",
        "out_c": int(np.prod(shape[:-1])) if rows else shape[0],
        "in_c": shape[-1],
        "trained": trained,
        "lanes": arrangement.lanes,
        "step": arrangement.step,
        "pair": arrangement.pair,
    }
    if arrangement.order in ("transposed", "flipped"):
        window = Window.of(reader.attributes).fields()
        return fields | {key: window[key] for key in window if not key.startswith("pad")}
    kernel_w = int(np.prod(shape[1:-1])) if arrangement.order == "filters" else 1
    ones = dict.fromkeys(("kernel_h", "stride_h", "stride_w", "dilation_h", "dilation_w"), 1)
    return {**fields, **ones, "kernel_w": kernel_w}


def units(fields: dict[str, Any]) -> int:
    """Blocks of lanes, or channels, each of which a core packs alone."""
    if fields["order"] == "EQ_PACK_FLIPPED":
        return int(fields["in_c"])
    count = {"EQ_PACK_TRANSPOSED": fields["in_c"], "EQ_PACK_FILTERS": fields["out_c"]}.get(
        fields["order"], fields["out_c"] * fields["in_c"]
    )
    return int(-(-count // fields["lanes"]))


def trained_channels(graph: Graph, node: Node) -> int:
    """How many channels of a pack_weights node are parameters."""
    shape, axis = node.attributes["shape"], node.attributes["axis"]
    rest = graph.tensor(node.inputs[1]).shape[axis] if len(node.inputs) > 1 else 0
    return int(shape[axis]) - rest


def _rest(graph: Graph, node: Node) -> dict[str, Constant]:
    return {"rest": float_layers.constant(graph.constant(node.inputs[1]))} if len(node.inputs) > 1 else {}


class PackWeights(training.TrainingOperator):
    name = "pack_weights"
    kernels = tuple(
        Kernel(
            f"eq_pack_weights_{kind.suffix}_scalar",
            "scalar",
            f"pack_weights/eq_pack_weights_{kind.suffix}_scalar.c",
            units=lambda graph, node: 1,  # lowering knows the reader, and with it the blocks
            dtype=FLOAT32,
            stores=kind.name,
            parameters=lambda graph, node: {},
            pack=_rest,
        )
        for kind in FLOATS.values()
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [tuple(node.attributes["shape"])]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        if len(inputs) == 1:
            return [inputs[0].reshape(node.attributes["shape"])]
        joined = np.concatenate([inputs[0][0], inputs[1]], axis=node.attributes["axis"])
        return [joined.reshape(node.attributes["shape"])]


OP = PackWeights()
