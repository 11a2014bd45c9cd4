"""Labels of recordings by the folders that they lie in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError

#: what other words are, where the model has a label for them
UNKNOWN = "unknown"


def labels_of(root: Path, files: Sequence[Path], labels: Sequence[str]) -> np.ndarray | None:
    """Index of the label of each file of `root`, int64: that of the folder in `root` that it lies in, whose name is the
    label's or, with underscores round it (`_silence_`), says the same; a folder with another name is "unknown" where
    the model has that label. None where all files lie in `root` itself, or the model has no labels. Raises EdgeqError
    for a folder without a label and for files beside folders."""
    names = [file.relative_to(root).parts[0] if len(file.relative_to(root).parts) > 1 else "" for file in files]
    if not labels or not any(names):
        return None
    found = {}
    for name, file in zip(names, files, strict=True):
        if not name:
            raise EdgeqError(f"{root}: {file.name} lies beside folders of labels; put it into one of them")
        label = next((item for item in (name, name.strip("_"), UNKNOWN) if item in labels), None)
        if label is None:
            raise EdgeqError(f"{root}: the folder {name} is none of the model's labels ({', '.join(labels)})")
        found[name] = labels.index(label)
    return np.array([found[name] for name in names], np.int64)
