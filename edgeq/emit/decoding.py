"""The files round a decoder's step and its encoder: the public interface <network>_text, its application, and the
harness that writes texts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgeq.emit.firmware import Wrapping
from edgeq.emit.names import model_name
from edgeq.errors import EdgeqError
from edgeq.frontend.encoder_decoder import POSITION, TOKEN, EncoderDecoder
from edgeq.lower.program import Program
from edgeq.ops import front_end
from edgeq.plan.arena import Plan

#: types of scores
SCORES = ("int8", "int16")


def in_arena_order(pair: EncoderDecoder, plan: Plan) -> EncoderDecoder:
    """The pair with the encoder's outputs, and the step's memory, in the order in which the encoder's arena has them:
    so the memory, which begins the step's arena, can be moved there one tensor after another, never over the next."""
    order = sorted(range(len(pair.memory)), key=lambda index: plan.tensor_offset(pair.encoder.outputs[index]))
    encoder = replace(pair.encoder, outputs=tuple(pair.encoder.outputs[index] for index in order))
    states = (*(pair.step.states[index] for index in order), *pair.caches)
    return EncoderDecoder(encoder, replace(pair.step, states=states))


def wrapping(pair: EncoderDecoder, encoder: Program, plan: Plan) -> Wrapping:
    """Of an integer pair in arena order, with its encoder's program and plan. Raises EdgeqError for scores of a type
    that the loop can't read."""
    step, name = pair.step, f"{model_name(pair.step.name)}_text"
    scores = step.tensor(step.outputs[0])
    if scores.dtype not in SCORES:
        raise EdgeqError(f"the step's output {scores.name} is {scores.dtype}; scores of tokens are int8 or int16")
    return Wrapping(
        kind="text",
        seen_as="text",
        templates={
            f"{name}.h": "text/text.h.j2",
            f"{name}.c": "text/text.c.j2",
            "main.c": "text/main.c.j2",
            "simulation/sim_text.c": "text/sim_text.c.j2",
        },
        sources=(f"{name}.c",),
        runtime=(),
        headers=("eq_memory.h",),
        program="simulation/sim_text.c",
        context=lambda model, beside: _context(pair, name, model, beside or {}, encoder),
        beside=(encoder, plan),
    )


def _context(
    pair: EncoderDecoder, name: str, model: dict[str, Any], encoder: dict[str, Any], program: Program
) -> dict[str, Any]:
    meaning, step = pair.meaning, pair.step
    ports = {port["tensor"]: port for port in (*model["inputs"], *model["outputs"], *encoder["outputs"])}
    places = {row["name"]: row for row in model["tensors"]}
    made = {row["name"]: row["offset"] for row in encoder["tensors"]}
    moves = []
    for target, source in zip(pair.memory, pair.encoder.outputs, strict=True):
        assert places[target]["offset"] <= made[source], "the memory is moved towards the arena's beginning"
        size = step.tensor(target).size_bytes
        moves.append({"macro": places[target]["macro"], "source": ports[source]["function"], "bytes": size})
    arena_bytes = max(model["arena_bytes"], encoder["arena_bytes"])
    memory_bytes = sum(move["bytes"] for move in moves)
    return {
        "name": name,
        "upper": name.upper(),
        "encoder": encoder,
        "arena_bytes": arena_bytes,
        "tokens": step.tensor(step.outputs[0]).shape[-1],
        "start": meaning.start,
        "end": meaning.end,
        "longest": meaning.longest,
        "rate": next(iter(front_end.rates(pair.encoder).values()), 0),
        "names": [label.replace("\\", "\\\\").replace('"', '\\"') for label in meaning.labels],
        "token": ports[step.inputs[TOKEN]],
        "position": ports[step.inputs[POSITION]],
        "scores": ports[step.outputs[0]],
        "moves": moves,
        "manifest": {
            "interface": name,
            "arena_bytes": arena_bytes,
            "memory_bytes": memory_bytes,
            "cache_bytes": sum(step.tensor(state.start).size_bytes for state in pair.caches),
            "start": meaning.start,
            "end": meaning.end,
            "longest": meaning.longest,
            "encoder_macs": program.macs,
        },
    }
