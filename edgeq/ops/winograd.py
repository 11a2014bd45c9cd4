"""The Winograd kernels of conv2d: fewer multiplications for larger weights, exact (packing/winograd.py)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import conv2d_cost
from edgeq.ops.base import Constant, Kernel, output_pixels
from edgeq.packing import winograd
from edgeq.packing.blocks import Geometry
from edgeq.packing.winograd import F2, F4, Form

GeometryOf = Callable[[Graph, Node], dict[str, int]]
Packed = Callable[[Callable[[np.ndarray], np.ndarray]], Callable[[Graph, Node], dict[str, Constant]]]


def kernels(geometry: GeometryOf, packed: Packed) -> tuple[Kernel, ...]:
    """Kernels of all instruction sets, given conv2d's functions of these names."""

    def kernel(
        isa: str,
        form: Form,
        pack: Callable[[np.ndarray], np.ndarray],
        scratch: Callable[[Geometry], int],
        cost: Callable[[Geometry], int],
        code_bytes: int,
    ) -> Kernel:
        name = f"{form.side}x{form.side}"
        return Kernel(
            f"eq_conv2d_s8_winograd{name}_{{form}}_{isa}",
            isa,
            f"conv2d/eq_conv2d_s8_winograd{name}_{isa}.c",
            units=output_pixels,
            granule=lambda graph, node: winograd.granule(geometry(graph, node), form),
            applies=lambda graph, node: winograd.obstacle(geometry(graph, node), graph.constant(node.inputs[1]), form),
            pack=packed(pack),
            scratch_bytes=lambda graph, node: scratch(geometry(graph, node)),
            why=f"Winograd F({name}), {form.positions} multiplications for {9 * form.side**2}",
            instructions=lambda graph, node: cost(geometry(graph, node)),
            code_bytes=code_bytes,
            expands=True,
        )

    def rv32im(form: Form, cost: Callable[[Geometry], int], code_bytes: int) -> Kernel:
        return kernel(
            "rv32im",
            form,
            lambda weights: winograd.pack_rv32im(weights, form),
            lambda geometry: winograd.scratch_rv32im(geometry, form),
            cost,
            code_bytes,
        )

    return (
        kernel("dsp", F2, winograd.pack_dsp, winograd.scratch_dsp, conv2d_cost.winograd2x2_dsp, 4600),
        rv32im(F4, conv2d_cost.winograd4x4_rv32im, 3300),
        rv32im(F2, conv2d_cost.winograd2x2_rv32im, 3100),
    )
