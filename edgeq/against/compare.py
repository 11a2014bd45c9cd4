"""Compares the integer reference, which the firmware equals, with the framework the model was made in.

TensorFlow Lite's integers must be met exactly. Against real numbers, a layer counts as diverging when its error exceeds
LEAST_SQNR_DB and two steps of its output's scale: quantization noise stays below that, a wrong layer doesn't. The
framework's values are limited to what the output's scale can express before they are compared.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgeq import reference, worker
from edgeq.audio import wav
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import FirmwareFolder
from edgeq.frontend import guard
from edgeq.ir.graph import Graph, Origin, Tensor
from edgeq.ops.float_types import FLOATS
from edgeq.quantize.data import Samples, dequantize, quantize_inputs, to_model_layout

#: framework -> kind of the files it reads
FRAMEWORKS = {"torch": guard.KIND_EXPORTED, "tflite": guard.KIND_TFLITE, "onnx": guard.KIND_ONNX}
LEAST_SQNR_DB, MOST_STEPS = 10.0, 2.0
EXACT_DB = 200.0
TIMEOUT_S = 1800


@dataclass(frozen=True)
class LayerDifference:
    """A layer's largest difference from the framework, as a real number and in steps of its output's scale."""

    name: str
    largest: float
    steps: float
    sqnr_db: float
    diverges: bool


@dataclass(frozen=True)
class Comparison:
    """`not_compared`: (layer, why)."""

    framework: str
    samples: int
    layers: tuple[LayerDifference, ...]
    not_compared: tuple[tuple[str, str], ...]

    @property
    def first_divergence(self) -> str | None:
        return next((layer.name for layer in self.layers if layer.diverges), None)

    def as_json(self) -> dict[str, Any]:
        return {
            "framework": self.framework,
            "samples": self.samples,
            "first_divergence": self.first_divergence,
            "layers": [vars(layer) for layer in self.layers],
            "not_compared": dict(self.not_compared),
        }


def check(firmware: FirmwareFolder, framework: str, model: Path, has_inputs: bool) -> None:
    """Raises EdgeqError when MODEL isn't the file that the firmware was built from, or can't be compared with."""
    if guard.kind_of(model) != FRAMEWORKS[framework]:
        raise EdgeqError(
            f"--model {model}: is no file that --against {framework} reads; give the model as it was built"
        )
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    source = firmware.manifest["source"]
    if digest != source["sha256"]:
        raise EdgeqError(
            f"--model {model}: is not the file that {firmware.path} was built from ({source['file']}, sha256 "
            f"{source['sha256'][:12]}...); give that one, or build again"
        )
    if framework != "tflite" and not has_inputs:
        raise EdgeqError(
            f"--against {framework} compares real numbers, which noise drives out of range; give --inputs with data "
            "like that for calibration"
        )


def compare(firmware: FirmwareFolder, framework: str, model: Path, samples: Samples) -> Comparison:
    """Every layer's output against the framework's value for it. A stream's steps are put together to recordings as
    long as the model takes, which begin with nothing heard."""
    graph = firmware.graph
    inputs = quantize_inputs(graph, samples)
    recordings = "stream" in firmware.manifest
    if recordings:
        inputs, actual = _recordings(firmware, inputs)
    else:
        actual = _watched(graph, inputs)
    count = len(next(iter(inputs.values())))
    layers = [(layer["key"], layer["output"]) for layer in firmware.manifest["layers"]]
    wanted = sorted({graph.origins[name].value for _, name in layers if name in graph.origins})
    found = _framework_values(framework, model, _model_inputs(graph, inputs, framework, model), wanted, _ports(graph))
    compared, not_compared = [], []
    for key, name in layers:
        origin = graph.origins.get(name)
        if origin is None:
            not_compared.append((key, "it has no counterpart in the model"))
        elif origin.value not in found:
            not_compared.append((key, f"{framework} does not keep its value"))
        else:
            ours = actual[name]
            if recordings:
                ours = _of_recordings(ours, found[origin.value].size)
            theirs = _stored(found[origin.value], origin, ours.shape, count)
            compared.append(_difference(key, graph.tensor(name), ours, theirs, framework))
    return Comparison(framework, count, tuple(compared), tuple(not_compared))


def _watched(graph: Graph, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Activation -> what the reference makes it, [samples, ...]."""
    made: dict[str, list[np.ndarray]] = {}
    reference.run(graph, inputs, watch=lambda name, values: made.setdefault(name, []).append(values))
    return {name: np.concatenate(parts) for name, parts in made.items()}


