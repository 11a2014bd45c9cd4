"""What the template of a commit sees: for every layer that takes trained parameters the constants of eq_tune.h."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeq import ops
from edgeq.emit.env import c_array_text
from edgeq.ir.graph import Graph
from edgeq.lower.program import Layer, Program
from edgeq.ops import fixed_point
from edgeq.packing.order import Order
from edgeq.train import commit
from edgeq.train.commit import Commit


def commit_context(
    step: Graph, committing: Commit, inference: Program, model: dict[str, Any], beside: dict[str, Any]
) -> dict[str, Any]:
    """`step`: the training step, `model` what templates see of it; `beside` the same of the inference model."""
    places = {row["name"]: row["macro"] for row in model["tensors"]}
    layers = []
    for layer in inference.layers:
        source = committing.sources.get(layer.node.name)
        if source is None:
            continue
        record = {"key": layer.key, "bias": places[source.bias], "channels": step.tensor(source.bias).shape[-1]}
        if source.weights:
            record |= {"weights": places[source.weights], **_layer(step, inference.graph, layer, source.weights)}
        else:
            record |= _bias(inference.graph, layer, record["channels"])
        layers.append(record)
    return {"name": beside["name"], "upper": beside["upper"], "ports": beside, "layers": layers}


def _layer(step: Graph, graph: Graph, layer: Layer, parameter: str) -> dict[str, Any]:
    assert layer.kernel.order is not None
    node, shape = layer.node, step.tensor(parameter).shape[1:]
    order = layer.kernel.order(graph, node)
    x, y = graph.tensor(node.inputs[0]), graph.tensor(node.output)
    last = ops.get(node.op).weight_axis == len(shape) - 1
    return {
        "order": _order(order, layer.key),
        "channel_stride": 1 if last else int(np.prod(shape[1:])),
        "weight_stride": shape[-1] if last else 1,
        "input_scale": x.scale.hex(),
        "output_scale": y.scale.hex(),
        "floor": commit.floor(graph, node).hex(),
        "input_zero_point": x.zero_point,
        "doubly_rounded": int(node.attributes["rounding"] == fixed_point.TFLITE),
    }


def _order(order: Order, key: str) -> dict[str, Any]:
    strides = [int(np.prod([inner.count for inner in order.loops[index + 1 :]])) for index in range(len(order.loops))]
    return {
        "store": f"EQ_STORE_{order.store.upper()}",
        "sizes": list(order.sizes),
        "loops": [
            {
                "axis": loop.axis,
                "count": loop.count,
                "step": loop.step,
                "stride": stride,
                "places": list(loop.places),
                "symbol": f"{key}_places{index}",
            }
            for index, (loop, stride) in enumerate(zip(order.loops, strides, strict=True))
        ],
    }


def _bias(graph: Graph, layer: Layer, channels: int) -> dict[str, Any]:
    node = layer.node
    scales = graph.tensor(node.inputs[0]).scale * commit.scales(graph, node)[:channels]
    return {
        "order": None,
        "scales": ", ".join(float(scale).hex() for scale in scales),
        "sums": c_array_text(commit.weight_sums(graph, node)[:channels]).strip(),
        "most": c_array_text(commit.most_biases(graph, node)[:channels]).strip(),
    }
