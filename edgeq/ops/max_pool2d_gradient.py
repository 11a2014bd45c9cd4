"""max_pool2d_gradient: the gradient of a max pool's input: x [1, H, W, C], dy [1, out_h, out_w, C] -> [1, H, W, C]. A
window gives dy to the first of its largest pixels, row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import training
from edgeq.ops.float_types import Rounding
from edgeq.ops.spatial import Window, windows


def _geometry(graph: Graph, node: Node) -> dict[str, int]:
    x, dy = (graph.tensor(name) for name in node.inputs)
    return {
        **dict(zip(("in_h", "in_w", "channels"), x.shape[1:], strict=True)),
        **dict(zip(("out_h", "out_w"), (dy.shape[1], dy.shape[2]), strict=True)),
        **Window.of(node.attributes).fields(),
    }


def _channels(graph: Graph, node: Node) -> int:
    return graph.tensor(node.output).shape[3]


class MaxPool2dGradient(training.SameShape):
    name = "max_pool2d_gradient"
    kernels = training.kernels("max_pool2d_gradient", _geometry, units=_channels, family="pool2d_gradient")

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, dy = inputs
        window = Window.of(node.attributes)
        patches = windows(x, window, -np.inf)
        taps = patches.reshape(*patches.shape[:3], -1, x.shape[3])
        first = taps.argmax(axis=3)

        def tap(ky: int, kx: int) -> np.ndarray:
            return np.where(first == ky * window.kernel[1] + kx, dy, 0)

        return [training.spread(tap, window, (dy.shape[1], dy.shape[2]), x.shape, dy.dtype)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        (magnitude,) = self.run_float(node, [inputs[0], np.abs(inputs[1])])
        return Rounding(int(np.prod(Window.of(node.attributes).kernel)), magnitude)


OP = MaxPool2dGradient()
