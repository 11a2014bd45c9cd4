"""What `edgeq train-sim` does between its arguments and its curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.observer import Observer
from edgeq.quantize.data import Samples, load_samples
from edgeq.simulate.run import require
from edgeq.train import curve, derive, simulate

#: in a firmware folder: the firmware that trains
FOLDER = "train"


@dataclass(frozen=True)
class Options:
    """What was asked for; `settings` as derive.configuration takes them."""

    folder: Path
    data: Path
    eval_data: Path | None
    steps: int | None
    eval_samples: int
    points: int
    settings: Mapping[str, float]


def train(options: Options, observer: Observer) -> curve.Curve:
    """Raises EdgeqError for a folder that doesn't train, and for data that doesn't fit."""
    for name, value in options.settings.items():
        if not math.isfinite(value) or value < 0.0:
            raise EdgeqError(f"--{name.replace('_', '-')} {value:g}: must be a number of at least 0")
    firmware = open_training(options.folder)
    require(firmware.board, firmware.simulator)
    training = load(firmware, options.data, "--data")
    evaluation = None
    if options.eval_data is not None:
        evaluation = load(firmware, options.eval_data, "--eval").evenly(options.eval_samples)
    steps = options.steps or len(training)
    observer.stage(f"training {steps} steps on {firmware.board.name}, and in PyTorch")
    config = derive.configuration(**options.settings)
    return curve.train(firmware, training, evaluation, steps, options.points, config)


def open_training(folder: Path) -> FirmwareFolder:
    """The training firmware in a folder of `edgeq build`. Raises EdgeqError when there is none."""
    open_folder(folder)
    if not (folder / FOLDER / "manifest.json").is_file():
        raise EdgeqError(
            f"{folder}: was built without training; build it with --train, for example --train fp32,last:2"
        )
    return open_folder(folder / FOLDER)


def load(firmware: FirmwareFolder, path: Path, option: str) -> Samples:
    """Labelled samples for a training firmware; labels are classes that it has."""
    graph = firmware.graph
    inputs = simulate.network_inputs(graph)
    target = graph.tensor(derive.TARGET)
    if target.dtype != "int32":
        return _with_targets(load_samples(path, replace(graph, inputs=inputs), option), path, target.elements, option)
    samples = load_samples(path, replace(graph, inputs=inputs), option)
    if samples.labels is None:
        raise EdgeqError(f"{option} {path}: has no labels y; training needs one a sample")
    classes = graph.tensor(graph.outputs[0]).elements
    if samples.labels.max(initial=0) >= classes:
        raise EdgeqError(
            f"{option} {path}: y holds the label {samples.labels.max()}; the network has {classes} classes"
        )
    return samples


def _with_targets(samples: Samples, path: Path, size: int, option: str) -> Samples:
    with np.load(path, allow_pickle=False) as archive:
        targets = np.asarray(archive["y"]) if "y" in archive.files else None
    if targets is None or targets.size != size * len(samples):
        raise EdgeqError(f"{option} {path}: needs targets y [samples, {size}]")
    return replace(samples, labels=targets.reshape(len(samples), size).astype(np.float32))
