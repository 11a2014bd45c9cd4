"""A .tflite file as plain records, every index and size in it checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.importer import LEAST_SCALE, MOST_AXES, MOST_ELEMENTS
from edgeq.frontend.tflite import schema, sparse
from edgeq.frontend.tflite.flatbuffer import DamagedError, Reader
from edgeq.frontend.tflite.unsigned import as_signed
from edgeq.ir.graph import BOOLEAN, Quantization


@dataclass(frozen=True, eq=False)
class TfliteTensor:
    """`quantization` is None for tensors without scale; `data` holds a constant's values in its own type. `unsigned`:
    the file has it in uint8 (edgeq/frontend/tflite/unsigned.py); `boolean`: it has truth values, which are read as int8
    of 0 and 1; `synthetic`: the file does not have it."""

    index: int
    name: str
    shape: tuple[int, ...]
    type: str
    quantization: Quantization | None
    data: np.ndarray | None
    is_variable: bool
    unsigned: bool = False
    boolean: bool = False
    synthetic: bool = False

    @property
    def graph_shape(self) -> tuple[int, ...]:
        """The shape of the activation: one without axes is a batch of one value."""
        return self.shape or (1,)

    def __str__(self) -> str:
        return f"{'uint8' if self.unsigned else 'bool' if self.boolean else self.type} {list(self.shape)}"


@dataclass(frozen=True, eq=False)
class TfliteOperator:
    """An operator with indices of its tensors (None for an absent optional input) and its options by name."""

    index: int
    name: str
    inputs: tuple[int | None, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Any]
    intermediates: tuple[int, ...]

    def __str__(self) -> str:
        return f"operator {self.index} ({self.name})"


@dataclass(frozen=True, eq=False)
class TfliteModel:
    tensors: tuple[TfliteTensor, ...]
    operators: tuple[TfliteOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(path: Path) -> TfliteModel:
    """The checked model of a file. Raises EdgeqError when it is damaged or holds what edgeq can't have."""
    data = path.read_bytes()
    try:
        return _checked(Reader(data, schema.TABLES), data)
    except DamagedError as error:
        raise EdgeqError(f"{path}: is damaged or cut short ({error}); copy or convert it again") from error


def _checked(reader: Reader, data: bytes) -> TfliteModel:
    root = reader.root("Model")
    if root["version"] != 3:
        raise DamagedError(f"its schema has version {root['version']}, and there is only version 3")
    if not root["subgraphs"]:
        raise DamagedError("it holds no graph")
    if len(root["subgraphs"]) > 1:
        raise EdgeqError(
            f"the model holds {len(root['subgraphs'])} graphs (control flow or several signatures), which is not "
            "supported; convert a model with one function and without loops"
        )
    graph = root["subgraphs"][0]
    tensors = tuple(
        _tensor(index, entry, root["buffers"], data, reader) for index, entry in enumerate(graph["tensors"])
    )
    operators = tuple(
        _operator(index, entry, root["operator_codes"], len(tensors), reader)
        for index, entry in enumerate(graph["operators"])
    )
    inputs = tuple(_index(item, len(tensors), "an input of the model") for item in graph["inputs"])
    outputs = tuple(_index(item, len(tensors), "an output of the model") for item in graph["outputs"])
    _check_order(tensors, operators, inputs, outputs)
    return TfliteModel(tensors, operators, inputs, outputs)


def _index(value: Any, count: int, what: str) -> int:
    if not 0 <= int(value) < count:
        raise DamagedError(f"{what} is number {int(value)} of {count}")
    return int(value)


def _tensor(index: int, entry: Mapping[str, Any], buffers: Any, data: bytes, reader: Reader) -> TfliteTensor:
    what = f"tensor {index}"
    name = entry["name"][:200]
    kind, numpy_type = schema.TENSOR_TYPES.get(entry["type"], (f"type {entry['type']}", None))
    axes = max(len(entry["shape"]), len(entry["shape_signature"]))
    if axes > MOST_AXES:
        raise EdgeqError(f"{what} ({name!r}) has {axes} axes; at most {MOST_AXES} are supported")
    signature = [int(size) for size in entry["shape_signature"]]
    shape = tuple(int(size) for size in entry["shape"])
    if any(size < 1 for size in shape):
        raise EdgeqError(f"{what} ({name!r}) has the shape {list(shape)}; every axis must be fixed and at least 1")
    if signature and any(size == -1 for size in signature[1:]):
        raise EdgeqError(
            f"{what} ({name!r}) has the dynamic shape {signature}; memory is planned at build time, so convert with "
            "fixed shapes"
        )
    elements = 1
    for size in shape:
        elements *= size
    if elements > MOST_ELEMENTS:
        raise EdgeqError(
            f"{what} ({name!r}) has {elements} elements of shape {list(shape)}; the limit is {MOST_ELEMENTS}"
        )
    contents = _contents(what, entry, buffers, data)
    values = None
    if contents.size:
        if numpy_type is None:
            raise EdgeqError(f"{what} ({name!r}) holds constants of type {kind}, which are not supported")
        places = None if entry["sparsity"] is None else sparse.places(what, entry["sparsity"], shape, reader)
        count = elements if places is None else len(places)
        if contents.size != count * np.dtype(numpy_type).itemsize:
            raise DamagedError(f"{what} has {contents.size} bytes for {count} elements of {kind}")
        values = np.frombuffer(contents.tobytes(), numpy_type)
        if places is not None:
            stored, values = values, np.zeros(elements, numpy_type)
            values[places] = stored
        values = values.reshape(shape)
    quantization = _quantization(what, entry, shape, kind)
    tensor = TfliteTensor(index, name, shape, kind, quantization, values, bool(entry["is_variable"]))
    return _as_bytes(tensor) if kind == "bool" else as_signed(tensor)


