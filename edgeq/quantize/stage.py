"""The steps of quantization, in their order: ranges, precisions, weights, biases, integers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from edgeq.ir.graph import Graph, Quantization
from edgeq.ops.float_types import FLOATS
from edgeq.ops.weight_types import WeightType
from edgeq.quantize import precision
from edgeq.quantize.bias_correction import with_corrected_biases
from edgeq.quantize.convert import activation_quantization, to_integer
from edgeq.quantize.count_bits import count_bits
from edgeq.quantize.data import require_calibration
from edgeq.quantize.observe import Choice, Histogram, Range, chosen_range, extremes, histograms, unprescribed
from edgeq.quantize.precision import Placed
from edgeq.quantize.recipe import Method, Recipe
from edgeq.quantize.weights import with_integer_weights


@dataclass(frozen=True)
class Quantized:
    """The integer graph; `kept_int8`: layer that was to have another precision -> why it is not. `losses` of the
    answers (quantize/network_rounding.py) before and after all layers were rounded together, where the recipe wants
    that."""

    graph: Graph
    kept_int8: Mapping[str, str]
    losses: tuple[float, float] | None = None


@dataclass(frozen=True)
class Settled:
    """What is settled before anything is rounded: the graph with its borders between precisions, ranges and
    quantization of its activations, and the types of weights that are not int8 (layer -> type)."""

    placed: Placed
    ranges: Mapping[str, Range]
    chosen: Mapping[str, Quantization]
    stored: Mapping[str, WeightType]
    methods: Mapping[str, Method]
    kept_int8: Mapping[str, str]


def settled(graph: Graph, inputs: Mapping[str, np.ndarray] | None, recipe: Recipe) -> Settled:
    """Raises EdgeqError where the recipe can't be followed."""
    graph, kept_of_file = precision.with_readable_weights(graph)
    methods = recipe.methods(graph)
    found = histograms(graph, inputs) if inputs is not None and unprescribed(graph) else {}
    wanted = {name: method.precision for name, method in methods.items()}
    placed = precision.place(graph, extremes(found), wanted)
    stored, kept_weights = precision.stored_weights(graph, wanted)
    kept = {**placed.kept_int8, **kept_weights, **kept_of_file}
    recipe.require(kept)
    ranges = _ranges(graph, placed, found, methods, recipe.default)
    chosen = activation_quantization(placed.graph, ranges, placed.types)
    return Settled(placed, ranges, chosen, stored, methods, kept)


def quantized(graph: Graph, inputs: Mapping[str, np.ndarray] | None, recipe: Recipe) -> Quantized:
    """The float graph (equalized before, where the recipe wants it) by the recipe, with calibration inputs; without any
    a graph whose file prescribes every scale. Raises EdgeqError where the recipe can't be followed."""
    plan = settled(graph, inputs, recipe)
    placed, chosen = plan.placed, plan.chosen
    of_weights = {name: method.rounding for name, method in plan.methods.items()}
    ready = with_integer_weights(placed.graph, of_weights, plan.stored, chosen, inputs)
    if recipe.bias_correction:
        ready = with_corrected_biases(placed.graph, require_calibration(inputs, "bias_correction"), chosen, ready)
    losses = None
    if recipe.network_rounding:
        samples = require_calibration(inputs, "network_rounding")
        from edgeq.quantize.network_rounding import rounded_for_answers  # torch takes seconds to load

        made = rounded_for_answers(placed.graph, samples, chosen, ready)
        ready, losses = made.graph, (made.before, made.after)
    return Quantized(count_bits(to_integer(ready, plan.ranges, placed.types)), plan.kept_int8, losses)


def _ranges(
    graph: Graph, placed: Placed, found: Mapping[str, Histogram], methods: Mapping[str, Method], default: Method
) -> dict[str, Range]:
    """Activation -> range, by the method of the layer that makes it; values inside layers with their extremes."""
    makers = {name: methods[node.name] for node in graph.nodes for name in node.outputs}
    ranges = {}
    for name in [*found, *placed.borders]:
        source = placed.borders.get(name, name)
        if source not in found:
            continue
        if source in graph.tensors and placed.types.get(name) not in FLOATS:
            method = makers.get(source, default)
            choice = Choice(method.observer, method.percentile, placed.types.get(name, "int8"))
        else:
            choice = Choice()
        ranges[name] = chosen_range(found[source], choice)
    return ranges
