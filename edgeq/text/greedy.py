"""The loop of a decoder: from the start token on, the best of the next token's scores, until the end token.

The definition of what firmware does (templates/text/text.c.j2), and in float what calibration sees.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from edgeq import reference
from edgeq.frontend.encoder_decoder import POSITION, TOKEN, EncoderDecoder
from edgeq.ir.graph import Graph

#: called before every step with its operands, and with the numbers of the recordings whose texts go on
Watcher = Callable[[Mapping[str, np.ndarray], np.ndarray], None]


@dataclass(frozen=True, eq=False)
class Text:
    """`tokens`, without the one that ends the text; `scores` [steps, tokens] of every step that made one."""

    tokens: tuple[int, ...]
    scores: np.ndarray

    @property
    def steps(self) -> int:
        """Steps of the decoder, that which ends the text included."""
        return len(self.scores)


def texts(pair: EncoderDecoder, inputs: Mapping[str, np.ndarray], watch: Watcher | None = None) -> list[Text]:
    """The text of every sample of the encoder's `inputs` (stored layout, types as in its graph, real or integer)."""
    count = len(next(iter(inputs.values())))
    found: list[Text] = []
    for first in range(0, count, reference.BATCH):
        part = {name: array[first : first + reference.BATCH] for name, array in inputs.items()}
        found += _batch(pair, part, watch)
    return found


def _batch(pair: EncoderDecoder, inputs: Mapping[str, np.ndarray], watch: Watcher | None) -> list[Text]:
    step, meaning = pair.step, pair.meaning
    encoded = reference.run(pair.encoder, inputs)
    count = len(next(iter(inputs.values())))
    memory = {name: encoded[source] for name, source in zip(pair.memory, pair.encoder.outputs, strict=True)}
    start = reference.reset_states(step)
    caches = {state.start: np.repeat(start[state.start], count, axis=0) for state in pair.caches}
    tokens = np.full((count, 1), meaning.start)
    made: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    over = np.zeros(count, bool)
    for position in range(meaning.longest):
        given = {
            step.inputs[TOKEN]: _index(step, TOKEN, tokens),
            step.inputs[POSITION]: _index(step, POSITION, np.full((count, 1), position)),
            **memory,
            **caches,
        }
        if watch is not None:
            watch(given, np.flatnonzero(~over))
        values = reference.run_batch(step, given)
        caches = {state.start: values[state.end] for state in pair.caches}
        scores.append(values[step.outputs[0]].reshape(count, -1))
        tokens = scores[-1].argmax(axis=1)[:, None]
        made.append(tokens[:, 0])
        over |= tokens[:, 0] == meaning.end
        if over.all():
            break
    return list(_separated(np.stack(made, axis=1), np.stack(scores, axis=1), meaning.end))


def _index(step: Graph, at: int, values: np.ndarray) -> np.ndarray:
    tensor = step.tensor(step.inputs[at])
    return values.reshape(len(values), *tensor.shape[1:]).astype(tensor.dtype)


def _separated(tokens: np.ndarray, scores: np.ndarray, end: int) -> Iterator[Text]:
    """Texts of [texts, steps] tokens, each up to its end."""
    for row, own in zip(tokens, scores, strict=True):
        ends = np.flatnonzero(row == end)
        length = int(ends[0]) if len(ends) else len(row)
        yield Text(tuple(int(token) for token in row[:length]), own[: min(length + 1, len(row))])
