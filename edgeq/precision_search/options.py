"""Which layers there is a choice for, and among which precisions; the recipe of a choice."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Quantization
from edgeq.ops.weight_types import POW2, TYPES
from edgeq.precision_search.work import Picks, Settings
from edgeq.quantize import precision
from edgeq.quantize.convert import activation_quantization
from edgeq.quantize.observe import LEVELS, Choice, Histogram, chosen_range, extremes
from edgeq.quantize.precision import INT8, PRECISIONS
from edgeq.quantize.recipe import Method, Recipe, Rule
from edgeq.quantize.weights import has_real_weights

#: precisions that a search chooses among unless told otherwise: all that leave activations in int8, but for powers of
#: two, which take the bytes of int4 and have fewer levels where weights are large, and groups, which take RAM as well
DEFAULT = tuple(
    name
    for name, item in PRECISIONS.items()
    if item.activations == INT8 and item.weights != POW2.name and not TYPES[item.weights].group
)


def parse_precisions(text: str) -> tuple[str, ...]:
    """The precisions in "int8,int4", without repetition. Raises EdgeqError with the nearest names for others."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    known = [name for name, item in PRECISIONS.items() if item.activations in LEVELS]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.3) or known
            raise EdgeqError(f"--precisions {text}: {name!r} can't be searched; nearest: {', '.join(near)}")
    return names


def options_of(graph: Graph, found: Mapping[str, Histogram], precisions: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Layer with float weights -> those of the precisions that it can have; int8 alone where it can have none.
    `found`: histograms of the activations. Raises EdgeqError for a model without such layers."""
    layers = [node.name for node in graph.nodes if has_real_weights(graph, node)]
    if not layers:
        raise EdgeqError(
            f"the model {graph.name} has no layer with float weights, so that there is no precision to choose; give "
            "the float model"
        )
    kept: dict[str, set[str]] = {}
    for name in precisions:
        wanted = {node.name: name for node in graph.nodes}
        by_activations = precision.place(graph, extremes(found), wanted).kept_int8
        kept[name] = {*by_activations, *precision.stored_weights(graph, wanted)[1]}
    return {layer: tuple(name for name in precisions if layer not in kept[name]) or (INT8,) for layer in layers}


def quantizations_of(
    graph: Graph, found: Mapping[str, Histogram], observer: str = Method.observer
) -> dict[str, dict[str, Quantization]]:
    """Type of activations -> activation -> how a network that is all in that type stores it, with the ranges of the
    observer."""
    made = {}
    for dtype in LEVELS:
        ranges = {
            name: chosen_range(
                histogram, Choice(observer, Method.percentile, dtype) if name in graph.tensors else Choice()
            )
            for name, histogram in found.items()
        }
        types = {name: dtype for name, tensor in graph.tensors.items() if not tensor.is_constant}
        made[dtype] = activation_quantization(graph, ranges, types)
    return made


def recipe_of(picks: Picks, settings: Settings) -> Recipe:
    """The recipe of a choice."""
    changes = {
        layer: {"precision": precision, "weights": settings.roundings[layer]} for layer, precision in picks.items()
    }
    for layer, observer in settings.observers.items():
        changes[layer] = {**changes.get(layer, {}), "observer": observer}
    rules = tuple(Rule(_exactly(layer), None, change) for layer, change in changes.items())
    return Recipe(
        Method(),
        rules,
        bias_correction=settings.bias_correction,
        network_rounding=settings.network_rounding,
        source="edgeq search",
    )


def _exactly(layer: str) -> str:
    """A glob that matches the name alone."""
    return re.sub(r"([*?[])", r"[\1]", layer)
