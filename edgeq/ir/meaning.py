"""What a network's outputs mean: it goes with the model file, and into the firmware as a table of labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from edgeq.errors import EdgeqError

DECODINGS = ("classes", "ctc")
#: what the record is called inside a model file
MEANING = "edgeq_meaning.json"
#: of one label, in bytes
LONGEST = 64


@dataclass(frozen=True)
class Meaning:
    """`labels` of the output's last axis, if they are known; `decoding`: "classes", or "ctc", where every step has
    scores, label 0 is the blank and repetitions are one (A. Graves et al., ICML 2006). Raises EdgeqError for others."""

    labels: tuple[str, ...] = ()
    decoding: str = "classes"

    def __post_init__(self) -> None:
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
            return Meaning(tuple(data["labels"]), data["decoding"])
        except (ValueError, TypeError, KeyError) as error:
            raise EdgeqError(f"{MEANING}: can't be read ({error}); write it with edgeq.torch_operators.save") from error


#: of networks that say nothing of it
NO_MEANING = Meaning()
