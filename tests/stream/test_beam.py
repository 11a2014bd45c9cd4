"""Prefix beam search: the integers against the algorithm in floating point and all paths, and what is heard of it."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby, pairwise, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgeq.errors import EdgeqError
from edgeq.stream import beam
from edgeq.stream.decode import ctc
from edgeq.stream.language import TABLE_BITS, Language
from edgeq.stream.rule import parse

SCALE = 0.06


def every_alignment(logits: np.ndarray) -> dict[tuple[int, ...], float]:
    """The probability of every sequence of labels, as the sum over all paths (A. Graves et al., ICML 2006, eq. 3)."""
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found: dict[tuple[int, ...], float] = defaultdict(float)
    for path in product(range(logits.shape[1]), repeat=len(logits)):
        labels = tuple(label for label, _ in groupby(path) if label)
        found[labels] += float(np.prod([step[label] for step, label in zip(shares, path, strict=True)]))
    return found


def float_beam(logits: np.ndarray, width: int) -> list[tuple[tuple[int, ...], float]]:
    """Prefixes and log-probabilities, the best first: Hannun et al. 2014, algorithm 1, with dictionaries."""
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    prefixes: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -np.inf)}
    for step in logs:
        made: dict[tuple[int, ...], tuple[float, float]] = defaultdict(lambda: (-np.inf, -np.inf))
        for prefix, (blank, label) in prefixes.items():
            total = np.logaddexp(blank, label)
            made[prefix] = (np.logaddexp(made[prefix][0], total + step[0]), made[prefix][1])
            if prefix:
                made[prefix] = (made[prefix][0], np.logaddexp(made[prefix][1], label + step[prefix[-1]]))
            for added in range(1, len(step)):
                before = blank if prefix and prefix[-1] == added else total
                longer = (*prefix, added)
                made[longer] = (made[longer][0], np.logaddexp(made[longer][1], before + step[added]))
        ranked = sorted(made.items(), key=lambda item: -np.logaddexp(*item[1]))
        prefixes = dict(ranked[:width])
    return [(prefix, float(np.logaddexp(*both))) for prefix, both in prefixes.items()]


def heard(scores: np.ndarray, width: int, bigram: np.ndarray | None = None) -> tuple[int, ...]:
    return tuple(label for _, label in beam.search(scores, width, beam.multiplier(SCALE), bigram))


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 4))
@settings(max_examples=25, deadline=None)
def test_a_wide_beam_hears_the_most_probable_labels(seed: int, steps: int, labels: int) -> None:
    scores = np.random.default_rng(seed).integers(-60, 60, (steps, labels)).astype(np.int8)
    shares = every_alignment(scores * SCALE)
    assert shares[heard(scores, 400)] > 0.97 * max(shares.values())


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(2, 4))
@settings(max_examples=25, deadline=None)
def test_a_language_model_weighs_every_label(seed: int, steps: int, labels: int) -> None:
    """All alignments of labels, times what the table says of each behind the one before."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(-60, 60, (steps, labels)).astype(np.int8)
    table = rng.integers(-800, 300, (labels, labels)).astype(np.int16)
    shares = {
        said: share * float(np.exp(sum(table[pair] for pair in pairwise((0, *said))) / 2.0**TABLE_BITS))
        for said, share in every_alignment(scores * SCALE).items()
    }
    assert shares[heard(scores, 400, table)] > 0.97 * max(shares.values())


def test_a_language_model_is_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "words.arpa"
    file.write_text(
        "\\data\\\nngram 1=3\n\n\\1-grams:\n-1.5\t<s>\t-0.25\n-0.5\tyes\t-0.5\n-1\tno\n\n"
        "\\2-grams:\n-0.125\tyes no\n\\end\\\n",
        encoding="utf-8",
    )
    made = Language(str(file), 0.5, 0.25).table(("", "yes", "no", "go"))
    natural = np.log(10.0)
    for (before, label), log in {
        (0, 1): -0.5 - 0.25, (0, 2): -1.0 - 0.25, (1, 2): -0.125, (1, 1): -0.5 - 0.5, (2, 1): -0.5,
    }.items():  # fmt: skip
        assert made[before, label] == round((0.5 * log * natural + 0.25) * 256)
    assert made[1, 3] < made[1, 2] - 5000  # no such word
    assert not made[:, 0].any()
    file.write_text(file.read_text(encoding="utf-8").replace("-0.125", "-0.25"), encoding="utf-8")
    again = Language(str(file), 0.5, 0.25).table(("", "yes", "no", "go"))
    assert again[1, 2] < made[1, 2]  # a file that was changed meanwhile is read anew
    for text, said in (
        ("", "no ARPA"),
        ("\\1-grams:\nx yes\n", "no ARPA"),
        ("\\1-grams:\n-1 a\n", "none of the model"),
    ):
        other = tmp_path / f"{len(text)}.arpa"
        other.write_text(text, encoding="utf-8")
        with pytest.raises(EdgeqError, match=said):
            Language(str(other)).table(("", "yes"))
    with pytest.raises(EdgeqError, match="can't be read"):
        Language(str(tmp_path / "absent")).table(("", "yes"))
    for rule, said in (
        ("lm=a.arpa", "add beam"),
        ("beam=2,weight=1", "of a language model"),
        ("beam=2,lm=a,weight=x", "float"),
    ):
        with pytest.raises(EdgeqError, match=said):
            parse(rule)


@given(st.integers(0, 2**32 - 1), st.sampled_from((1, 2, 4, 8)))
@settings(max_examples=25, deadline=None)
def test_integers_rank_as_floating_point_does(seed: int, width: int) -> None:
    """Words a few steps long between noise: no near-ties where prefixes are dropped."""
    rng = np.random.default_rng(seed)
    spoken = rng.integers(1, 6, 6).tolist()
    path = [label for one in spoken for label in (0, *[one] * int(rng.integers(1, 4)), 0)]
    scores = np.clip(rng.normal(-40, 18, (len(path), 6)), -128, 127)
    scores[np.arange(len(path)), path] += 70
    scores = np.rint(scores).astype(np.int8)
    wanted = float_beam(scores * SCALE, width)
    if len(wanted) == 1 or wanted[0][1] - wanted[1][1] > 0.1:
        assert heard(scores, width) == wanted[0][0]


def test_more_paths_win_over_the_best_path() -> None:
    """Two steps of blank 0.6 and label 0.4: greedily nothing, but three of four paths hear the label."""
    scores = np.rint(np.log([[0.6, 0.4]] * 2) / SCALE).astype(np.int8)
    assert not list(ctc(scores))
    assert heard(scores, 2) == (1,)


def test_labels_are_heard_once_all_prefixes_agree() -> None:
    """And the last ones at the end: every label once, in order, with the step where it began."""
    rng = np.random.default_rng(3)
    scores = rng.integers(-128, 128, (200, 7)).astype(np.int8)
    found = list(beam.search(scores, 8, beam.multiplier(SCALE)))
    assert len(found) > beam.HISTORY
    for some in (50, 120):
        early = list(beam.search(scores[:some], 8, beam.multiplier(SCALE)))
        kept = next((at for at, pair in enumerate(zip(early, found, strict=False)) if pair[0] != pair[1]), len(early))
        assert kept > len(early) - beam.HISTORY
    assert [row for row, _ in found] == sorted(row for row, _ in found)
