"""matmul: products of matrices that are both activations, [.., M, K] by [.., K, N]; attributes transposed (the second
is stored as [.., N, K]) and factor (of the whole product). All batches have a matrix of their own, or share the second.

Integer form: acc = (x1 - zero_point1) (x2 - zero_point2), requantized with factor * scale1 * scale2 / scale_out.
Products with a constant matrix are linear layers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Tensor
from edgeq.ops import binary_import, broadcast, fixed_point, float_layers, masked_softmax, softmax
from edgeq.ops.base import Constant, Kernel, Operator, Shape, sum_rounding
from edgeq.ops.float_types import Rounding
from edgeq.packing.blocks import round_up

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

#: products that fit one accumulator
LARGEST_INNER = 2**15 - 1
#: EQ_MATMUL_COLUMNS
PANEL_COLUMNS = 32
#: below so many rows a matrix is not worth packing
FEWEST_ROWS = 4
#: eight columns' offsets fit 16 bits
LARGEST_GATHER = (2**16 - 1) // 7


def product(
    importer: Importer, left: str, right: str, transposed: bool, attributes: Mapping[str, Any], factor: float = 1.0
) -> str:
    """The node of left @ right, or of left @ right^T."""
    shapes = importer.shape(left), importer.shape(right)
    if importer.is_constant(right) and factor == 1.0:
        return _with_constant(importer, left, right, transposed, attributes)
    rank = len(shapes[0])
    if importer.is_constant(left) or importer.is_constant(right) or rank < 3 or len(shapes[1]) > rank:
        raise importer.unsupported(f"a product of {shapes[0]} and {shapes[1]}", "matrices behind a batch of 1")
    right = broadcast.with_rank(importer, right, rank)
    inner = shapes[1][-1 if transposed else -2]
    batches = importer.shape(right)[:-2]
    if batches not in (shapes[0][:-2], (1,) * (rank - 2)) or inner != shapes[0][-1] or inner > LARGEST_INNER:
        raise importer.unsupported(f"a product of {shapes[0]} and {shapes[1]}", "matrices that fit, batch by batch")
    return importer.add("matmul", [left, right], {"transposed": transposed, "factor": factor, **attributes})


def _with_constant(importer: Importer, x: str, matrix: str, transposed: bool, attributes: Mapping[str, Any]) -> str:
    """x @ matrix as a linear layer."""
    shape = importer.shape(matrix)
    if len(shape) < 2 or int(np.prod(shape[:-2])) != 1 or "rounding" in attributes:
        raise importer.unsupported(f"a product with a constant {shape}", "one matrix of float weights")
    values = importer.constant_array(matrix, "a matrix").reshape(shape[-2:])
    weights = values if transposed else values.T
    if weights.shape[1] != importer.shape(x)[-1]:
        raise importer.unsupported(f"a product of {importer.shape(x)} and {shape}", "matrices that fit")
    bias = importer.constant(np.zeros(weights.shape[0], np.float32))
    return importer.add("linear", [x, importer.constant(weights), bias], attributes)


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.matmul, aten.bmm, aten.mm."""
    right = args["other"] if "other" in args else args["mat2"]
    return product(importer, args["self"], right, False, {})


