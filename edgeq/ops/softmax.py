"""softmax over the last axis, integers only.

Output scale 1/256, zero point -128. With e[d] = round(2^k * exp(-scale * d)) for d = max - x in a table of 256 words,
y = min(127, floor((256 * e + sum/2) / sum) - 128); k = min(23, 31 - ceil(log2 depth)) keeps every term in 32 bits.

Rounding "tflite" is TensorFlow Lite's reference kernel (reference_ops::Softmax): e[d] in Q0, their sum in Q12, and a
Newton-Raphson reciprocal. There the table is int32, and 0 marks differences beyond the kernel's radius.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import cmsis_nn, curve, fixed_point, float_layers, gemmlowp, softmax_wide
from edgeq.ops.base import Constant, Kernel, Operator, Shape
from edgeq.ops.float_types import Rounding

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.quantize.convert import Converter
    from edgeq.train.tape import Tape

OUTPUT_SCALE, OUTPUT_ZERO_POINT = 1.0 / 256.0, -128
OUTPUT = Quantization.per_tensor(OUTPUT_SCALE, OUTPUT_ZERO_POINT)
#: of the reference kernel's scaled differences
INTEGER_BITS = 5


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.softmax.int."""
    return over_axis(importer, "softmax", args["self"], args["dim"], over_last)


def over_axis(importer: Importer, op: str, x: str, dim: int, add: Callable[[Importer, str], str]) -> str:
    """The operator over the axis `dim`, made by `add` over the last; another axis is brought there and back."""
    rank = len(importer.shape(x))
    axis = dim % rank
    if axis == 0:
        raise importer.unsupported(f"a {op} over the batch of {importer.shape(x)}", f"a {op} over another axis")
    perm = (*(other for other in range(rank) if other != axis), axis)
    y = add(importer, importer.transpose(x, perm))
    return importer.transpose(y, tuple(int(other) for other in np.argsort(perm)))


def over_last(importer: Importer, x: str) -> str:
    """The softmax of float `x` over its last axis, of its visible entries where a mask hides some."""
    visible = importer.visible(x)
    return (
        importer.add("softmax", [x], {})
        if visible is None
        else importer.add("masked_softmax", [x], {"visible": visible})
    )


