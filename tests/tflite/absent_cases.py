"""Operators that TensorFlow Lite's reference kernels refuse in int8 or int16: each in a form that they run in the type
that they are for, so that a refusal is one of the type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.tflite.sparse_cases import stored_sparsely
from tests.tflite.writer import Network

#: kernels are registered for versions up to one below
NEWEST = 9
SHAPE = (1, 2, 4)
IMAGE = (1, 4, 4, 8)


@dataclass(frozen=True)
class Form:
    """An operator on inputs of `shapes` and, at their positions among the operands, `constants`; a result of shape
    `made`, and `more` results. What differs in type from the operator's has it in `kinds` (of inputs, by position) and
    `result`. `control` is a type that the kernel knows, None where there is no kernel at all."""

    control: str | None = "float32"
    shapes: Sequence[tuple[int, ...]] = (SHAPE,)
    constants: dict[int, np.ndarray] = field(default_factory=dict)
    made: tuple[int, ...] = SHAPE
    more: Sequence[tuple[tuple[int, ...], str]] = ()
    kinds: dict[int, str] = field(default_factory=dict)
    result: str = ""
    table: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, network: Network, kind: str) -> None:
        def tensor(shape: tuple[int, ...], kind: str, make: Callable[..., int]) -> int:
            return make(shape, kind, 0.5 if kind in ("int8", "int16") else None, 0)

        operands, shapes = [], iter(self.shapes)
        for at in range(len(self.shapes) + len(self.constants)):
            data = self.constants.get(at)
            if data is None:
                operands.append(tensor(next(shapes), self.kinds.get(at, kind), network.input))
            else:
                operands.append(network.tensor(data.shape, str(data.dtype), data=data))
        made = [tensor(*result, network.tensor) for result in ((self.made, self.result or kind), *self.more)]
        network.operator(name, operands, made, self.table, **self.options)
        network.outputs += made


def integers(*values: int) -> np.ndarray:
    return np.array(values, np.int32)


def scalar(value: int) -> np.ndarray:
    return np.array(value, np.int32)


def recurrent(name: str, network: Network, kind: str) -> None:
    """A recurrent layer of 3 features and 2 cells over a sequence of 4 steps, or one step."""
    directions = 2 if name.startswith("BIDIRECTIONAL") else 1
    gates, steps = (4 if name.endswith("LSTM") else 1), ((4,) if "SEQUENCE" in name else ())

    def tensor(shape: tuple[int, ...], kind: str, **others: Any) -> int:
        return network.tensor(shape, kind, 0.01 if kind in ("int8", "int16") else None, **others)

    def constant(shape: tuple[int, ...], kind: str) -> int:
        return tensor(shape, kind, data=np.ones(shape, kind))

    weights, bias = ("float32", "float32") if kind == "float32" else ("int8", "int32")
    operands, states = [network.input((1, *steps, 3), kind, None if kind == "float32" else 0.01)], []
    for _ in range(directions):
        operands += [constant((2, inner), weights) for inner in (3, 2) for _ in range(gates)]
        operands += [-1] * 3 if gates == 4 else []  # peepholes
        operands += [constant((2,), bias) for _ in range(gates)]
        kept = [tensor((1, 2), kind, variable=True) for _ in range(2 if gates == 4 else 1)]
        operands += [-1, -1] if gates == 4 else kept  # a projection
        states += kept
    operands += states if gates == 4 else []
    # auxiliary inputs and their weights, or the coefficients of a layer's normalization
    operands += [-1] * {"BIDIRECTIONAL_SEQUENCE_RNN": 3, "BIDIRECTIONAL_SEQUENCE_LSTM": 9}.get(name, 0)
    operands += [-1] * 4 if gates == 4 and directions == 1 else []
    made = [tensor((1, *steps, 2), kind) for _ in range(directions)]
    options = {"fused_activation_function": 4} if name == "LSTM" else {}
    network.operator(name, operands, made, "LSTMOptions" if name == "LSTM" else "", **options)
    network.outputs += made


def filtered(name: str, network: Network, kind: str) -> None:
    """An SVDF layer of 4 inputs and 2 units that remembers 3 steps."""
    scale = None if kind == "float32" else 0.01
    x = network.input((1, 4), kind, scale)
    operands = [network.tensor(shape, kind, scale, data=np.ones(shape, kind)) for shape in ((2, 4), (2, 3))]
    y = network.tensor((1, 2), kind, scale)
    state = network.variable((1, 6), kind, scale)
    network.operator(name, [x, *operands, -1, state], [y], "SVDFOptions", rank=1, fused_activation_function=1)
    network.outputs.append(y)


def densified(name: str, network: Network, kind: str) -> None:
    """A matrix of which every column is stored whose elements are not all 0."""
    sparsity, values = stored_sparsely(np.eye(2, 3, dtype=kind), [1, 0], {}, [True, False])
    scale = None if kind == "float32" else 0.01
    x, y = network.tensor((2, 3), kind, scale, data=values), network.tensor((2, 3), kind, scale)
    network.tensors[x]["sparsity"] = sparsity
    network.operator(name, [x], [y])
    network.outputs.append(y)


_REDUCED: dict[str, Any] = {"control": "bool", "constants": {1: integers(1)}, "made": (1, 4), "table": "ReducerOptions",
           "options": {"keep_dims": False}}  # fmt: skip
_COMPARED = Form(shapes=(SHAPE, SHAPE), result="bool")
_PAIR = Form(shapes=(SHAPE, SHAPE))
_BLOCKS: dict[str, Any] = {"options": {"block_size": 2}, "shapes": (IMAGE,)}
_LAST = Form(constants={1: integers(2)}, made=(1, 2), result="int32", table="ArgMaxOptions", options={"output_type": 2})
_BOXES: dict[int, np.ndarray] = {2: scalar(2), 3: np.array(0.5, np.float32), 4: np.array(0, np.float32)}
_FOUND: tuple[tuple[tuple[int, ...], str], ...] = (((2,), "float32"), ((), "int32"))
_VOLUME: dict[str, Any] = {
    "shapes": ((1, 1, 1, 1, 1), (1, 2, 2, 2, 1)),
    "made": (1, 2, 2, 2, 1),
    "table": "Conv3DOptions",
    "options": {"stride_d": 1, "stride_w": 1, "stride_h": 1},
}

#: the operators without variable tensors
FORMS: dict[str, Form] = {
    **dict.fromkeys(("COS", "FLOOR", "LOG", "NEG", "RSQRT", "SIN", "SQRT", "SQUARE", "ZEROS_LIKE", "RELU_N1_TO_1",
                     "RELU_0_TO_1", "HARD_SWISH", "LOG_SOFTMAX"), Form()),
    **dict.fromkeys(("CEIL", "CUMSUM", "CONCAT_EMBEDDINGS", "ELU", "HASHTABLE", "HASHTABLE_FIND",
                     "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "RFFT2D", "ROUND", "SEGMENT_SUM"), Form(None)),
    **dict.fromkeys(("ADD_N", "ATAN2", "DIV", "POW", "PRELU", "SQUARED_DIFFERENCE"), _PAIR),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR"), Form("bool", (SHAPE, SHAPE))),
    **dict.fromkeys(("GREATER", "LESS_EQUAL", "NOT_EQUAL"), _COMPARED),
    **dict.fromkeys(("REDUCE_ALL", "REDUCE_ANY"), Form(**_REDUCED)),
    **dict.fromkeys(("UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "UNSORTED_SEGMENT_MIN"),
                    Form(shapes=((3, 2),), constants={1: integers(0, 1, 1), 2: scalar(2)}, made=(2, 2))),
    "ARG_MAX": _LAST,
    "ARG_MIN": Form(**{**vars(_LAST), "table": "ArgMinOptions"}),
    "BROADCAST_ARGS": Form("int32", ((3,), (3,)), made=(3,)),
    "BUCKETIZE": Form(result="int32"),
    **dict.fromkeys(("COMPLEX_ABS", "IMAG", "REAL"), Form("complex64", result="float32")),
    "CONV_3D": Form(**{**_VOLUME, "shapes": _VOLUME["shapes"][::-1]}),
    "CONV_3D_TRANSPOSE": Form(constants={0: integers(1, 2, 2, 2, 1)}, **_VOLUME),
    "DEPTH_TO_SPACE": Form(made=(1, 8, 8, 2), table="DepthToSpaceOptions", **_BLOCKS),
    "DYNAMIC_UPDATE_SLICE": Form(shapes=(SHAPE, SHAPE), constants={2: integers(0, 0, 0)}),
    "EMBEDDING_LOOKUP": Form(shapes=((1,), (3, 4)), kinds={0: "int32"}, made=(1, 4)),
    "EMBEDDING_LOOKUP_SPARSE": Form(shapes=((3, 4),), made=(1, 4), constants={
        0: integers(0), 1: integers(0)[None], 2: integers(1), 3: np.ones(1, np.float32)}),
    "GELU": Form(table="GeluOptions", options={"approximate": False}),
    "L2_NORMALIZATION": Form(table="L2NormOptions", options={"fused_activation_function": 0}),
    "L2_POOL_2D": Form(shapes=(IMAGE,), made=(1, 2, 2, 8), table="Pool2DOptions", options={
        "padding": 1, "stride_w": 2, "stride_h": 2, "filter_width": 2, "filter_height": 2}),
    "LOCAL_RESPONSE_NORMALIZATION": Form(shapes=(IMAGE,), made=IMAGE),
    "LOGICAL_NOT": Form("bool"),
    "MULTINOMIAL": Form(shapes=((1, 4),), constants={1: scalar(2)}, made=(1, 2), result="int64"),
    "NON_MAX_SUPPRESSION_V4": Form(shapes=((2, 4), (2,)), constants=_BOXES, made=(2,), result="int32", more=_FOUND[1:]),
    "NON_MAX_SUPPRESSION_V5": Form(shapes=((2, 4), (2,)), constants={**_BOXES, 5: np.array(0, np.float32)}, made=(2,),
                                   result="int32", more=_FOUND),
    "ONE_HOT": Form(shapes=((), ()), constants={0: integers(0, 1)[None], 1: scalar(4)}, table="OneHotOptions",
                    options={"axis": -1}),
    "RANGE": Form(shapes=((), (), ()), made=(1,)),
    "REVERSE_SEQUENCE": Form(constants={1: integers(2)}, table="ReverseSequenceOptions",
                             options={"seq_dim": 2, "batch_dim": 0}),
    "SCATTER_ND": Form(shapes=((1, 2, 4),), constants={0: integers(0)[None], 2: integers(1, 2, 4)}),
    "SPACE_TO_DEPTH": Form(made=(1, 2, 2, 32), table="SpaceToDepthOptions", **_BLOCKS),
    "SPARSE_TO_DENSE": Form(shapes=((), ()), constants={0: integers(1), 1: integers(4)}, made=(4,)),
    "TILE": Form(constants={1: integers(1, 2, 1)}, made=(1, 4, 4)),
}  # fmt: skip
BUILDERS: dict[str, Callable[[str, Network, str], None]] = {
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN", "LSTM",
                     "BIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM"), recurrent),
    "DENSIFY": densified,
    "SVDF": filtered,
}  # fmt: skip


def control(name: str) -> str | None:
    """A type that the operator's kernel knows."""
    return FORMS[name].control if name in FORMS else "float32"


def answer(name: str, kind: str) -> str:
    """Nothing where the reference kernels run the operator in that type, in some version of it; or what they say."""
    said = ""
    for version in range(NEWEST, 0, -1):
        network = Network()
        (FORMS[name].add if name in FORMS else BUILDERS[name])(name, network, kind)
        network.versions[name] = version
        said = _attempt(network.bytes())
        if not said or "Didn't find op" not in said:
            return said
    return said


def _attempt(content: bytes) -> str:
    from tflite_runtime.interpreter import Interpreter, OpResolverType

    try:
        interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            interpreter.set_tensor(detail["index"], np.ones(detail["shape"], detail["dtype"]))
        interpreter.invoke()
    except (RuntimeError, ValueError) as error:
        return str(error)
    return ""
