"""An .onnx file as plain records, every size in it checked. The only code that touches the onnx package."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.importer import MOST_AXES, MOST_ELEMENTS

#: number of a tensor's type in onnx.proto -> its numpy type
TYPES: Mapping[int, str] = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16",
    11: "float64", 12: "uint32", 13: "uint64",
}  # fmt: skip
FLOATS = ("float32", "float16", "float64")
OLDEST_OPSET = 13
MOST_NODES = 20000
EXTERNAL = 1


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """One node; absent operands are empty names. Attributes are ints, floats, strings, tuples of them, or arrays."""

    index: int
    op: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class OnnxInput:
    """`shape` holds None where the file has a name or nothing for a size."""

    name: str
    type: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class OnnxModel:
    opset: int
    inputs: tuple[OnnxInput, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, np.ndarray]
    nodes: tuple[OnnxNode, ...]


def read(path: Path) -> OnnxModel:
    """The checked model of a file. Raises EdgeqError when it is damaged or holds what edgeq can't have."""
    proto = proto_of(path)
    graph = proto.graph
    constants = {_text(item.name): _array(item) for item in graph.initializer}
    nodes = tuple(_node(index, item) for index, item in enumerate(graph.node))
    inputs = tuple(_input(item) for item in graph.input if _text(item.name) not in constants)
    outputs = tuple(_text(item.name) for item in graph.output)
    return OnnxModel(_opset(proto), inputs, outputs, constants, nodes)


def proto_of(path: Path) -> Any:
    """The model of a file as the onnx package has it, checked; nothing outside the file is opened."""
    try:
        import onnx
    except ImportError as error:
        raise EdgeqError("the onnx package is not installed, and .onnx files need it; run: pip install onnx") from error
    try:
        proto = onnx.ModelProto.FromString(path.read_bytes())
    except Exception as error:  # protobuf's implementations raise kinds of their own
        raise EdgeqError(f"{path}: is damaged or cut short ({_first_line(error)}); copy or export it again") from error
    _opset(proto)
    _check_contents(proto)
    try:
        onnx.checker.check_model(proto)
    except Exception as error:
        raise EdgeqError(f"{path}: is no valid ONNX model ({_first_line(error)}); export it again") from error
    return proto


def _first_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _text(value: Any) -> str:
    """A string field; one that is no UTF-8 comes as bytes."""
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _opset(proto: Any) -> int:
    from onnx.defs import onnx_opset_version

    versions = [item.version for item in proto.opset_import if item.domain in ("", "ai.onnx")]
    newest = onnx_opset_version()
    if len(versions) != 1 or not OLDEST_OPSET <= versions[0] <= newest:
        raise EdgeqError(
            f"the model uses operator set {', '.join(map(str, versions)) or 'none'}; {OLDEST_OPSET} to {newest} are "
            "supported, so export it again or convert it with onnx.version_converter"
        )
    return int(versions[0])


def _check_contents(proto: Any) -> None:
    """Refuses what edgeq can't have before anything looks deeper."""
    graph = proto.graph
    if len(graph.node) > MOST_NODES:
        raise EdgeqError(f"the model has {len(graph.node)} nodes; the limit is {MOST_NODES}")
    if len(proto.functions):
        raise EdgeqError("the model holds functions of its own; inline them with onnx.inliner.inline_local_functions")
    if len(graph.sparse_initializer):
        raise EdgeqError("the model stores constants sparsely, which is not supported; export it without sparsity")
    tensors = list(graph.initializer)
    for node in graph.node:
        for item in node.attribute:
            if item.HasField("g") or len(item.graphs):
                raise EdgeqError(f"the operator {node.op_type} holds a graph of its own; export without control flow")
            if item.HasField("sparse_tensor") or len(item.sparse_tensors) or len(item.tensors):
                raise EdgeqError(f"the operator {node.op_type} holds sparse or many tensors, which is not supported")
            if item.HasField("t"):
                tensors.append(item.t)
    for tensor in tensors:
        if tensor.data_location == EXTERNAL or len(tensor.external_data):
            raise EdgeqError(
                f"the constant {tensor.name!r} lies in another file, which edgeq never opens; save the model as one "
                "file: onnx.save(onnx.load(PATH), NEW_PATH)"
            )


def _checked_shape(what: str, dims: Any) -> tuple[int, ...]:
    shape = tuple(int(size) for size in dims)
    elements = 1
    for size in shape:
        elements *= size
    if len(shape) > MOST_AXES or any(size < 0 for size in shape) or elements > MOST_ELEMENTS:
        raise EdgeqError(
            f"{what} has the shape {list(shape)[:12]}; at most {MOST_AXES} axes and {MOST_ELEMENTS} elements are "
            "supported"
        )
    return shape


def _array(tensor: Any) -> np.ndarray:
    from onnx import numpy_helper

    what = f"the constant {tensor.name!r}"
    _checked_shape(what, tensor.dims)
    if tensor.data_type not in TYPES:
        raise EdgeqError(f"{what} has the type {_type_name(tensor.data_type)}, which is not supported; use float32")
    try:
        array = numpy_helper.to_array(tensor)
    except Exception as error:
        raise EdgeqError(f"{what} is damaged ({_first_line(error)}); copy or export the model again") from error
    return np.asarray(array, TYPES[tensor.data_type])


def _type_name(number: int) -> str:
    from onnx import TensorProto

    data_type: Any = TensorProto.DataType
    return str(data_type.Name(number)) if number in data_type.values() else f"number {number}"


def _node(index: int, node: Any) -> OnnxNode:
    domain, kind, name = _text(node.domain), _text(node.op_type), _text(node.name)
    op = kind if domain in ("", "ai.onnx") else f"{domain}::{kind}"
    attributes = {_text(item.name): _attribute(item, f"{op} {name!r}") for item in node.attribute}
    operands, results = (tuple(map(_text, names)) for names in (node.input, node.output))
    return OnnxNode(index, op, name, operands, results, attributes)


def _attribute(item: Any, where: str) -> Any:
    from onnx import AttributeProto

    kinds: Mapping[Any, Callable[[], Any]] = {
        AttributeProto.INT: lambda: int(item.i),
        AttributeProto.FLOAT: lambda: float(item.f),
        AttributeProto.STRING: lambda: _text(item.s),
        AttributeProto.TENSOR: lambda: _array(item.t),
        AttributeProto.INTS: lambda: tuple(int(value) for value in item.ints),
        AttributeProto.FLOATS: lambda: tuple(float(value) for value in item.floats),
        AttributeProto.STRINGS: lambda: tuple(_text(value) for value in item.strings),
    }
    if item.type not in kinds:
        raise EdgeqError(f"{where}: its attribute {item.name!r} is of a kind that is not supported; export it again")
    return kinds[item.type]()


def _input(item: Any) -> OnnxInput:
    name = _text(item.name)
    what = f"the model's input {name!r}"
    if not item.type.HasField("tensor_type"):
        raise EdgeqError(f"{what} is no tensor; export the model with tensors only")
    tensor = item.type.tensor_type
    if not tensor.HasField("shape"):
        raise EdgeqError(f"{what} has no shape; memory is planned at build time, so export with fixed shapes")
    sizes = tuple(int(d.dim_value) if d.HasField("dim_value") else None for d in tensor.shape.dim)
    _checked_shape(what, [1 if size is None else size for size in sizes])
    return OnnxInput(name, TYPES.get(tensor.elem_type, _type_name(tensor.elem_type)), sizes)
