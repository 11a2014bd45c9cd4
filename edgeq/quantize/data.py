"""Calibration and evaluation data, and the way between a model's own arrays and the firmware's."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeq.audio import labelled, wav
from edgeq.errors import EdgeqError
from edgeq.ir.graph import BOOLEAN, Graph, Quantization
from edgeq.ops import embedding, float_types, front_end
from edgeq.ops.float_types import FLOATS
from edgeq.quantize import transcripts

#: types of activations (uint8 of a model that has it is made int8); arrays of these are taken as stored integers, all
#: others as real numbers
STORED_TYPES = (np.dtype(np.int8), np.dtype(np.int16))


@dataclass(frozen=True)
class Samples:
    """Arrays in stored (channels-last) layout by input name, float32 or the input's own integer type; labels if any:
    [samples], or texts (edgeq/quantize/transcripts.py) of a network that is read by CTC."""

    inputs: Mapping[str, np.ndarray]
    labels: np.ndarray | None

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def subset(self, index: np.ndarray) -> Samples:
        labels = None if self.labels is None else self.labels[index]
        return Samples({name: array[index] for name, array in self.inputs.items()}, labels)

    def portion(self, count: int, graph: Graph) -> Samples:
        """At most `count` samples, spread evenly over the file; the first ones where they are steps of a sequence."""
        return self.subset(np.arange(min(count, len(self)))) if graph.states else self.evenly(count)

    def evenly(self, count: int) -> Samples:
        """At most `count` samples, spread evenly over the file."""
        if len(self) <= count:
            return self
        return self.subset(np.linspace(0, len(self) - 1, count).round().astype(int))


def require_file(path: Path, option: str) -> None:
    """Raises EdgeqError when there is no such file (or folder of recordings)."""
    try:
        found = path.is_file() or path.is_dir()
    except OSError:
        found = False
    if not found:
        raise EdgeqError(f"{option} {path}: there is no such file; give an .npz with an array x [samples, ...]")


def load_samples(path: Path, graph: Graph, option: str) -> Samples:
    """Samples for `graph` from an .npz with one array per input (`x` for a single input) and, maybe, labels `y`; of a
    model that takes a recording also a .wav file or a folder of them.

    Raises EdgeqError for a missing or unreadable file, a wrong shape or type, NaN, or no samples.
    """
    require_file(path, option)
    if wav.is_given(path):
        return _recordings(path, graph, option)
    return samples_of(load_arrays(path, option), graph, f"{option} {path}")


def load_arrays(path: Path, option: str) -> dict[str, np.ndarray]:
    """The arrays of an .npz. Raises EdgeqError for a file that can't be read as one."""
    try:
        if not zipfile.is_zipfile(path):
            raise ValueError("it is no .npz archive")
        with np.load(path, allow_pickle=False) as archive:
            return {name: np.asarray(archive[name]) for name in archive.files}
    except Exception as error:  # numpy raises many kinds for damaged archives
        raise EdgeqError(f"{option} {path}: can't be read as .npz ({error}); write it with numpy.savez") from error


def _recordings(path: Path, graph: Graph, option: str) -> Samples:
    """WAV files as samples of the model's length: longer ones are cut, silence follows shorter ones. Those of a stream
    follow one another, step by step. For --eval, folders in the folder say the labels."""
    found = front_end.rates(graph)
    if len(found) != 1 or len(graph.inputs) != 1:
        raise EdgeqError(f"{option} {path}: the model takes no recording; give an .npz with an array x [samples, ...]")
    ((name, rate),) = found.items()
    length = graph.tensor(name).shape[1]
    read = wav.read_all(path, rate, option)
    heard = [samples for _, samples in read]
    if graph.states:
        return samples_of({name: wav.in_steps(np.concatenate(heard), length)}, graph, f"{option} {path}")
    arrays = {name: np.stack([wav.of_length(samples, length) for samples in heard])}
    if option == "--eval" and path.is_dir() and name != "y":
        try:
            labels = labelled.labels_of(path, [file for file, _ in read], graph.meaning.labels)
        except EdgeqError as error:
            raise EdgeqError(f"{option} {error}") from error
        if labels is not None:
            arrays["y"] = labels
    return samples_of(arrays, graph, f"{option} {path}")


