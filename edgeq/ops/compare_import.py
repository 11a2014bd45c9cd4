"""Imports of comparisons and of logic. In the graph the first operand of a comparison is an activation, the larger one
where they differ. Truth values are the numbers 0 and 1: "and" is their minimum, "or" their maximum, "xor" an
inequality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from edgeq.ops import binary_import, broadcast, fixed_point

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall

#: what a comparison is called with its operands exchanged
EXCHANGED = {"less": "greater", "less_equal": "greater_equal", "greater": "less", "greater_equal": "less_equal"}


#: ONNX's numbers of the types of truth values and of whole numbers
ONNX_BOOL, ONNX_WHOLE = 9, (6, 7)


def combine(
    importer: Importer, function: str, left: str, right: str, attributes: Mapping[str, Any] | None = None
) -> str:
    """The node of function(left, right)."""
    shape = broadcast.shape_of(importer, left, right)
    left, right = (broadcast.with_rank(importer, name, len(shape)) for name in (left, right))
    if importer.is_constant(left) or (importer.shape(left) != shape and not importer.is_constant(right)):
        left, right, function = right, left, EXCHANGED.get(function, function)
    made = importer.add("compare", [left, right], {"function": function, **(attributes or {})})
    importer.mark_boolean(made)
    return made


def with_number(importer: Importer, function: str, x: str, number: float) -> str:
    """The comparison of `x` with one number."""
    made = importer.add("unary", [x], {"function": function, "than": number})
    importer.mark_boolean(made)
    return made


def opposite(importer: Importer, x: str) -> str:
    """1 where a number is 0."""
    return with_number(importer, "equal", x, 0.0)


def truth(importer: Importer, x: str) -> str:
    """1 where a number is not 0, `x` itself where it is a truth value."""
    return x if importer.is_boolean(x) or importer.is_constant(x) else with_number(importer, "not_equal", x, 0.0)


def torch_comparison(function: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """Comparison of a tensor with a number or another tensor."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        x, other = args["self"], args["other"]
        if not isinstance(other, str):
            return with_number(importer, function, x, float(other))
        return combine(importer, function, x, other)

    return convert


def torch_logic(function: str) -> Callable[[Importer, Mapping[str, Any]], str]:
    """aten.logical_and and its kin, and the bitwise calls that truth values go through."""

    def convert(importer: Importer, args: Mapping[str, Any]) -> str:
        left, right = (truth(importer, binary_import.operand(importer, args[key])) for key in ("self", "other"))
        return logic(importer, function, left, right, {})

    return convert


def logic(importer: Importer, function: str, left: str, right: str, attributes: Mapping[str, Any]) -> str:
    make = combine if function == "not_equal" else binary_import.combine
    made = make(importer, function, left, right, attributes)
    importer.mark_boolean(made)
    return made


def torch_not(importer: Importer, args: Mapping[str, Any]) -> str:
    """aten.logical_not, and aten.bitwise_not of truth values."""
    return opposite(importer, args["self"])


def torch_conversion(importer: Importer, args: Mapping[str, Any]) -> str:
    """A change of type: to truth values, to whole numbers, or of nothing but the precision."""
    x, dtype = args["self"], str(args.get("dtype"))
    if dtype == "torch.bool":
        return truth(importer, x)
    return whole(importer, x) if "int" in dtype else x


def whole(importer: Importer, x: str) -> str:
    """The whole number next to each number on the way to 0; indices and truth values are such."""
    stored = importer.quantization(x)
    if importer.is_boolean(x) or (stored is not None and stored.dtype == "int32"):
        return x
    return importer.add("unary", [x], {"function": "trunc"})


def tflite_comparison(function: str) -> Callable[[Importer, TfliteCall], str]:
    """EQUAL and its kin: integers as TensorFlow Lite's kernels compare them, or real numbers."""

    def convert(importer: Importer, call: TfliteCall) -> str:
        left, right = call.input(0), call.input(1)
        stored = [call.is_stored(index) for index in (0, 1)]
        if any(stored) != all(stored):
            raise importer.unsupported("a comparison of integers and something else", "a full int8 model")
        attributes = {"rounding": fixed_point.TFLITE} if all(stored) else {}
        return combine(importer, function, left, right, attributes)

    return convert


def tflite_logic(function: str) -> Callable[[Importer, TfliteCall], str]:
    """LOGICAL_AND and LOGICAL_OR."""
    return lambda importer, call: logic(importer, function, call.input(0), call.input(1), call.attributes())


def tflite_not(importer: Importer, call: TfliteCall) -> str:
    """LOGICAL_NOT."""
    return opposite(importer, call.input(0))


def onnx_comparison(function: str) -> Callable[[Importer, OnnxCall], str]:
    """Comparison with a constant of one value, or of two operands."""

    def convert(importer: Importer, call: OnnxCall) -> str:
        known = call.constant(1)
        other: Any = call.input(1)
        if known is not None and known.data.size == 1:
            other = float(known.real().reshape(-1)[0])
        return torch_comparison(function)(importer, {"self": call.input(0), "other": other})

    return convert


def onnx_logic(function: str) -> Callable[[Importer, OnnxCall], str]:
    """And, Or and Xor."""
    return lambda importer, call: logic(importer, function, call.input(0), call.input(1), {})


def onnx_conversion(importer: Importer, call: OnnxCall) -> str:
    """Cast to truth values or to whole numbers."""
    x, target = call.activation(), call.attribute("to", 0)
    if target == ONNX_BOOL:
        return truth(importer, x)
    if target not in ONNX_WHOLE:
        raise importer.unsupported(f"a Cast to type {target}", "int32 or int64")
    return whole(importer, x)


def onnx_not(importer: Importer, call: OnnxCall) -> str:
    """Not."""
    return opposite(importer, call.activation())


_TORCH = {
    "eq": "equal", "ne": "not_equal", "gt": "greater", "ge": "greater_equal", "lt": "less", "le": "less_equal",
}  # fmt: skip
#: two truth values -> the function of them
_LOGIC = {"and": "minimum", "or": "maximum", "xor": "not_equal"}
TORCH_TARGETS: Mapping[str, Callable[[Importer, Mapping[str, Any]], str]] = {
    **{
        f"aten.{call}.{kind}": torch_comparison(function)
        for call, function in _TORCH.items()
        for kind in ("Scalar", "Tensor")
    },
    **{f"aten.logical_{call}.default": torch_logic(function) for call, function in _LOGIC.items()},
    **{f"aten.bitwise_{call}.Tensor": torch_logic(function) for call, function in _LOGIC.items()},
    "aten._to_copy.default": torch_conversion,
    "aten.logical_not.default": torch_not,
    "aten.bitwise_not.default": torch_not,
}
TFLITE_TARGETS: Mapping[str, Callable[[Importer, TfliteCall], str]] = {
    **{name.upper(): tflite_comparison(name) for name in _TORCH.values()},
    "LOGICAL_AND": tflite_logic("minimum"),
    "LOGICAL_OR": tflite_logic("maximum"),
    "LOGICAL_NOT": tflite_not,
}
ONNX_TARGETS: Mapping[str, Callable[[Importer, OnnxCall], str]] = {
    "Equal": onnx_comparison("equal"),
    "Greater": onnx_comparison("greater"),
    "GreaterOrEqual": onnx_comparison("greater_equal"),
    "Less": onnx_comparison("less"),
    "LessOrEqual": onnx_comparison("less_equal"),
    "And": onnx_logic("minimum"),
    "Or": onnx_logic("maximum"),
    "Xor": onnx_logic("not_equal"),
    "Not": onnx_not,
    "Cast": onnx_conversion,
}