def _recordings(
    firmware: FirmwareFolder, inputs: Mapping[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A stream's steps as whole recordings [recordings, samples], with silence behind the last, and activation -> its
    values in the steps of each, [recordings, steps, ...]."""
    known, (name,) = firmware.manifest["stream"], firmware.graph.inputs
    length = known["recording_samples"]
    pcm = inputs[name].reshape(-1)
    whole = wav.in_steps(pcm, length)
    parts = [_watched(firmware.graph, {name: wav.in_steps(own, known["step_samples"])}) for own in whole]
    return {name: whole}, {key: np.stack([part[key] for part in parts]) for key in parts[0]}


def _of_recordings(steps: np.ndarray, size: int) -> np.ndarray:
    """[recordings, steps, ...] in the form in which the model has them, `size` numbers: the rows of all steps, or what
    the last step makes of all that was heard."""
    if steps.size == size:
        return steps.reshape(len(steps), -1, *steps.shape[3:])
    return steps[:, -1]


def _stored(values: np.ndarray, origin: Origin, shape: tuple[int, ...], samples: int) -> np.ndarray:
    """The framework's values of all samples, one after another, as the graph stores them; those without a batch axis
    get one."""
    model_shape = [0] * len(shape)
    for axis, place in enumerate(origin.perm):
        model_shape[place] = shape[axis]
    return values.reshape(samples, *model_shape[1:]).transpose(origin.perm)


def _difference(key: str, tensor: Tensor, ours: np.ndarray, theirs: np.ndarray, framework: str) -> LayerDifference:
    def real(q: Any) -> Any:
        return (np.asarray(q, np.float64) - tensor.zero_point) * tensor.scale

    ends: tuple[Any, Any] = (-np.inf, np.inf)
    if tensor.dtype not in FLOATS:
        info = np.iinfo(tensor.dtype)
        ends = (real(info.min), real(info.max))
    exact = framework == "tflite" and theirs.dtype == ours.dtype
    wanted = real(theirs) if exact else np.clip(theirs.astype(np.float64), *ends)
    error = real(ours) - wanted
    largest = float(np.abs(error).max())
    noise, power = float(np.square(error).sum()), float(np.square(wanted).sum())
    sqnr = EXACT_DB if noise == 0.0 else min(EXACT_DB, 10.0 * float(np.log10(max(power, 1e-300) / noise)))
    step = tensor.scale
    if tensor.dtype in FLOATS:  # between neighbours of the largest value
        step = 2 * FLOATS[tensor.dtype].roundoff * max(float(np.abs(wanted).max()), 1e-30)
    steps = largest / step
    diverges = largest > 0.0 if exact else sqnr < LEAST_SQNR_DB and steps > MOST_STEPS
    return LayerDifference(key, largest, round(steps, 3), round(sqnr, 2), diverges)


def _model_inputs(graph: Graph, inputs: Mapping[str, np.ndarray], framework: str, model: Path) -> list[np.ndarray]:
    """The firmware's inputs in the model's own order, layout and types; of states that are inputs there the zeros that
    a sequence begins with."""
    names = list(graph.inputs)
    for state in sorted((state for state in graph.states if state.ports), key=lambda state: state.ports or ()):
        names.insert(state.ports[0] if state.ports else 0, state.start)
    integers = _integer_inputs(model) if framework == "tflite" else [False] * len(names)
    values = {**reference.reset_states(graph), **inputs}
    arrays = []
    for name, is_integer in zip(names, integers, strict=True):
        stored = to_model_layout(graph, name, values[name])
        tensor = graph.tensor(name)
        arrays.append(stored if is_integer else dequantize(stored, tensor.scale, tensor.zero_point))
    return [np.ascontiguousarray(array) for array in arrays]


def _ports(graph: Graph) -> list[tuple[int, int]]:
    """Positions of the states among the model's inputs and outputs."""
    return [state.ports for state in graph.states if state.ports is not None]


def _integer_inputs(model: Path) -> list[bool]:
    from edgeq.frontend.tflite.model import read

    contents = read(model)
    return [contents.tensors[index].type != "float32" for index in contents.inputs]


def _framework_values(
    framework: str, model: Path, inputs: list[np.ndarray], wanted: list[str], ports: list[tuple[int, int]]
) -> dict[str, np.ndarray]:
    with tempfile.TemporaryDirectory(prefix="edgeq-") as name:
        folder = Path(name)
        path = guard.without_sample_inputs(model, folder / "model.pt2") if framework == "torch" else model
        request = {"framework": framework, "path": str(path.resolve()), "values": wanted, "states": ports}
        np.savez(folder / "inputs.npz", **{str(index): array for index, array in enumerate(inputs)})
        _ask(framework, model, request, folder)
        with np.load(folder / "values.npz", allow_pickle=False) as arrays:
            return {wanted[int(key[1:])]: arrays[key] for key in arrays.files}


def _ask(framework: str, model: Path, request: Mapping[str, Any], folder: Path) -> None:
    """Has the framework's values written into a folder by a process of its own."""
    try:
        worker.ask("edgeq.against.worker", request, folder, TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise EdgeqError(f"{model}: running it in {framework} took over {TIMEOUT_S} s; give fewer samples") from error
    except worker.StoppedError as error:
        raise EdgeqError(f"{model}: {framework} can't run it ({error})") from error
