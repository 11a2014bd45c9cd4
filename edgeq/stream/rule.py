"""How the scores of a stream become events: the option --stream."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from edgeq.errors import EdgeqError
from edgeq.stream.language import Language

#: steps that scores are averaged over at most
MOST_AVERAGE = 64
#: prefixes of a beam at most
MOST_BEAM = 32
#: where a built folder keeps its language model
LANGUAGE_FILE = "reference/language.arpa"
KEYS = ("average", "threshold", "hold", "ignore", "beam", "lm", "weight", "bonus")


@dataclass(frozen=True)
class Rule:
    """Of networks that classify: a class is heard when its score's mean over the last `average` steps is the largest of
    all and reaches `threshold`, and nothing was heard in the `hold` steps before. Classes called in `ignore` are never
    heard. Networks read by CTC choose `beam`, the prefixes that are searched (beam.py), or 0 for the best label of a
    step; a beam may have a `language` model."""

    average: int = 4
    threshold: float = 0.8
    hold: int = 12
    ignore: tuple[str, ...] = ("silence", "unknown")
    beam: int = 0
    language: Language | None = None


def parse(text: str) -> Rule:
    """The rule of "average=8,threshold=0.7,hold=25,ignore=silence+unknown"; what is not named is as in Rule. Raises
    EdgeqError for unknown names and values that can't be."""
    values: dict[str, str] = {}
    for part in filter(None, text.split(",")):
        key, _, value = part.partition("=")
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.3) or KEYS
            raise EdgeqError(f"--stream {text}: there is no {key!r}; did you mean {near[0]}=..?")
        values[key] = value
    try:
        rule = Rule(
            int(values.get("average", Rule.average)),
            float(values.get("threshold", Rule.threshold)),
            int(values.get("hold", Rule.hold)),
            tuple(filter(None, values["ignore"].split("+"))) if "ignore" in values else Rule.ignore,
            int(values.get("beam", Rule.beam)),
            _language(values),
        )
    except ValueError as error:
        raise EdgeqError(f"--stream {text}: {error}; write average=8,threshold=0.7,hold=25") from error
    if not 1 <= rule.average <= MOST_AVERAGE or rule.hold < 0 or not abs(rule.threshold) < 1e6:
        raise EdgeqError(f"--stream {text}: average is 1 to {MOST_AVERAGE} steps, hold at least 0, threshold a number")
    if not 0 <= rule.beam <= MOST_BEAM:
        raise EdgeqError(f"--stream {text}: beam is 1 to {MOST_BEAM} prefixes, or 0 for none")
    if rule.language is not None and rule.beam == 0:
        raise EdgeqError(f"--stream {text}: a language model is for a beam; add beam=8")
    return rule


def _language(values: dict[str, str]) -> Language | None:
    """Raises ValueError for numbers that are none, or of no model."""
    numbers = [float(values.get(key, getattr(Language, key))) for key in ("weight", "bonus")]
    if not all(abs(number) < 100.0 for number in numbers):
        raise ValueError("weight and bonus are numbers below 100")
    if "lm" in values:
        return Language(values["lm"], *numbers)
    if "weight" in values or "bonus" in values:
        raise ValueError("weight and bonus are those of a language model, lm=FILE.arpa")
    return None
