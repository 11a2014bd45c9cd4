"""Dilated convolutions as older converters write them: SPACE_TO_BATCH_ND, a convolution, BATCH_TO_SPACE_ND."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.cases import weights_of
from tests.tflite.drawn import ACTIVATION_NUMBERS, Case, scales, zero_points
from tests.tflite.truth_cases import quantized
from tests.tflite.writer import Network


@st.composite
def dilated_convolutions(draw: st.DrawFn, kind: str) -> Case:
    block = (draw(st.integers(1, 3)), draw(st.integers(1, 4)))
    kernel = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    parts = [kernel[axis] + draw(st.integers(0, 3)) for axis in (0, 1)]  # pixels of a part of the image
    padded = [part * step for part, step in zip(parts, block, strict=True)]
    sides = [(draw(st.integers(0, min(2, size - 1))), 0) for size in padded]
    sides = [
        (before, draw(st.integers(0, size - 1 - before)) % 4) for (before, _), size in zip(sides, padded, strict=True)
    ]
    size = [whole - sum(pair) for whole, pair in zip(padded, sides, strict=True)]
    made = [step * (part - k + 1) for part, k, step in zip(parts, kernel, block, strict=True)]
    crops = [draw(st.sampled_from(((0, 0), (1, 0), (0, 1)))) if whole > 1 else (0, 0) for whole in made]
    depthwise, in_c, out_c = draw(st.booleans()), draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    out_c = in_c if depthwise else out_c
    source, target = (quantized(kind, draw(scales()), draw(zero_points())) for _ in range(2))
    activation = draw(st.sampled_from(ACTIVATION_NUMBERS))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, in_c), kind, *source)
        count = block[0] * block[1]
        dealt = network.tensor((count, *parts, in_c), kind, *source)
        pairs = network.tensor((2, 2), "int32", data=np.array(sides, np.int32))
        network.operator("SPACE_TO_BATCH_ND", [x, network.integers(*block), pairs], [dealt])
        shape = (1, *kernel, in_c) if depthwise else (out_c, *kernel, in_c)
        products = kernel[0] * kernel[1] * (1 if depthwise else in_c)
        scale = np.float32(40.0 * target[0] / (source[0] * 3000.0 * np.sqrt(products)) * rng.uniform(0.3, 1.0, out_c))
        weights = network.tensor(shape, "int8", scale, 0, weights_of(rng, shape), 3 if depthwise else 0)
        stored = "int32" if kind == "int8" else "int64"
        values = rng.integers(-5000, 5000, out_c).astype(stored)
        bias = network.tensor((out_c,), stored, scale * np.float32(source[0]), 0, values)
        after = [part - k + 1 for part, k in zip(parts, kernel, strict=True)]
        summed = network.tensor((count, *after, out_c), kind, *target)
        options: dict[str, Any] = {
            "padding": 1, "stride_w": 1, "stride_h": 1, "fused_activation_function": activation,
            "dilation_w_factor": 1, "dilation_h_factor": 1,
        }  # fmt: skip
        if depthwise:
            options["depth_multiplier"] = 1
        name = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
        table = "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions"
        network.operator(name, [dealt, weights, bias], [summed], table, **options)
        result = [whole - sum(pair) for whole, pair in zip(made, crops, strict=True)]
        y = network.tensor((1, *result, out_c), kind, *target)
        pairs = network.tensor((2, 2), "int32", data=np.array(crops, np.int32))
        network.operator("BATCH_TO_SPACE_ND", [summed, network.integers(*block), pairs], [y])
        network.outputs.append(y)

    return Case(
        f"dilated {kind} {depthwise=} {size} {in_c}->{out_c} {kernel} {block} {sides} {crops} {activation=}", add
    )
