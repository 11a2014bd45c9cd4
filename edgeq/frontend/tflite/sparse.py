"""Constants that a file stores sparsely, as dense ones.

The layout is TACO's (Kjolstad and others, The Tensor Algebra Compiler, 2017) as schema.fbs of TensorFlow Lite has it: a
tree whose levels are the axes in `traversal_order`, the axes of the blocks that `block_map` names behind the tensor's
own. A dense level has every index, a compressed (CSR) one those of `array_indices` from segment to segment; the values
are the leaves from left to right. DENSIFY of such a constant is the dense one: operators that read it read that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.tflite.flatbuffer import DamagedError, Reader

if TYPE_CHECKING:
    from edgeq.frontend.tflite.model import TfliteModel

CSR = 1
#: elements of a dense constant for each that is stored, and of one that is small: a short file is no flood of memory
MOST_TIMES, SMALL = 100, 1 << 16
#: tables of the union SparseIndexVector by number
VECTORS = {1: "Int32Vector", 2: "Uint16Vector", 3: "Uint8Vector"}


def places(what: str, sparsity: Mapping[str, Any], shape: tuple[int, ...], reader: Reader) -> np.ndarray:
    """Of every stored value its place in the flattened dense tensor. Raises DamagedError where the parts of the tree
    don't fit one another or the shape, EdgeqError where hardly anything is stored."""
    order = [int(axis) for axis in sparsity["traversal_order"]]
    blocks = [int(axis) for axis in sparsity["block_map"]]
    levels, own = sparsity["dim_metadata"], len(shape)
    if sorted(order) != list(range(own + len(blocks))) or len(levels) != len(order) or not own:
        raise DamagedError(f"{what} is sparse in {len(levels)} levels of the axes {order}")
    if len(set(blocks)) != len(blocks) or not all(0 <= axis < own for axis in blocks):
        raise DamagedError(f"{what} is sparse in blocks along the axes {blocks}")
    sizes = _sizes(what, shape, blocks, dict(zip(order, levels, strict=True)))
    total = int(np.prod(shape, dtype=np.int64))
    at, indices = np.zeros(1, np.int64), np.zeros((1, len(order)), np.int64)
    for axis, level in zip(order, levels, strict=True):
        parents, found, at = _descend(what, level, at, sizes[axis], total, reader)
        indices = indices[parents]
        indices[:, axis] = found
    whole = indices[:, :own].copy()
    for inner, axis in enumerate(blocks, own):
        whole[:, axis] = whole[:, axis] * sizes[inner] + indices[:, inner]
    if total > max(SMALL, MOST_TIMES * len(whole)):
        raise EdgeqError(
            f"{what} of shape {list(shape)} is stored sparsely in {len(whole)} values; at most {MOST_TIMES} elements "
            "for each are supported, so convert without sparsity"
        )
    flat = np.ravel_multi_index(tuple(whole.T), shape)
    if len(np.unique(flat)) != len(flat):
        raise DamagedError(f"{what} is sparse and holds a place twice")
    return flat


def _sizes(what: str, shape: tuple[int, ...], blocks: list[int], levels: Mapping[int, Mapping[str, Any]]) -> list[int]:
    """The size of every axis: of the tensor's own, how many blocks there are."""
    sizes = list(shape)
    for inner, axis in enumerate(blocks, len(shape)):
        size = int(levels[inner]["dense_size"])
        if size < 1 or sizes[axis] % size:
            raise DamagedError(f"{what} is sparse in blocks of {size} along an axis of {sizes[axis]}")
        sizes[axis] //= size
        sizes.append(size)
    return sizes


def _descend(
    what: str, level: Mapping[str, Any], at: np.ndarray, size: int, total: int, reader: Reader
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(parent, index along the axis, number) of every node of a level below the nodes of the numbers `at`."""
    if level["format"] != CSR:
        if level["dense_size"] != size or len(at) * size > total:
            raise DamagedError(f"{what} is sparse with a level of {level['dense_size']} for an axis of {size}")
        parents, found = (part.reshape(-1) for part in np.indices((len(at), size)))
        return parents, found, at[parents] * size + found
    segments, indices = _vector(what, level, "array_segments", reader), _vector(what, level, "array_indices", reader)
    if len(at) and at.max() + 1 >= len(segments):
        raise DamagedError(f"{what} is sparse with {len(segments)} segments for {at.max() + 1} nodes")
    first, counts = segments[at], segments[at + 1] - segments[at]
    if np.any(counts < 0) or counts.sum() > total or np.any(first < 0) or np.any(first + counts > len(indices)):
        raise DamagedError(f"{what} is sparse with segments outside its {len(indices)} indices")
    parents = np.repeat(np.arange(len(at)), counts)
    numbers = np.arange(len(parents)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
    found = indices[numbers]
    if np.any(found < 0) or np.any(found >= size):
        raise DamagedError(f"{what} is sparse with an index outside an axis of {size}")
    return parents, found, numbers


def _vector(what: str, level: Mapping[str, Any], name: str, reader: Reader) -> np.ndarray:
    table = VECTORS.get(level[f"{name}_type"])
    if table is None or level[name] is None:
        raise DamagedError(f"{what} is sparse without {name}")
    return np.asarray(reader.table(table, level[name])["values"], np.int64)


def densified(model: TfliteModel) -> TfliteModel:
    """The model without the DENSIFY operators of constants, whose results are constants."""
    tensors, left = list(model.tensors), []
    for operator in model.operators:
        source = operator.inputs[0] if operator.name == "DENSIFY" and operator.inputs else None
        given = None if source is None else tensors[source]
        target = tensors[operator.outputs[0]] if operator.outputs else None
        if given is None or target is None or given.data is None or (given.shape, given.type) != (
            target.shape, target.type
        ):  # fmt: skip
            left.append(operator)
            continue
        tensors[target.index] = replace(target, data=given.data)
    return replace(model, tensors=tuple(tensors), operators=tuple(left))
