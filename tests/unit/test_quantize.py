"""Observers, scales and weights against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from edgeq.errors import EdgeqError
from edgeq.frontend.importer import Importer
from edgeq.ir.graph import Quantization, Tensor
from edgeq.ops.weighted import weight_scales
from edgeq.quantize.convert import Converter, to_integer
from edgeq.quantize.observe import BINS, Histogram, least_squares, minmax, percentile_range
from edgeq.quantize.scales import affine


def histogram(values: np.ndarray) -> Histogram:
    result = Histogram()
    result.widen(values)
    result.count(values)
    return result


def test_minmax_is_the_extremes() -> None:
    assert minmax(histogram(np.array([-1.5, 0.0, 4.0])), 99.0, 256) == (-1.5, 4.0)


def test_percentile_leaves_out_half_of_the_rest_on_either_side() -> None:
    values = np.arange(-1000, 1001, dtype=np.float64)
    low, high = percentile_range(histogram(values), 90.0, 256)
    bin_width = 2000 / BINS
    assert low == pytest.approx(-900, abs=2 * bin_width)
    assert high == pytest.approx(900, abs=2 * bin_width)


def test_percentile_keeps_the_zero_end_of_a_relu() -> None:
    values = np.concatenate([np.zeros(1000), np.arange(1000)]).astype(np.float64)
    assert percentile_range(histogram(values), 90.0, 256)[0] == 0.0


def test_least_squares_cuts_a_lone_outlier() -> None:
    # 10^6 values in [0, 1] and one at 2: cutting at c costs (2 - c)^2, and saves 10^6 * (2^2 - c^2) / (12 * 255^2).
    values = np.concatenate([np.linspace(0, 1, 1_000_000), [2.0]])
    low, high = least_squares(histogram(values), 0.0, 256)
    assert low == 0.0
    # d/dc of 10^6 c^2 / (12 * 255^2) + (2 - c)^2 is zero at c = 2 / (1 + 10^6 / (12 * 255^2)) = 0.876: clipping below 1
    # costs more values, so the best cut lies between 0.876 and 1.05.
    assert 0.876 <= high <= 1.05


def test_least_squares_keeps_a_uniform_range() -> None:
    low, high = least_squares(histogram(np.linspace(-1, 1, 100_000)), 0.0, 256)
    assert low == pytest.approx(-1.0, rel=0.02)
    assert high == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize(
    ("value_range", "scale", "zero_point"),
    [((0.0, 2.55), 0.01, -128), ((-1.28, 1.27), 0.01, 0), ((-2.55, 0.0), 0.01, 127), ((0.0, 0.0), 1.0, 0)],
)
def test_affine(value_range: tuple[float, float], scale: float, zero_point: int) -> None:
    quantization = affine(value_range)
    assert quantization.scale[0] == pytest.approx(scale)
    assert quantization.zero_point == zero_point


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [((0.0, None), (0, 127)), ((-1.0, 1.0), (-10, 10)), ((1.0, -1.0), (-10, -10)), ((None, 99.0), (-128, 127))],
)
def test_integer_bounds(bounds: tuple[float | None, float | None], expected: tuple[int, int]) -> None:
    """Crossed bounds give the upper one, as torch.clamp does."""
    output = Tensor("y", (1,), "int8", Quantization.per_tensor(0.1, 0))
    result = Converter.integer_bounds(bounds, output)
    assert (result["act_min"], result["act_max"]) == expected


def test_outputs_far_below_the_weights_are_refused() -> None:
    """A requantized accumulator must fit int32: kernels keep it in a register before the clamp."""
    importer = Importer("tiny")
    x = importer.input("x", (1, 4))
    importer.begin_call("head", "", ())
    weights, bias = importer.constant(np.full((2, 4), 100.0)), importer.constant(np.zeros(2))
    graph = importer.finish([importer.add("linear", [x, weights, bias], {})])
    with pytest.raises(EdgeqError, match="layer head: its outputs stay within"):
        to_integer(graph, {"x": (-1.0, 1.0), "head": (-1e-9, 1e-9)})


def test_weight_scales_are_per_channel_and_keep_the_bias_in_int32() -> None:
    weights = np.array([[1.27, -0.5], [0.0, 0.0], [1e-9, 1e-9]], np.float32)
    bias = np.array([0.0, 0.0, 100.0], np.float32)
    scales = weight_scales(weights, bias, 0, input_scale=0.1, floor=1e-6)
    assert scales[0] == pytest.approx(0.01)
    assert scales[1] == pytest.approx(1e-6)
    assert abs(100.0 / (0.1 * scales[2])) < 2**30
