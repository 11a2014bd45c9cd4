"""The kernels for float16 and float32 activations: of layers with weights here, of the others by `kernels`.

One header and one template serve both types (eq_<op>_float.h, <op>_float.c.j2); records and functions have f16 or f32
in their names. Weights are stored in the layer's type, biases in float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from edgeq.ir.graph import Graph, Node
from edgeq.ops import half_sums
from edgeq.ops.base import NO_OPERANDS, Arrangement, Constant, Kernel, output_pixels
from edgeq.ops.float_types import FLOAT16, FLOATS, FloatType
from edgeq.ops.half_sums import HalfSums
from edgeq.packing import floats, wide
from edgeq.packing.blocks import channels_first, filters

Parameters = Callable[[Graph, Node], dict[str, Any]]


def c_number(value: float) -> str:
    """A float literal that reads back as the nearest float32."""
    if np.isinf(value):
        return "EQ_FLOAT_INFINITY" if value > 0 else "-EQ_FLOAT_INFINITY"
    text = f"{float(np.float32(value)):.9g}"
    return f"{text}f" if any(mark in text for mark in ".en") else f"{text}.0f"


def bounds(low: float | None, high: float | None) -> dict[str, str]:
    """act_min and act_max of a record; None is no bound."""
    return {
        "act_min": c_number(-np.inf if low is None else low),
        "act_max": c_number(np.inf if high is None else high),
    }


def activation(node: Node) -> dict[str, str]:
    """act_min and act_max of the node's fused activation."""
    return bounds(*node.attributes.get("activation", (None, None)))


def with_record(op: str, kind: FloatType, parameters: Parameters) -> Parameters:
    """The parameters, the record that takes them, and the fused activation's bounds where they have none."""
    record = f"eq_{op}_{kind.suffix}_t"
    return lambda graph, node: {**activation(node), **parameters(graph, node), "record": record}


def kernels(op: str, parameters: Parameters, **details: Any) -> tuple[Kernel, ...]:
    """The portable kernels of an operator without weights for both types. `details`: of the kernels; a `function` has
    {type} in it."""
    function = details.pop("function", f"eq_{op}_{{type}}_scalar")
    source = details.pop("source", f"{op}/eq_{op}_{{type}}_scalar.c")
    return tuple(
        Kernel(
            function.replace("{type}", kind.suffix),
            "scalar",
            source.replace("{type}", kind.suffix),
            family=f"{op}_float",
            dtype=kind.name,
            parameters=with_record(op, kind, parameters),
            **details,
        )
        for kind in FLOATS.values()
    )


def constant(data: np.ndarray) -> Constant:
    """A floating-point array in flash."""
    halves = data.dtype == np.float16
    return Constant("uint16_t", data.view(np.uint16)) if halves else Constant("float", data.astype(np.float32))


def packed(pack: Callable[[np.ndarray], np.ndarray], lanes: int) -> Callable[[Graph, Node], dict[str, Constant]]:
    """Constants of a kernel with weights in the order of `pack`, and biases up to a multiple of `lanes`; those that the
    firmware makes (Kernel.operands) are none."""

    def constants(graph: Graph, node: Node) -> dict[str, Constant]:
        weights, bias = (graph.tensor(name).data for name in node.inputs[1:3])
        found = {}
        if weights is not None:
            found["weights"] = constant(np.ascontiguousarray(pack(weights)))
        if bias is not None:
            found["bias"] = constant(floats.padded_bias(bias, lanes))
        return found

    return constants


def weighted(
    op: str,
    isa: str,
    kind: FloatType,
    parameters: Parameters,
    units: Callable[[Graph, Node], int],
    weights: Arrangement | None,
    lanes: int,
    **details: Any,
) -> Kernel:
    """A kernel of a layer with weights, which it reads in the order `weights` where the firmware makes them (None: it
    can't), and biases up to a multiple of `lanes`. `isa`: in its name, what it is for may stand before."""
    return Kernel(
        f"eq_{op}_{kind.suffix}_{isa}",
        isa.rpartition("_")[2],
        f"{op}/eq_{op}_{kind.suffix}_{isa}.c",
        units=units,
        family=f"{op}_float",
        dtype=kind.name,
        parameters=with_record(op, kind, parameters),
        operands={"weights": (1, weights), "bias": (2, Arrangement("plain", lanes))} if weights else NO_OPERANDS,
        **details,
    )


