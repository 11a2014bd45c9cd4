"""The files round a step of a stream: the public interface <network>_stream, its application, and the harness that
feeds recordings."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from edgeq.emit.context import c_type
from edgeq.emit.env import c_array_text
from edgeq.emit.firmware import Wrapping
from edgeq.emit.names import model_name
from edgeq.errors import EdgeqError
from edgeq.stream.decode import Limits
from edgeq.stream.graph import Stream
from edgeq.stream.rule import LANGUAGE_FILE, Rule

#: type of scores -> suffix of what reads them
SUFFIXES = {"int8": "s8", "int16": "s16"}


def wrapping(stream: Stream, rule: Rule) -> Wrapping:
    """Of a stream's step. Raises EdgeqError where its output can't be read."""
    graph = stream.graph
    output, name = graph.tensor(graph.outputs[0]), f"{model_name(graph.name)}_stream"
    rows = max(stream.rows, 1)
    if output.dtype not in SUFFIXES or output.elements != rows * output.shape[-1] or len(graph.outputs) != 1:
        raise EdgeqError(
            f"--stream: the output {output.name} is {output.dtype} {list(output.shape)}; scores are one output of int8 "
            f"or int16, {rows} row(s) a step"
        )
    ctc = graph.meaning.decoding == "ctc"
    if rule.beam and not ctc:
        raise EdgeqError(f"--stream beam={rule.beam}: the model {graph.name} classifies; a beam reads scores of CTC")
    reading = ("eq_ctc_beam" if rule.beam else "eq_ctc") if ctc else "eq_events"
    return Wrapping(
        kind="stream",
        seen_as="stream",
        templates={
            f"{name}.h": "stream/stream.h.j2",
            f"{name}.c": "stream/stream.c.j2",
            "main.c": "stream/main.c.j2",
            "simulation/sim_stream.c": "stream/sim_stream.c.j2",
        },
        sources=(f"{name}.c",),
        runtime=(f"src/stream/{reading}.c",),
        headers=(f"{reading}.h", "eq_memory.h"),
        program="simulation/sim_stream.c",
        context=lambda model, beside: _context(stream, rule, name),
        copies={LANGUAGE_FILE: Path(rule.language.path)} if rule.language is not None else {},
    )


def _context(stream: Stream, rule: Rule, name: str) -> dict[str, Any]:
    graph = stream.graph
    output = graph.tensor(graph.outputs[0])
    limits = Limits.of(rule, output, graph.meaning)
    return {
        "name": name,
        "upper": name.upper(),
        "rate": stream.rate,
        "samples": stream.samples,
        "warm_up": stream.warm_up,
        "rows": stream.rows,
        "ctc": graph.meaning.decoding == "ctc",
        "beam": limits.beam,
        "multiplier": limits.multiplier,
        "bigram": "" if limits.bigram is None else c_array_text(limits.bigram),
        "labels": output.shape[-1],
        "names": [label.replace("\\", "\\\\").replace('"', '\\"') for label in graph.meaning.labels],
        "score_type": c_type(output.dtype),
        "suffix": SUFFIXES[output.dtype],
        "average": limits.average,
        "hold": limits.hold,
        "limit": limits.limit,
        "heard": [int(value) for value in limits.heard],
        "instances": 2,
        "manifest": {
            "interface": name,
            "rate": stream.rate,
            "step_samples": stream.samples,
            "warm_up_steps": stream.warm_up,
            "rows": stream.rows,
            "recording_samples": stream.recording,
            "rule": asdict(rule)
            | ({"language": {**asdict(rule.language), "path": LANGUAGE_FILE}} if rule.language else {}),
        },
    }
