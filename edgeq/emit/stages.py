"""What the templates see of layers that run band by band (runtime_c/include/eq_rows.h)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq.lower.program import Layer, Program, Rows, Stage


def stage_records(program: Program, identifiers: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every stage with the constants of its tensors, in order of the layers that make or read them."""
    return [
        {
            "first": stage.first,
            "last": stage.last,
            "bands": stage.bands,
            "rows": [
                {"symbol": _symbol(number, identifiers[name]), **_in_memory(stage, rows)}
                for name, rows in reversed(list(stage.rows.items()))
            ],
        }
        for number, stage in enumerate(program.stages)
    ]


def layer_record(program: Program, layer: Layer, identifiers: Mapping[str, str]) -> dict[str, Any]:
    """The layer's place in a stage: its parts, one an input, and its columns in the table of layers."""
    stage = program.stage_of(layer)
    if stage is None:
        whole = layer.node.output not in program.packed
        return {"parts": [], "window": "NULL", "back": 0, "bands": 0, "output_whole": whole}
    number, output = program.stages.index(stage), layer.node.output
    target = _symbol(number, identifiers[output])
    last = layer.index == stage.last
    return {
        "parts": [
            {
                "input": _symbol(number, identifiers[name]),
                "output": target,
                "span": reach.span,
                "stride": reach.stride,
                "pad_top": reach.pad_top,
            }
            for name, reach in stage.reaches(layer)
        ],
        "window": f"&{target}" if stage.rows[output].carries and not last else "NULL",
        "back": stage.last - stage.first if last else 0,
        "bands": stage.bands if last else 0,
        "output_whole": last,
    }


def in_bands(program: Program, layer: Layer, view: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of a layer's record that depend on the band: places, work and geometry."""
    height = program.graph.tensor(layer.node.output).shape[1]
    geometry: dict[str, str] = {"in_h": "part0.in_h", "out_h": "part0.out_h", "pad_top": "part0.pad_top"}
    if "outer" in layer.parameters:
        geometry["outer"] = f"part0.out_h * {layer.parameters['outer'] // height}"
    parameters = {key: geometry.get(key, value) for key, value in layer.parameters.items()}
    units = f"part0.out_h * {layer.row_units}" if layer.row_units else str(layer.units)
    return {
        "storage": view["storage"] if parameters == layer.parameters else "const",
        "parameters": parameters,
        "inputs": [f"{place} + part{index}.in_at" for index, place in enumerate(view["inputs"])],
        "output": f"{view['output']} + part0.out_at",
        "range": f"eq_split({units}, {layer.granule}, core, cores)",
    }


def _symbol(number: int, identifier: str) -> str:
    return f"rows{number}_{identifier}"


def _in_memory(stage: Stage, rows: Rows) -> dict[str, int]:
    """eq_rows_t; a whole tensor's window begins at its first row in every band."""
    return {
        "step": rows.step,
        "per": rows.per,
        "ahead": rows.ahead,
        "kept": -rows.step * stage.bands if rows.whole else rows.kept,
        "rows": rows.rows,
        "height": rows.height,
        "row_bytes": rows.row_bytes,
    }
