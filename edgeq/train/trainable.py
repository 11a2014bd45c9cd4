"""Which parameters a specification trains."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph, Node
from edgeq.train.spec import ALL, BATCH_NORM, BIAS, LAST, LOSSES, OPTIMIZERS, PRECISIONS, Spec

WEIGHTS_AT, BIAS_AT = 1, 2


@dataclass(frozen=True)
class Choice:
    """What is trained of a layer: its weights or gain (the first `channels` output channels, all if None), its bias."""

    weights: bool
    channels: int | None = None
    bias: bool = True

    @property
    def positions(self) -> list[int]:
        """Those of the operands that are trained."""
        return [WEIGHTS_AT] * self.weights + [BIAS_AT] * self.bias

    def joined(self, other: Choice) -> Choice:
        """What either trains."""
        if self.weights and other.weights:
            whole = self.channels is None or other.channels is None
            return Choice(True, None if whole else max(self.channels or 0, other.channels or 0))
        return self if self.weights else other


def trainable_layers(graph: Graph) -> list[Node]:
    """The layers of a float graph that can be trained, in order: those with weights, and normalizations."""
    return [
        node
        for node in graph.nodes
        if (has_weights(node) or ops.get(node.op).gain_at == WEIGHTS_AT)
        and all(graph.tensor(name).is_constant for name in node.inputs[1:3])
    ]


def has_weights(node: Node) -> bool:
    return ops.get(node.op).weight_axis >= 0


def chosen(graph: Graph, spec: Spec) -> Mapping[str, Choice]:
    """Layer -> what of it is trained. Raises EdgeqError for words that no layer matches."""
    layers = trainable_layers(graph)
    if not any(has_weights(node) for node in layers):
        raise EdgeqError(f"the model {graph.name} has no layers with weights to train")
    found: dict[str, Choice] = {}
    for word in spec.trainable:
        for name, choice in _of_word(graph, layers, word).items():
            found[name] = found[name].joined(choice) if name in found else choice
    return {node.name: found[node.name] for node in layers if node.name in found}


def _of_word(graph: Graph, layers: list[Node], word: str) -> dict[str, Choice]:
    if word == ALL:
        return {node.name: Choice(True) for node in layers}
    if word == BIAS:
        return {node.name: Choice(False) for node in layers}
    name, _, detail = word.partition(":")
    if name == LAST:
        weighted = [index for index, node in enumerate(layers) if has_weights(node)]
        if not detail.isdecimal() or not 1 <= int(detail) <= len(weighted):
            raise EdgeqError(
                f"--train: {word!r}; the model has {len(weighted)} layers with weights, so last:1 to "
                f"last:{len(weighted)}"
            )
        return {node.name: Choice(True) for node in layers[weighted[-int(detail)] :]}
    matching = [node for node in layers if fnmatch.fnmatchcase(node.name, name)]
    if not matching:
        names = [node.name for node in layers]
        near = (
            difflib.get_close_matches(
                name, [*names, ALL, BIAS, "last:1", BATCH_NORM, *PRECISIONS, *LOSSES, *OPTIMIZERS], n=1, cutoff=0.3
            )
            or names[-1:]
        )
        raise EdgeqError(
            f"--train: {word!r} is no layer with weights; did you mean {near[0]!r}? (edgeq inspect lists them)"
        )
    return {node.name: _detailed(graph, node, word, detail) for node in matching}


def _detailed(graph: Graph, node: Node, word: str, detail: str) -> Choice:
    if not detail:
        return Choice(True)
    if detail == BIAS:
        return Choice(False)
    try:
        share = float(detail)
    except ValueError:
        share = 0.0
    if not 0.0 < share <= 1.0:
        raise EdgeqError(f"--train: {word!r}; behind the colon stands bias, or a share of the channels up to 1")
    axis = ops.get(node.op).weight_axis if has_weights(node) else 0
    channels = graph.tensor(node.inputs[WEIGHTS_AT]).shape[axis]
    count = max(1, round(channels * share))
    return Choice(True, None if count == channels else count)
