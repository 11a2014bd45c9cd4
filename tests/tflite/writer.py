"""Writes .tflite files from the schema that edgeq reads them by, so that tests can make any network."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np

from edgeq.frontend.tflite import schema
from edgeq.frontend.tflite.flatbuffer import SCALARS

TYPES = {name: number for number, (name, _) in schema.TENSOR_TYPES.items()}
#: option tables that edgeq has no use for
UNREAD = {
    "Conv3DOptions": (106, {"padding": (0, "int8", 0), "stride_d": (1, "int32", 0), "stride_w": (2, "int32", 0),
                            "stride_h": (3, "int32", 0)}),
}  # fmt: skip
OPTIONS = {**schema.OPTIONS, **UNREAD}
TABLES = {**schema.TABLES, **{name: fields for name, (_, fields) in UNREAD.items()}}
#: option tables of operators with weights, their second operand
WEIGHTED = ("Conv2DOptions", "DepthwiseConv2DOptions", "FullyConnectedOptions", "TransposeConvOptions")
#: operators whose kernels are registered for later versions alone
VERSIONS = {"BROADCAST_TO": 2}
CODES = {name: code for code, name in schema.OPERATORS.items()}
_PREPEND = {
    "bool": "Bool", "int8": "Int8", "uint8": "Uint8", "int16": "Int16", "uint16": "Uint16", "int32": "Int32",
    "uint32": "Uint32", "int64": "Int64", "uint64": "Uint64", "float32": "Float32",
}  # fmt: skip


def write(root: dict[str, Any]) -> bytes:
    """The file of a model given as nested dictionaries in the schema's terms."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, "Model", root), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _table(builder: flatbuffers.Builder, name: str, values: dict[str, Any]) -> int:
    fields = TABLES[name]
    unions = {key: f"{key}_table" for key, (_, kind, _) in fields.items() if kind == "union"}
    unknown = set(values) - set(fields) - set(unions.values())
    assert not unknown, f"{name} has no field {unknown}"
    offsets = {}
    for key, value in values.items():
        if key in unions:
            offsets[key] = _table(builder, values[unions[key]], value)
        elif key in fields and fields[key][1] not in SCALARS:
            offsets[key] = _reference(builder, fields[key][1], value)
    builder.StartObject(max((slot for slot, _, _ in fields.values()), default=-1) + 1)
    for key, (slot, kind, _) in fields.items():
        if key in offsets:
            builder.PrependUOffsetTRelativeSlot(slot, offsets[key], 0)
        elif key in values:
            # written even where it is the default, so that readers see what the test says
            getattr(builder, f"Prepend{_PREPEND[kind]}")(values[key])
            builder.Slot(slot)
    return builder.EndObject()


def _reference(builder: flatbuffers.Builder, kind: str, value: Any) -> int:
    if kind == "string":
        return builder.CreateString(value)
    if not kind.startswith("["):
        return _table(builder, kind, value)
    inner = kind[1:-1]
    if inner in SCALARS:
        return builder.CreateNumpyVector(np.ascontiguousarray(value, np.dtype(SCALARS[inner])))
    items = [_table(builder, inner, item) for item in value]
    builder.StartVector(4, len(items), 4)
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return builder.EndVector()


@dataclass
class Network:
    """A .tflite model in the making: tensors and operators are appended, `bytes` is the file."""

    tensors: list[dict[str, Any]] = field(default_factory=list)
    buffers: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    operators: list[dict[str, Any]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=lambda: dict(VERSIONS))

    def tensor(
        self,
        shape: tuple[int, ...],
        kind: str = "int8",
        scale: Any = None,
        zero_point: int = 0,
        data: np.ndarray | None = None,
        axis: int = 0,
        variable: bool = False,
    ) -> int:
        """Index of a new tensor; `scale` may be one number or one per channel of `axis`."""
        entry: dict[str, Any] = {"shape": list(shape), "type": TYPES[kind], "name": f"t{len(self.tensors)}"}
        if variable:
            entry["is_variable"] = True
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            zeros = [zero_point] if len(scales) == 1 else [0] * len(scales)
            entry["quantization"] = {"scale": scales, "zero_point": zeros, "quantized_dimension": axis}
        if data is not None:
            entry["buffer"] = len(self.buffers)
            self.buffers.append({"data": np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)})
        self.tensors.append(entry)
        return len(self.tensors) - 1

    def input(self, shape: tuple[int, ...], kind: str = "int8", scale: Any = None, zero_point: int = 0) -> int:
        index = self.tensor(shape, kind, scale, zero_point)
        self.inputs.append(index)
        return index

    def variable(self, shape: tuple[int, ...], kind: str, scale: Any = None, zero_point: int = 0) -> int:
        """A tensor that is kept between inferences."""
        index = self.tensor(shape, kind, scale, zero_point)
        self.tensors[index]["is_variable"] = True
        return index

    def integers(self, *values: int) -> int:
        """A constant of int32: a shape, axes."""
        return self.tensor((len(values),), "int32", data=np.array(values, np.int32))

    def operator(
        self,
        name: str,
        inputs: list[int],
        outputs: list[int],
        table: str = "",
        intermediates: tuple[int, ...] = (),
        **options: Any,
    ) -> None:
        """Appends an operator; absent optional inputs are -1."""
        if name not in self.codes:
            self.codes.append(name)
        entry: dict[str, Any] = {"opcode_index": self.codes.index(name), "inputs": inputs, "outputs": outputs}
        if intermediates:
            entry["intermediates"] = list(intermediates)
        if table:
            entry |= {"options_type": OPTIONS[table][0], "options": options, "options_table": table}
        self.operators.append(entry)

    def unsigned(self, rng: np.random.Generator) -> bool:
        """Makes every quantized int8 tensor uint8: values and zero points plus 128. Weights get a zero point of their
        own. False where a tensor has scales per channel, which uint8 has none of."""
        weights = {operator["inputs"][1] for operator in self.operators if operator.get("options_table") in WEIGHTED}
        for index, entry in enumerate(self.tensors):
            quantization = entry.get("quantization")
            if entry["type"] != TYPES["int8"] or quantization is None:
                continue
            if len(quantization["scale"]) > 1:
                return False
            entry["type"], shift = TYPES["uint8"], 128
            if "buffer" in entry:
                data = self.buffers[entry["buffer"]]["data"]
                self.buffers[entry["buffer"]]["data"] = (data.astype(np.int16) + 128).astype(np.uint8)
                if index in weights:
                    shift = int(rng.choice((0, 90, 128, 200, 255)))
            quantization["zero_point"] = [quantization["zero_point"][0] + shift]
        return True

    def bytes(self) -> bytes:
        codes = [
            {"deprecated_builtin_code": min(CODES[name], 127), "builtin_code": CODES[name],
             "version": self.versions.get(name, 1)}
            for name in self.codes
        ]  # fmt: skip
        graph = {
            "tensors": self.tensors,
            "inputs": self.inputs,
            "outputs": self.outputs,
            "operators": self.operators,
            "name": "main",
        }
        return write({"version": 3, "operator_codes": codes, "subgraphs": [graph], "buffers": self.buffers})
