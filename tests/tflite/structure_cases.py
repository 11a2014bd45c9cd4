"""Operators that resize, pad, gather and repeat, and transposed convolutions, drawn by hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.cases import weights_of
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.writer import Network


@st.composite
def transposed_convolutions(draw: st.DrawFn) -> Case:
    kernel = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    size = (draw(st.integers(1, 5)), draw(st.integers(1, 5)))
    same, with_bias = draw(st.booleans()), draw(st.booleans())
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    per_channel, less = draw(st.booleans()), (draw(st.integers(0, 1)), draw(st.integers(0, 1)))
    input_scale, output_scale = draw(scales()), draw(scales())
    input_zero, output_zero = draw(zero_points()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, in_c), "int8", input_scale, input_zero)
        spread = 40.0 * output_scale / (input_scale * 3000.0 * np.sqrt(kernel[0] * kernel[1] * in_c))
        scale = np.float32(spread * rng.uniform(0.3, 1.0, out_c if per_channel else 1))
        shape = (out_c, *kernel, in_c)
        weights = network.tensor(shape, "int8", scale, 0, weights_of(rng, shape), 0)
        # a SAME input has ceil(output / stride) pixels, so some of the last block's rows may be missing
        out = [
            max(1, size[i] * stride[i] - min(less[i], stride[i] - 1)) if same else (size[i] - 1) * stride[i] + kernel[i]
            for i in (0, 1)
        ]
        operands = [network.integers(1, *out, out_c), weights, x]
        if with_bias:
            values = rng.integers(-5000, 5000, out_c).astype(np.int32)
            operands.append(network.tensor((out_c,), "int32", scale * np.float32(input_scale), 0, values))
        y = network.tensor((1, *out, out_c), "int8", output_scale, output_zero)
        options = {"padding": 0 if same else 1, "stride_w": stride[1], "stride_h": stride[0]}
        options["fused_activation_function"] = 0
        network.operator("TRANSPOSE_CONV", operands, [y], "TransposeConvOptions", **options)
        network.outputs.append(y)

    return Case(f"TRANSPOSE_CONV {size} {in_c}->{out_c} {kernel} {stride} {same=} {with_bias=} {less}", add)


@st.composite
def resizes(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")))
    size = (draw(st.integers(1, 7)), draw(st.integers(1, 7)))
    target = (draw(st.integers(1, 20)), draw(st.integers(1, 20)))
    mode = draw(st.sampled_from(((False, False), (True, False), (False, True))))
    channels, scale, zero = draw(st.sampled_from(CHANNELS)), draw(scales()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, channels), "int8", scale, zero)
        y = network.tensor((1, *target, channels), "int8", scale, zero)
        table = "ResizeBilinearOptions" if name == "RESIZE_BILINEAR" else "ResizeNearestNeighborOptions"
        options = {"align_corners": mode[0], "half_pixel_centers": mode[1]}
        network.operator(name, [x, network.integers(*target)], [y], table, **options)
        network.outputs.append(y)

    return Case(f"{name} {size} -> {target} {channels} {mode}", add)


@st.composite
def paddings(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(("PAD", "PADV2", "MIRROR_PAD")))
    shape = (1, *draw(st.lists(st.integers(1, 6), min_size=1, max_size=3)))
    mode, value = draw(st.integers(0, 1)), draw(st.integers(-128, 127))
    most = [length - 1 + mode if name == "MIRROR_PAD" else 3 for length in shape]
    pairs = [(0, 0), *((draw(st.integers(0, limit)), draw(st.integers(0, limit))) for limit in most[1:])]
    scale, zero = draw(scales()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int8", scale, zero)
        padded = tuple(length + sum(pair) for length, pair in zip(shape, pairs, strict=True))
        y = network.tensor(padded, "int8", scale, zero)
        operands = [x, network.tensor((len(shape), 2), "int32", data=np.array(pairs, np.int32))]
        if name == "PADV2":
            operands.append(network.tensor((1,), "int8", scale, zero, np.array([value], np.int8)))
        options = {"mode": mode} if name == "MIRROR_PAD" else {}
        network.operator(name, operands, [y], "MirrorPadOptions" if options else "", **options)
        network.outputs.append(y)

    return Case(f"{name} {shape} {pairs} {mode=} {value=}", add)


@st.composite
def rearrangements(draw: st.DrawFn) -> Case:
    """Operators that repeat, choose and stack elements."""
    names = ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH", "PACK", "TILE", "GATHER")
    name, block = draw(st.sampled_from(names)), draw(st.integers(1, 3))
    shape = (1, draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 5)))
    axis, counts = draw(st.integers(1, 3)), [1, *(draw(st.integers(1, 3)) for _ in range(3))]
    scale, zero = draw(scales()), draw(zero_points())

    def add(network: Network, rng: np.random.Generator) -> None:
        small, large = shape, (1, shape[1] * block, shape[2] * block, shape[3])
        deep = (1, shape[1], shape[2], shape[3] * block * block)
        source = {"DEPTH_TO_SPACE": deep, "SPACE_TO_DEPTH": large}.get(name, small)
        x = network.input(source, "int8", scale, zero)
        options: dict[str, Any] = {}
        operands, table, result = [x], "", large if name == "DEPTH_TO_SPACE" else deep
        if name in ("DEPTH_TO_SPACE", "SPACE_TO_DEPTH"):
            table = "DepthToSpaceOptions" if name == "DEPTH_TO_SPACE" else "SpaceToDepthOptions"
            options = {"block_size": block}
        elif name == "PACK":
            operands = [x, network.input(shape, "int8", scale, zero)]
            result, table = (*shape[:axis], 2, *shape[axis:]), "PackOptions"
            options = {"values_count": 2, "axis": axis}
        elif name == "TILE":
            result = tuple(length * count for length, count in zip(shape, counts, strict=True))
            operands = [x, network.integers(*counts)]
        else:
            indices = [int(index) for index in rng.integers(0, shape[axis], 5)]
            result, table = (*shape[:axis], 5, *shape[axis + 1 :]), "GatherOptions"
            operands, options = [x, network.integers(*indices)], {"axis": axis, "batch_dims": 0}
        y = network.tensor(result, "int8", scale, zero)
        network.operator(name, operands, [y], table, **options)
        network.outputs.append(y)

    return Case(f"{name} {shape} {block=} {axis=} {counts}", add)


@st.composite
def views(draw: st.DrawFn, kind: str) -> Case:
    """Operators that only rename axes or hand out parts, and gathers of places."""
    name = draw(st.sampled_from(("EXPAND_DIMS", "SQUEEZE", "SPLIT_V", "UNPACK", "GATHER_ND")))
    shape = (1, *(draw(st.integers(2, 5)) for _ in range(3)))
    axis, deep, count = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 6))
    scale, zero = draw(scales()), draw(zero_points()) if kind == "int8" else 0

    def add(network: Network, rng: np.random.Generator) -> None:
        given = (*shape[:axis], 1, *shape[axis:]) if name == "SQUEEZE" else shape
        x = network.input(given, kind, scale, zero)
        operands, table, results = [x], "", [shape]
        options: dict[str, Any] = {}
        if name == "EXPAND_DIMS":
            operands, results = [x, network.integers(axis)], [(*shape[:axis], 1, *shape[axis:])]
        elif name == "SQUEEZE":
            table, options = "SqueezeOptions", {"squeeze_dims": np.array([axis], np.int32)}
        elif name == "SPLIT_V":
            sizes = (1, shape[axis] - 1)
            results = [(*shape[:axis], size, *shape[axis + 1 :]) for size in sizes]
            along = network.tensor((), "int32", data=np.array(axis, np.int32))
            operands, table, options = [x, network.integers(*sizes), along], "SplitVOptions", {"num_splits": 2}
        elif name == "UNPACK":
            results = [(*shape[:axis], *shape[axis + 1 :])] * shape[axis]
            table, options = "UnpackOptions", {"num": shape[axis], "axis": axis}
        else:
            places = np.stack([rng.integers(0, size, count) for size in shape[:deep]], -1).astype(np.int32)
            operands = [x, network.tensor((1, count, deep), "int32", data=places[None])]
            results = [(1, count, *shape[deep:])]
        made = [network.tensor(result, kind, scale, zero) for result in results]
        network.operator(name, operands, made, table, **options)
        network.outputs.append(made[-1])

    return Case(f"{name} {kind} {shape} {axis=} {deep=} {count=}", add)
