"""Operators with int16 activations and int8 weights (TensorFlow Lite's 16x8), drawn by hypothesis."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.cases import output_size, weights_of
from tests.tflite.drawn import ACTIVATION_NUMBERS, Case, scales
from tests.tflite.writer import Network


@st.composite
def wide_layers(draw: st.DrawFn) -> Case:
    """Convolutions, depthwise ones and linear layers with a bias of 64 or 32 bits, or none, where there are such."""
    name = draw(st.sampled_from(("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")))
    with_bias = draw(st.sampled_from({"CONV_2D": ("int64", "int32"), "DEPTHWISE_CONV_2D": ("int64", "")}.get(
        name, ("int64", "int32", ""))))  # fmt: skip
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    same = draw(st.booleans())
    size = (kernel[0] + draw(st.integers(0, 6)), kernel[1] + draw(st.integers(0, 6)))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    activation = draw(st.sampled_from(ACTIVATION_NUMBERS))
    input_scale, output_scale = draw(scales()) / 256, draw(scales()) / 256

    def add(network: Network, rng: np.random.Generator) -> None:
        depthwise, linear = name == "DEPTHWISE_CONV_2D", name == "FULLY_CONNECTED"
        channels = in_c if depthwise else out_c
        shape = (1, *kernel, in_c) if depthwise else ((out_c, in_c) if linear else (out_c, *kernel, in_c))
        products = (1 if depthwise else in_c) * (1 if linear else kernel[0] * kernel[1])
        x = network.input((1, in_c) if linear else (1, *size, in_c), "int16", input_scale)
        spread = 4000.0 * output_scale / (input_scale * 700000.0 * np.sqrt(products))
        scale = np.float32(spread * rng.uniform(0.3, 1.0, 1 if linear else channels))
        weights = network.tensor(shape, "int8", scale, 0, weights_of(rng, shape), 3 if depthwise else 0)
        operands = [x, weights]
        if with_bias:
            values = rng.integers(-500000, 500000, channels).astype(with_bias)
            operands.append(network.tensor((channels,), with_bias, scale * np.float32(input_scale), 0, values))
        elif linear:
            operands.append(-1)
        out = [output_size(size[i], kernel[i], stride[i], 1, same) for i in (0, 1)]
        y = network.tensor((1, channels) if linear else (1, *out, channels), "int16", output_scale)
        window = {"padding": 0 if same else 1, "stride_w": stride[1], "stride_h": stride[0]}
        if linear:
            options = {"fused_activation_function": activation, "keep_num_dims": False}
            network.operator(name, operands, [y], "FullyConnectedOptions", **options)
        elif depthwise:
            options = {"fused_activation_function": activation, "depth_multiplier": 1}
            network.operator(name, operands, [y], "DepthwiseConv2DOptions", **window, **options)
        else:
            network.operator(name, operands, [y], "Conv2DOptions", fused_activation_function=activation, **window)
        network.outputs.append(y)

    return Case(f"int16 {name} {size} {in_c}->{out_c} {kernel} {stride} {same=} {activation=} {with_bias}", add)


@st.composite
def wide_others(draw: st.DrawFn) -> Case:
    """Sums, pools and operators that move elements."""
    name = draw(st.sampled_from(("ADD", "AVERAGE_POOL_2D", "MAX_POOL_2D", "CONCATENATION", "RESHAPE", "TRANSPOSE")))
    shape = (1, draw(st.integers(1, 5)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    parts, activation = [draw(scales()) / 256 for _ in range(3)], draw(st.sampled_from(ACTIVATION_NUMBERS))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int16", parts[0])
        if name == "ADD":
            other = network.input(shape, "int16", parts[1])
            y = network.tensor(shape, "int16", max(parts[2], 0.6 * max(parts[:2])))
            options = {"fused_activation_function": activation, "pot_scale_int16": False}
            network.operator(name, [x, other], [y], "AddOptions", **options)
        elif name == "CONCATENATION":
            other = network.input(shape, "int16", parts[0])
            y = network.tensor((*shape[:3], 2 * shape[3]), "int16", parts[0])
            network.operator(name, [x, other], [y], "ConcatenationOptions", axis=3, fused_activation_function=0)
        elif name == "RESHAPE":
            target = (1, shape[2], shape[1] * shape[3])
            y = network.tensor(target, "int16", parts[0])
            network.operator(name, [x, network.integers(*target)], [y], "ReshapeOptions", new_shape=target)
        elif name == "TRANSPOSE":
            perm = (0, *(int(axis) for axis in 1 + rng.permutation(3)))
            y = network.tensor(tuple(shape[i] for i in perm), "int16", parts[0])
            network.operator(name, [x, network.integers(*perm)], [y])
        else:
            kernel = [int(rng.integers(1, size + 1)) for size in shape[1:3]]
            stride = [int(rng.integers(1, 4)) for _ in range(2)]
            out = [output_size(shape[1 + i], kernel[i], stride[i], 1, True) for i in (0, 1)]
            y = network.tensor((1, *out, shape[3]), "int16", parts[0])
            network.operator(
                name, [x], [y], "Pool2DOptions", padding=0, stride_w=stride[1], stride_h=stride[0],
                filter_width=kernel[1], filter_height=kernel[0], fused_activation_function=activation,
            )  # fmt: skip
        network.outputs.append(y)

    return Case(f"int16 {name} {shape} {parts} {activation=}", add)
