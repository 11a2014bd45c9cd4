"""The sets of elements that a normalization brings to one mean and deviation, by its attribute groups: 0 rows of the
last axis; G > 0 everything but the batch, for each of G groups of the channels in the last axis."""

from __future__ import annotations

import numpy as np

from edgeq.ir.graph import Graph, Node


def sets(x: np.ndarray, groups: int) -> np.ndarray:
    """[batch, sets, runs, inner] of a channels-last array."""
    if groups == 0:
        return x.reshape(x.shape[0], -1, 1, x.shape[-1])
    inner = x.shape[-1] // groups
    return x.reshape(x.shape[0], -1, groups, inner).swapaxes(1, 2)


def back(made: np.ndarray, shape: tuple[int, ...], groups: int) -> np.ndarray:
    """What `sets` took apart in its own `shape` again."""
    return made.reshape(shape) if groups == 0 else np.ascontiguousarray(made.swapaxes(1, 2)).reshape(shape)


def of_sets(constant: np.ndarray, groups: int) -> np.ndarray:
    """A constant per channel as it lies beside `sets`."""
    return constant.reshape(1, max(groups, 1), 1, -1)


def geometry(graph: Graph, node: Node, x: str) -> dict[str, int]:
    """Where the sets of the operand `x` are (eq_normalize.h)."""
    shape, groups = graph.tensor(x).shape, node.attributes["groups"]
    if groups == 0:
        return {"set_stride": shape[-1], "runs": 1, "run_stride": 0, "inner": shape[-1], "gain_stride": 0}
    inner, runs = shape[-1] // groups, int(np.prod(shape[1:-1]))
    return {"set_stride": inner, "runs": runs, "run_stride": shape[-1], "inner": inner, "gain_stride": inner}


def sets_of(graph: Graph, node: Node) -> int:
    """How many sets are normalized."""
    shape, groups = graph.tensor(node.inputs[0]).shape, node.attributes["groups"]
    return int(groups) if groups else int(np.prod(shape[1:-1]))
