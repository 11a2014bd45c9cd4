"""How far the integer functions that transformers are made of lie from the functions themselves, on the real values
that their integer operands stand for: the bounds of docs/encoder-decoder.md, in steps of the output."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgeq import ops
from edgeq.ir.graph import Graph, Node, Quantization, Tensor, constant
from edgeq.ops import embedding, softmax
from edgeq.ops.lut import OP as LUT
from edgeq.quantize.convert import to_integer
from edgeq.reference import run_batch

FEW = settings(max_examples=60, deadline=None, derandomize=True, database=None)
SCALES = st.floats(-9, 1).map(lambda exponent: 2.0**exponent)


def converted(
    op: str,
    operands: list[tuple[tuple[int, ...], Quantization]],
    constants: list[np.ndarray],
    output: Quantization,
    attributes: dict[str, Any],
) -> Graph:
    """The integer graph of one operator on prescribed operands."""
    tensors = {f"x{at}": Tensor(f"x{at}", shape, quantization=stored) for at, (shape, stored) in enumerate(operands)}
    names = tuple(tensors)
    tensors |= {f"c{at}": constant(f"c{at}", data) for at, data in enumerate(constants)}
    node = Node("made", op, tuple(tensors), ("y",), MappingProxyType(attributes))
    (shape,) = ops.get(op).infer(node, list(tensors.values()))
    tensors["y"] = Tensor("y", tuple(shape), quantization=output)
    return to_integer(Graph("bounds", names, ("y",), (node,), MappingProxyType(tensors)), {})


def run(graph: Graph, *inputs: np.ndarray) -> np.ndarray:
    values = run_batch(graph, dict(zip(graph.inputs, inputs, strict=True)))
    return values["y"].astype(np.float64)


def steps(real: np.ndarray, output: Quantization) -> np.ndarray:
    """Real numbers in the steps of an int8 output, limited to its range."""
    return np.clip(real / output.scale[0] + output.zero_point, -128, 127)


@pytest.mark.parametrize("op", ["softmax", "slot_softmax"])
@FEW
@given(scale=SCALES, depth=st.integers(1, 600), seed=st.integers(0, 2**32 - 1))
def test_softmax(op: str, scale: float, depth: int, seed: int) -> None:
    """Half a step, and 128 (n + 1) / 2^k for the table's rounding; 1 itself is stored as 255/256."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, 128, (4, 1, depth)).astype(np.int8)
    stored = Quantization.per_tensor(scale, int(rng.integers(-128, 128)))
    index = rng.integers(0, depth, (4, 1)).astype(np.int32)
    slots = op == "slot_softmax"
    operands = [((1, 1, depth), stored), *([((1, 1), embedding.INDEX)] if slots else [])]
    made = run(converted(op, operands, [], softmax.OUTPUT, {}), x, *([index] if slots else []))
    real = stored.real(x).astype(np.float64)
    if slots:
        real = np.where(np.arange(depth) <= index[:, None], real, -np.inf)
    e = np.exp(real - real.max(-1, keepdims=True))
    wanted = steps(e / e.sum(-1, keepdims=True), softmax.OUTPUT)
    bound = 0.5 + 128 * (depth + 1) / 2.0 ** softmax.table_bits(depth)
    assert np.abs(made - wanted).max() <= bound


@pytest.mark.parametrize("function", ["gelu", "silu", "tanh"])
@FEW
@given(scale=SCALES, zero_point=st.integers(-128, 127), output_scale=SCALES, output_zero=st.integers(-128, 127))
def test_functions_of_one_operand(
    function: str, scale: float, zero_point: int, output_scale: float, output_zero: int
) -> None:
    """Half a step, and what float32 loses when the table is made."""
    x = np.arange(-128, 128, dtype=np.int8)[None]
    source, output = (Quantization.per_tensor(*of) for of in ((scale, zero_point), (output_scale, output_zero)))
    attributes = {"function": function, **({"approximate": "none"} if function == "gelu" else {})}
    graph = converted("unary", [(x.shape, source)], [], output, attributes)
    assert [node.op for node in graph.nodes] == [LUT.name]
    node = Node("made", "unary", ("x0",), ("y",), MappingProxyType(attributes))
    (real,) = ops.get("unary").run_float(node, [(x.astype(np.float64) - zero_point) * scale])
    assert np.abs(run(graph, x) - steps(real, output)).max() <= 0.5 + 1e-3


