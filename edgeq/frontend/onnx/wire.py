"""Tells an ONNX file by its outermost protobuf fields, without the onnx package. Protobuf has no magic number.

Source: the encoding of protocol buffers (protobuf.dev/programming-guides/encoding); fields of ModelProto in onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

GRAPH_FIELD, VARINT, EIGHT_BYTES, LENGTH, FOUR_BYTES = 7, 0, 1, 2, 5
#: numbers and wire types of ModelProto's fields
MODEL_FIELDS = {
    1: VARINT, 2: LENGTH, 3: LENGTH, 4: LENGTH, 5: VARINT, 6: LENGTH, 7: LENGTH, 8: LENGTH, 14: LENGTH, 20: LENGTH,
    25: LENGTH, 26: LENGTH,
}  # fmt: skip


def is_model(data: bytes) -> bool:
    """Whether the bytes are the fields of a ModelProto, the graph among them."""
    found = set()
    try:
        for number, kind in _fields(data):
            if MODEL_FIELDS.get(number, kind) != kind:
                return False
            found.add(number)
    except ValueError:
        return False
    return GRAPH_FIELD in found


def _fields(data: bytes) -> Iterator[tuple[int, int]]:
    """(number, wire type) of every outermost field. Raises ValueError where the bytes are no protobuf."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == VARINT:
            _, at = _varint(data, at)
        elif kind == LENGTH:
            length, at = _varint(data, at)
            at += length
        elif kind in (EIGHT_BYTES, FOUR_BYTES):
            at += 8 if kind == EIGHT_BYTES else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at > len(data):
            raise ValueError("cut short")
        yield tag >> 3, kind


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("cut short")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than ten bytes")
