"""examples/formats/wave.tflite: a small quantized file for the how-to, written as TensorFlow's converter would."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conftest import EXAMPLES
from tests.tflite.writer import Network


def wave() -> bytes:
    """CONV_2D with a fused relu, MAX_POOL_2D, RESHAPE, FULLY_CONNECTED, SOFTMAX on [1, 16, 16, 1]."""
    rng = np.random.default_rng(0)
    net = Network()

    def constants(shape: tuple[int, ...], scale: float) -> list[int]:
        weights = rng.integers(-127, 128, shape).astype(np.int8)
        scales = scale * rng.uniform(0.5, 1.0, shape[0]) / np.sqrt(weights[0].size)
        bias = rng.integers(-1000, 1000, shape[0]).astype(np.int32)
        return [
            net.tensor(shape, "int8", scales, 0, weights),
            net.tensor(shape[:1], "int32", scales * np.float32(0.02), 0, bias),
        ]

    x = net.input((1, 16, 16, 1), "int8", 0.02, 0)
    image, pooled = net.tensor((1, 8, 8, 8), "int8", 0.02, -128), net.tensor((1, 4, 4, 8), "int8", 0.02, -128)
    flat, scores = net.tensor((1, 128), "int8", 0.02, -128), net.tensor((1, 4), "int8", 0.05, 0)
    shares = net.tensor((1, 4), "int8", 1 / 256, -128)
    window = {"padding": 0, "stride_w": 2, "stride_h": 2}
    convolution = {**window, "fused_activation_function": 1}
    net.operator("CONV_2D", [x, *constants((8, 3, 3, 1), 0.02)], [image], "Conv2DOptions", **convolution)
    net.operator("MAX_POOL_2D", [image], [pooled], "Pool2DOptions", **window, filter_width=2, filter_height=2)
    net.operator("RESHAPE", [pooled, net.integers(1, 128)], [flat], "ReshapeOptions", new_shape=[1, 128])
    net.operator("FULLY_CONNECTED", [flat, *constants((4, 128), 0.02)], [scores], "FullyConnectedOptions")
    net.operator("SOFTMAX", [scores], [shares], "SoftmaxOptions", beta=1.0)
    net.outputs.append(shares)
    return net.bytes()


def test_file_is_up_to_date(request: pytest.FixtureRequest) -> None:
    path = EXAMPLES / "formats" / "wave.tflite"
    if request.config.getoption("--update-golden"):
        path.write_bytes(wave())
    assert wave() == path.read_bytes()