@dataclass(frozen=True)
class Block:
    """How kernels of an instruction set multiply: blocks of `lanes` channels and `pixels` pixels (or rows), weights in
    the order of `pack`, which is that of `weights`; `scratch_bytes` of patches of so many numbers. `types`: of
    activations that it takes."""

    isa: str
    types: tuple[str, ...]
    lanes: int
    pixels: int
    weights: Arrangement
    pack: Callable[[np.ndarray], np.ndarray]
    scratch_bytes: Callable[[int], int]
    why: str


BLOCKS = (
    Block("xpulp", (FLOAT16,), floats.LANES, floats.PIXELS, Arrangement("filters", floats.LANES, floats.XPULP_STEP, 2),
          floats.pack_xpulp, floats.scratch_xpulp,
          "dot products of FP16 pairs, float32 sums, 4 pixels x 4 channels"),
    Block("mve", tuple(FLOATS), floats.MVE_LANES, floats.MVE_PIXELS, Arrangement("filters", floats.MVE_LANES),
          floats.pack_mve, floats.scratch_mve,
          "float32 vectors, 3 pixels x 8 channels"),
    Block("scalar", tuple(FLOATS), floats.LANES, floats.PIXELS, Arrangement("filters", floats.LANES, floats.STEP),
          floats.pack_scalar, floats.scratch_scalar,
          "portable C, 4 pixels x 4 channels"),
)  # fmt: skip


#: weights [sums, products] as a kernel with FP16 sums takes them, in its order
Rows = Callable[[np.ndarray], np.ndarray]


def half_kernel(
    op: str,
    parameters: Parameters,
    units: Callable[[Graph, Node], int],
    rows: Rows,
    terms: int,
    pack: Rows,
    **details: Any,
) -> Kernel:
    """The MVE kernel with partial sums of `terms` products in FP16. `pack`: the order of its weights."""

    def power(graph: Graph, node: Node) -> int:
        return half_sums.exponent(rows(graph.constant(node.inputs[1])), terms)

    def obstacle(graph: Graph, node: Node) -> str | None:
        if not all(graph.tensor(name).is_constant for name in node.inputs[1:3]):
            return "its weights are trained"
        return half_sums.obstacle(rows(graph.constant(node.inputs[1])), terms)

    def constants(graph: Graph, node: Node) -> dict[str, Constant]:
        weights = half_sums.divided(graph.constant(node.inputs[1]), power(graph, node))
        bias = floats.padded_bias(graph.constant(node.inputs[2]), floats.MVE_LANES)
        return {"weights": constant(np.ascontiguousarray(pack(weights))), "bias": constant(bias)}

    def with_scale(graph: Graph, node: Node) -> dict[str, Any]:
        return {**parameters(graph, node), "weight_scale": c_number(2.0 ** power(graph, node))}

    return weighted(
        op,
        "half_mve",
        FLOATS[FLOAT16],
        with_scale,
        units,
        None,
        floats.MVE_LANES,
        applies=obstacle,
        pack=constants,
        half_sums=lambda graph, node: HalfSums(terms, 2.0 ** power(graph, node)),
        **details,
    )


