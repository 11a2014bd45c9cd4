"""What a network's outputs mean: it goes with the model file, and into the firmware as a table of labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from edgeq.errors import EdgeqError

DECODINGS = ("classes", "ctc", "greedy")
#: what the record is called inside a model file
MEANING = "edgeq_meaning.json"
#: the programs of a model file that holds an encoder and a decoder's step
ENCODER, STEP = "encoder", "step"
#: of one label, in bytes
LONGEST = 64
#: numbers of a meaning are smaller
MOST = 1 << 20


@dataclass(frozen=True)
class Meaning:
    """`labels` of the output's last axis, if they are known; `decoding`: "classes", or "ctc", where every step has
    scores, label 0 is the blank and repetitions are one (A. Graves et al., ICML 2006), or "greedy", where every step
    of a decoder has scores of the next token: from the token `start` on the best is taken, until it is `end` or
    `longest` steps are done. `rate`: samples a second, of networks that take a recording without a front end. Raises
    EdgeqError for others."""

    labels: tuple[str, ...] = ()
    decoding: str = "classes"
    start: int = 0
    end: int = 0
    longest: int = 0
    rate: int = 0

    def __post_init__(self) -> None:
        numbers = (self.start, self.end, self.longest, self.rate)
        if any(type(number) is not int or not 0 <= number < MOST for number in numbers):
            raise EdgeqError(f"{MEANING}: start, end, longest and rate are {numbers}, not whole numbers below {MOST}")
        if self.decoding == "greedy" and self.longest < 1:
            raise EdgeqError(f"{MEANING}: a text has at most {self.longest} tokens; give at least 1")
        if self.decoding not in DECODINGS:
            raise EdgeqError(f"{MEANING}: decoding {self.decoding!r} is not one of {', '.join(DECODINGS)}")
        for label in self.labels:
            if not isinstance(label, str) or len(label.encode()) > LONGEST or not label.isprintable():
                raise EdgeqError(
                    f"{MEANING}: {str(label)[:LONGEST]!r} is no label of at most {LONGEST} printable bytes"
                )

    def as_json(self) -> str:
        """The text that goes into a model file."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(text: str) -> Meaning:
        """Raises EdgeqError for text that is none."""
        try:
            data = json.loads(text)
            numbers = {key: data[key] for key in NUMBERS if key in data}
            return Meaning(tuple(data["labels"]), data["decoding"], **numbers)
        except (ValueError, TypeError, KeyError) as error:
            raise EdgeqError(f"{MEANING}: can't be read ({error}); write it with edgeq.torch_operators.save") from error


#: fields that older files lack
NUMBERS = ("start", "end", "longest", "rate")
#: of networks that say nothing of it
NO_MEANING = Meaning()
