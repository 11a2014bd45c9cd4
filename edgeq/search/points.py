"""A choice judged for real: the integer reference on evaluation data, the ELF's bytes, the simulator's counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from edgeq import pipeline, reference
from edgeq.accuracy import accuracy
from edgeq.build.fit import TooBigError
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, dequantize, quantize_inputs
from edgeq.search.measure import measured
from edgeq.search.options import recipe_of
from edgeq.search.output_error import squared_error
from edgeq.search.work import Picks, Work


def judge(work: Work, picks: Picks, roundings: Mapping[str, str]) -> dict[str, Any]:
    """What `edgeq build` with the choice's recipe and the same data gives. `output_error` is that of the outputs on
    calibration data, `problem` why there are no sizes and counts: it does not fit the board."""
    recipe = recipe_of(picks, roundings, work.corrects_biases)
    integer = pipeline.quantize(work.graph, work.calibration, recipe)
    assert work.evaluation.labels is not None
    found: dict[str, Any] = {
        "accuracy": accuracy(outputs_of(integer, work.evaluation)[integer.outputs[0]], work.evaluation.labels),
        "output_error": squared_error(work.exact, outputs_of(integer, work.subset)),
        "problem": None,
    }
    try:
        result = measured(integer, work.board, recipe.name, work.source)
    except TooBigError as error:
        return {**found, "problem": str(error)}
    counts = list(result.counts.values())
    others = [count for node, count in result.counts.items() if node not in picks]
    return {
        **found,
        "flash_bytes": result.flash_bytes,
        "ram_bytes": result.ram_bytes,
        "instructions": sum(count.instructions for count in counts) if counts else None,
        "est_cycles": sum(count.cycles for count in counts) if counts else None,
        "other_cycles": sum(count.cycles for count in others),
    }


def float_accuracy(work: Work) -> dict[str, Any]:
    """That of the float network on evaluation data."""
    graph, labels = work.graph, work.evaluation.labels
    assert labels is not None
    return {"accuracy": accuracy(reference.run(graph, work.evaluation.inputs)[graph.outputs[0]], labels)}


def outputs_of(integer: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """Real values of the integer network's outputs."""
    made = reference.run(integer, quantize_inputs(integer, samples))
    return {
        name: dequantize(array, integer.tensor(name).scale, integer.tensor(name).zero_point)
        for name, array in made.items()
    }
