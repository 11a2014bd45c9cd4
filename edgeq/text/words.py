"""Tokens as words, and how many words of a text are wrong."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path

from edgeq.audio import wav
from edgeq.ir.graph import Graph
from edgeq.ir.meaning import Meaning
from edgeq.quantize import transcripts
from edgeq.quantize.data import Samples, load_arrays, load_samples, require_file, samples_of

METRIC = "word error rate"

Words = tuple[str, ...]


def words(meaning: Meaning, tokens: Sequence[int]) -> Words:
    """The labels of tokens, and the numbers of those without one."""
    return tuple(meaning.labels[token] if token < len(meaning.labels) else str(token) for token in tokens)


def distance(wanted: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Fewest words to be put in, left out or exchanged to make one of the other (Levenshtein)."""
    row = list(range(len(found) + 1))
    for number, word in enumerate(wanted, 1):
        before, row[0] = row[0], number
        for at, other in enumerate(found, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (word != other))
    return row[-1]


def error_rate(wanted: Sequence[Sequence[Hashable]], found: Sequence[Sequence[Hashable]]) -> float:
    """Words (or labels that stand for them) in error of all texts over the words that are wanted."""
    return sum(errors(wanted, found)) / max(1, sum(map(len, wanted)))


def errors(wanted: Sequence[Sequence[Hashable]], found: Sequence[Sequence[Hashable]]) -> list[int]:
    """Words (or labels that stand for them) in error of every text."""
    return [distance(one, other) for one, other in zip(wanted, found, strict=True)]


def load(path: Path, encoder: Graph, meaning: Meaning, option: str) -> tuple[Samples, list[Words] | None]:
    """Recordings, and what is said in them where an .npz tells: `y`, tokens [recordings, most] with -1 behind a text's
    last, or `text`, strings of words. Raises EdgeqError as load_samples, and for texts that are neither."""
    require_file(path, option)
    if wav.is_given(path):
        return load_samples(path, encoder, option), None
    arrays = load_arrays(path, option)
    where = f"{option} {path}"
    samples = samples_of({name: array for name, array in arrays.items() if name not in ("y", "text")}, encoder, where)
    said, tokens = transcripts.given(arrays, len(samples), where)
    if tokens is not None:
        return samples, [words(meaning, row) for row in transcripts.texts(tokens)]
    return samples, None if said is None else [tuple(row) for row in said]
