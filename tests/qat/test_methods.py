"""Every method against figures computed by hand from its paper's formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Quantization
from edgeq.ops import weight_types
from edgeq.ops.weight_types import BINARY, INT2, INT4, TERNARY, TYPES, WeightType
from edgeq.qat import bireal, bitnet, denseshift, dorefa, estimators, lsq, methods, pact, reactnet, sawb, xnor
from edgeq.qat.quantizers import WeightQuantizer


def gradient_of(result: Tensor, of: Tensor) -> np.ndarray:
    (found,) = torch.autograd.grad(result.sum(), of, retain_graph=True)
    return found.numpy()


def leaf(*values: float) -> Tensor:
    return torch.tensor([values], requires_grad=True)


@pytest.mark.parametrize("stored", [INT4, INT2, TERNARY, BINARY], ids=lambda stored: stored.name)
def test_levels_are_those_of_the_reference(stored: WeightType) -> None:
    v = torch.linspace(-9, 9, 145)  # the borders between levels among them
    expected = stored.nearest(v.numpy().astype(np.float64))
    np.testing.assert_array_equal(estimators.nearest_level(v, stored).numpy(), expected)


def test_straight_through_gradient_ends_at_the_levels() -> None:
    v = leaf(-7.5, -6.9, 0.0, 6.9, 7.5)
    np.testing.assert_array_equal(gradient_of(estimators.nearest_level(v, INT4), v), [[0, 1, 1, 1, 0]])
    np.testing.assert_array_equal(gradient_of(estimators.nearest_level(v, INT4, beyond=True), v), [[1, 1, 1, 1, 1]])


def test_approximate_sign_has_the_gradient_of_bi_real_net() -> None:
    v = leaf(-1.5, -0.75, -0.0, 0.25, 0.5, 2.0)
    y = estimators.approximate_sign(v)
    np.testing.assert_array_equal(y.detach().numpy(), [[-1, -1, 1, 1, 1, 1]])
    np.testing.assert_allclose(gradient_of(y, v), [[0, 0.5, 2, 1.5, 1, 0]], atol=1e-6)


def test_fake_quantization_is_torchs_own() -> None:
    x = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours = estimators.fake_quantize(x, torch.tensor(0.013), -128, 127, -100)
    theirs = torch.fake_quantize_per_tensor_affine(x, 0.013, -100, -128, 127)
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())
    np.testing.assert_array_equal(gradient_of(ours, x), gradient_of(theirs, x))


def test_lsq_gradients_are_equation_3() -> None:
    """s = 0.5, range 0..255 with zero point -128: inside q - v, beyond the end Q; times 1 / sqrt(N * Q)."""
    quantizer = lsq.Activations(Quantization.per_tensor(0.5, -128))
    x = torch.tensor([[0.6, 1.3, 400.0, -3.0]], requires_grad=True)
    y = quantizer(x)
    np.testing.assert_allclose(y.detach().numpy(), [[0.5, 1.5, 127.5, 0.0]])
    expected = ((1 - 1.2) + (3 - 2.6) + 255 + 0) / math.sqrt(4 * 127)
    np.testing.assert_allclose(gradient_of(y, quantizer.step), expected, rtol=1e-5)
    np.testing.assert_array_equal(gradient_of(y, x), [[1, 1, 0, 0]])


def test_lsq_weights_learn_a_scale_per_channel() -> None:
    w = torch.tensor([[0.9, -0.26, 0.4], [3.0, 0.2, -1.0]], requires_grad=True)
    quantizer = lsq.Weights(w, TERNARY)
    quantizer.step.data = torch.tensor([0.5, 1.0])
    y = quantizer(w)
    np.testing.assert_allclose(y.detach().numpy(), [[0.5, -0.5, 0.5], [1.0, 0.0, -1.0]])
    factor = 1 / math.sqrt(3)
    beyond_and_inside = [1 + (-1 + 0.52) + (1 - 0.8), 1 + (0 - 0.2) + (-1 + 1.0)]
    np.testing.assert_allclose(gradient_of(y, quantizer.step), np.array(beyond_and_inside) * factor, rtol=1e-5)


def test_pact_learns_the_clip_from_what_is_beyond_it() -> None:
    quantizer = pact.Activations(Quantization.per_tensor(2.0 / 255, -128))
    assert float(quantizer.alpha.detach()) == pytest.approx(2.0)
    x = leaf(-1.0, 0.5, 1.999, 2.5, 7.0)
    y = quantizer(x)
    np.testing.assert_allclose(y.detach().numpy(), [[0, 64 * 2 / 255, 2, 2, 2]], rtol=1e-6)
    assert gradient_of(y, quantizer.alpha) == pytest.approx(2.0)  # two values are clipped
    np.testing.assert_array_equal(gradient_of(y, x), [[0, 1, 1, 0, 0]])


@pytest.mark.parametrize("name", ["int4", "int2", "ternary", "binary"])
@pytest.mark.parametrize("draw", ["standard_normal", "laplace", "uniform"])
def test_sawb_finds_nearly_the_best_scale(name: str, draw: str) -> None:
    """The best one is looked for by trying; uniform weights at 4 bits are where the regression is worst."""
    rng = np.random.default_rng(0)
    w = rng.uniform(-1, 1, 20000) if draw == "uniform" else getattr(rng, draw)(size=20000)
    stored = weight_types.TYPES[name]
    found = float(sawb.Weights(torch.ones(1, 1), stored).scale(torch.from_numpy(w[None]).float()))

    def error(scale: float) -> float:
        return float(np.square(w - scale * stored.nearest(w / scale)).sum())

    best = min(error(scale) for scale in np.linspace(0.5, 1.6, 111) * found)
    assert error(found) <= 1.08 * best


def test_dorefa_at_two_bits_is_the_papers_formula() -> None:
    w = torch.tensor([[0.3, -1.2], [0.05, 2.0]])
    squeezed = np.tanh(w.numpy())
    r = squeezed / (2 * np.abs(squeezed).max()) + 0.5
    expected = 2 * np.round(3 * r) / 3 - 1
    steps = dorefa.Weights(w, INT2).steps(w).numpy()
    np.testing.assert_allclose(steps / 3, expected, atol=1e-6)


def test_dorefa_at_one_bit_has_the_layers_mean_magnitude() -> None:
    w = torch.tensor([[0.5, -1.5], [1.0, 3.0]])
    np.testing.assert_allclose(dorefa.Weights(w, BINARY)(w).numpy(), [[1.5, -1.5], [1.5, 1.5]])


def test_bitnet_rounds_in_units_of_mean_and_median() -> None:
    w = torch.tensor([[0.1, -0.5, 0.8, 1.0, -2.6]], requires_grad=True)
    mean, median = bitnet.MeanWeights(w, TERNARY), bitnet.MedianWeights(w, TERNARY)
    np.testing.assert_allclose(mean(w).detach().numpy(), [[0, 0, 1, 1, -1]])  # gamma = 1, and 0.5 rounds to even
    np.testing.assert_allclose(median(w).detach().numpy(), np.float32([[0, -0.8, 0.8, 0.8, -0.8]]))  # gamma = 0.8
    np.testing.assert_allclose(gradient_of(mean(w), w), np.ones((1, 5)))


def test_xnor_net_has_the_scale_of_least_squared_error() -> None:
    w = torch.tensor([[0.5, -1.5, 0.25, 0.75]], requires_grad=True)
    y = xnor.Weights(w, BINARY)(w)
    np.testing.assert_allclose(y.detach().numpy(), [[0.75, -0.75, 0.75, 0.75]])
    # alpha * dsign + (1 / n) * sum of signs of the outputs * sign(w_i)
    expected = np.array([[1, 0, 1, 1]]) * 0.75 + 2 / 4 * np.array([[1, -1, 1, 1]])
    np.testing.assert_allclose(gradient_of(y, w), expected)


def test_bi_real_net_sees_the_magnitude_as_a_constant() -> None:
    w = torch.tensor([[0.5, -1.5, 0.25, 0.75]], requires_grad=True)
    y = bireal.Weights(w, BINARY)(w)
    np.testing.assert_allclose(gradient_of(y, w), [[0.75, 0, 0.75, 0.75]])
    body = torch.nn.Conv2d(2, 2, 1, bias=False)
    x = torch.ones(1, 2, 3, 3)
    np.testing.assert_allclose(bireal.Shortcut(body)(x).detach(), (body(x) + x).detach())


def test_reactnet_shifts_signs_and_slopes() -> None:
    sign, slope = reactnet.RSign(2), reactnet.RPReLU(2)
    with torch.no_grad():
        sign.threshold.copy_(torch.tensor([0.5, -0.5]))
        for name, values in (("gamma", [0.5, 0.0]), ("zeta", [0.1, 0.0]), ("beta", [0.25, 0.5])):
            getattr(slope, name).copy_(torch.tensor(values))
    x = torch.tensor([[0.0, 0.0], [1.0, -1.0]]).reshape(2, 2, 1, 1)
    np.testing.assert_array_equal(sign(x).detach().flatten(1), [[-1, 1], [1, -1]])
    np.testing.assert_allclose(slope(x).detach().flatten(1), [[-0.125 + 0.1, 0.0], [0.5 + 0.1, -0.5]], rtol=1e-6)
    assert gradient_of(sign(x), sign.threshold) == pytest.approx([-2 * (1 - 0.5) * 2, -2 * (1 - 0.5) * 2])


def test_denseshift_is_a_power_of_two_with_a_sign() -> None:
    w = torch.tensor([[1.0, -2.0, 4.0, -4.0, 1.1, 0.01]])
    quantizer = denseshift.Weights(w, INT4)
    with torch.no_grad():
        quantizer.step.fill_(1.0)
        steps = quantizer.steps(w).numpy()
        np.testing.assert_array_equal(np.abs(steps[0, :4]), [1, 2, 4, 4])
        np.testing.assert_array_equal(np.sign(steps), np.sign(w.numpy()))
        quantizer.shifts[-1, 0, 2] = -0.01  # the last latent number below 0: no shift at all
        assert quantizer.steps(w)[0, 2] == 1.0


@pytest.mark.parametrize("method", sorted(methods.WEIGHTS))
def test_integers_are_levels_whose_products_are_the_forward_pass(method: str) -> None:
    w = torch.randn(6, 4, 3, 3, generator=torch.Generator().manual_seed(3))
    kind: type[WeightQuantizer] = methods.WEIGHTS[method]
    for name in kind.types:
        stored = weight_types.TYPES[name]
        quantizer = kind(w, stored)
        integers, scales = quantizer.integers(w)
        assert set(np.unique(integers)) <= set(stored.levels)
        real = integers * scales.reshape(-1, 1, 1, 1)
        np.testing.assert_allclose(quantizer(w).detach().numpy(), real, rtol=1e-5)


def test_unknown_methods_name_the_nearest() -> None:
    with pytest.raises(EdgeqError, match="did you mean 'dorefa'"):
        methods.require("dorfa", "lsq")
    with pytest.raises(EdgeqError, match="layer a: the method 'xnor' is for binary weights, not int4"):
        methods.require_type("xnor", INT4, "a")
    with pytest.raises(EdgeqError, match="weights, not int4g32"):
        methods.require_type("lsq", TYPES["int4g32"], "a")
