"""Does it fit the board? If not: which region, how large, how much is needed, and what takes the most of it."""

from __future__ import annotations

from edgeq.errors import EdgeqError
from edgeq.lower.program import Program
from edgeq.plan.arena import Plan


class TooBigError(EdgeqError):
    """A firmware that a board's memories have no room for."""


def check(program: Program, plan: Plan) -> None:
    """Raises TooBigError when constants or arena and stacks alone are larger than their region."""
    board = program.board
    if board.arch == "host":
        return
    weights = program.weights_bytes
    if weights > board.memory["flash"].length:
        raise too_big(program, plan, "flash", weights)
    ram = plan.arena_bytes + board.stack_bytes * board.cores
    if ram > board.memory["ram"].length:
        raise too_big(program, plan, "ram", ram)


def too_big(program: Program, plan: Plan, region: str, needed_bytes: int) -> TooBigError:
    """The error for a region that is too small, with its three largest contributors."""
    board = program.board
    if region == "ram":
        parts = _ram_parts(program, plan)
        advice = "a model with smaller activations"
    else:
        parts = [(layer.key, layer.weights_bytes) for layer in program.layers]
        advice = "a model with fewer weights"
    largest = sorted(parts, key=lambda part: -part[1])[:3]
    names = ", ".join(f"{name} {size} bytes" for name, size in largest)
    return TooBigError(
        f"the model does not fit board {board.name}: region {region} has {board.memory[region].length} bytes, "
        f"{needed_bytes} are needed; largest: {names}; use a larger board or {advice}"
    )


def _ram_parts(program: Program, plan: Plan) -> list[tuple[str, int]]:
    """What is live at the layer that needs the most, and the stacks."""
    board = program.board
    totals = [sum(b.size_bytes for b in plan.live_at(layer.index)) for layer in program.layers]
    peak = totals.index(max(totals))
    live = [(f"{buffer.name} at {program.layers[peak].key}", buffer.size_bytes) for buffer in plan.live_at(peak)]
    return [*live, (f"{board.cores} stack(s)", board.stack_bytes * board.cores)]
