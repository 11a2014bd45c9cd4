"""eq_tune.c against the quantizer and the packing of edgeq: the same bytes for random weights in every order that a
kernel reads, under both roundings; what can't be expressed is refused, and nothing written."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.ops import fixed_point, weighted
from edgeq.packing import dsp, mve, order, rv32im, xpulp
from edgeq.packing.order import STORES, Order
from edgeq.paths import runtime_dir
from tests.tools import require_tool

OK, PARAMETERS = 0, 7
FILTERS = (order.plain, xpulp.order_conv2d, mve.order_conv2d, dsp.order_conv2d, dsp.order_linear)
ROWS_OF_THREE = (xpulp.order_conv2d_kx3,)
DEPTHWISE = (
    order.plain_depthwise,
    xpulp.order_dwconv2d,
    xpulp.order_dwconv2d_k4x4,
    mve.order_dwconv2d,
    dsp.order_dwconv2d,
)
DEPTHWISE_3X3 = (dsp.order_dwconv2d_k3x3, rv32im.order_dwconv2d_k3x3)


class Loop(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_int32) for name in ("axis", "count", "step", "stride")), ("places", ctypes.c_void_p))


class OrderRecord(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int32) for name in ("store", "axes", "loops")),
        ("sizes", ctypes.c_int32 * order.MOST_AXES),
        ("loop", Loop * order.MOST_LOOPS),
    )


class Tune(ctypes.Structure):
    _fields_ = (
        ("order", OrderRecord),
        *((name, ctypes.c_int32) for name in ("channels", "channel_stride", "weight_stride")),
        *((name, ctypes.c_double) for name in ("input_scale", "output_scale", "floor")),
        *((name, ctypes.c_int32) for name in ("input_zero_point", "doubly_rounded")),
    )


class Tuned(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_void_p) for name in ("weights", "bias", "multiplier", "shift"))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    target = tmp_path_factory.mktemp("tune") / "tune.so"
    source = runtime_dir() / "src" / "tune" / "eq_tune.c"
    flags = "-std=c11 -O2 -Wall -Wextra -Wconversion -Werror -shared -fPIC -fsanitize=undefined -fno-sanitize-recover"
    command = [require_tool("cc"), *flags.split(), f"-I{runtime_dir() / 'include'}", str(source), "-o", str(target)]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(target))


def record(made: Order, kept: list[ctypes.Array]) -> OrderRecord:
    """`kept`: what must live as long."""
    loops = []
    for index, loop in enumerate(made.loops):
        stride = int(np.prod([inner.count for inner in made.loops[index + 1 :]]))
        places = (ctypes.c_uint8 * len(loop.places))(*loop.places) if loop.places else None
        if places is not None:
            kept.append(places)
        address = ctypes.addressof(places) if places is not None else None
        loops.append(Loop(loop.axis, loop.count, loop.step, stride, address))
    return OrderRecord(
        STORES.index(made.store),
        len(made.sizes),
        len(loops),
        (ctypes.c_int32 * order.MOST_AXES)(*made.sizes),
        (Loop * order.MOST_LOOPS)(*loops),
    )


def shapes(draw: st.DrawFn) -> tuple[Callable[[tuple[int, ...]], Order], tuple[int, ...]]:
    kind = draw(st.sampled_from([FILTERS, ROWS_OF_THREE, DEPTHWISE, DEPTHWISE_3X3]))
    sizes = [draw(st.integers(1, 9)), draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 18))]
    shape = (sizes[0], sizes[1], 3 if kind is ROWS_OF_THREE else sizes[2], sizes[3])
    if kind in (DEPTHWISE, DEPTHWISE_3X3):
        shape = (3, 3, sizes[3]) if kind is DEPTHWISE_3X3 else (sizes[1], sizes[2], sizes[3])
    return draw(st.sampled_from(kind)), shape


@given(st.data())
def test_it_is_the_quantizer(library: ctypes.CDLL, data: st.DataObject) -> None:
    order_of, shape = data.draw(st.composite(shapes)())
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    axis = 2 if len(shape) == 3 else 0
    channels = shape[axis]
    trained = data.draw(st.integers(1, channels))
    rounding = data.draw(st.sampled_from([fixed_point.SINGLE, fixed_point.TFLITE]))
    size, zero_point = 10.0 ** data.draw(st.integers(-8, 6)), data.draw(st.integers(-128, 127))
    x, y = (10.0 ** rng.uniform(-3, 1) for _ in range(2))
    whole = (size * rng.standard_normal(shape)).astype(np.float32)
    weights = np.split(whole, [trained], axis)[0]
    weights[..., :1] *= data.draw(st.sampled_from([1.0, 0.0]))
    bias = (size * rng.standard_normal(trained)).astype(np.float32)
    hit = data.draw(st.sampled_from([None, np.inf, np.nan, 3e38]))
    if hit is not None:
        (weights.reshape(-1) if data.draw(st.booleans()) else bias)[-1:] = hit
    before = rng.integers(-127, 128, shape).astype(np.int8)
    made = order_of(shape)
    packed = made.packed(before)
    bias_now, multiplier_now = np.zeros(channels, np.int32), np.zeros(channels, np.int32)
    shift_now = np.zeros(channels, np.int8)
    kept: list[ctypes.Array] = []
    floor = weighted.scale_floor(x, y)
    last = axis == 2
    contiguous = np.ascontiguousarray(weights)
    tune = Tune(
        record(made, kept), trained, 1 if last else contiguous[0].size, trained if last else 1,
        x, y, floor, zero_point, int(rounding == fixed_point.TFLITE),
    )  # fmt: skip
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (contiguous, bias)]
    target = Tuned(*(array.ctypes.data for array in (packed, bias_now, multiplier_now, shift_now)))
    untouched = packed.copy()
    status = library.eq_tune(ctypes.byref(tune), *pointers, None)
    assert np.array_equal(packed, untouched)
    finite = np.all(np.isfinite(weights)) and np.all(np.isfinite(bias))
    if not finite:
        assert status == PARAMETERS
        return
    scales = weighted.weight_scales(weights, bias, axis, x, floor)
    integers, steps, ratio = weighted.rounded(weights, scales, axis), np.rint(bias / (x * scales)), x * scales / y
    largest = weighted.largest_sums(integers, steps, axis)
    fits = np.all(largest < 2**31) and np.all(largest * ratio < 2**31) and np.all(ratio < 2.0**30)
    assert status == (OK if fits else PARAMETERS)
    if not fits:
        return
    assert library.eq_tune(ctypes.byref(tune), *pointers, ctypes.byref(target)) == OK
    after = np.concatenate([integers, np.split(before, [trained], axis)[1]], axis)
    assert np.array_equal(packed, made.packed(after))
    sums = integers.astype(np.int64).sum(axis=weighted.other_axes(integers, axis))
    assert np.array_equal(bias_now[:trained], (steps.astype(np.int64) - zero_point * sums).astype(np.int32))
    multiplier, shift = fixed_point.multiplier(ratio, rounding)
    assert np.array_equal(multiplier_now[:trained], multiplier)
    assert np.array_equal(shift_now[:trained], shift)
    assert not np.any(bias_now[trained:])
    assert not np.any(shift_now[trained:])
