"""The steps from a specification to the graph of a training step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgeq.ir.graph import Graph
from edgeq.quantize.recipe import Method, Recipe, Rule
from edgeq.quantize.stage import quantized
from edgeq.train import batch_norms
from edgeq.train.derive import TrainingGraph, derive
from edgeq.train.spec import PRECISIONS, Spec
from edgeq.train.trainable import Choice, chosen

#: behind the network's name
SUFFIX = "_step"


def training_graph(
    graph: Graph, inputs: Mapping[str, np.ndarray] | None, spec: Spec, imported: Graph | None = None
) -> TrainingGraph:
    """The training step of a float graph, with calibration inputs where a front part computes in integers. `imported`:
    the graph before its batch norms were folded, where they are to be trained.

    Raises EdgeqError where the specification can't be followed."""
    choice = chosen(graph, spec)
    if spec.batch_norm:
        assert imported is not None
        graph, choice = batch_norms.kept(imported, choice)
    lowered = quantized(graph, inputs, recipe(graph, choice, spec)).graph
    return derive(graph, replace(lowered, name=f"{graph.name}{SUFFIX}"), choice, spec)


def recipe(graph: Graph, choice: Mapping[str, Choice], spec: Spec) -> Recipe:
    """The recipe of the forward part: the precision of training, and int8 before the first trained layer where the
    specification says so."""
    rules: list[Rule] = []
    if spec.integer_front:
        trained: set[str] = set()
        for node in graph.nodes:
            if node.name in choice or trained.intersection(node.inputs):
                trained.update(node.outputs)
            else:
                rules.append(Rule(node.name, None, {"precision": "int8"}))
    return Recipe(Method(PRECISIONS[spec.precision]), tuple(rules))
