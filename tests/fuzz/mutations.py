"""Ways to damage a model file: its bytes, and the values inside the tree that it is written from."""

from __future__ import annotations

from typing import Any

import numpy as np

INTERESTING = (
    0, 1, 2, 3, 4, 7, 127, 128, 255, 256, 1 << 15, 1 << 16, (1 << 24) - 1, 1 << 24, (1 << 31) - 1, -1, -2, -128,
    -(1 << 31), 1 << 31, (1 << 32) - 1, 1 << 40, (1 << 63) - 1, -(1 << 63),
)  # fmt: skip
REALS = (0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, -1e30, float("inf"), float("-inf"), float("nan"), 3.4e38)


def damaged(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """`data` with 1 to 4 changes; `other` is a file that pieces may come from."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        if not changed:
            break
        at = int(rng.integers(len(changed)))
        how = int(rng.integers(7))
        if how == 0:
            changed[at] ^= 1 << int(rng.integers(8))
        elif how == 1:
            changed[at] = int(rng.integers(256))
        elif how == 2 and rng.integers(4) == 0:
            del changed[at:]
        elif how == 3:
            del changed[at : at + int(rng.integers(1, 9))]
        elif how == 4:
            start = int(rng.integers(len(other)))
            changed[at:at] = other[start : start + int(rng.integers(1, 65))]
        elif how == 5:
            start = int(rng.integers(len(other)))
            piece = other[start : start + int(rng.integers(1, 65))]
            changed[at : at + len(piece)] = piece
        else:  # an aligned word: an offset, a length, a size, an index
            at = at // 4 * 4
            changed[at : at + 4] = (int(rng.choice(INTERESTING[:17])) & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(changed)


def changed_tree(tree: Any, rng: np.random.Generator) -> Any:
    """A copy of nested dictionaries and lists with one value changed, an element left out or doubled."""
    if isinstance(tree, dict) and tree:
        key = str(rng.choice(sorted(tree)))
        if rng.integers(12) == 0 and key != "options_table":
            return {name: value for name, value in tree.items() if name != key}
        return {**tree, key: changed_tree(tree[key], rng)}
    if isinstance(tree, (list, tuple)) and len(tree):
        at, how = int(rng.integers(len(tree))), int(rng.integers(12))
        items = list(tree)
        if how == 0:
            del items[at]
        elif how == 1:
            items.insert(at, items[int(rng.integers(len(items)))])
        elif how == 2:
            items = items[::-1]
        else:
            items[at] = changed_tree(items[at], rng)
        return items
    if isinstance(tree, np.ndarray) and tree.size:
        values = tree.copy()
        index = int(rng.integers(values.size))
        values.reshape(-1)[index] = changed_tree(values.reshape(-1)[index].item(), rng) % 256
        return values[: int(rng.integers(values.size + 1))] if rng.integers(3) == 0 else values
    if isinstance(tree, bool):
        return not tree
    if isinstance(tree, (int, np.integer)):
        near = int(tree) + int(rng.integers(-3, 4))
        return near if rng.integers(2) else int(rng.choice(np.array(INTERESTING, object)))
    if isinstance(tree, float):
        return float(rng.choice(REALS))
    if isinstance(tree, str):
        return tree[: int(rng.integers(len(tree) + 1))]
    return tree


def change_message(message: Any, rng: np.random.Generator) -> None:
    """Changes one value somewhere in a protobuf message."""
    fields = message.ListFields()
    if not fields:
        return
    descriptor, value = fields[int(rng.integers(len(fields)))]
    name = descriptor.name
    repeated = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
    if repeated and len(value) == 0:
        return
    at = int(rng.integers(len(value))) if repeated else 0
    if repeated and rng.integers(8) == 0:
        del value[at]
    elif descriptor.message_type is not None:
        if repeated and rng.integers(8) == 0:
            value.add().CopyFrom(value[at])
        else:
            change_message(value[at] if repeated else value, rng)
    else:
        other = _scalar(value[at] if repeated else value, message, rng)
        try:
            if repeated:
                value[at] = other
            else:
                setattr(message, name, other)
        except (ValueError, TypeError):
            return  # a number that the field can't hold


def _scalar(value: Any, message: Any, rng: np.random.Generator) -> Any:
    if isinstance(value, bytes):
        return damaged(value, b"\0\xff\x7f\x80" * 4, rng)
    if isinstance(value, str) and rng.integers(2):
        names = [text for _, text in message.ListFields() if isinstance(text, str)]
        return str(rng.choice(names)) if names else ""
    return changed_tree(value, rng)