def import_attention(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.scaled_dot_product_attention: softmax(q k^T * scale + mask) v; masks must be constants."""
    query, key, value, mask = args["query"], args["key"], args["value"], args.get("attn_mask")
    if args.get("enable_gqa"):
        raise importer.unsupported("an attention with enable_gqa", "keys and values repeated for all heads")
    scale = args.get("scale")
    factor = float(scale) if scale is not None else float(1.0 / np.sqrt(importer.shape(query)[-1]))
    scores = product(importer, query, key, True, {}, factor)
    if args.get("is_causal"):
        scores = masked_softmax.hide(importer, scores, np.tril(np.ones(importer.shape(scores)[-2:], bool)))
    if mask is not None:
        values = importer.constant_array(mask, "the mask of an attention")
        if importer.is_boolean(mask):
            scores = masked_softmax.hide(importer, scores, values.astype(bool))
        else:
            scores = binary_import.combine(importer, "add", scores, mask)
    return product(importer, softmax.over_last(importer, scores), value, False, {})


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """BATCH_MATMUL; adj_x transposes the first operand, adj_y the second."""
    left, attributes = call.input(0), call.attributes()
    ranks = [len(importer.shape(name)) for name in (left, call.input(1))]
    if min(ranks) < 2:
        raise importer.unsupported(f"a product of operands of {ranks[0]} and {ranks[1]} axes", "matrices")
    if call.option("adj_x"):
        rank = len(importer.shape(left))
        prescribed = importer.quantization(left)
        left = importer.transpose(left, (*range(rank - 2), rank - 1, rank - 2))
        if prescribed is not None:
            importer.prescribe(left, prescribed)
    return product(importer, left, call.input(1), bool(call.option("adj_y")), attributes)


def _units(graph: Graph, node: Node) -> int:
    return int(np.prod(graph.tensor(node.outputs[0]).shape[:-1], dtype=np.int64))


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    constants = {"multiplier": Constant("int32_t", graph.constant(node.inputs[2]))}
    if OP.c_form(graph, node) != "high":
        constants["shift"] = Constant("int8_t", graph.constant(node.inputs[3]))
    return constants


def _matrix_rows(graph: Graph, node: Node) -> int:
    """Rows that meet one second operand."""
    left, right = (graph.tensor(name).shape for name in node.inputs[:2])
    return int(np.prod(left[:-1])) if int(np.prod(right[:-2])) == 1 else left[-2]


def _few_rows(graph: Graph, node: Node) -> str | None:
    rows = _matrix_rows(graph, node)
    return f"{rows} rows are too few to pack a matrix for" if rows < FEWEST_ROWS else None


def _few_rows_or_long(graph: Graph, node: Node) -> str | None:
    columns = graph.tensor(node.outputs[0]).shape[-1]
    if not node.attributes["transposed"] and columns > LARGEST_GATHER:
        return f"gathers reach over {LARGEST_GATHER} columns"
    return _few_rows(graph, node)


def _panel_kernel(
    isa: str,
    block: int,
    rows: int,
    why: str,
    name: str = "",
    row_bytes: Callable[[int], int] = lambda inner: 0,
    applies: Callable[[Graph, Node], str | None] = _few_rows,
) -> Kernel:
    """A kernel of eq_matmul_panel.h. `block`: multiple that the inner size is packed in; `rows`: multiplied at a time;
    `row_bytes`: scratch of such a row."""

    def scratch_bytes(graph: Graph, node: Node) -> int:
        inner = graph.tensor(node.inputs[0]).shape[-1]
        columns = min(round_up(graph.tensor(node.outputs[0]).shape[-1], 4), PANEL_COLUMNS)
        return 4 * PANEL_COLUMNS + columns * round_up(inner, block) + rows * row_bytes(inner)

    return Kernel(
        f"eq_matmul_s8_{{form}}_{name or isa}",
        isa,
        f"matmul/eq_matmul_s8_{name or isa}.c",
        units=_units,
        granule=lambda graph, node: rows,
        applies=applies,
        pack=_pack,
        scratch_bytes=scratch_bytes,
        why=why,
    )


def _copied(block: int) -> Callable[[int], int]:
    """Bytes of a row that is copied unless it is whole blocks."""
    return lambda inner: round_up(inner, block) if inner % block else 0


def _geometry(graph: Graph, node: Node) -> dict[str, int]:
    """Sizes and strides, of every type of activations."""
    left, right = (graph.tensor(name) for name in node.inputs[:2])
    rows, inner = left.shape[-2:]
    columns = graph.tensor(node.outputs[0]).shape[-1]
    shared = int(np.prod(right.shape[:-2])) == 1
    strides = (inner, 1) if node.attributes["transposed"] else (1, columns)
    return {
        "rows": rows,
        "inner": inner,
        "columns": columns,
        "batch_stride": 0 if shared else inner * columns,
        "n_stride": strides[0],
        "k_stride": strides[1],
    }


def _float_parameters(graph: Graph, node: Node) -> dict[str, Any]:
    return {**_geometry(graph, node), "factor": float_layers.c_number(node.attributes["factor"])}


class Matmul(Operator):
    name = "matmul"
    takes_int16 = takes_float = True
    torch_targets = {
        "aten.matmul.default": import_torch,
        "aten.bmm.default": import_torch,
        "aten.mm.default": import_torch,
        "aten.scaled_dot_product_attention.default": import_attention,
    }
    tflite_targets = {"BATCH_MATMUL": import_tflite}
    kernels = (
        _panel_kernel("xpulp", 4, 4, "packed dot products, 4 rows x 4 columns", row_bytes=_copied(4)),
        _panel_kernel(
            "mve", 16, 2, "vector dot products, 2 rows x 4 columns", row_bytes=_copied(16), applies=_few_rows_or_long
        ),
        _panel_kernel("dsp", 4, 4, "SMLAD on pairs of columns, 4 rows", row_bytes=lambda inner: 2 * round_up(inner, 4)),
        _panel_kernel("scalar", 1, 2, "portable C, 2 rows x 4 columns", name="panel_scalar"),
        Kernel("eq_matmul_s8_{form}_scalar", "scalar", "matmul/eq_matmul_s8_scalar.c", units=_units, pack=_pack),
        Kernel(
            "eq_matmul_s16_scalar",
            "scalar",
            "matmul/eq_matmul_s16_scalar.c",
            units=_units,
            pack=_pack,
            dtype="int16",
            why="portable C, 64-bit sums",
        ),
        *float_layers.kernels("matmul", _float_parameters, units=_units),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        columns = inputs[1].shape[-2 if node.attributes["transposed"] else -1]
        return [(*inputs[0].shape[:-1], columns)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        right = inputs[1].swapaxes(-1, -2) if node.attributes["transposed"] else inputs[1]
        return [np.float32(node.attributes["factor"]) * (inputs[0] @ right)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        magnitude = np.abs(np.float32(node.attributes["factor"]))
        plain = node.with_attributes(factor=float(magnitude))
        return sum_rounding(self, plain, inputs, inputs[0].shape[-1] + 1)

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        """With y = f A B: dA = f dy B^T, dB = f A^T dy; with y = f A B^T: dA = f dy B, dB = f dy^T A. Where all batches
        share B, its gradient is that of one batch with all their rows."""
        left, right = node.inputs
        transposed, factor = node.attributes["transposed"], node.attributes["factor"]
        if tape.wants(left):
            product = tape.add("matmul", [gradient, right], node, "left", transposed=not transposed, factor=factor)
            tape.give(left, product, node)
        if tape.wants(right):
            first, second = (gradient, left) if transposed else (left, gradient)
            if tape.shape(right)[:-2] != tape.shape(left)[:-2]:
                first, second = (
                    tape.view(name, (*(1 for _ in shape[:-2]), int(np.prod(shape[:-1])), shape[-1]), node, "rows")
                    for name, shape in ((name, tape.shape(name)) for name in (first, second))
                )
            rank = len(tape.shape(first))
            perm = (*range(rank - 2), rank - 1, rank - 2)
            turned = tape.add("transpose", [first], node, "turned", perm=perm)
            product = tape.add("matmul", [turned, second], node, "right", transposed=False, factor=factor)
            tape.give(right, product, node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        k = node.attributes
        left, right = (
            array.astype(np.float64) - graph.tensor(name).zero_point  # sums below 2^31 are exact
            for array, name in zip(inputs[:2], node.inputs, strict=False)
        )
        acc = (left @ (right.swapaxes(-1, -2) if k["transposed"] else right)).astype(np.int64)
        ends = (graph.tensor(node.outputs[0]).zero_point, k["act_min"], k["act_max"])
        if k["rounding"] == fixed_point.WIDE:
            return [fixed_point.requantize_wide(acc, inputs[2], inputs[3], *ends)]
        y = fixed_point.requantize(acc, inputs[2], inputs[3], k["rounding"], *ends)
        return [y]

    def macs(self, graph: Graph, node: Node) -> int:
        return graph.tensor(node.outputs[0]).elements * graph.tensor(node.inputs[0]).shape[-1]

    def quantize(self, converter: Converter, node: Node) -> None:
        left, right = (converter.quantized(name) for name in node.inputs)
        output = converter.quantized_output(node)
        rounding = node.attributes.get("rounding", fixed_point.SINGLE)
        scale = node.attributes["factor"] * left.scale * right.scale / output.scale
        if rounding == fixed_point.TFLITE:
            scale = fixed_point.float32_quotient(left.scale, right.scale, divisor=1.0) / output.scale
        if "int16" in (left.dtype, right.dtype, output.dtype):
            if any(tensor.dtype != "int16" or tensor.zero_point for tensor in (left, right, output)):
                raise EdgeqError(f"layer {node.name}: a product in int16 needs int16 operands with zero points 0")
            rounding = fixed_point.WIDE
            multiplier, shift = fixed_point.wide_multiplier(np.array([scale]))
        else:
            multiplier, shift = fixed_point.multiplier(np.array([scale]), rounding)
        names = (
            converter.constant(f"{node.name}.multiplier", multiplier),
            converter.constant(f"{node.name}.shift", shift),
        )
        bounds = converter.activation_range(node, output)
        converter.add(node, (left.name, right.name, *names), output, **{**bounds, "rounding": rounding})

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        left, right = (graph.tensor(name) for name in node.inputs[:2])
        return {
            **_geometry(graph, node),
            "offset1": -left.zero_point,
            "offset2": -right.zero_point,
            "output_zero_point": graph.tensor(node.outputs[0]).zero_point,
            "act_min": node.attributes["act_min"],
            "act_max": node.attributes["act_max"],
        }

    def c_form(self, graph: Graph, node: Node) -> str:
        return fixed_point.form_of(graph.constant(node.inputs[3]), node.attributes["rounding"])


OP = Matmul()
