"""Arena planning on random lifetimes: nothing overlaps, the bound holds, a known case is optimal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgeq.board import load_board
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.plan import arena
from edgeq.plan.lifetime import Buffer, buffers


@st.composite
def lifetimes(draw: st.DrawFn) -> list[Buffer]:
    blocks = []
    for index in range(draw(st.integers(1, 14))):
        first = draw(st.integers(-1, 10))
        last = first + draw(st.integers(0, 5))
        blocks.append(Buffer(f"b{index}", draw(st.integers(1, 5000)), first, last, (f"b{index}",)))
    return blocks


@given(lifetimes())
def test_live_buffers_never_overlap(blocks: list[Buffer]) -> None:
    sizes = {block.name: -(-block.size_bytes // 16) * 16 for block in blocks}
    offsets = arena._best_offsets(blocks, sizes)
    for first in blocks:
        assert offsets[first.name] % 16 == 0
        for second in blocks:
            if first is not second and first.overlaps(second):
                start, other = offsets[first.name], offsets[second.name]
                assert start + sizes[first.name] <= other or other + sizes[second.name] <= start


def test_chain_uses_two_buffers_at_most(kws_integer: Graph) -> None:
    plan = arena.plan(lower(kws_integer, load_board("host")))
    assert plan.lower_bound_bytes <= plan.arena_bytes
    assert plan.ratio < 1.02


def test_residual_add_is_in_place(resnet8_integer: Graph) -> None:
    program = lower(resnet8_integer, load_board("host"))
    shared = [block for block in buffers(program) if len(block.tensors) > 1]
    adds = [layer.node.output for layer in program.layers if layer.node.op == "add"]
    assert adds
    for name in adds:
        assert any(name in block.tensors for block in shared), f"{name} has a buffer of its own"