def samples_of(arrays: Mapping[str, np.ndarray], graph: Graph, where: str) -> Samples:
    """Samples for `graph` from arrays as an .npz has them; `where` they come from, for errors. Raises EdgeqError as
    `load_samples`."""
    inputs = {name: _checked(arrays, name, graph, where) for name in graph.inputs}
    counts = {len(array) for array in inputs.values()}
    if len(counts) > 1:
        raise EdgeqError(f"{where}: its inputs have {sorted(counts)} samples; they must have as many")
    if graph.meaning.decoding == "ctc":
        return Samples(inputs, transcripts.of_arrays(arrays, counts.pop(), graph.meaning, where))
    labels = None if "y" in graph.inputs else arrays.get("y")
    if labels is not None:
        _check_labels(labels, counts.pop(), where)
    return Samples(inputs, labels)


def _check_labels(labels: np.ndarray, samples: int, where: str) -> None:
    if labels.dtype.kind not in "iu" or labels.size != samples or labels.shape[:1] != (samples,):
        raise EdgeqError(
            f"{where}: y is {labels.dtype} {list(labels.shape)}; labels must be {samples} integers, the index of each "
            "sample's class"
        )
    if labels.size and labels.min() < 0:
        raise EdgeqError(f"{where}: y holds the label {labels.min()}; classes are counted from 0")


def _checked(arrays: Mapping[str, np.ndarray], name: str, graph: Graph, where: str) -> np.ndarray:
    key = name if name in arrays else "x"
    if key not in arrays or (key == "x" and name != "x" and len(graph.inputs) > 1):
        raise EdgeqError(f"{where}: no array for the input {name!r} (it holds: {', '.join(arrays) or 'nothing'})")
    array = arrays[key]
    boundary = graph.boundary[name]
    stored = graph.tensor(name).shape
    if array.dtype == np.bool_:
        array = array.astype(np.int8)
    if array.dtype.kind not in "fiu":
        raise EdgeqError(f"{where}: {key} has type {array.dtype}; it must be numbers")
    if array.ndim == 2 and not graph.states and name in front_end.rates(graph):
        array = wav.of_length(array, stored[1])
    if array.shape[1:] == boundary.shape[1:]:
        array = array.transpose(boundary.perm)
    elif array.shape[1:] != stored[1:]:
        expected = ", ".join(str(size) for size in boundary.shape[1:])
        raise EdgeqError(f"{where}: {key} has shape {list(array.shape)}; the model takes [samples, {expected}]")
    if len(array) == 0:
        raise EdgeqError(f"{where}: {key} holds no samples; give at least one")
    rows = embedding.row_counts(graph, name)
    if rows:
        return _indices(array, min(rows), f"{where}: {key}")
    if boundary.unsigned and array.dtype == np.uint8:
        array = (array.astype(np.int16) - 128).astype(np.int8)
    if name in front_end.rates(graph):
        return _samples(array, graph, name, f"{where}: {key}")
    if array.dtype in STORED_TYPES:
        return np.ascontiguousarray(array)
    with np.errstate(over="ignore"):
        array = np.ascontiguousarray(array, dtype=np.float32)
    if not np.all(np.isfinite(array)):
        bad = int(np.argwhere(~np.isfinite(array))[0][0])
        raise EdgeqError(f"{where}: {key} has NaN or infinity, first in sample {bad}; clean the data")
    return array


def _samples(array: np.ndarray, graph: Graph, name: str, where: str) -> np.ndarray:
    """A recording: int16 as the firmware takes it, or numbers with a full scale of 1, which a float graph takes."""
    if array.dtype == np.int16:
        return np.ascontiguousarray(array if graph.tensor(name).dtype == "int16" else front_end.SAMPLES.real(array))
    array = np.ascontiguousarray(array, np.float32)
    if not np.all(np.abs(array) <= 1.0):  # NaN as well
        raise EdgeqError(f"{where} reaches {np.abs(array).max():.6g}; recordings are int16, or floats from -1 to 1")
    return array


def _indices(array: np.ndarray, rows: int, where: str) -> np.ndarray:
    """Indices as the float graph has them. Raises EdgeqError for one outside the table."""
    wrong = array[~((array >= 0) & (array < rows) & (array == np.floor(array)))]
    if wrong.size:
        raise EdgeqError(f"{where} holds {wrong.reshape(-1)[0]}; the model takes whole numbers from 0 to {rows - 1}")
    return np.ascontiguousarray(array, dtype=np.float32)


