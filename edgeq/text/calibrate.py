"""Quantizes an encoder and a decoder's step: the encoder on recordings, the step on what the float texts of these
recordings take it through, position by position. What the encoder makes is stored alike on both sides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.frontend.encoder_decoder import EncoderDecoder
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples
from edgeq.quantize.recipe import Recipe
from edgeq.text import greedy

#: of the operands of all steps that the decoder is calibrated on
LARGEST_BYTES = 1 << 28


def recipes(recipe: Recipe, pair: EncoderDecoder) -> tuple[Recipe, Recipe]:
    """The recipe for each of the two, with the rules that match a layer of it. Raises EdgeqError for a rule that
    matches none of either."""
    first, second = (recipe.matching(graph) for graph in (pair.encoder, pair.step))
    for rule in recipe.rules:
        if rule not in (*first.rules, *second.rules):
            replace(recipe, rules=(rule,)).methods(pair.step)
    return first, second


def steps_of(pair: EncoderDecoder, recordings: Samples) -> Samples:
    """Operands of every step of the float texts: of all recordings, or of as many, spread evenly, as there is room
    for."""
    each = 4 * sum(pair.step.tensor(name).elements for name in pair.step.given) * pair.meaning.longest
    chosen = recordings.evenly(max(1, LARGEST_BYTES // each))
    seen: dict[str, list[np.ndarray]] = {name: [] for name in pair.step.given}

    def keep(given: Mapping[str, np.ndarray], alive: np.ndarray) -> None:
        for name, values in given.items():
            seen[name].append(values[alive])

    greedy.texts(pair, chosen.inputs, keep)
    return Samples({name: np.concatenate(parts) for name, parts in seen.items()}, None)


def stored_memory(pair: EncoderDecoder, encoder: Graph) -> EncoderDecoder:
    """The float pair whose step has its memory as the integer encoder stores it. Raises EdgeqError for a memory that is
    not of bytes."""
    tensors = dict(pair.step.tensors)
    for name, source in zip(pair.memory, encoder.outputs, strict=True):
        made = encoder.tensor(source)
        if made.dtype != "int8":
            raise EdgeqError(
                f"the encoder's output {source} is {made.dtype}; a decoder reads int8, so choose that for it"
            )
        tensors[name] = replace(tensors[name], quantization=made.quantization)
    return replace(pair, step=replace(pair.step, tensors=MappingProxyType(tensors)))


def quantized(
    pair: EncoderDecoder, recordings: Samples, quantize: Callable[[Graph, Samples, int], Graph]
) -> tuple[EncoderDecoder, Samples]:
    """The integer pair, and what its step was calibrated on; `quantize` makes the integer graph of the first (0) and of
    the second (1) of the two on these samples."""
    encoder = quantize(pair.encoder, recordings, 0)
    pair = stored_memory(pair, encoder)
    steps = steps_of(pair, recordings)
    return EncoderDecoder(encoder, quantize(pair.step, steps, 1)), steps
