"""The words of the task, and sentences like its own: what people say who spell names and give numbers and dates."""

from __future__ import annotations

import numpy as np

LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
DIGITS = ("ZERO", "OH", "ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX", "SEVEN", "EIGHT", "NINE")
TEENS = (
    "TEN", "ELEVEN", "TWELVE", "THIRTEEN", "FOURTEEN", "FIFTEEN", "SIXTEEN", "SEVENTEEN", "EIGHTEEN", "NINETEEN",
)  # fmt: skip
TENS = ("TWENTY", "THIRTY", "FORTY", "FIFTY", "SIXTY", "SEVENTY", "EIGHTY", "NINETY")
LARGE = ("HUNDRED", "THOUSAND")
ORDINALS = (
    "FIRST", "SECOND", "THIRD", "FOURTH", "FIFTH", "SIXTH", "SEVENTH", "EIGHTH", "NINTH", "ELEVENTH", "TWELFTH",
    "FIFTEENTH", "SIXTEENTH", "EIGHTEENTH", "TWENTIETH", "THIRTIETH",
)  # fmt: skip
MONTHS = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER", "OCTOBER", "NOVEMBER",
    "DECEMBER",
)  # fmt: skip
COMMANDS = ("ENTER", "ERASE", "GO", "HELP", "NO", "REPEAT", "RUBOUT", "START", "STOP", "YES")
OTHERS = ("AND", "APOSTROPHE", "AREA", "CODE", "HALF", "OF")

#: label l of the network is WORDS[l - 1]; 0 is the blank of CTC
WORDS = (*LETTERS, *DIGITS, *TEENS, *TENS, *LARGE, *ORDINALS, *MONTHS, *COMMANDS, *OTHERS)


def labels_of(text: str) -> list[int]:
    """Labels of the words of a text. Raises ValueError for another word."""
    return [WORDS.index(word) + 1 for word in text.split()]


def sentence(rng: np.random.Generator) -> list[str]:
    """Words of a random sentence."""

    def some(words: tuple[str, ...], low: int, high: int) -> list[str]:
        return [str(word) for word in rng.choice(words, int(rng.integers(low, high + 1)))]

    def number() -> list[str]:
        return some(TEENS, 1, 1) if rng.random() < 0.3 else some(TENS, 1, 1) + some(DIGITS[2:], 1, 1)

    kind = rng.random()
    if kind < 0.30:  # a name, spelled
        return some(LETTERS, 2, 8)
    if kind < 0.45:  # a telephone number or a postcode
        return some(DIGITS, 3, 7)
    if kind < 0.55:
        return [*some(COMMANDS, 1, 1), *some(LETTERS + DIGITS + TENS, 3, 6)]
    if kind < 0.70:  # a date
        day = some(ORDINALS, 1, 1) if rng.random() < 0.6 else some(TENS[:2], 1, 1) + some(ORDINALS[:9], 1, 1)
        return [*some(MONTHS, 1, 1), *day, *some(TEENS, 1, 1), *number()]
    if kind < 0.80:  # a street number
        return [word for _ in range(int(rng.integers(1, 4))) for word in number()]
    if kind < 0.86:
        return [*some(DIGITS[2:], 1, 1), *some(LARGE, 1, 1), *(["AND"] if rng.random() < 0.5 else []), *number()]
    if kind < 0.92:
        return some(COMMANDS, 1, 1)
    return some(WORDS[len(LETTERS) :], 2, 5)
