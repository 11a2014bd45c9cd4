"""Convolutions over their own input: which layers run so, decided by what it saves.

A convolution can overwrite its input if the input rows that later bands need are copied away in time; then input and
output share one buffer, at the price of copying every input row (a few percent of a depthwise layer's instructions,
less elsewhere). Layers run so only where the arena gets smaller by it. Single cores only: cores of a cluster would
overwrite rows that their neighbours still read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeq.lower.program import Layer, Program, Rolling
from edgeq.plan.arena import plan
from edgeq.plan.lifetime import buffers

OPERATORS = ("conv2d", "dwconv2d")
#: output pixels a band has at least, so that kernels can work on whole blocks
BAND_PIXELS = 8


def roll(program: Program) -> Program:
    """The program with the layers rolled that make its arena smaller; as few as give the smallest arena found."""
    if program.board.cores > 1:
        return program
    candidates = rollable(program)
    best = _with(program, candidates)
    best_bytes = plan(best).arena_bytes
    if not candidates or best_bytes >= plan(program).arena_bytes:
        return program
    chosen = dict(candidates)
    for index in sorted(candidates):
        fewer = {key: layer for key, layer in chosen.items() if key != index}
        trial = _with(program, fewer)
        if plan(trial).arena_bytes <= best_bytes:
            chosen, best = fewer, trial
            best_bytes = plan(trial).arena_bytes
    return best


def rollable(program: Program) -> dict[int, Layer]:
    """Index -> rolling form of every layer that can be rolled."""
    found = {}
    for layer in program.layers:
        rolled = _rolled(program, layer)
        if rolled is not None and _shares_a_buffer(_with(program, {layer.index: rolled}), layer):
            found[layer.index] = rolled
    return found


def _with(program: Program, chosen: Mapping[int, Layer]) -> Program:
    return replace(program, layers=tuple(chosen.get(layer.index, layer) for layer in program.layers))


def _shares_a_buffer(program: Program, layer: Layer) -> bool:
    """Whether nothing else keeps the layer's input alive, so that its output really lies over it."""
    both = {layer.node.inputs[0], layer.node.output}
    return any(both <= set(buffer.tensors) for buffer in buffers(program))


def _rolled(program: Program, layer: Layer) -> Layer | None:
    """The layer in rolling form, or None where it can't be: see the condition in eq_conv2d.h."""
    if layer.node.op not in OPERATORS or layer.overwrites_input:
        return None
    p = layer.parameters
    span = (p["kernel_h"] - 1) * p["dilation_h"] + 1
    if (p["out_h"] - 1) * p["stride_h"] - p["pad_top"] >= p["in_h"]:
        return None
    band = _band_rows(p["out_h"], p["out_w"], layer.granule)
    in_row, out_row = p["in_w"] * p["in_c"], p["out_w"] * p["out_c"]
    for done in [*range(band, p["out_h"], band), p["out_h"]]:
        copied = min(p["in_h"], max(0, (done - 1) * p["stride_h"] - p["pad_top"] + span))
        if done * out_row > copied * in_row:
            return None
    rows = min(p["in_h"], (band - 1) * p["stride_h"] + span)
    return replace(layer, rolling=Rolling(band, -(-rows * in_row // 16) * 16))


def _band_rows(out_h: int, out_w: int, granule: int) -> int:
    """The fewest rows with BAND_PIXELS pixels, or up to twice as many if only then the kernel's block divides them."""
    fewest = -(-BAND_PIXELS // out_w)
    for rows in range(fewest, 2 * fewest + 1):
        if rows * out_w % granule == 0:
            return min(rows, out_h)
    return min(fewest, out_h)
