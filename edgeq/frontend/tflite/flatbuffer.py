"""Reads FlatBuffers by a declared schema; every offset, length and index is checked before it is followed.

The format's own Python runtime trusts its input; model files are not to be trusted. Layout as in the FlatBuffers
internals documentation: a table begins with a signed offset back to its vtable (uint16: vtable bytes, table bytes, then
an offset per field, 0 for an absent one); vectors and strings are a uint32 count and their elements.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

SCALARS: Mapping[str, str] = {
    "bool": "<?", "int8": "<b", "uint8": "<B", "int16": "<h", "uint16": "<H", "int32": "<i", "uint32": "<I",
    "int64": "<q", "uint64": "<Q", "float32": "<f",
}  # fmt: skip

#: field name -> (slot, type, default). Types: a scalar's name, "string", "[scalar]", "Table", "[Table]"
Fields = Mapping[str, tuple[int, str, Any]]

#: tables of tables that a file may hold at most, all together: far above any model for a microcontroller
MOST_TABLES = 200_000
#: numbers in vectors of more than one byte an element, all together
MOST_NUMBERS = 16_000_000


class DamagedError(ValueError):
    """The file contradicts itself; the message says where."""


class Reader:
    """Tables of `data` as dictionaries by field name; `schema` names every table that is understood."""

    def __init__(self, data: bytes, schema: Mapping[str, Fields]) -> None:
        self._data = data
        self._schema = schema
        self._tables = 0
        self._numbers = 0

    def root(self, table: str) -> dict[str, Any]:
        """The file's outermost table."""
        return self.table(table, self._scalar("uint32", 0))

    def table(self, name: str, position: int) -> dict[str, Any]:
        """All declared fields of the table at `position`, absent ones with their defaults."""
        self._tables += 1
        if self._tables > MOST_TABLES:
            raise DamagedError(f"it holds more than {MOST_TABLES} tables")
        vtable = position - self._scalar("int32", position)
        length = self._scalar("uint16", vtable)
        if length < 4 or length % 2:
            raise DamagedError(f"a table of {name} at byte {position} has a vtable of {length} bytes")
        self._require(vtable, length)
        result = {}
        for field, (slot, kind, default) in self._schema[name].items():
            entry = 4 + 2 * slot
            offset = self._scalar("uint16", vtable + entry) if entry + 2 <= length else 0
            result[field] = self._value(kind, position + offset) if offset else default
        return result

    def _value(self, kind: str, position: int) -> Any:
        if kind in SCALARS:
            return self._scalar(kind, position)
        target = self._follow(position)
        if kind == "string":
            count = self._count(target, 1)
            return self._data[target + 4 : target + 4 + count].decode("utf-8", "replace")
        if kind.startswith("["):
            return self._vector(kind[1:-1], target)
        if kind == "union":
            return target
        return self.table(kind, target)

    def _vector(self, kind: str, target: int) -> Any:
        if kind in SCALARS:
            size = struct.calcsize(SCALARS[kind])
            count = self._count(target, size)
            self._numbers += count if size > 1 else 0
            if self._numbers > MOST_NUMBERS:
                raise DamagedError(f"its vectors hold more than {MOST_NUMBERS} numbers")
            return np.frombuffer(self._data, np.dtype(SCALARS[kind]), count, target + 4)
        count = self._count(target, 4)
        return [self.table(kind, self._follow(target + 4 + 4 * index)) for index in range(count)]

    def _follow(self, position: int) -> int:
        """The target of a forward offset."""
        offset = self._scalar("uint32", position)
        if offset == 0:
            raise DamagedError(f"the offset at byte {position} leads nowhere")
        self._require(position + offset, 4)
        return position + int(offset)

    def _count(self, target: int, size: int) -> int:
        count = int(self._scalar("uint32", target))
        self._require(target + 4, count * size)
        return count

    def _scalar(self, kind: str, position: int) -> Any:
        form = SCALARS[kind]
        self._require(position, struct.calcsize(form))
        return struct.unpack_from(form, self._data, position)[0]

    def _require(self, position: int, length: int) -> None:
        if position < 0 or position + length > len(self._data):
            raise DamagedError(f"it refers to bytes {position}..{position + length} of {len(self._data)}")
