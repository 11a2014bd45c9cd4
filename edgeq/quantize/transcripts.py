"""What is said in recordings, as labels of a network that is read by CTC."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.ir.meaning import Meaning

#: behind the last label of a text; in place of a word that the network has no label for
END, NO_LABEL = -1, -2


def given(
    arrays: Mapping[str, np.ndarray], samples: int, where: str
) -> tuple[list[list[str]] | None, np.ndarray | None]:
    """The words of each text, or labels [samples, most] with END behind a text's last, as an .npz has them: `text`,
    strings, or `y`. Raises EdgeqError for anything else called so."""
    tokens, texts = arrays.get("y"), arrays.get("text")
    if texts is not None and tokens is None and texts.dtype.kind == "U" and texts.shape == (samples,):
        return [str(text).split() for text in texts], None
    if texts is None and tokens is None:
        return None, None
    if texts is not None or tokens is None or tokens.dtype.kind not in "iu" or tokens.shape[:1] != (samples,):
        raise EdgeqError(
            f"{where}: says what is heard in another way than y, integers [recordings, labels] with -1 behind the "
            "last, or text, strings [recordings]"
        )
    return None, np.asarray(tokens, np.int64).reshape(samples, -1)


def of_arrays(arrays: Mapping[str, np.ndarray], samples: int, meaning: Meaning, where: str) -> np.ndarray | None:
    """Labels [samples, most], END behind a text's last; None where nothing is said. Raises EdgeqError as `given`, and
    for words none of which is a label."""
    said, tokens = given(arrays, samples, where)
    if said is None:
        return tokens
    known = {label: number for number, label in enumerate(meaning.labels) if number}
    rows = [[known.get(word, NO_LABEL) for word in row] for row in said]
    if all(label == NO_LABEL for row in rows for label in row):
        raise EdgeqError(f"{where}: no word of its texts is one of the model's labels")
    made = np.full((samples, max(map(len, rows))), END, np.int64)
    for row, labels in zip(made, rows, strict=True):
        row[: len(labels)] = labels
    return made


def texts(labels: np.ndarray) -> list[list[int]]:
    """The labels of each text."""
    return [[int(label) for label in row if label != END] for row in labels]
