"""Passes that bring an imported float graph into canonical form: channels-last, batch norms folded, padding and
activations fused, nothing unused. Each is a function Graph -> Graph; `canonicalize` is their order."""

from __future__ import annotations

from edgeq.ir import verify
from edgeq.ir.graph import Graph
from edgeq.passes.fold_batch_norm import fold_batch_norm
from edgeq.passes.fuse_activation import fuse_activation
from edgeq.passes.fuse_pad import fuse_pad
from edgeq.passes.keep_last_step import keep_last_step
from edgeq.passes.layout import cancel_transposes
from edgeq.passes.merge_views import merge_views
from edgeq.passes.remove_dead import remove_dead

PASSES = (
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


def canonicalize(graph: Graph) -> Graph:
    """The canonical float graph."""
    for rewrite in PASSES:
        graph = verify.run(rewrite(graph), rewrite.__name__)
    return graph
