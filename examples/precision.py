"""Accuracy of a model's float and integer references under several recipes, as a Markdown table (docs/precision.md).

The firmware computes what the integer reference does, bit for bit; nothing is built here.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from edgeq import pipeline, reference
from edgeq.accuracy import accuracy
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, load_samples, quantize_inputs
from edgeq.quantize.recipe import Method, Recipe

#: what the table calls a recipe
RECIPES: Mapping[str, Recipe] = {
    "int8, minmax": Recipe(Method(observer="minmax")),
    "int8, percentile 99.99": Recipe(Method(observer="percentile")),
    "int8, mse (default)": Recipe(),
    "int8, kl": Recipe(Method(observer="kl")),
    "int8, mse, omse weights": Recipe(Method(weights="omse")),
    "int8, mse, bias correction": Recipe(bias_correction=True),
    "int8, mse, equalized": Recipe(equalize=True),
    "int8, mse, equalized, bias correction": Recipe(equalize=True, bias_correction=True),
    "int8, mse, omse weights, bias correction": Recipe(Method(weights="omse"), bias_correction=True),
    "int8, mse, gptq weights": Recipe(Method(weights="gptq")),
    "int8, mse, gptq weights, bias correction": Recipe(Method(weights="gptq"), bias_correction=True),
    "int16": Recipe(Method(precision="int16")),
    "int16, bias correction": Recipe(Method(precision="int16"), bias_correction=True),
    "int16, equalized, bias correction": Recipe(Method(precision="int16"), bias_correction=True, equalize=True),
    "int16, gptq weights": Recipe(Method("int16", weights="gptq")),
    "int16, gptq weights, bias correction": Recipe(Method("int16", weights="gptq"), bias_correction=True),
    "int16, omse weights, bias correction": Recipe(Method("int16", weights="omse"), bias_correction=True),
}


def measured(graph: Graph, evaluation: Samples) -> float:
    """Top-1 accuracy of a float or an integer graph."""
    is_float = graph.tensor(graph.outputs[0]).dtype == "float32"
    inputs = evaluation.inputs if is_float else quantize_inputs(graph, evaluation)
    assert evaluation.labels is not None
    return accuracy(reference.run(graph, inputs)[graph.outputs[0]], evaluation.labels)


def main() -> None:
    """Prints a row per recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--calib", type=Path, required=True)
    parser.add_argument("--eval", type=Path, required=True)
    parser.add_argument("--only", default="", help="recipes whose name holds this")
    parser.add_argument("--samples", type=int, default=None, help="evaluate on this many, spread evenly")
    args = parser.parse_args()
    graph = pipeline.import_model(ModelSource(args.model))
    calibration = load_samples(args.calib, graph, "--calib")
    evaluation = load_samples(args.eval, graph, "--eval")
    evaluation = evaluation.evenly(args.samples or len(evaluation))
    print(f"{args.model.name}, {len(calibration)} calibration samples, {len(evaluation)} evaluated\n")
    print("| recipe | top-1 % | less than float |\n|---|---|---|")
    whole = 100 * measured(graph, evaluation)
    print(f"| float | {whole:.2f} | |", flush=True)
    for name, recipe in RECIPES.items():
        if args.only not in name:
            continue
        prepared = pipeline.prepare(graph, recipe, calibration)
        found = 100 * measured(pipeline.quantize(prepared, calibration, recipe), evaluation)
        print(f"| {name} | {found:.2f} | {whole - found:.2f} |", flush=True)


if __name__ == "__main__":
    main()
