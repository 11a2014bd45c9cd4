"""Operators with a state, drawn by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.cases import weights_of
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network


@st.composite
def svdf_layers(draw: st.DrawFn) -> Case:
    """SVDF with the int16 state that TensorFlow Lite's reference kernel has; the largest time weights let sums wrap."""
    inputs, units = draw(st.sampled_from((*CHANNELS, 40))), draw(st.sampled_from(CHANNELS))
    rank, length = draw(st.sampled_from((1, 1, 2, 3))), draw(st.sampled_from((1, 2, 3, 4, 7, 8)))
    with_bias, largest = draw(st.booleans()), draw(st.sampled_from((100, 5000, 32768)))
    input_scale, output_scale = draw(scales()), draw(scales())
    input_zero, output_zero = draw(zero_points()), draw(st.sampled_from((-128, -128, 3)))
    reach = draw(st.sampled_from((0.3, 1.0, 8.0)))  # 8: features saturate

    def add(network: Network, rng: np.random.Generator) -> None:
        add_svdf(
            network, rng, network.input((1, inputs), "int8", input_scale, input_zero), (inputs, units, rank, length),
            (input_scale, output_scale, output_zero), with_bias, largest, reach,
        )  # fmt: skip
        network.outputs.append(len(network.tensors) - 1)

    return Case(f"SVDF {inputs}->{units} {rank=} {length=} {with_bias=} {largest=} {reach=}", add)


def add_svdf(
    network: Network,
    rng: np.random.Generator,
    x: int,
    sizes: tuple[int, int, int, int],
    output: tuple[float, float, int],
    with_bias: bool = True,
    largest: int = 5000,
    reach: float = 1.0,
) -> int:
    """An SVDF layer on `x`; `sizes`: inputs, units, rank, length; `output`: scale of the input, scale and zero point of
    the output. Features take about `reach` of the state's range, outputs that of theirs. Index of the output."""
    inputs, units, rank, length = sizes
    input_scale, output_scale, output_zero = output
    rows = units * rank
    feature_scale = np.float32(0.01)
    state_scale = np.float32(input_scale * feature_scale * 8000.0 * np.sqrt(inputs) / (32768.0 * reach))
    spread = 12000.0 * largest * np.sqrt(rank * length)
    time_scale = np.float32(100.0 * output_scale / (state_scale * spread))
    features = network.tensor((rows, inputs), "int8", feature_scale, 0, weights_of(rng, (rows, inputs)))
    filters = rng.integers(-largest, largest, (rows, length)).astype(np.int16)
    operands = [x, features, network.tensor((rows, length), "int16", time_scale, 0, filters), -1]
    if with_bias:
        bias = rng.integers(-int(spread) // 2, int(spread) // 2, units).clip(-(2**30), 2**30).astype(np.int32)
        operands[3] = network.tensor((units,), "int32", state_scale * time_scale, 0, bias)
    operands.append(network.variable((1, rows * length), "int16", state_scale))
    y = network.tensor((1, units), "int8", output_scale, output_zero)
    network.operator("SVDF", operands, [y], "SVDFOptions", rank=rank, fused_activation_function=1)
    return y
