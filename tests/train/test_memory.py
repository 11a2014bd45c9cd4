"""What keeps the memory of a training step small."""

from __future__ import annotations

from edgeq.board import load_board
from edgeq.lower.select import lower
from edgeq.plan.arena import plan
from edgeq.train import recompute
from tests.train import networks


def test_what_is_computed_again_from_what_is_computed_again() -> None:
    """The second run of a layer reads the second run of the one before it, so that neither's first output waits."""
    training = networks.derived(networks.small(), "fp16,all")
    graph, forward = training.graph, training.forward
    first, second = [node for node in graph.nodes[:forward] if node.op in ("conv2d", "dwconv2d")][:2]
    once = recompute.computed_again(graph, forward, first)
    twice = recompute.computed_again(once, forward, second)
    again = next(node for node in twice.nodes if node.name == f"{second.name}.again")
    assert again.inputs[0] == f"{first.output}.again"
    made: set[str] = set(twice.given)
    for node in twice.nodes:
        assert all(name in made or twice.tensor(name).is_constant for name in node.inputs), node.name
        made.update(node.outputs)
    late = {name for node in twice.nodes[forward:] for name in node.inputs}
    assert not late & {first.output, second.output}


def test_trained_channels_are_cut_out_early() -> None:
    """A depthwise layer of which a share is trained keeps those channels of its input, not the whole."""
    training = networks.derived(networks.small(), "fp16,depthwise:0.5,head")
    graph = training.graph
    layer = next(node for node in graph.nodes if node.op == "dwconv2d")
    cut = [node for node in graph.nodes[: training.forward] if node.op == "slice" and node.inputs[0] == layer.inputs[0]]
    assert len(cut) == 1
    late = {name for node in graph.nodes[training.forward :] for name in node.inputs}
    assert cut[0].output in late
    assert layer.inputs[0] not in late


def test_pointwise_input_gradients_lie_over_their_operand() -> None:
    for board in ("riscv-8core", "cortex-m55", "cortex-m4"):
        program = lower(networks.derived(networks.small(), "fp16,all").graph, load_board(board))
        buffers = plan(program).buffers
        node = next(node for node in program.graph.nodes if node.name == "point.igrad")
        assert any({node.inputs[0], node.output} <= set(buffer.tensors) for buffer in buffers), board
