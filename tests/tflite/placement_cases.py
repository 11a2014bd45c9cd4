"""Operators that put elements elsewhere, in int8, int16 and bool, and those that only change a type."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.cases import CHANNELS
from tests.tflite.drawn import Case, scales, zero_points
from tests.tflite.truth_cases import quantized, values
from tests.tflite.writer import TYPES, Network

#: operators -> types that TensorFlow Lite 2.14 has kernels for (MATRIX_DIAG reads truth values as float32)
PLACEMENTS = {
    "BROADCAST_TO": ("int8", "int16", "bool"), "DYNAMIC_UPDATE_SLICE": ("int8", "bool"),
    "MATRIX_DIAG": ("int8", "int16"), "MATRIX_SET_DIAG": ("int8", "int16"),
    "REVERSE_SEQUENCE": ("int16",), "REVERSE_V2": ("int8", "int16", "bool"), "SCATTER_ND": ("int8", "bool"),
    "STRIDED_SLICE": ("int8", "int16", "bool"),
}  # fmt: skip
CASTS = (
    ("int8", "int16"), ("int8", "bool"), ("int8", "int8"), ("int16", "bool"), ("bool", "int8"), ("bool", "int16"),
)  # fmt: skip
#: of the tables that indices are looked up in
ROWS = 7


@st.composite
def placements(draw: st.DrawFn, kind: str) -> Case:
    name = draw(st.sampled_from([name for name, kinds in PLACEMENTS.items() if kind in kinds]))
    shape = (1, draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.sampled_from(CHANNELS[:8])))
    part, number = quantized(kind, draw(scales()), draw(zero_points())), draw(st.integers(1, 3))

    def add(network: Network, rng: np.random.Generator) -> None:
        operands, result, table, options = _FORMS[name](network, rng, shape, kind, part, number)
        y = network.tensor(result, kind, *part)
        network.operator(name, operands, [y], table, **options)
        network.outputs.append(y)

    return Case(f"{name} {kind} {shape} {number} {part}", add)


Part = tuple[float | None, int]
Form = tuple[list[int], tuple[int, ...], str, dict[str, Any]]


def _broadcast(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    small = tuple(1 if rng.integers(2) else size for size in shape)
    return [network.input(small, kind, *part), network.integers(*shape)], shape, "", {}


def _update(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    size = (1, *(int(rng.integers(1, length + 1)) for length in shape[1:]))
    start = [int(value) for value in rng.integers(-1, 5, 4)]
    x, update = network.input(shape, kind, *part), network.input(size, kind, *part)
    return [x, update, network.integers(*start)], shape, "", {}


def _diagonal(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    return [network.input(shape[1:] if shape[1] == 1 else shape, kind, *part)], (
        (*(shape[1:] if shape[1] == 1 else shape), shape[-1])
    ), "", {}  # fmt: skip


def _set_diagonal(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    rows = network.input((*shape[:-2], min(shape[-2:])), kind, *part)
    return [network.input(shape, kind, *part), rows], shape, "", {}


def _sequences(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    batch, along = (int(axis) for axis in rng.permutation(4)[:2])
    lengths = [int(length) for length in rng.integers(0, shape[along] + 1, shape[batch])]
    options = {"seq_dim": along, "batch_dim": batch}
    return [network.input(shape, kind, *part), network.integers(*lengths)], shape, "ReverseSequenceOptions", options


def _reverse(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    return [network.input(shape, kind, *part), network.integers(number)], shape, "", {}


def _scatter(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    first, rest = shape[: number + 1], shape[number + 1 :]
    every = np.stack(np.unravel_index(rng.permutation(int(np.prod(first))), first), -1).astype(np.int32)
    places = every[None, : max(1, len(every) // 2)]
    indices = network.tensor(places.shape, "int32", data=places)
    updates = network.input((*places.shape[:-1], *rest), kind, *part)
    return [indices, updates, network.integers(*shape)], shape, "", {}


def _steps(
    network: Network, rng: np.random.Generator, shape: tuple[int, ...], kind: str, part: Part, number: int
) -> Form:
    steps = [1, *(int(rng.choice((1, 2, -1))) for _ in shape[1:])]
    result = tuple(len(range(length)[:: steps[axis]]) for axis, length in enumerate(shape))
    bounds = [network.integers(*values) for values in ([0] * 4, shape, steps)]
    options = {"begin_mask": 15, "end_mask": 15, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0,
               "offset": False}  # fmt: skip
    return [network.input(shape, kind, *part), *bounds], result, "StridedSliceOptions", options


_FORMS = {
    "BROADCAST_TO": _broadcast, "DYNAMIC_UPDATE_SLICE": _update, "MATRIX_DIAG": _diagonal,
    "MATRIX_SET_DIAG": _set_diagonal, "REVERSE_SEQUENCE": _sequences, "REVERSE_V2": _reverse, "SCATTER_ND": _scatter,
    "STRIDED_SLICE": _steps,
}  # fmt: skip


@st.composite
def constants(draw: st.DrawFn, kind: str) -> Case:
    """FILL and SPARSE_TO_DENSE of constants, and what reads them; of one computed value."""
    name = draw(st.sampled_from(("FILL", "SPARSE_TO_DENSE") if kind == "int8" else ("FILL",)))
    shape = (1, *draw(st.lists(st.integers(1, 4), max_size=2)), draw(st.sampled_from(CHANNELS)))
    part, computed = quantized(kind, draw(scales()), draw(zero_points())), draw(st.booleans())

    def add(network: Network, rng: np.random.Generator) -> None:
        value, made = network.tensor((), kind, *part, values(rng, kind, ())), network.tensor(shape, kind, *part)
        if name == "FILL" and computed:
            one = network.tensor((), kind, *part)
            network.operator("SQUEEZE", [network.input((1, 1), kind, *part)], [one], "SqueezeOptions", squeeze_dims=[])
            network.operator(name, [network.integers(*shape), one], [made])
            network.outputs.append(made)
            return
        if name == "FILL":
            network.operator(name, [network.integers(*shape), value], [made])
        else:
            number = 1 if computed else int(rng.integers(1, np.prod(shape) + 1))
            at = np.stack(np.unravel_index(np.sort(rng.permutation(int(np.prod(shape)))[:number]), shape), -1)
            indices = network.tensor(at.shape, "int32", data=at.astype(np.int32))
            given = network.input((1,), kind, *part) if computed else network.tensor(
                (number,), kind, *part, values(rng, kind, (number,)))  # fmt: skip
            network.operator(name, [indices, network.integers(*shape), given, value], [made])
            if computed:
                network.outputs.append(made)
                return
        y = network.tensor(shape, kind, *part)
        reader = "LOGICAL_OR" if kind == "bool" else "MAXIMUM"
        network.operator(reader, [network.input(shape, kind, *part), made], [y])
        network.outputs.append(y)

    return Case(f"{name} {kind} {shape} {part} {computed=}", add)


@st.composite
def casts(draw: st.DrawFn) -> Case:
    """CAST: stored integers stay what they are."""
    source, target = draw(st.sampled_from(CASTS))
    parts = [quantized(kind, draw(scales()), draw(zero_points())) for kind in (source, target)]
    parts = [part if draw(st.booleans()) or kind != "int16" else (None, 0)
             for kind, part in zip((source, target), parts, strict=True)]  # fmt: skip
    parts[0] = quantized(source, 0.01, parts[0][1])

    def add(network: Network, rng: np.random.Generator) -> None:
        x, y = network.input((1, 300), source, *parts[0]), network.tensor((1, 300), target, *parts[1])
        types = {"in_data_type": TYPES[source], "out_data_type": TYPES[target]}
        network.operator("CAST", [x], [y], "CastOptions", **types)
        network.outputs.append(y)

    return Case(f"CAST {source} {target} {parts}", add)


@st.composite
def tables(draw: st.DrawFn) -> Case:
    """Rows of an int8 table, and rows of a unit matrix, by indices that the input holds."""
    name, count = draw(st.sampled_from(("GATHER", "EMBEDDING_LOOKUP", "ONE_HOT"))), draw(st.integers(1, 5))
    width, part = draw(st.sampled_from(CHANNELS)), (draw(scales()), draw(zero_points()))
    ends = draw(st.tuples(st.integers(-128, 127), st.integers(-128, 127)))

    def add(network: Network, rng: np.random.Generator) -> None:
        shape = (1,) if name == "EMBEDDING_LOOKUP" else (1, count)
        ids = network.input(shape, "int32")
        if name == "ONE_HOT":
            on, off = (network.tensor((), "int8", *part, np.array(end, np.int8)) for end in ends)
            depth = network.tensor((), "int32", data=np.array(ROWS, np.int32))
            y = network.tensor((*shape, ROWS), "int8", *part)
            network.operator(name, [ids, depth, on, off], [y], "OneHotOptions", axis=-1)
        else:
            data = rng.integers(-128, 128, (ROWS, width)).astype(np.int8)
            table, y = (
                network.tensor((ROWS, width), "int8", *part, data),
                network.tensor((*shape, width), "int8", *part),
            )
            if name == "GATHER":
                network.operator(name, [table, ids], [y], "GatherOptions", axis=0, batch_dims=0)
            else:
                network.operator(name, [ids, table], [y])
        network.outputs.append(y)

    return Case(f"{name} table {count} {width} {part} {ends}", add)
