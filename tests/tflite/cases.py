"""Single operators with random shapes, scales and options, drawn by hypothesis, as TensorFlow Lite files have them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import ACTIVATION_NUMBERS, Case, scales, zero_points
from tests.tflite.writer import Network


def weights_of(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(-127, 128, shape).astype(np.int8)


def output_size(size: int, kernel: int, stride: int, dilation: int, same: bool) -> int:
    return -(-size // stride) if same else (size - (kernel - 1) * dilation - 1) // stride + 1


@st.composite
def convolutions(draw: st.DrawFn) -> Case:
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    dilation = (draw(st.integers(1, 2)), draw(st.integers(1, 2))) if stride == (1, 1) else (1, 1)
    same = draw(st.booleans())
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = (spans[0] + draw(st.integers(0, 6)), spans[1] + draw(st.integers(0, 6)))
    depthwise = draw(st.booleans())
    in_c, copies = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from((1, 1, 2, 3)))
    out_c = in_c * copies if depthwise else copies * draw(st.sampled_from(CHANNELS))
    group_c, in_c = in_c, in_c if depthwise else copies * in_c  # `copies`: outputs a channel, or groups
    per_channel, activation = draw(st.booleans()), draw(st.sampled_from(ACTIVATION_NUMBERS))
    input_scale, output_scale = draw(scales()), draw(scales())
    input_zero, output_zero = draw(zero_points()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, in_c), "int8", input_scale, input_zero)
        axis = 3 if depthwise else 0
        shape = (1, *kernel, out_c) if depthwise else (out_c, *kernel, group_c)
        products = kernel[0] * kernel[1] * (1 if depthwise else group_c)
        spread = 40.0 * output_scale / (input_scale * 3000.0 * np.sqrt(products))
        scale = np.float32(spread * rng.uniform(0.3, 1.0, out_c if per_channel else 1))
        weights = network.tensor(shape, "int8", scale, 0, weights_of(rng, shape), axis)
        values = rng.integers(-5000, 5000, out_c).astype(np.int32)
        bias = network.tensor((out_c,), "int32", scale * np.float32(input_scale), 0, values)
        operands = [x, weights, bias]
        out = [output_size(size[i], kernel[i], stride[i], dilation[i], same) for i in (0, 1)]
        y = network.tensor((1, *out, out_c), "int8", output_scale, output_zero)
        options: dict[str, Any] = {
            "padding": 0 if same else 1, "stride_w": stride[1], "stride_h": stride[0],
            "fused_activation_function": activation, "dilation_w_factor": dilation[1],
            "dilation_h_factor": dilation[0],
        }  # fmt: skip
        if depthwise:
            network.operator(
                "DEPTHWISE_CONV_2D", operands, [y], "DepthwiseConv2DOptions", depth_multiplier=copies, **options
            )
        else:
            network.operator("CONV_2D", operands, [y], "Conv2DOptions", **options)
        network.outputs.append(y)

    return Case(
        f"conv {depthwise=} {copies=} {size} {in_c}->{out_c} {kernel} {stride} {dilation} {same=} {activation=}", add
    )


@st.composite
def fully_connected(draw: st.DrawFn) -> Case:
    in_features, out_features = draw(st.sampled_from((*CHANNELS, 64, 100))), draw(st.sampled_from(CHANNELS))
    activation = draw(st.sampled_from(ACTIVATION_NUMBERS))
    input_scale, output_scale = draw(scales()), draw(scales())
    input_zero, output_zero = draw(zero_points()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, in_features), "int8", input_scale, input_zero)
        scale = np.float32(40.0 * output_scale / (input_scale * 3000.0 * np.sqrt(in_features)))
        shape = (out_features, in_features)
        weights = network.tensor(shape, "int8", scale, 0, weights_of(rng, shape))
        values = rng.integers(-5000, 5000, out_features).astype(np.int32)
        bias = network.tensor((out_features,), "int32", scale * np.float32(input_scale), 0, values)
        y = network.tensor((1, out_features), "int8", output_scale, output_zero)
        options = {"fused_activation_function": activation, "keep_num_dims": False}
        network.operator("FULLY_CONNECTED", [x, weights, bias], [y], "FullyConnectedOptions", **options)
        network.outputs.append(y)

    return Case(f"fully connected {in_features}->{out_features} {activation=}", add)


@st.composite
def pools(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(("AVERAGE_POOL_2D", "MAX_POOL_2D")))
    kernel = (draw(st.integers(1, 4)), draw(st.integers(1, 4)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    size = (kernel[0] + draw(st.integers(0, 6)), kernel[1] + draw(st.integers(0, 6)))
    if draw(st.integers(0, 3)) == 0:
        kernel = size
    channels, same = draw(st.sampled_from(CHANNELS)), draw(st.booleans())
    activation, scale, zero = draw(st.sampled_from(ACTIVATION_NUMBERS)), draw(scales()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, channels), "int8", scale, zero)
        out = [output_size(size[i], kernel[i], stride[i], 1, same) for i in (0, 1)]
        y = network.tensor((1, *out, channels), "int8", scale, zero)
        network.operator(
            name, [x], [y], "Pool2DOptions", padding=0 if same else 1, stride_w=stride[1], stride_h=stride[0],
            filter_width=kernel[1], filter_height=kernel[0], fused_activation_function=activation,
        )  # fmt: skip
        network.outputs.append(y)

    return Case(f"{name} {size} {channels} {kernel} {stride} {same=}", add)


@st.composite
def softmaxes(draw: st.DrawFn) -> Case:
    rows, depth = draw(st.integers(1, 4)), draw(st.integers(1, 40))
    scale = float(np.float32(2.0 ** draw(st.floats(-9, 1))))
    zero, beta = draw(zero_points()), draw(st.sampled_from((1.0, 1.0, 0.5, 2.0)))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, rows, depth), "int8", scale, zero)
        y = network.tensor((1, rows, depth), "int8", 1 / 256, -128)
        network.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=beta)
        network.outputs.append(y)

    return Case(f"SOFTMAX {rows}x{depth} {scale} {beta=}", add)


@st.composite
def row_normalizations(draw: st.DrawFn) -> Case:
    """L2_NORMALIZATION and LOG_SOFTMAX, whose output scales are fixed."""
    name = draw(st.sampled_from(("L2_NORMALIZATION", "LOG_SOFTMAX")))
    shape = (1, draw(st.integers(1, 5)), draw(st.sampled_from((*CHANNELS, 100))))
    scale, zero = float(np.float32(2.0 ** draw(st.floats(-9, 0)))), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int8", scale, zero)
        target = (1 / 128, 0) if name == "L2_NORMALIZATION" else (1 / 16, 127)
        y = network.tensor(shape, "int8", *target)
        if name == "L2_NORMALIZATION":
            network.operator(name, [x], [y], "L2NormOptions", fused_activation_function=0)
        else:
            network.operator(name, [x], [y])
        network.outputs.append(y)

    return Case(f"{name} {shape} {scale} {zero}", add)


@st.composite
def movements(draw: st.DrawFn) -> Case:
    """Operators that only move bytes."""
    name = draw(st.sampled_from(("RESHAPE", "CONCATENATION", "PAD", "TRANSPOSE", "SLICE", "STRIDED_SLICE", "SPLIT")))
    shape = (1, draw(st.integers(1, 4)), draw(st.integers(1, 6)), draw(st.sampled_from(CHANNELS)))
    scale, zero = draw(scales()), draw(zero_points())
    sides = [draw(st.integers(0, 2)) for _ in range(6)]
    axis, extra = draw(st.integers(1, 3)), draw(st.integers(0, 3))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int8", scale, zero)
        if name == "RESHAPE":
            target = (1, shape[2], shape[1] * shape[3])
            y = network.tensor(target, "int8", scale, zero)
            network.operator(name, [x, network.integers(*target)], [y], "ReshapeOptions", new_shape=target)
        elif name == "CONCATENATION":
            wider = tuple(size + (extra if index == axis else 0) for index, size in enumerate(shape))
            other = network.input(wider, "int8", scale, zero)
            joined = tuple(size + (wider[index] if index == axis else 0) for index, size in enumerate(shape))
            y = network.tensor(joined, "int8", scale, zero)
            network.operator(name, [x, other], [y], "ConcatenationOptions", axis=axis, fused_activation_function=0)
        elif name == "TRANSPOSE":
            perm = (0, *(1 + rng.permutation(3)))
            y = network.tensor(tuple(shape[i] for i in perm), "int8", scale, zero)
            network.operator(name, [x, network.integers(*perm)], [y])
        elif name == "SLICE":
            begin = [0, *(int(rng.integers(0, size)) for size in shape[1:])]
            size = [
                1,
                *(int(rng.integers(1, length - at + 1)) for length, at in zip(shape[1:], begin[1:], strict=True)),
            ]
            y = network.tensor(tuple(size), "int8", scale, zero)
            network.operator(name, [x, network.integers(*begin), network.integers(*size)], [y])
        elif name == "STRIDED_SLICE":
            steps = [1, *(int(rng.choice((1, 2, -1))) for _ in shape[1:])]
            chosen = [range(length)[:: steps[i]] for i, length in enumerate(shape)]
            y = network.tensor(tuple(len(indices) for indices in chosen), "int8", scale, zero)
            bounds = [network.integers(*values) for values in ([0] * 4, shape, steps)]
            network.operator(name, [x, *bounds], [y], "StridedSliceOptions", begin_mask=15, end_mask=15,
                             ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0, offset=False)  # fmt: skip
        elif name == "SPLIT":
            part = tuple(1 if index == axis else size for index, size in enumerate(shape))
            parts = [network.tensor(part, "int8", scale, zero) for _ in range(shape[axis])]
            network.operator(name, [network.integers(axis), x], parts, "SplitOptions", num_splits=shape[axis])
            if shape[axis] == 1:  # the file's output would be its input
                network.operator("CONCATENATION", [parts[0], x], [y := network.tensor(
                    tuple(2 * size if index == 1 else size for index, size in enumerate(shape)), "int8", scale, zero)],
                    "ConcatenationOptions", axis=1, fused_activation_function=0)  # fmt: skip
            else:
                y = parts[-1]
        else:
            padded = (1, *(shape[1 + i] + sides[2 * i] + sides[2 * i + 1] for i in range(3)))
            pairs = np.array([[0, 0], *(sides[2 * i : 2 * i + 2] for i in range(3))], np.int32)
            y = network.tensor(padded, "int8", scale, zero)
            network.operator(name, [x, network.tensor((4, 2), "int32", data=pairs)], [y])
        network.outputs.append(y)

    return Case(f"{name} {shape} {sides} {axis}", add)


#: operators of one operand -> options; their outputs' scale is free unless it is fixed below
UNARY = {
    "ABS": "", "EXP": "", "GELU": "GeluOptions", "HARD_SWISH": "", "LEAKY_RELU": "LeakyReluOptions", "LOGISTIC": "",
    "QUANTIZE": "", "RELU": "", "RELU6": "", "RELU_N1_TO_1": "", "RELU_0_TO_1": "", "RSQRT": "", "TANH": "",
}  # fmt: skip
FIXED_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


@st.composite
def unaries(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(sorted(UNARY)))
    source = (draw(scales()), -128 if name == "RSQRT" else draw(zero_points()))
    ratio = 2.0 ** draw(st.floats(-1, 1.5))
    target = FIXED_OUTPUTS.get(name, (float(np.float32(source[0] * ratio)), draw(zero_points())))
    if name == "EXP":  # beyond int32 TensorFlow Lite's conversion is undefined
        source = (min(source[0], 0.05), source[1])
    alpha, approximate = draw(st.floats(-0.5, 1.0, width=32)), draw(st.booleans())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, 256), "int8", *source)
        y = network.tensor((1, 256), "int8", *target)
        options: dict[str, Any] = {}
        if name == "LEAKY_RELU":
            options["alpha"] = alpha
        if name == "GELU":
            options["approximate"] = approximate
        network.operator(name, [x], [y], UNARY[name], **options)
        network.outputs.append(y)

    return Case(f"{name} {source} {target} {alpha=} {approximate=}", add)
