"""What the steps of a search work on: sent once to every process that does some of them."""

from __future__ import annotations

import copyreg
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import reference
from edgeq.board import Board
from edgeq.ir.graph import Graph, Quantization
from edgeq.precision_search.difference import Difference
from edgeq.quantize.bias_correction import SAMPLES, mean_sums
from edgeq.quantize.data import Samples
from edgeq.quantize.precision import INT8, PRECISIONS
from edgeq.quantize.recipe import Method

#: layer -> precision
Picks = Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """What a choice's recipe says beside precisions: layer -> rounding of its weights; layer -> observer of what it
    makes, where that is not the default; whether biases are corrected, and whether all layers are rounded together for
    the network's answers after all that."""

    roundings: Mapping[str, str]
    observers: Mapping[str, str] = field(default_factory=dict)
    bias_correction: bool = False
    network_rounding: bool = False

    def observer(self, layer: str) -> str:
        """Of a layer's outputs."""
        return self.observers.get(layer, Method.observer)

    def with_rounding(self, layer: str, rounding: str) -> Settings:
        """The same with another rounding of one layer."""
        return replace(self, roundings={**self.roundings, layer: rounding})

    @property
    def with_other_biases(self) -> Settings:
        """The same with biases corrected where they were not, and the other way round."""
        return replace(self, bias_correction=not self.bias_correction)

    def with_observer(self, layer: str, observer: str) -> Settings:
        """The same with another observer of one layer."""
        kept = {name: known for name, known in self.observers.items() if name != layer}
        return replace(self, observers=kept if observer == Method.observer else {**kept, layer: observer})


def _proxy(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)


def _of_proxy(proxy: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _proxy, (dict(proxy),)


copyreg.pickle(MappingProxyType, _of_proxy)  # graphs hold read-only mappings


@dataclass(frozen=True, eq=False)
class Work:
    """`graph`: float, canonical. `options`: layer -> the precisions that it can have, in the order asked for.
    `quantizations`: observer -> type of activations -> activation -> how it is stored in that type. `source`: the
    model's file, for the manifests of builds."""

    graph: Graph
    board: Board
    calibration: Samples
    evaluation: Samples
    options: Mapping[str, tuple[str, ...]]
    quantizations: Mapping[str, Mapping[str, Mapping[str, Quantization]]]
    source: dict[str, str]

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return Work, tuple(getattr(self, field.name) for field in fields(self))  # without what is derived

    @cached_property
    def subset(self) -> Samples:
        """The calibration samples that outputs are compared on: those that bias correction takes its means over."""
        return self.calibration.portion(SAMPLES, self.graph)

    @cached_property
    def exact(self) -> dict[str, np.ndarray]:
        """Outputs of the float network on `subset`."""
        return reference.run(self.graph, self.subset.inputs)

    @cached_property
    def difference(self) -> Difference:
        """Of outputs on `subset` from the float network's."""
        return Difference(self.graph, self.exact)

    @cached_property
    def means(self) -> dict[str, np.ndarray]:
        """What bias correction restores (`bias_correction.mean_sums`)."""
        return mean_sums(self.graph, self.subset.inputs)

    @cached_property
    def expected(self) -> dict[str, np.ndarray]:
        """Outputs of the float network on `evaluation`."""
        return reference.run(self.graph, self.evaluation.inputs)

    def quantized(self, dtype: str, observer: str = Method.observer) -> Mapping[str, Quantization]:
        """Activation -> how it is stored in that type with the observer's range."""
        return self.quantizations[observer][dtype]

    @property
    def may_correct_biases(self) -> bool:
        """Whether recipes can have bias correction, which networks with states can't be given."""
        return not self.graph.states

    def recipe(self, precision: str) -> dict[str, str]:
        """The picks of the recipe of that name: as `uniform`, but for the first and the last layer, which some of them
        keep in int8."""
        picks = self.uniform(precision)
        edges = list(picks)[:: max(len(picks) - 1, 1)] if PRECISIONS[precision].inner else []
        return {**picks, **{layer: INT8 for layer in edges if INT8 in self.options[layer]}}

    def uniform(self, precision: str) -> dict[str, str]:
        """Every layer in that precision, or in its first option where it can't be had."""
        return {layer: precision if precision in options else options[0] for layer, options in self.options.items()}
