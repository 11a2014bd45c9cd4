"""Convolutions over their own input: which layers run so, decided by what it saves.

A convolution can overwrite its input if what later outputs still need is copied away in time; then input and output
share one buffer. Two forms: a band of rows at a time (Rolling), and a few channels at a time for depthwise kernels that
work channel by channel (Planar). The copies cost a few percent of a depthwise layer's instructions, less elsewhere.
Layers run so only where the arena gets smaller by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgeq.lower.bands import band_rows
from edgeq.lower.program import Layer, Planar, Program, Rolling, aligned
from edgeq.plan.arena import plan
from edgeq.plan.lifetime import buffers

OPERATORS = ("conv2d", "dwconv2d")


def overwrite_inputs(program: Program) -> Program:
    """The program with layers over their inputs where that shrinks its arena; as few as give the smallest found."""
    candidates = overwriting(program)
    best = with_forms(program, candidates)
    best_bytes = plan(best).arena_bytes
    if not candidates or best_bytes >= plan(program).arena_bytes:
        return program
    chosen = dict(candidates)
    for index in sorted(candidates):
        fewer = {key: layer for key, layer in chosen.items() if key != index}
        trial = with_forms(program, fewer)
        trial_bytes = plan(trial).arena_bytes
        if trial_bytes <= best_bytes:
            chosen, best, best_bytes = fewer, trial, trial_bytes
    return best


def overwriting(program: Program) -> dict[int, Layer]:
    """Index -> overwriting form of every layer that has one and whose input nobody else needs."""
    found = {}
    for layer in program.layers:
        form = _over_input(program, layer)
        if form is not None and _shares_a_buffer(with_forms(program, {layer.index: form}), layer):
            found[layer.index] = form
    return found


def with_forms(program: Program, chosen: Mapping[int, Layer]) -> Program:
    """The program with these layers in place of those of the same index."""
    return replace(program, layers=tuple(chosen.get(layer.index, layer) for layer in program.layers))


def _shares_a_buffer(program: Program, layer: Layer) -> bool:
    """Whether nothing else keeps the layer's input alive, so that its output really lies over it."""
    both = {layer.node.inputs[0], layer.node.output}
    return any(both <= set(buffer.tensors) for buffer in buffers(program))


def _over_input(program: Program, layer: Layer) -> Layer | None:
    """The layer in the form that overwrites its input, or None where there is none."""
    if layer.node.op not in OPERATORS or layer.overwrites_input or layer.residual is not None or layer.kernel.library:
        return None
    if program.stage_of(layer) is not None or program.graph.tensor(layer.node.output).dtype != "int8":
        return None
    form = _planar(layer) if layer.kernel.planes is not None else _rolling(program, layer)
    return None if form is None else replace(layer, over_input=form)


def _planar(layer: Layer) -> Planar | None:
    """Channel by channel: pixels must keep their place."""
    p, planes = layer.parameters, layer.kernel.planes
    assert planes is not None
    if (p["in_h"], p["in_w"]) != (p["out_h"], p["out_w"]):
        return None
    copy_bytes = p["in_h"] * p["in_w"] * min(planes.channels, p["in_c"])
    return Planar(planes.channels, planes.weight_bytes, aligned(copy_bytes))


def _rolling(program: Program, layer: Layer) -> Rolling | None:
    """Band by band: see the condition in eq_conv2d.h. Cores would overwrite rows that their neighbours still read."""
    p = layer.parameters
    span = (p["kernel_h"] - 1) * p["dilation_h"] + 1
    if program.board.cores > 1 or (p["out_h"] - 1) * p["stride_h"] - p["pad_top"] >= p["in_h"]:
        return None
    band = band_rows(p["out_h"], p["out_w"], layer.granule)
    in_row, out_row = p["in_w"] * p["in_c"], p["out_w"] * p["out_c"]
    for done in [*range(band, p["out_h"], band), p["out_h"]]:
        copied = min(p["in_h"], max(0, (done - 1) * p["stride_h"] - p["pad_top"] + span))
        if done * out_row > copied * in_row:
            return None
    rows = min(p["in_h"], (band - 1) * p["stride_h"] + span)
    return Rolling(band, aligned(rows * in_row))