def random_samples(graph: Graph, count: int = 64) -> Samples:
    """Noise: over the whole range of an input whose quantization the file prescribes, normally distributed for others.
    Proves a firmware equal to its reference; accuracy with it is meaningless."""
    rng = np.random.default_rng(0)
    inputs = {}
    for name in graph.inputs:
        tensor = graph.tensor(name)
        shape = (count, *tensor.shape[1:])
        rows = embedding.row_counts(graph, name)
        if rows:
            inputs[name] = rng.integers(0, min(rows), shape).astype(np.float32)
        elif tensor.quantization is None or tensor.quantization.dtype in FLOATS:
            inputs[name] = rng.standard_normal(shape, np.float32)
        elif tensor.quantization.same_as(BOOLEAN):
            inputs[name] = rng.integers(0, 2, shape).astype(np.float32)
        else:
            info = np.iinfo(tensor.quantization.dtype)
            inputs[name] = tensor.quantization.real(rng.integers(info.min, info.max + 1, shape))
    return Samples(inputs, None)


def require_calibration(inputs: Mapping[str, np.ndarray] | None, switch: str) -> Mapping[str, np.ndarray]:
    """`inputs`. Raises EdgeqError when there is no calibration data, which a recipe's `switch` needs."""
    if inputs is None:
        raise EdgeqError(f"{switch} needs calibration data: give --calib DATA.npz")
    return inputs


def require_float(samples: Samples, where: str) -> None:
    """Raises EdgeqError when calibration data is integer: its scale is what is to be found."""
    for name, array in samples.inputs.items():
        if array.dtype != np.float32:
            raise EdgeqError(
                f"{where}: the array for {name} is {array.dtype}; calibration needs the model's float inputs"
            )


def quantize_inputs(graph: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """Inputs of the integer graph; arrays of an input's own integer type are used as they are."""
    result = {}
    for name, array in samples.inputs.items():
        tensor = graph.tensor(name)
        if array.dtype == np.dtype(tensor.dtype):
            result[name] = array
        elif tensor.dtype in FLOATS and array.dtype not in STORED_TYPES:
            result[name] = _as_float(array, name, tensor.dtype)
        elif array.dtype in STORED_TYPES:
            raise EdgeqError(
                f"the array for {name} is {array.dtype}, and the firmware takes {tensor.dtype}; give that or floats"
            )
        else:
            result[name] = to_integers(array, tensor.scale, tensor.zero_point, tensor.dtype)
    return result


def _as_float(array: np.ndarray, name: str, dtype: str) -> np.ndarray:
    """The nearest numbers of a floating-point type. Raises EdgeqError for one beyond its range."""
    made = float_types.stored(array, dtype)
    if not np.all(np.isfinite(made)):
        raise EdgeqError(
            f"the array for {name} reaches {np.abs(array).max():.4g}, and {dtype} ends at "
            f"{FLOATS[dtype].largest:.6g}; scale the data, or build with fp32"
        )
    return made


def to_integers(array: np.ndarray, scale: float, zero_point: int, dtype: str) -> np.ndarray:
    """The nearest integers of that type."""
    info = np.iinfo(dtype)
    return np.clip(np.rint(array / np.float32(scale)) + zero_point, info.min, info.max).astype(dtype)


def dequantize_inputs(graph: Graph, samples: Samples) -> dict[str, np.ndarray]:
    """Float inputs for the float graph, from float or integer samples; `graph` is the integer graph."""
    result = {}
    for name, array in samples.inputs.items():
        tensor = graph.tensor(name)
        result[name] = array if array.dtype not in STORED_TYPES else dequantize(array, tensor.scale, tensor.zero_point)
    return result


def dequantize(array: np.ndarray, scale: float, zero_point: int) -> np.ndarray:
    return ((array.astype(np.float32) - np.float32(zero_point)) * np.float32(scale)).astype(np.float32)


def as_stored(values: np.ndarray, quantization: Quantization) -> np.ndarray:
    """The real values of the numbers of a type that are nearest to some."""
    if quantization.dtype in FLOATS:
        return float_types.stored(values, quantization.dtype).astype(np.float32)
    scale, zero_point = float(quantization.scale[0]), quantization.zero_point
    return dequantize(to_integers(values, scale, zero_point, quantization.dtype), scale, zero_point)


def to_model_layout(graph: Graph, name: str, array: np.ndarray) -> np.ndarray:
    """A stored array in the layout of the user's model."""
    return array.transpose(np.argsort(graph.boundary[name].perm))
