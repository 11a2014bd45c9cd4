"""SPEC of --train: inline ("fp16,last:2,sgd") or a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError

#: precision -> type of the trained part's activations
PRECISIONS: Mapping[str, str] = {"fp32": "fp32", "fp16": "fp16", "int8+fp32": "fp32", "int8+fp16": "fp16"}
LOSSES = ("cross_entropy", "mse")
OPTIMIZERS = ("sgd", "momentum", "adam")
ALL, BIAS, LAST, BATCH_NORM = "all", "bias", "last", "batch_norm"
MOST_SAMPLES = 65535


@dataclass(frozen=True)
class Spec:
    """How a network is trained on the device.

    `trainable`: "all", "bias", "last:N" (the last N layers with weights), or names or globs of layers, with
    ":bias" behind a name for its bias alone and ":0.25" for that share of its output channels. `samples`: an update.
    `batch_norm`: batch norms behind trained layers are trained, with the statistics of each sample, not folded.
    """

    precision: str = "fp32"
    trainable: tuple[str, ...] = (ALL,)
    loss: str = "cross_entropy"
    optimizer: str = "sgd"
    samples: int = 1
    batch_norm: bool = False

    @property
    def integer_front(self) -> bool:
        """Whether what lies before the first trained layer computes in integers."""
        return self.precision.startswith("int8")

    @property
    def summary(self) -> str:
        """One line for people."""
        batch = f", {self.samples} samples an update" if self.samples > 1 else ""
        norms = ", batch norms" if self.batch_norm else ""
        return f"{self.precision}, {' '.join(self.trainable)}, {self.loss}, {self.optimizer}{batch}{norms}"


def load(text: str) -> Spec:
    """Raises EdgeqError, naming the nearest word, for what is no specification."""
    if text.endswith(".toml"):
        return _from_file(Path(text))
    spec, trainable = Spec(), []
    for word in (part.strip() for part in text.split(",")):
        if word in PRECISIONS:
            spec = replace(spec, precision=word)
        elif word in LOSSES:
            spec = replace(spec, loss=word)
        elif word in OPTIMIZERS:
            spec = replace(spec, optimizer=word)
        elif word == BATCH_NORM:
            spec = replace(spec, batch_norm=True)
        elif word.startswith("batch:"):
            spec = replace(spec, samples=_samples(word.removeprefix("batch:"), f"--train {text}"))
        elif word:
            trainable.append(word)
        else:
            raise EdgeqError(f"--train {text}: an empty word; write for example fp16,last:2,sgd")
    if trainable:
        spec = replace(spec, trainable=tuple(trainable))
    return spec


def _samples(text: object, where: str) -> int:
    number = text if isinstance(text, int) else str(text)
    if isinstance(number, str):
        number = int(number) if number.isdecimal() else 0
    if isinstance(number, bool) or not 1 <= number <= MOST_SAMPLES:
        raise EdgeqError(f"{where}: {text} samples an update; give a whole number from 1 to {MOST_SAMPLES}")
    return number


def _from_file(path: Path) -> Spec:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeqError(f"--train {path}: can't be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EdgeqError(f"--train {path}: is not TOML ({error})") from error
    names = [field.name for field in fields(Spec)]
    for key in document:
        if key not in names:
            near = difflib.get_close_matches(key, names, n=1, cutoff=0.3) or names[:1]
            raise EdgeqError(f"--train {path}: there is no key {key!r}; did you mean {near[0]!r}?")
    changes: dict[str, Any] = {}
    for key, known in (("precision", PRECISIONS), ("loss", LOSSES), ("optimizer", OPTIMIZERS)):
        if key in document:
            value = document[key]
            if not isinstance(value, str) or value not in known:
                raise EdgeqError(f"--train {path}: {key} = {value!r}; it is one of {', '.join(known)}")
            changes[key] = value
    if BATCH_NORM in document:
        changes[BATCH_NORM] = document[BATCH_NORM]
        if not isinstance(document[BATCH_NORM], bool):
            raise EdgeqError(f"--train {path}: {BATCH_NORM} = {document[BATCH_NORM]!r}; it is true or false")
    if "samples" in document:
        changes["samples"] = _samples(document["samples"], f"--train {path}")
    if "trainable" in document:
        value = document["trainable"]
        words = [value] if isinstance(value, str) else value
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise EdgeqError(f'--train {path}: trainable = {value!r}; give words like "last:2" or names of layers')
        changes["trainable"] = tuple(words)
    return Spec(**changes)
