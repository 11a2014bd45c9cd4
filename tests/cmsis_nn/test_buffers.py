"""Scratch memory: what the library's own `*_get_buffer_size` functions say, where there is a copy of it, and cases that
were computed by hand. The stand-in of tests/cmsis_nn/test_exact.py refuses a buffer of any other size."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeq.packing import cmsis_nn as buffers
from tests.cmsis_nn import copies
from tests.tools import require_tool

HERE = Path(__file__).resolve().parent
#: of the library, what the program of buffer_sizes.c needs
SOURCES = (
    "ConvolutionFunctions/arm_convolve_get_buffer_sizes_s8.c",
    "ConvolutionFunctions/arm_depthwise_conv_get_buffer_sizes_s8.c",
    "PoolingFunctions/arm_avgpool_get_buffer_sizes_s8.c",
)
KEYS = ("in_h", "in_w", "in_c", "out_w", "kernel_h", "kernel_w", "stride_h", "stride_w", "pad_top", "pad_left",
        "dilation_h", "dilation_w")  # fmt: skip


def geometry(**changes: int) -> dict[str, int]:
    """An image of 9 x 9 x 6 under 3 x 3 with stride 1 and padding 1."""
    usual = {"in_h": 9, "in_w": 9, "in_c": 6, "out_w": 9, "kernel_h": 3, "kernel_w": 3}
    return {**dict.fromkeys(KEYS, 1), **usual, **changes}


ROW = {"in_h": 1, "kernel_h": 1, "pad_top": 0}
POINT = {"kernel_h": 1, "kernel_w": 1, "pad_top": 0, "pad_left": 0}


@pytest.mark.parametrize(
    ("changes", "mve", "others"),
    [
        ({}, 4 * 64, 4 * 56),  # 54 bytes a patch
        ({"in_c": 7, "dilation_w": 2}, 4 * 64, 4 * 64),  # 63
        (POINT, 0, 0),
        ({**POINT, "stride_w": 2, "stride_h": 2}, 0, 0),
        ({**POINT, "pad_left": 1}, 4 * 16, 4 * 8),  # 6
        ({**ROW, "in_c": 4}, 12 + 4, 4 * 12),  # one pixel of padding beside a window of 12 bytes
        ({**ROW, "in_c": 4, "pad_left": 0, "out_w": 7}, 12, 4 * 12),
        ({**ROW, "in_c": 4, "in_w": 8, "stride_w": 2, "out_w": 4}, 12 + 4, 4 * 12),  # padding on one side more
        ({**ROW, "in_c": 4, "in_w": 1, "out_w": 1}, 4 * 16, 4 * 12),  # no window without padding
        ({**ROW, "in_c": 6}, 4 * 32, 4 * 20),  # its stride is no multiple of 4 bytes
    ],
)
def test_convolutions(changes: dict[str, int], mve: int, others: int) -> None:
    g = geometry(**changes)
    found = [buffers.scratch_conv2d(g, core) for core in buffers.CORES]
    assert found == [mve, others, others]


@pytest.mark.parametrize(
    ("changes", "mve", "dsp"),
    [
        ({}, 4 * 124 * 9, 0),
        ({"pad_top": 2}, 4 * 124 * 9, 2 * 9 * 6),
        ({"kernel_w": 5}, 4 * 124 * 15, 2 * 15 * 6),
        ({"dilation_h": 2}, 0, 0),
    ],
)
def test_depthwise(changes: dict[str, int], mve: int, dsp: int) -> None:
    g = geometry(**changes)
    assert [buffers.scratch_dwconv2d(g, core) for core in buffers.CORES] == [mve, dsp, 0]


def test_average_pools() -> None:
    assert [buffers.scratch_avg_pool2d(5, core) for core in buffers.CORES] == [0, 20, 0]


def rows_of_the_function(g: dict[str, int]) -> list[list[int | None]]:
    """Which columns arm_convolve_1_x_n_s8 for Helium takes for each output, None for padding, by its description: of
    windows that begin in the padding from a copy of it and of a window's columns, of those that end in it from a copy
    of a window's columns but one with padding behind, of the others where they lie."""
    kernel, stride, pad = g["kernel_w"], g["stride_w"], g["pad_left"]
    behind = pad + overhanging(g)[0] % 2
    left, right = -(-pad // stride), max(1, -(-behind // stride)) if behind else 0
    middle = g["out_w"] - left - right
    begin = [None] * pad + list(range(kernel))
    start = stride * (left + middle) - pad
    end = [*range(start, start + kernel - 1), *[None] * (right if behind > pad else pad)]
    rows = [begin[index * stride : index * stride + kernel] for index in range(left)]
    rows += [list(range(at, at + kernel)) for at in (stride * (left + index) - pad for index in range(middle))]
    return rows + [end[index * stride : index * stride + kernel] for index in range(right)]


def overhanging(g: dict[str, int]) -> tuple[int, int]:
    """Columns of padding on both sides, and those of the last window behind the image."""
    total = (g["out_w"] - 1) * g["stride_w"] + g["kernel_w"] - g["in_w"]
    return total, total - g["pad_left"]


def test_rows_that_the_function_for_helium_takes() -> None:
    """All small ones: where it is taken, it takes the columns of the definition."""
    taken = 0
    for in_w, kernel, stride, pad, behind in itertools.product(
        range(1, 10), range(1, 6), (1, 2, 3), range(5), range(5)
    ):
        out_w = (in_w + pad + behind - kernel) // stride + 1
        if max(pad, behind) >= kernel or out_w < 1:
            continue
        sizes = {"in_w": in_w, "in_c": 4, "kernel_w": kernel, "stride_w": stride, "pad_left": pad, "out_w": out_w}
        g = geometry(**ROW, **sizes)
        if not buffers.takes_one_row(g):
            continue
        assert overhanging(g)[0] in (2 * pad, 2 * pad + 1)  # it refuses others
        if -(-pad // stride) + max(0, -(-overhanging(g)[1] // stride)) > out_w:
            continue  # the general function
        columns = [[at * stride - pad + tap for tap in range(kernel)] for at in range(out_w)]
        expected = [[column if 0 <= column < in_w else None for column in window] for window in columns]
        assert rows_of_the_function(g) == expected, g
        taken += 1
    assert taken > 100


def test_as_the_library_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of geometries, for Helium and for DSP."""
    root, compiler = copies.use("library", monkeypatch), require_tool("gcc")
    sources = [HERE / "buffer_sizes.c", *(root / "Source" / name for name in SOURCES)]
    program = tmp_path / "sizes"
    flags = ["-w", "-ffunction-sections", "-Wl,--gc-sections", f"-I{root / 'Include'}"]
    subprocess.run([compiler, *flags, *map(str, sources), "-o", str(program)], check=True)
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(4000):
        g = geometry(**{key: int(rng.integers(1, 6)) for key in KEYS}, pad_top=int(rng.integers(3)))
        g |= {"pad_left": int(rng.integers(3)), "in_c": int(rng.integers(1, 40)), "in_w": int(rng.integers(1, 12))}
        drawn.append({**g, **(ROW if rng.integers(2) else {})})
    text = "\n".join(" ".join(str(g[key]) for key in KEYS) for g in drawn)
    said = subprocess.run([str(program)], input=text, capture_output=True, text=True, check=True).stdout.split()
    for index, g in enumerate(drawn):
        expected = [
            size(g, core)
            for core in (buffers.MVE, buffers.DSP)
            for size in (buffers.scratch_conv2d, buffers.scratch_dwconv2d)
        ] + [buffers.scratch_avg_pool2d(g["in_c"], core) for core in (buffers.MVE, buffers.DSP)]
        assert [int(value) for value in said[6 * index : 6 * index + 6]] == expected, g
