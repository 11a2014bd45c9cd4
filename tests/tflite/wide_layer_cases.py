"""Softmax, reductions, padding, resizing, products of matrices and movements with int16 activations."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales
from tests.tflite.writer import Network


@st.composite
def wide_softmaxes(draw: st.DrawFn) -> Case:
    rows, depth = draw(st.integers(1, 4)), draw(st.integers(1, 40))
    scale = float(np.float32(2.0 ** draw(st.floats(-16, -4))))
    beta = draw(st.sampled_from((1.0, 1.0, 0.5, 2.0)))

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, rows, depth), "int16", scale)
        y = network.tensor((1, rows, depth), "int16", 2.0**-15)
        network.operator("SOFTMAX", [x], [y], "SoftmaxOptions", beta=beta)
        network.outputs.append(y)

    return Case(f"int16 SOFTMAX {rows}x{depth} {scale} {beta=}", add)


@st.composite
def wide_matmuls(draw: st.DrawFn) -> Case:
    rows, inner = draw(st.integers(1, 6)), draw(st.sampled_from((*CHANNELS, 64)))
    columns, adj_x, adj_y = draw(st.sampled_from(CHANNELS)), draw(st.booleans()), draw(st.booleans())
    parts = [draw(scales()) / 256 for _ in range(2)]

    def add(network: Network, rng: np.random.Generator) -> None:
        left = network.input((1, *((inner, rows) if adj_x else (rows, inner))), "int16", parts[0])
        right = network.input((1, *((columns, inner) if adj_y else (inner, columns))), "int16", parts[1])
        scale = float(np.float32(parts[0] * parts[1] * 20000 * np.sqrt(inner)))
        y = network.tensor((1, rows, columns), "int16", scale)
        network.operator("BATCH_MATMUL", [left, right], [y], "BatchMatMulOptions", adj_x=adj_x, adj_y=adj_y)
        network.outputs.append(y)

    return Case(f"int16 BATCH_MATMUL {rows}x{inner}x{columns} {adj_x=} {adj_y=} {parts}", add)


@st.composite
def wide_transposed_convolutions(draw: st.DrawFn) -> Case:
    size, kernel, stride = ([draw(st.integers(1, top)) for _ in range(2)] for top in (4, 3, 2))
    in_c, out_c = draw(st.sampled_from(CHANNELS)), draw(st.sampled_from(CHANNELS))
    with_bias = draw(st.sampled_from(("", "int32", "int64")))
    source, target = draw(scales()) / 256, draw(scales()) / 256

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input((1, *size, in_c), "int16", source)
        scale = 4000.0 * target / (source * 700000.0 * np.sqrt(kernel[0] * kernel[1] * in_c))
        shape = (out_c, *kernel, in_c)
        weights = network.tensor(shape, "int8", scale, 0, rng.integers(-127, 128, shape).astype(np.int8))
        result = (1, size[0] * stride[0], size[1] * stride[1], out_c)
        operands = [network.integers(*result), weights, x]
        if with_bias:
            values = rng.integers(-50000, 50000, out_c).astype(with_bias)
            operands.append(network.tensor((out_c,), with_bias, scale * source, 0, values))
        y = network.tensor(result, "int16", target)
        network.operator(
            "TRANSPOSE_CONV", operands, [y], "TransposeConvOptions", padding=0, stride_w=stride[1], stride_h=stride[0],
            fused_activation_function=0,
        )  # fmt: skip
        network.outputs.append(y)

    return Case(f"int16 TRANSPOSE_CONV {size} {in_c}->{out_c} {kernel} {stride} {with_bias}", add)


@st.composite
def wide_reductions(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(("MEAN", "MEAN", "REDUCE_MAX", "REDUCE_MIN", "SUM")))
    shape = (1, *draw(st.lists(st.integers(1, 6), min_size=0, max_size=2)), draw(st.sampled_from(CHANNELS)))
    axes, keep = sorted(draw(st.sets(st.integers(1, len(shape) - 1), min_size=1))), draw(st.booleans())
    source = draw(scales()) / 256
    target = draw(scales()) / 256 if name == "MEAN" else source

    def add(network: Network, rng: np.random.Generator) -> None:
        x = network.input(shape, "int16", source)
        result = tuple(1 if axis in axes else size for axis, size in enumerate(shape) if keep or axis not in axes)
        y = network.tensor(result, "int16", target)
        network.operator(name, [x, network.integers(*axes)], [y], "ReducerOptions", keep_dims=keep)
        network.outputs.append(y)

    return Case(f"int16 {name} {shape} {axes} {keep=} {source} {target}", add)


#: options of operators that move elements
MOVES = {
    "PAD": "", "PADV2": "", "MIRROR_PAD": "MirrorPadOptions", "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions", "GATHER": "GatherOptions", "SLICE": "",
    "SPLIT": "SplitOptions", "PACK": "PackOptions", "UNPACK": "UnpackOptions", "REVERSE_V2": "",
    "EXPAND_DIMS": "",
}  # fmt: skip


@st.composite
def wide_movements(draw: st.DrawFn) -> Case:
    name = draw(st.sampled_from(sorted(MOVES)))
    shape = (1, draw(st.integers(2, 5)), draw(st.integers(2, 6)), draw(st.sampled_from(CHANNELS)))
    scale, sides = draw(scales()) / 256, [draw(st.integers(0, 1)) for _ in range(6)]
    sides = [*sides[:4], 0, 0] if shape[3] == 1 else sides
    corners, half = draw(st.booleans()), draw(st.booleans())

    def add(network: Network, rng: np.random.Generator) -> None:
        x, others, options, before = network.input(shape, "int16", scale), [], {}, []
        result, outputs = shape, 1
        if "PAD" in name:
            result = (1, *(shape[1 + i] + sides[2 * i] + sides[2 * i + 1] for i in range(3)))
            pairs = np.array([[0, 0], *(sides[2 * i : 2 * i + 2] for i in range(3))], np.int32)
            others = [network.tensor((4, 2), "int32", data=pairs)]
            if name == "PADV2":
                others.append(
                    network.tensor((1,), "int16", scale, 0, np.array([int(rng.integers(-9000, 9000))], np.int16))
                )
            options = {"mode": int(corners)} if name == "MIRROR_PAD" else {}
        elif name.startswith("RESIZE"):
            result = (1, int(rng.integers(1, 12)), int(rng.integers(1, 12)), shape[3])
            others = [network.integers(*result[1:3])]
            options = {"align_corners": corners, "half_pixel_centers": half and not corners}
        elif name == "GATHER":
            others, result = [network.integers(0, shape[1] - 1, 1)], (1, 3, *shape[2:])
            options = {"axis": 1, "batch_dims": 0}
        elif name == "SLICE":
            result = (1, shape[1] - 1, shape[2] - 1, shape[3])
            others = [network.integers(0, 1, 1, 0), network.integers(*result)]
        elif name == "SPLIT":
            before, outputs, result = [network.integers(1)], shape[1], (1, 1, *shape[2:])
            options = {"num_splits": shape[1]}
        elif name == "PACK":
            others, result = [network.input(shape, "int16", scale)], (1, 2, *shape[1:])
            options = {"axis": 1, "values_count": 2}
        elif name == "UNPACK":
            outputs, result, options = shape[1], (1, *shape[2:]), {"num": shape[1], "axis": 1}
        elif name == "REVERSE_V2":
            others = [network.integers(2)]
        else:
            others, result = [network.integers(2)], (1, shape[1], 1, *shape[2:])
        made = [network.tensor(result, "int16", scale) for _ in range(outputs)]
        network.operator(name, [*before, x, *others], made, MOVES[name], **options)
        network.outputs.append(made[-1])

    return Case(f"int16 {name} {shape} {sides} {corners=} {half=}", add)
