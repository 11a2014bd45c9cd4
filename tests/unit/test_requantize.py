"""Cheap forms of double rounding: the same outputs for every accumulator, or no replacement."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgeq.ir.graph import Graph, Node
from edgeq.lower import requantize
from edgeq.lower.requantize import Channels, Cheap, cheaper, line, prove, step
from edgeq.ops import fixed_point

SMALL = 5000


@st.composite
def channels(draw: st.DrawFn, relu: bool) -> Channels:
    """A layer of one to four channels whose accumulators can be tried one by one."""
    count = draw(st.integers(1, 4))
    multipliers = st.integers(2**30, 2**31 - 1) | st.sampled_from((2**30, 2**31 - 1, 3 * 2**29, 0))
    multiplier = np.array([draw(multipliers) for _ in range(count)])
    exponent = np.array([-draw(st.integers(1, 12)) for _ in range(count)])
    low = np.array([-draw(st.integers(0, SMALL)) for _ in range(count)])
    high = np.array([draw(st.integers(0, SMALL)) for _ in range(count)])
    zero_point = draw(st.integers(-128, 127))
    act_min = draw(st.integers(zero_point if relu else -128, 127))
    return Channels(multiplier, exponent, low, high, zero_point, act_min, draw(st.integers(act_min, 127)))


def assert_equal_everywhere(layer: Channels, found: Cheap) -> None:
    acc = np.arange(-SMALL, SMALL + 1)[:, None]
    inside = (acc >= layer.low) & (acc <= layer.high)
    acc = np.clip(acc, layer.low, layer.high)
    assert np.array_equal(layer.outputs(acc)[inside], found.outputs(acc, layer)[inside])
    assert found.multiplier.min() >= 0
    assert found.shift.min() >= 0
    assert found.shift.max() <= 30


@given(layer=channels(relu=False))
def test_step_is_double_rounding(layer: Channels) -> None:
    found = step(layer)
    assert found is not None
    prove(layer, found, "layer")
    assert_equal_everywhere(layer, found)


@given(layer=channels(relu=True))
def test_a_line_is_double_rounding_above_the_zero_point(layer: Channels) -> None:
    found = line(layer)
    if found is not None:
        prove(layer, found, "layer")
        assert_equal_everywhere(layer, found)


def random_layer(rng: np.random.Generator, count: int, act_min: int) -> Channels:
    """Scales from 2^-4 to 2^-11, accumulators that reach beyond both ends."""
    multiplier, exponent = rng.integers(2**30, 2**31, count), -rng.integers(4, 11, count)
    reach = (300 * 2.0 ** (31 - exponent) / multiplier).astype(np.int64)
    return Channels(multiplier, exponent, -reach, reach, -128, act_min, 127)


def test_nearly_every_channel_has_a_line() -> None:
    layer = random_layer(np.random.default_rng(0), 1000, -128)
    found = 0
    for index in range(1000):
        one = slice(index, index + 1)
        fields = ("multiplier", "exponent", "low", "high")
        channel = replace(layer, **{name: getattr(layer, name)[one] for name in fields})
        constants = line(channel)
        if constants is not None:
            prove(channel, constants, "layer")
            found += 1
    assert found >= 990


@pytest.mark.parametrize("field", ["multiplier", "offset", "bias", "shift"])
def test_the_proof_sees_one_wrong_constant(field: str) -> None:
    layer = random_layer(np.random.default_rng(1), 8, -128)
    found = line(layer)
    assert found is not None
    prove(layer, found, "conv")
    wrong = getattr(found, field).copy()
    wrong[3] += 2**16 if field == "multiplier" else 1
    with pytest.raises(ValueError, match="layer conv: the line form is no replacement"):
        prove(layer, replace(found, **{field: wrong}), "conv")


def test_a_line_is_refused_where_negative_outputs_show() -> None:
    layer = replace(random_layer(np.random.default_rng(2), 4, -128), zero_point=0)
    assert line(layer) is None
    found = step(layer)
    assert found is not None
    with pytest.raises(ValueError, match="no replacement"):
        prove(layer, replace(found, form=fixed_point.LINE), "layer")


def test_scales_of_a_half_and_more_are_left_alone() -> None:
    layer = random_layer(np.random.default_rng(3), 4, -128)
    for exponent in (0, 1):
        assert step(replace(layer, exponent=np.array([-5, exponent, -5, -5]))) is None
    assert step(replace(layer, high=layer.high + 2**30)) is None


def with_double_rounding(graph: Graph, scale: float) -> Graph:
    """The graph with TFLite's rounding at `scale` times its own scales (only weighted layers)."""
    nodes: list[Node] = []
    tensors = dict(graph.tensors)
    for node in graph.nodes:
        if node.op in requantize.CHANNEL_AXIS:
            shift = graph.constant(node.inputs[4]).astype(np.float64)
            real = graph.constant(node.inputs[3]) * 2.0**-shift * scale
            for name, data in zip(node.inputs[3:5], fixed_point.tflite_multiplier(real), strict=True):
                tensors[name] = replace(tensors[name], data=data)
            node = node.with_attributes(rounding=fixed_point.TFLITE)
        nodes.append(node)
    return graph.with_nodes(nodes, tensors)


def test_layers_of_the_keyword_spotter(kws_integer: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = with_double_rounding(kws_integer, 1.0)
    layers = [node for node in graph.nodes if node.op in requantize.CHANNEL_AXIS]
    forms = [cheaper(graph, node)[1].attributes["rounding"] for node in layers]
    assert forms == [fixed_point.LINE] * 9 + [fixed_point.STEP]
    monkeypatch.setattr(requantize, "SEARCHED", 0)
    monkeypatch.setattr(requantize, "cheapest", requantize.cheapest.__wrapped__)  # nothing kept from above
    forms = [cheaper(graph, node)[1].attributes["rounding"] for node in layers]
    assert fixed_point.LINE not in forms, "without a search nothing is found"
    wide = with_double_rounding(kws_integer, 4000.0)
    node = next(node for node in wide.nodes if node.name == layers[0].name)
    assert cheaper(wide, node)[1] is node


def test_what_edgeq_quantizes_is_left_alone(kws_integer: Graph) -> None:
    assert all(cheaper(kws_integer, node)[1] is node for node in kws_integer.nodes)
