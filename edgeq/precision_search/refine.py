"""Choices are compared as whole networks before anything is built: the sum of the layers' errors, which the program
minimises, is not the error of all layers together, least of all at 2 bits.

For every limit there are several starts: the program's choices for sums of powers of the errors (a higher power shuns
the worst layers more), and the uniform recipes that keep to the limit. From the best one a local search goes on to
choices in which one or two layers differ, those first that the program's sums promise most of, while errors fall.

How weights are rounded, what ranges activations have and whether biases are corrected costs no byte. Biases are
corrected or not from the first comparison on, whichever leaves the lesser error: restored means are most of what is to
be had at 4 bits and more, and where hardly anything is left of what layers make, they drown the rest. Of a choice that
is to be built all layers are rounded together at the end (quantize/network_rounding.py), or, in networks that this is
not there for, one rounding and one observer after the other is changed while the network's error falls (`tuned`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from edgeq import ops, reference
from edgeq.ops.weight_types import INT8 as BYTES
from edgeq.ops.weight_types import TYPES
from edgeq.precision_search.chance import surely_less
from edgeq.precision_search.front import Front
from edgeq.precision_search.output_error import with_weights
from edgeq.precision_search.program import Room
from edgeq.precision_search.sensitivity import FEW_BITS, ROUNDINGS, node_of, rounded
from edgeq.precision_search.work import Picks, Settings, Work
from edgeq.quantize.bias_correction import corrected
from edgeq.quantize.data import as_stored
from edgeq.quantize.observe import OBSERVERS
from edgeq.quantize.precision import INT8, PRECISIONS

#: powers of the layers' errors that are summed
POWERS = (1.0, 1.5, 2.0)
#: how often the local search may move on, and how many neighbours it looks at for each power before it does
MOVES, NEIGHBOURS = 6, 8

#: choices -> the error of each one's network
Errors = Callable[[Sequence[Picks]], Sequence[float]]


def network_error(work: Work, picks: Picks, settings: Settings) -> dict[str, Any]:
    """The error of the outputs on `subset` with all layers quantized by the choice, every activation rounded, and
    biases corrected or not, as the error is less."""
    ways = [settings, settings.with_other_biases] if work.may_correct_biases else [settings]
    errors = {way.bias_correction: float(_errors(work, picks, way).mean()) for way in ways}
    best = min(errors, key=lambda corrects: errors[corrects])
    return {"error": errors[best], "bias_correction": best}


def tuned(work: Work, picks: Picks, settings: Settings) -> dict[str, Any]:
    """Settings from these on, and the error that they end at: every layer's rounding in turn, then every activation's
    observer, the others as they are. Of many changes some help by chance, and only on these samples: the error has to
    fall by more."""
    best, errors = settings, _errors(work, picks, settings)
    for layer, precision in picks.items():
        for rounding in ROUNDINGS if TYPES[PRECISIONS[precision].weights] is BYTES else FEW_BITS:
            best, errors = _better(work, picks, (best, errors), best.with_rounding(layer, rounding))
    for node in work.graph.nodes:
        if ops.get(node.op).requantizes_to_any_scale():
            for observer in OBSERVERS:
                best, errors = _better(work, picks, (best, errors), best.with_observer(node.name, observer))
    return {"settings": asdict(best), "error": float(errors.mean())}


def _better(
    work: Work, picks: Picks, known: tuple[Settings, np.ndarray], other: Settings
) -> tuple[Settings, np.ndarray]:
    if other == known[0]:
        return known
    errors = _errors(work, picks, other)
    return (other, errors) if surely_less(errors, known[1]) else known


def _errors(work: Work, picks: Picks, settings: Settings) -> np.ndarray:
    """Of every sample."""
    precisions = {node.name: PRECISIONS[picks.get(node.name, INT8)] for node in work.graph.nodes}
    chosen, graph = dict(work.quantized(INT8)), work.graph
    for node in work.graph.nodes:
        found = work.quantized(precisions[node.name].activations, settings.observer(node.name))
        free = ops.get(node.op).requantizes_to_any_scale()
        chosen.update({name: found[name] if free else chosen[node.inputs[0]] for name in node.outputs})
    for layer, precision in picks.items():
        item = rounded(work, layer, precision, settings.roundings[layer])
        graph = with_weights(graph, node_of(graph, layer), item.weights, item.bias)
    if settings.bias_correction:
        return work.difference.of_samples(corrected(work.graph, work.subset.inputs, chosen, graph, work.means).outputs)

    inputs = {name: as_stored(values, chosen[name]) for name, values in work.subset.inputs.items()}
    made = reference.run(graph, inputs, change=lambda name, values: as_stored(values, chosen[name]))
    return work.difference.of_samples(made)


def choices(front: Front, rooms: Mapping[float, Room], known: Sequence[Picks], errors: Errors) -> dict[float, Picks]:
    """Target -> the best choice found in its room, of those that have one. `known`: choices to start from as well."""
    found: dict[str, float] = {}
    waiting = {target: _starts(front, room, known) for target, room in rooms.items()}
    best: dict[float, Picks] = {}
    for _ in range(MOVES + 1):
        distinct = {key(picks): picks for picks in _all(waiting.values()) if key(picks) not in found}
        found.update(zip(distinct, errors(list(distinct.values())), strict=True))
        moved = {}
        for target, candidates in waiting.items():
            nearest = min(candidates, key=lambda picks: (found[key(picks)], key(picks)), default=None)
            if nearest is None:
                continue
            if target not in best or found[key(nearest)] < found[key(best[target])]:
                best[target] = moved[target] = nearest
        waiting = {target: _neighbours(front, rooms[target], picks, found) for target, picks in moved.items()}
    return best


def key(picks: Picks) -> str:
    """The same for equal choices."""
    return json.dumps(dict(picks), sort_keys=True)


def _starts(front: Front, room: Room, known: Sequence[Picks]) -> list[Picks]:
    chosen = [front.best(room, power) for power in POWERS]
    return [*(picks for picks in chosen if picks is not None), *(picks for picks in known if front.fits(picks, room))]


def _neighbours(front: Front, room: Room, picks: Picks, found: Mapping[str, float]) -> list[Picks]:
    """Those in the room that are not known yet and promise most, by each power."""
    new = [other for other in front.neighbours(picks) if key(other) not in found and front.fits(other, room)]
    by_power = (sorted(new, key=lambda other: front.error(other, power))[:NEIGHBOURS] for power in POWERS)
    return list({key(other): other for other in _all(by_power)}.values())


def _all(groups: Iterable[Iterable[Picks]]) -> Iterable[Picks]:
    return (picks for group in groups for picks in group)
