"""Calls of a torch program on values without a batch of 1 in front, such as the [time, batch, channels] inside
nn.MultiheadAttention: the graph holds such a value with a batch of 1 before all its axes, and a call's axes and shapes
move with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq import ops

#: arguments that hold an axis, or several
AXES = ("dim", "dims", "dim0", "dim1", "start_dim", "end_dim", "dimension")
#: arguments that hold one number an axis, and what a batch of 1 adds in front
PER_AXIS = {"size": 1, "shape": 1, "repeats": 1}
#: calls all of whose axes are among those arguments, or counted from the end
STRUCTURED = frozenset(
    (
        "_log_softmax", "_softmax", "_unsafe_view", "addmm", "all", "amax", "amin", "any", "argmax", "argmin",
        "argsort", "bmm", "cat", "chunk", "cumsum", "expand", "flatten", "flip", "gru", "layer_norm",
        "linalg_vector_norm", "linear", "log_softmax", "lstm", "matmul", "max", "mean", "min", "mm", "permute",
        "repeat", "repeat_interleave", "reshape", "rms_norm", "roll", "select", "slice", "softmax", "sort", "split",
        "split_with_sizes", "squeeze", "stack", "sum", "t", "tile", "topk", "transpose", "unbind", "unflatten",
        "unfold", "unsqueeze", "var", "view",
    )
)  # fmt: skip
#: operators whose calls have no axes, but for those of calls that count the channels' axis from the front
ELEMENTWISE, OF_CHANNELS = ("add", "binary", "clamp", "compare", "select", "unary"), ("prelu", "_prelu_kernel")
#: calls by the general one that stands for them behind a batch
GENERAL = {
    "aten.bmm.default": "aten.matmul.default",
    "aten.mm.default": "aten.matmul.default",
    "aten.t.default": "aten.transpose.int",
    "aten.tile.default": "aten.repeat.default",
}


def has_batch(shape: tuple[int, ...]) -> bool:
    """Whether a framework's value has the batch of 1 in front that the graph's values have."""
    return shape[:1] == (1,)


def can_move(target: str) -> bool:
    """Whether it is known where all axes of a call are."""
    name = target.split(".")[1]
    if name in STRUCTURED:
        return True
    return name not in OF_CHANNELS and any(target in ops.get(operator).torch_targets for operator in ELEMENTWISE)


def moved(target: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The call that does the same behind one more axis in front."""
    changed = dict(arguments)
    if target == "aten.tile.default":
        changed["repeats"] = changed.pop("dims")
    for key in AXES:
        if key in changed and changed[key] is not None:
            axes = changed[key]
            changed[key] = [_behind(axis) for axis in axes] if isinstance(axes, list) else _behind(axes)
    for key, front in PER_AXIS.items():
        if isinstance(changed.get(key), list):
            changed[key] = [front, *changed[key]]
    if target == "aten.permute.default":
        changed["dims"] = [0, *changed["dims"]]
    if target == "aten.t.default":
        changed |= {"dim0": -2, "dim1": -1}
    if target in ("aten.bmm.default", "aten.mm.default"):
        changed["other"] = changed.pop("mat2")
    return GENERAL.get(target, target), changed


def _behind(axis: Any) -> Any:
    return axis + 1 if isinstance(axis, int) and axis >= 0 else axis
