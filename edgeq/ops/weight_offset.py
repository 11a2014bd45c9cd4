"""Weights with a zero point, as uint8 models have them, made symmetric when a model is imported.

Less the zero point such weights lie between -255 and 255. Where all of them fit int8 they are stored so. Where not, the
input channels whose weights don't fit are given to the layer once more (twice for 255): a weight is the sum of those of
its channel's copies. The sums of products stay the same, and kernels see symmetric weights only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ops import gather

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer

#: largest magnitude of a stored weight
LARGEST = 127


def centred(importer: Importer, weights: str) -> np.ndarray | None:
    """int64 weights less their zero point; None for weights that are symmetric already or no int8."""
    importer.constant_array(weights, "the weights of a layer")
    quantization = importer.quantization(weights)
    if quantization is None or quantization.zero_point == 0 or quantization.dtype != "int8":
        return None
    return importer.constant_integers(weights).astype(np.int64) - quantization.zero_point


def parts_of(values: np.ndarray) -> list[np.ndarray]:
    """Arrays of small integers that add up to `values`."""
    parts = [np.clip(values, -LARGEST, LARGEST)]
    while np.any(rest := values - sum(parts)):
        parts.append(np.clip(rest, -LARGEST, LARGEST))
    return parts


def symmetric(importer: Importer, x: str, weights: str, axis: int) -> tuple[str, str]:
    """(x, weights) of a layer that mixes all input channels, its weights symmetric; `axis` is that of the input
    channels in the weights, the last one in `x`."""
    values = centred(importer, weights)
    if values is None:
        return x, weights
    parts = parts_of(values)
    kept, copies = [parts[0]], [x]
    for part in parts[1:]:
        others = tuple(at for at in range(part.ndim) if at != axis)
        channels = np.flatnonzero(np.any(part, axis=others))
        copies.append(_like(importer, gather.take(importer, x, {len(importer.shape(x)) - 1: channels}, ".again"), x))
        kept.append(np.take(part, channels, axis))
    if len(copies) > 1:
        joined = importer.add("concat", copies, {"axis": len(importer.shape(x)) - 1}, suffix=".copies")
        x = _like(importer, joined, x)
    return x, _stored(importer, weights, np.concatenate(kept, axis))


def symmetric_groups(importer: Importer, x: str, weights: str) -> tuple[str, str]:
    """The same for a convolution in groups, weights [out_c, kernel_h, kernel_w, in_c of a group]: where weights don't
    fit, all channels of a group are given once more, behind the group."""
    values = centred(importer, weights)
    if values is None:
        return x, weights
    parts = parts_of(values)
    if len(parts) > 1:
        last = len(importer.shape(x)) - 1
        groups = np.arange(importer.shape(x)[last]).reshape(-1, values.shape[3])
        x = _like(importer, gather.take(importer, x, {last: np.tile(groups, len(parts)).reshape(-1)}, ".copies"), x)
    return x, _stored(importer, weights, np.concatenate(parts, axis=3))


def _like(importer: Importer, made: str, x: str) -> str:
    """`made`, stored as `x` is."""
    quantization = importer.storage(x)
    if quantization is None:
        raise importer.unsupported("a zero point in the weights of a layer with a float input", "an integer input")
    if made != x:
        importer.prescribe(made, quantization)
    return made


def _stored(importer: Importer, weights: str, values: np.ndarray) -> str:
    quantization = importer.quantization(weights)
    assert quantization is not None
    return importer.integer_constant(values.astype(np.int8), replace(quantization, zero_point=0))
