"""Constants that a file stores sparsely, with levels and blocks of any kind, made dense by DENSIFY."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network

#: number of a vector's type in the union -> its numpy type
VECTORS = {1: ("Int32Vector", np.int32), 2: ("Uint16Vector", np.uint16), 3: ("Uint8Vector", np.uint8)}


def stored_sparsely(
    dense: np.ndarray, order: list[int], blocks: dict[int, int], compressed: list[bool], vector: int = 1
) -> tuple[dict[str, Any], np.ndarray]:
    """(sparsity, values) of an array: `order` of the levels' axes, `blocks` axis -> size, which of the levels are
    compressed, and the type of their vectors."""
    outer = [size // blocks.get(axis, 1) for axis, size in enumerate(dense.shape)]
    split = [part for axis, size in enumerate(outer) for part in ((size, blocks[axis]) if axis in blocks else (size,))]
    at = np.cumsum([0] + [2 if axis in blocks else 1 for axis in range(dense.ndim)])
    axes = [int(at[axis]) for axis in range(dense.ndim)] + [int(at[axis]) + 1 for axis in blocks]
    tree = dense.reshape(split).transpose(axes).transpose(order)
    nodes: list[tuple[int, ...]] = [()]
    levels = []
    for depth, is_compressed in enumerate(compressed):
        level: dict[str, Any] = {"format": int(is_compressed), "dense_size": 0 if is_compressed else tree.shape[depth]}
        children = [[i for i in range(tree.shape[depth]) if not is_compressed or np.any(tree[(*node, i)])]
                    for node in nodes]  # fmt: skip
        if is_compressed:
            table, kind = VECTORS[vector]
            segments = np.cumsum([0] + [len(found) for found in children])
            for name, values in (("segments", segments), ("indices", [i for found in children for i in found])):
                part = {"values": np.array(values, kind)}
                level |= {f"array_{name}_type": vector, f"array_{name}": part, f"array_{name}_table": table}
        levels.append(level)
        nodes = [(*node, i) for node, found in zip(nodes, children, strict=True) for i in found]
    sparsity = {"traversal_order": order, "block_map": list(blocks), "dim_metadata": levels}
    return sparsity, np.array([tree[node] for node in nodes], dense.dtype)


@st.composite
def densities(draw: st.DrawFn, kind: str = "int8") -> Case:
    """DENSIFY, whose result an operator on the input reads."""
    blocks = {axis: draw(st.integers(2, 4)) for axis in draw(st.sets(st.integers(1, 2), max_size=2))}
    shape = (1, *(draw(st.integers(1, 4)) * blocks.get(axis, 1) for axis in (1, 2)))
    levels = len(shape) + len(blocks)
    order = draw(st.permutations(range(len(shape)))) + draw(st.permutations(range(len(shape), levels)))
    compressed = [draw(st.booleans()) for _ in range(levels)]
    if blocks:
        compressed[len(shape) :] = [False] * len(blocks)
    part, vector = (draw(scales()), draw(zero_points()) if kind == "int8" else 0), draw(st.sampled_from((1, 2, 3)))
    share = draw(st.sampled_from((0.1, 0.5, 1.0)))

    def add(network: Network, rng: np.random.Generator) -> None:
        dense = rng.integers(-100, 101, shape).astype(kind) * (rng.random(shape) < share)
        dense.flat[0] = 1
        sparsity, values = stored_sparsely(dense.astype(kind), order, blocks, compressed, vector)
        x = network.input(shape, kind, *part)
        given = network.tensor(shape, kind, *part, values)
        network.tensors[given]["sparsity"] = sparsity
        whole, y = (network.tensor(shape, kind, *part) for _ in range(2))
        network.operator("DENSIFY", [given], [whole])
        network.operator("MAXIMUM", [x, whole], [y])
        network.outputs.append(y)

    return Case(f"DENSIFY {kind} {shape} {order} {blocks} {compressed} {vector=} {part}", add)