def conv2d(geometry: Callable[[Graph, Node], dict[str, int]]) -> tuple[Kernel, ...]:
    """Kernels of conv2d; `geometry`: its integers."""

    def scratch(block: Block, graph: Graph, node: Node) -> int:
        g = geometry(graph, node)
        return block.scratch_bytes(g["kernel_h"] * g["kernel_w"] * g["in_c"])

    half = half_kernel(
        "conv2d",
        geometry,
        output_pixels,
        filters,
        half_sums.PRODUCTS,
        floats.pack_half_mve,
        granule=_always(2),
        scratch_bytes=lambda graph, node: wide.scratch_conv2d(geometry(graph, node), half_sums.PRODUCTS, 2, True),
        why="FP16 vectors, partial sums of 8 products, 2 pixels x 8 channels",
    )
    return half, *(
        weighted(
            "conv2d",
            block.isa,
            FLOATS[dtype],
            geometry,
            output_pixels,
            block.weights,
            block.lanes,
            granule=_always(block.pixels),
            pack=packed(block.pack, block.lanes),
            scratch_bytes=partial(scratch, block),
            why=block.why,
        )
        for block in BLOCKS
        for dtype in block.types
    )


def linear(parameters: Parameters, units: Callable[[Graph, Node], int]) -> tuple[Kernel, ...]:
    """Kernels of linear."""

    def scratch(block: Block, graph: Graph, node: Node) -> int:
        return block.scratch_bytes(graph.tensor(node.inputs[0]).shape[-1])

    def scratch_half(graph: Graph, node: Node) -> int:
        features = int(graph.tensor(node.inputs[0]).shape[-1])
        return 0 if features % half_sums.PRODUCTS == 0 else wide.scratch(features, half_sums.PRODUCTS, 2)

    half = half_kernel(
        "linear",
        parameters,
        units,
        filters,
        half_sums.PRODUCTS,
        floats.pack_half_mve,
        granule=_always(floats.MVE_LANES),
        scratch_bytes=scratch_half,
        why="FP16 vectors, partial sums of 8 products, 2 rows x 8 channels",
    )
    return half, *(
        weighted(
            "linear",
            block.isa,
            FLOATS[dtype],
            parameters,
            units,
            block.weights,
            block.lanes,
            granule=_always(block.lanes),
            pack=packed(block.pack, block.lanes),
            scratch_bytes=partial(scratch, block),
            why=block.why.replace("pixels", "rows"),
        )
        for block in BLOCKS
        for dtype in block.types
    )


def _always(granule: int) -> Callable[[Graph, Node], int]:
    return lambda graph, node: granule


def dwconv2d(geometry: Callable[[Graph, Node], dict[str, int]]) -> tuple[Kernel, ...]:
    """Kernels of dwconv2d."""

    def scratch_xpulp(graph: Graph, node: Node) -> int:
        g = geometry(graph, node)
        return floats.scratch_dwconv2d_xpulp(g["kernel_h"] * g["kernel_w"])

    half = half_kernel(
        "dwconv2d",
        geometry,
        output_pixels,
        lambda weights: filters(channels_first(weights)),
        half_sums.TAPS,
        wide.pack_dwconv2d_mve,
        scratch_bytes=lambda graph, node: wide.scratch_dwconv2d(geometry(graph, node)),
        why="FP16 vectors, partial sums of 9 taps, 8 channels",
    )
    forms = (
        ("mve", floats.MVE_LANES, "float32 vectors, 8 channels"),
        ("scalar", floats.LANES, "portable C, 4 channels"),
    )
    return (
        half,
        weighted(
            "dwconv2d",
            "xpulp",
            FLOATS[FLOAT16],
            geometry,
            lambda graph, node: geometry(graph, node)["in_c"] // 2 * geometry(graph, node)["out_h"],
            Arrangement(),
            floats.LANES,
            applies=lambda graph, node: "an odd number of channels" if geometry(graph, node)["in_c"] % 2 else None,
            pack=packed(lambda weights: weights, floats.LANES),
            scratch_bytes=scratch_xpulp,
            why="FP16 products, float32 sums, 2 channels, windows of 3 columns slide",
        ),
        *(
            weighted(
                "dwconv2d",
                isa,
                kind,
                geometry,
                output_pixels,
                Arrangement(),
                lanes,
                pack=packed(lambda weights: weights, lanes),
                why=why,
            )
            for isa, lanes, why in forms
            for kind in FLOATS.values()
        ),
    )
