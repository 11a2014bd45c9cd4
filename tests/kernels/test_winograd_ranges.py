"""Winograd kernels write the pixels of their range and nothing else, wherever in a tile it begins and ends."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.ops.spatial import Window, exact_matmul, windows
from edgeq.packing import winograd
from edgeq.packing.winograd import F2, F4, Form
from edgeq.paths import runtime_dir
from tests.tools import require_tool

INTEGERS = (
    *("in_h", "in_w", "in_c", "out_h", "out_w", "out_c", "kernel_h", "kernel_w"),
    *("stride_h", "stride_w", "pad_top", "pad_left", "dilation_h", "dilation_w", "input_zero_point"),
)
UNTOUCHED = 85


class Requant(ctypes.Structure):
    _fields_ = [
        ("multiplier", ctypes.c_void_p),
        ("shift", ctypes.c_void_p),
        *((name, ctypes.c_int32) for name in ("output_zero_point", "act_min", "act_max")),
    ]


class Parameters(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int32) for name in INTEGERS),
        ("weights", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("requant", Requant),
    ]


class Range(ctypes.Structure):
    _fields_ = [("begin", ctypes.c_int32), ("end", ctypes.c_int32)]


@pytest.mark.parametrize("form", [F2, F4], ids=["2x2", "4x4"])
def test_nothing_outside_the_range(form: Form, tmp_path: Path) -> None:
    name = f"eq_conv2d_s8_winograd{form.side}x{form.side}"
    root = runtime_dir()
    library = tmp_path / "kernel.so"
    command = [require_tool(load_board("host").toolchain.compiler), "-std=c11", "-O1", "-shared", "-fPIC"]
    command += [f"-I{root / 'include'}", f"-I{root / 'src' / 'common'}", f"-o{library}"]
    subprocess.run([*command, str(root / "src" / "conv2d" / f"{name}_rv32im.c")], check=True)
    kernel = ctypes.CDLL(str(library))[f"{name}_high_rv32im"]
    rng = np.random.default_rng(0)
    out_h, out_w, in_c, out_c = 9, 7, 5, 6
    x = rng.integers(-128, 128, (1, out_h, out_w, in_c)).astype(np.int8)
    weights = rng.integers(-127, 128, (out_c, 3, 3, in_c)).astype(np.int8)
    patches = windows(x.astype(np.int16) + 3, Window((3, 3), (1, 1), (1, 1, 1, 1), (1, 1)), 0)
    acc = exact_matmul(patches.reshape(-1, 9 * in_c), weights.reshape(out_c, -1).T)
    multiplier = np.full(out_c, 2**22, np.int32)
    expected = np.clip((acc * 2**22 + 2**31) >> 32, -128, 127).astype(np.int8)
    packed = winograd.pack_rv32im(weights, form)
    bias = (3 * weights.astype(np.int32).sum(axis=(1, 2, 3))).astype(np.int32)
    geometry = dict(zip(INTEGERS, (out_h, out_w, in_c, out_h, out_w, out_c, 3, 3, 1, 1, 1, 1, 1, 1, -3), strict=True))
    scratch = np.zeros(winograd.scratch_rv32im(geometry, form) + 16, np.int8)
    parameters = Parameters(
        *geometry.values(), packed.ctypes.data, bias.ctypes.data, Requant(multiplier.ctypes.data, None, 0, -128, 127)
    )
    pixels = out_h * out_w
    for begin in range(0, pixels, 4):
        for end in range(begin, pixels + 1, 5):
            output = np.full((pixels, out_c), UNTOUCHED, np.int8)
            kernel(
                ctypes.byref(parameters),
                ctypes.c_void_p(x.ctypes.data),
                ctypes.c_void_p(output.ctypes.data),
                ctypes.c_void_p(scratch.ctypes.data),
                Range(begin, end),
            )
            np.testing.assert_array_equal(output[begin:end], expected[begin:end])
            assert np.all(output[:begin] == UNTOUCHED)
            assert np.all(output[end:] == UNTOUCHED)
