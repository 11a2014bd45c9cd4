"""Calls of a torch program on values without a batch of 1 in front, such as the [time, batch, channels] inside
nn.MultiheadAttention: the graph holds such a value with a batch of 1 before all its axes, and a call's axes and shapes
move with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: arguments that hold an axis, or several
AXES = ("dim", "dims", "dim0", "dim1", "start_dim", "end_dim")
#: arguments that hold one number an axis, and what a batch of 1 adds in front
PER_AXIS = {"size": 1, "shape": 1, "repeats": 1}
#: calls that say otherwise where their axes are; those of two axes become transposes of the last two
FIXED = (
    "conv", "pool", "batch_norm", "group_norm", "instance_norm", "upsample", "pixel_", "channel_shuffle", "rnn", "pad",
    "index", "embedding", "attention", "glu",
)  # fmt: skip
#: matrix calls by the general one that stands for them behind a batch
GENERAL = {"aten.t.default": "aten.transpose.int", "aten.bmm.default": "aten.matmul.default"}
GENERAL["aten.mm.default"] = "aten.matmul.default"


def has_batch(shape: tuple[int, ...]) -> bool:
    """Whether a framework's value has the batch of 1 in front that the graph's values have."""
    return shape[:1] == (1,)


def can_move(target: str) -> bool:
    """Whether the axes of a call are all among its arguments."""
    name = target.removeprefix("aten.").lstrip("_")
    return not any(part in name for part in FIXED)


def moved(target: str, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The call that does the same behind one more axis in front."""
    changed = dict(arguments)
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