def _as_bytes(tensor: TfliteTensor) -> TfliteTensor:
    """A tensor of truth values as one of int8."""
    data = None if tensor.data is None else (tensor.data.view(np.uint8) != 0).astype(np.int8)
    return replace(tensor, type="int8", quantization=BOOLEAN, data=data, boolean=True)


def _contents(what: str, entry: Mapping[str, Any], buffers: Any, data: bytes) -> np.ndarray:
    if not buffers:
        return np.zeros(0, np.uint8)
    buffer = buffers[_index(entry["buffer"], len(buffers), f"the buffer of {what}")]
    if buffer["offset"] > 1:  # files above 2 GB keep their constants behind the tables
        end = buffer["offset"] + buffer["size"]
        if end > len(data):
            raise DamagedError(f"{what} has its constants at bytes {buffer['offset']}..{end} of {len(data)}")
        return np.frombuffer(data, np.uint8, buffer["size"], buffer["offset"])
    return np.asarray(buffer["data"], np.uint8)


def _quantization(what: str, entry: Mapping[str, Any], shape: tuple[int, ...], kind: str) -> Quantization | None:
    fields = entry["quantization"]
    if fields is None or len(fields["scale"]) == 0:
        return None
    if fields["details_type"] != 0:
        raise EdgeqError(f"{what} has a custom quantization, which is not supported; convert with the standard one")
    scale = np.asarray(fields["scale"], np.float64)
    zero_points = [int(value) for value in fields["zero_point"]] or [0] * len(scale)
    if not np.all((scale == 0.0) | ((scale >= LEAST_SCALE) & (scale <= 1 / LEAST_SCALE))):
        raise DamagedError(f"{what} has scales from {scale.min()} to {scale.max()}")
    if len(zero_points) not in (1, len(scale)):
        raise DamagedError(f"{what} has {len(scale)} scales and {len(zero_points)} zero points")
    if len(scale) == 1:
        limits = {"int8": 128, "int16": 32768}.get(kind, 2**31)
        if abs(zero_points[0]) > limits or (kind == "uint8" and not 0 <= zero_points[0] <= 255):
            raise DamagedError(f"{what} has the zero point {zero_points[0]}")
        if scale[0] == 0.0:
            return None
        return Quantization(scale, zero_points[0], None, kind)
    axis = fields["quantized_dimension"]
    if not 0 <= axis < len(shape) or shape[axis] != len(scale):
        raise DamagedError(f"{what} of shape {list(shape)} has {len(scale)} scales along axis {axis}")
    if any(zero_points):
        raise EdgeqError(f"{what} has zero points per channel, which is not supported; use symmetric weights")
    return Quantization(scale, 0, axis, kind)


def _operator(index: int, entry: Mapping[str, Any], codes: Any, tensors: int, reader: Reader) -> TfliteOperator:
    code = codes[_index(entry["opcode_index"], len(codes), f"the code of operator {index}")]
    number = max(code["builtin_code"], code["deprecated_builtin_code"])
    name = schema.OPERATORS.get(number, f"operator code {number}")
    if name == "CUSTOM":
        name = f"CUSTOM {code['custom_code']!r}"
    inputs = tuple(
        None if int(item) == -1 else _index(item, tensors, f"an input of operator {index}") for item in entry["inputs"]
    )
    outputs = tuple(_index(item, tensors, f"an output of operator {index}") for item in entry["outputs"])
    intermediates = tuple(
        _index(item, tensors, f"an intermediate of operator {index}") for item in entry["intermediates"]
    )
    table = schema.OPTIONS_BY_NUMBER.get(entry["options_type"])
    options: dict[str, Any] = {}
    if table is not None and entry["options"] is not None:
        options = reader.table(table, entry["options"])
    elif table is not None:
        options = {field: default for field, (_, _, default) in schema.TABLES[table].items()}
    return TfliteOperator(index, name, inputs, outputs, options, intermediates)


def _check_order(
    tensors: tuple[TfliteTensor, ...],
    operators: tuple[TfliteOperator, ...],
    inputs: tuple[int, ...],
    outputs: tuple[int, ...],
) -> None:
    """Every tensor is made once, before it is read."""
    known = set(inputs) | {t.index for t in tensors if t.data is not None or t.is_variable}
    if len(set(inputs)) != len(inputs) or any(tensors[index].data is not None for index in inputs):
        raise DamagedError("its inputs are not distinct or hold constants")
    made = set(inputs)
    for operator in operators:
        for item in operator.inputs:
            if item is not None and item not in known:
                raise DamagedError(f"{operator} reads tensor {item} before it is made")
        for item in operator.outputs:
            if item in made or tensors[item].data is not None:
                raise DamagedError(f"{operator} makes tensor {item}, which exists already")
            made.add(item)
            known.add(item)
    for item in outputs:
        if item not in known:
            raise DamagedError(f"the model's output {item} is never made")