@pytest.mark.parametrize(("centred", "groups"), [(True, 0), (False, 0), (True, 1)])
@FEW
@given(scale=SCALES, channels=st.integers(2, 200), spread=st.floats(0.05, 3.0), seed=st.integers(0, 2**32 - 1))
@example(scale=0.0078125, channels=2, spread=1.0, seed=0)
def test_normalizations(centred: bool, groups: int, scale: float, channels: int, spread: float, seed: int) -> None:
    """Half a step, (|z| + 1) / 2 of the constants' last bit, and |g| (2^-19 + |z| 2^-28) for a gain of g steps and a
    normalized value z; eps is a whole number of W = n^2 (variance + eps) / scale^2, which adds |g z| / 2 W."""
    rng = np.random.default_rng(seed)
    x = np.clip(rng.normal(rng.uniform(-60, 60), rng.uniform(1, 60), (3, 4, channels)), -128, 127).astype(np.int8)
    gain, bias = rng.normal(0, spread, (2, channels)).astype(np.float32)
    stored, output = Quantization.per_tensor(scale, int(rng.integers(-128, 128))), Quantization.per_tensor(0.05, 3)
    attributes = {"groups": groups, "centred": centred, "eps": 1e-5}
    graph = converted("normalize", [((1, *x.shape[1:]), stored)], [gain, bias], output, attributes)
    real = (x.astype(np.float64) - stored.zero_point) * scale
    axes = (1, 2) if groups else (2,)
    moved = real - real.mean(axes, keepdims=True) if centred else real
    square = (moved**2).mean(axes, keepdims=True) + 1e-5
    z = moved / np.sqrt(square)
    w = (channels * (4 if groups else 1)) ** 2 * square / scale**2
    last_bit = 2.0 ** -graph.nodes[0].attributes["shift"]
    bound = 0.5 + (np.abs(z) + 1) / 2 * last_bit + np.abs(gain) / 0.05 * (2.0**-19 + np.abs(z) * (2.0**-28 + 0.5 / w))
    assert np.all(np.abs(run(graph, x) - steps(z * gain + bias, output)) <= bound + 1e-9)


@FEW
@given(seed=st.integers(0, 2**32 - 1), scale=SCALES)
def test_rotary_positions(seed: int, scale: float) -> None:
    """x cos + x' sin of operands up to m: half a step of the output, of each product, and m times a step of the tables;
    a hundredth of a step for the multipliers of the sum."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-128, 128, (8, 1, 1, 16)).astype(np.int8)
    angles = rng.uniform(0, 2 * np.pi, (8, 1, 1, 16))
    m = 128 * scale
    stored, table = Quantization.per_tensor(scale, 0), Quantization.per_tensor(2.0 / 255, 0)
    product, output = Quantization.per_tensor(scale, 0), Quantization.per_tensor(1.5 * scale, 0)
    pairs = x.reshape(8, 1, 1, 8, 2)[..., ::-1].reshape(x.shape)
    total = np.zeros(x.shape)
    made = []
    for values, turned in ((np.cos(angles), x), (np.sin(angles), pairs)):
        stored_table = np.rint(values / table.scale[0]).astype(np.int8)
        shapes = [((1, *x.shape[1:]), stored), ((1, *x.shape[1:]), table)]
        made.append(run(converted("binary", shapes, [], product, {"function": "mul"}), turned, stored_table))
        total += turned * scale * values
    shapes = [((1, *x.shape[1:]), product)] * 2
    found = run(converted("add", shapes, [], output, {}), *(part.astype(np.int8) for part in made))
    bound = 0.5 + 0.01 + (2 * product.scale[0] / 2 + 2 * m * table.scale[0] / 2) / output.scale[0]
    assert np.abs(found - steps(total, output)).max() <= bound
