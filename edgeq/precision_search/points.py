"""A choice judged for real: the integer reference on evaluation data, the ELF's bytes, the simulator's counts."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgeq import pipeline, reference
from edgeq.accuracy import mistakes, share_right
from edgeq.firmware.fit import TooBigError
from edgeq.ir.graph import Graph
from edgeq.precision_search.difference import Difference
from edgeq.precision_search.measure import measured
from edgeq.precision_search.work import Work
from edgeq.quantize.data import Samples, dequantize, quantize_inputs
from edgeq.quantize.recipe import Recipe


def judge(work: Work, recipe: Recipe) -> dict[str, Any]:
    """What `edgeq build` with the recipe and the same data gives. `mistakes` are those on every evaluation sample,
    `output_error` is the outputs' difference from the float network's (difference.py) on calibration data, `eval_error`
    that on evaluation data, `eval_errors` that of each sample, `problem` why there are no sizes and counts: it does
    not fit the board."""
    integer = pipeline.quantize(work.graph, work.calibration, recipe)
    assert work.evaluation.labels is not None
    outputs = outputs_of(integer, work.evaluation)
    answers = outputs[integer.outputs[0]], work.evaluation.labels, integer.meaning
    errors = Difference(work.graph, work.expected).of_samples(outputs)
    found: dict[str, Any] = {
        "accuracy": share_right(*answers),
        "mistakes": mistakes(*answers),
        "output_error": work.difference(outputs_of(integer, work.subset)),
        "eval_error": float(errors.mean()),
        "eval_errors": errors.tolist(),
        "problem": None,
    }
    try:
        result = measured(integer, work.board, recipe.name, work.source)
    except TooBigError as error:
        return {**found, "problem": str(error)}
    counts = list(result.counts.values())
    others = [count for node, count in result.counts.items() if node not in work.options]
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
    assert work.evaluation.labels is not None
    found = work.expected[work.graph.outputs[0]]
    return {"accuracy": share_right(found, work.evaluation.labels, work.graph.meaning)}


def outputs_of(integer: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """Real values of the integer network's outputs."""
    made = reference.run(integer, quantize_inputs(integer, samples))
    return {
        name: dequantize(array, integer.tensor(name).scale, integer.tensor(name).zero_point)
        for name, array in made.items()
    }
