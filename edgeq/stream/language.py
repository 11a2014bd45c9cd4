"""A language model for the beam: which label follows which, from an ARPA file of one and two words (`lm=FILE`).

The file's format is the one of D. Paul and J. Baker, "The Design for the Wall Street Journal-based CSR Corpus", 1992:
logarithms to base 10, backing off to single words (S. Katz, IEEE Trans. ASSP 35, 1987). The table of all pairs makes it
one look-up a candidate. Labels are the file's words; the end of a recording is left out, since a stream has none.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError

#: bits behind the point of the table, int16
TABLE_BITS = 8
START, UNKNOWN = "<s>", ("<unk>", "<UNK>")
#: of a label that the file does not have
ABSENT = -99.0

Grams = dict[tuple[str, ...], tuple[float, float]]


@dataclass(frozen=True)
class Language:
    """`weight` times the logarithm of what the file says of a label behind another one, and `bonus` for every label:
    added once to all alignments with the label."""

    path: str
    weight: float = 0.5
    bonus: float = 0.0

    def table(self, labels: Sequence[str]) -> np.ndarray:
        """int16 [labels, labels], Q8, natural logarithms: of label j behind label i, 0 standing for the beginning.
        Raises EdgeqError where the file can't be read or has none of the labels."""
        grams = read(Path(self.path))
        missing = [label for label in labels[1:] if (label,) not in grams]
        if len(missing) == len(labels) - 1:
            raise EdgeqError(f"--stream lm={self.path}: has none of the model's labels ({', '.join(labels[1:4])}, ..)")
        names = [START, *labels[1:]]
        logs = np.array([[_log(grams, before, label) for label in names] for before in names]) * math.log(10.0)
        table = np.rint((self.weight * logs + self.bonus) * 2.0**TABLE_BITS)
        table[:, 0] = 0.0
        return np.clip(table, -32768, 32767).astype(np.int16)


def _log(grams: Grams, before: str, label: str) -> float:
    if (before, label) in grams:
        return grams[before, label][0]
    single = next((grams[name,] for name in (label, *UNKNOWN) if (name,) in grams), (ABSENT, 0.0))
    return single[0] + grams.get((before,), (0.0, 0.0))[1]


def read(path: Path) -> Grams:
    """Words -> logarithm to base 10 and weight of backing off; longer sequences than two words are left out. Raises
    EdgeqError when it is no such file."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise EdgeqError(f"--stream lm={path}: can't be read ({getattr(error, 'strerror', error)})") from error
    try:
        grams = _grams(lines)
    except (ValueError, IndexError) as error:
        raise EdgeqError(f"--stream lm={path}: is no ARPA language model ({error})") from error
    if not grams:
        raise EdgeqError(f"--stream lm={path}: is no ARPA language model (it has no \\1-grams:)")
    return grams


def _grams(lines: Iterable[str]) -> Grams:
    found: Grams = {}
    length = 0
    for line in lines:
        text = line.strip()
        if text.startswith("\\") and text.endswith("-grams:"):
            length = int(text[1 : -len("-grams:")])
        elif text.startswith("\\end"):
            break
        elif text and length in (1, 2):
            parts = text.split()
            words, rest = tuple(parts[1 : 1 + length]), parts[1 + length :]
            if len(words) < length or len(rest) > 1:
                raise ValueError(f"'{text}' is no {length}-gram")
            log, back = float(parts[0]), float(rest[0]) if rest else 0.0
            if not (math.isfinite(log) and math.isfinite(back)):
                raise ValueError(f"'{text}' has no number")
            found[words] = (log, back)
    return found