def import_tflite(importer: Importer, call: TfliteCall) -> str:
    """SOFTMAX over the last axis with its beta."""
    beta = call.option("beta")
    if not 0.0 < beta < 1e6:
        raise importer.unsupported(f"a softmax with beta {beta}", "a positive beta")
    return importer.add("softmax", [call.input(0)], call.attributes(beta=beta))


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Softmax over any axis."""
    return over_axis(importer, "softmax", call.activation(), call.axis(-1), over_last)


def tflite_exp_table(scale: float, beta: float) -> np.ndarray:
    """int32 [256]: exp(-beta * scale * d) in Q0 as the reference kernel has it; 0 beyond its radius."""
    multiplier, exponent, radius = tflite_scaling(scale, beta)
    distance = np.arange(256)
    inside = distance <= radius
    scaled = gemmlowp.multiply(np.where(inside, -distance, 0), multiplier, exponent)
    return np.where(inside, gemmlowp.exp_on_negative(scaled, INTEGER_BITS), 0).astype(np.int32)


def tflite_scaling(scale: float, beta: float) -> tuple[int, int, int]:
    """Multiplier and exponent of differences, and the largest one that counts, in the reference kernel."""
    real = min(beta * scale * 2.0 ** (31 - INTEGER_BITS), 2.0**31 - 1.0)
    multiplier, exponent = (int(value[0]) for value in fixed_point.tflite_multiplier(np.array([real])))
    radius = int(np.floor((2**INTEGER_BITS - 1) * 2.0 ** (31 - INTEGER_BITS) / 2.0**exponent))
    return multiplier, exponent, radius


def library_parameters(graph: Graph, node: Node) -> dict[str, int]:
    """The integers of the reference kernel, as a library takes them that computes exponentials itself."""
    beta = node.attributes.get("beta", 1.0)
    multiplier, exponent, radius = tflite_scaling(graph.tensor(node.inputs[0]).scale, beta)
    least = -min(radius, 255)  # no bytes differ by more
    return {**OP.c_parameters(graph, node), "multiplier": multiplier, "shift": exponent, "least_difference": least}


def of_scales(graph: Graph, node: Node) -> bool:
    """Whether the table of a node in TensorFlow Lite's rounding is that of its input's scale."""
    made = tflite_exp_table(graph.tensor(node.inputs[0]).scale, node.attributes.get("beta", 1.0))
    return np.array_equal(made, graph.constant(node.inputs[1]))


def exp_table(scale: float, depth: int) -> np.ndarray:
    """uint32 [256]: 2^k * exp(-scale * d), rounded."""
    return np.rint(np.exp(-scale * np.arange(256)) * 2.0 ** table_bits(depth)).astype(np.uint32)


def table_bits(depth: int) -> int:
    """k, with which the sum of `depth` entries fits 32 bits."""
    return min(23, 31 - int(np.ceil(np.log2(max(depth, 2)))))


def shares(e: np.ndarray) -> np.ndarray:
    """int8 outputs of exponentials, int64 [.., depth]."""
    total = e.sum(axis=-1, keepdims=True)
    y = ((e << 8) + total // 2) // total + OUTPUT_ZERO_POINT
    return np.minimum(y, 127).astype(np.int8)


def rounding(node: Node) -> str:
    return str(node.attributes.get("rounding", fixed_point.SINGLE))


def pack_table(c_type: str, position: int = 1) -> Callable[[Graph, Node], dict[str, Constant]]:
    """The table of exponentials, which is the operand at that position."""
    return lambda graph, node: {"exp_table": Constant(c_type, graph.constant(node.inputs[position]))}


def only_with(wanted: str) -> Callable[[Graph, Node], str | None]:
    return lambda graph, node: None if rounding(node) == wanted else f"rounding is not {wanted}"


def _kernel(isa: str, why: str) -> Kernel:
    name = f"eq_softmax_s8_{isa}"
    return Kernel(
        name,
        isa,
        f"softmax/{name}.c",
        units=softmax_wide.rows,
        pack=pack_table("uint32_t"),
        in_place=lambda parameters: True,
        applies=only_with(fixed_point.SINGLE),
        why=why,
    )


def _float_parameters(graph: Graph, node: Node) -> dict[str, Any]:
    beta = float_layers.c_number(node.attributes.get("beta", 1.0))
    return {"depth": graph.tensor(node.outputs[0]).shape[-1], "beta": beta}


class Softmax(Operator):
    name = "softmax"
    takes_int16 = takes_float = True
    torch_targets = {"aten.softmax.int": import_torch, "aten._softmax.default": import_torch}
    tflite_targets = {"SOFTMAX": import_tflite}
    onnx_targets = {"Softmax": import_onnx}
    kernels = (
        _kernel("mve", "16 values compared, 4 exponentials gathered at a time"),
        _kernel("scalar", "portable C"),
        Kernel(
            "eq_softmax_s8_tflite_scalar",
            "scalar",
            "softmax/eq_softmax_s8_tflite_scalar.c",
            units=softmax_wide.rows,
            pack=pack_table("int32_t"),
            applies=only_with(fixed_point.TFLITE),
            why="TensorFlow Lite's reciprocal",
        ),
        *cmsis_nn.softmax(library_parameters, of_scales),
        *float_layers.kernels("softmax", _float_parameters, units=softmax_wide.rows),
    )

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        return [inputs[0].shape]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        scaled = inputs[0] * np.float32(node.attributes.get("beta", 1.0))
        e = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return [e / e.sum(axis=-1, keepdims=True)]

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding:
        """A difference d of operands of magnitude m gives exp(d) a relative error of 2^-24 (|d| + 2 m + 4); that of the
        sum is their mean, weighted by the results, and a rounding a term."""
        scaled = inputs[0] * float(node.attributes.get("beta", 1.0))
        distance = scaled.max(axis=-1, keepdims=True) - scaled
        magnitude = np.abs(scaled).max(axis=-1, keepdims=True)
        (y,) = self.run_float(node, inputs)
        relative = distance + 2 * magnitude + 4
        mean = (y * relative).sum(axis=-1, keepdims=True)
        return Rounding(1, y * (relative + mean + scaled.shape[-1] + 2))

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        beta = node.attributes.get("beta", 1.0)
        tape.give(node.inputs[0], tape.add("softmax_gradient", [gradient, node.output], node, "igrad", beta=beta), node)

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        x, table = inputs
        wide = x.astype(np.int64)
        if rounding(node) == fixed_point.TFLITE:
            return [self._run_tflite(table[wide.max(axis=-1, keepdims=True) - wide].astype(np.int64))]
        return [shares(table[wide.max(axis=-1, keepdims=True) - wide].astype(np.int64))]

    @staticmethod
    def _run_tflite(e: np.ndarray) -> np.ndarray:
        """int8 outputs of exponentials in Q0, [..., depth]."""
        total = gemmlowp.rdbpot(e, 12).sum(axis=-1, keepdims=True)
        zeros = 31 - np.floor(np.log2(total)).astype(np.int64)
        reciprocal = gemmlowp.one_over_one_plus((total << zeros) - 2**31)
        y = gemmlowp.rdbpot(gemmlowp.srdhm(reciprocal, e), 12 - zeros + 31 - 8) + OUTPUT_ZERO_POINT
        return np.where(e > 0, np.clip(y, -128, 127), -128).astype(np.int8)

    def quantize(self, converter: Converter, node: Node) -> None:
        x = converter.quantized(node.inputs[0])
        output = converter.quantized_output(node)
        if "int16" in (x.dtype, output.dtype):
            softmax_wide.quantize(converter, node)
            return
        beta = node.attributes.get("beta", 1.0)
        if rounding(node) == fixed_point.TFLITE:
            if (output.scale, output.zero_point) != (OUTPUT_SCALE, OUTPUT_ZERO_POINT):
                raise EdgeqError(f"layer {node.name}: a softmax's output has scale 1/256 and zero point -128")
            values = tflite_exp_table(x.scale, beta)
        else:
            values = exp_table(x.scale * beta, x.shape[-1])
        table = converter.constant(f"{node.name}.exp_table", values)
        converter.add_made_in(OUTPUT, node, (x.name, table))

    def fixed_output(self, node: Node, dtype: str) -> Quantization:
        return OUTPUT if dtype == "int8" else curve.OUTPUT

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, int]:
        return {"rows": softmax_wide.rows(graph, node), "depth": graph.tensor(node.outputs[0]).shape[-1]}


OP = Softmax()
