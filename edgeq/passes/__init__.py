"""Passes that bring an imported float graph into canonical form: channels-last, batch norms folded, padding and
activations fused, nothing unused. Each is a function Graph -> Graph; `canonicalize` is their order."""

from __future__ import annotations

from collections.abc import Callable, Collection

from edgeq.ir import verify
from edgeq.ir.graph import Graph
from edgeq.passes.fold_batch_norm import fold_batch_norm
from edgeq.passes.fuse_activation import fuse_activation
from edgeq.passes.fuse_pad import fuse_pad
from edgeq.passes.keep_last_step import keep_last_step
from edgeq.passes.layout import cancel_transposes
from edgeq.passes.merge_views import merge_views
from edgeq.passes.remove_dead import remove_dead

PASSES: tuple[Callable[[Graph], Graph], ...] = (
    remove_dead,
    cancel_transposes,
    keep_last_step,
    merge_views,
    remove_dead,
    fold_batch_norm,
    fuse_pad,
    fuse_activation,
    remove_dead,
)


def canonicalize(graph: Graph, kept_norms: Collection[str] = ()) -> Graph:
    """The canonical float graph; batch norms of the layers `kept_norms` stay."""
    for rewrite in PASSES:
        made = fold_batch_norm(graph, kept_norms) if rewrite is fold_batch_norm else rewrite(graph)
        graph = verify.run(made, rewrite.__name__)
    return graph
