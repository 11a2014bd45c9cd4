"""Operators of edgeq's own for torch models, to be imported where one is built and exported:

    from edgeq.torch_operators import FrontEndLayer, binarize

torch.export keeps them whole, and `edgeq build` imports them.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.export.pt2_archive._package import package_pt2

from edgeq.audio import FrontEnd
from edgeq.ir.meaning import ENCODER, MEANING, STEP, Meaning


def _signs(x: torch.Tensor, threshold: torch.Tensor) -> torch.Tensor:
    """Signs of `x` [N, C, ...] against a threshold [C] per channel: 1 where x >= threshold, else -1.

    A convolution behind it whose weights are binary counts bits instead of multiplying. It has no gradient: train with
    an estimator (edgeq.qat), export with this.
    """
    shape = (1, -1, *[1] * (x.dim() - 2))
    return torch.where(x >= threshold.reshape(shape), 1.0, -1.0).to(x.dtype)


#: a call of it is `_signs`, and one node of an exported program
binarize: Any = torch.library.custom_op("edgeq::binarize", _signs, mutates_args=())
binarize.register_fake(lambda x, threshold: torch.empty_like(x))


def _features(pcm: torch.Tensor, parameters: str) -> torch.Tensor:
    """Features [N, frames, features] of recordings [N, samples], full scale 1, as the front end whose
    `FrontEnd.as_json()` is `parameters` has them. The firmware computes them in integers from int16 samples.

    It has no gradient. Its float64 arithmetic is that of edgeq/audio/front_end.py.
    """
    own = FrontEnd.from_json(parameters)
    x = torch.nn.functional.pad(pcm.to(torch.float64), (own.before, 0))
    emphasized = x - own.preemphasis * torch.nn.functional.pad(x, (1, 0))[:, :-1]
    windowed = emphasized.unfold(1, own.frame, own.step) * _constant(own.window_values(), x)
    bins = torch.fft.rfft(windowed, own.fft).abs()
    values = bins.square() if own.spectrum == "power" else bins
    logs = (values @ _constant(own.triangles().T, x) + own.floor).log()
    features = logs @ _constant(own.transform().T, x)
    return ((features - _constant(own.mean_values(), x)) / _constant(own.std_values(), x)).to(pcm.dtype)


def _constant(values: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).to(like)


def _shape_of_features(pcm: torch.Tensor, parameters: str) -> torch.Tensor:
    own = FrontEnd.from_json(parameters)
    return pcm.new_empty((pcm.shape[0], own.frames(pcm.shape[1]), own.features))


#: a call of it is `_features`, and one node of an exported program
front_end: Any = torch.library.custom_op("edgeq::front_end", _features, mutates_args=())
front_end.register_fake(_shape_of_features)


class FrontEndLayer(torch.nn.Module):
    """The front end as the first layer of a network: recordings [N, samples] -> features [N, frames, features]."""

    def __init__(self, parameters: FrontEnd) -> None:
        super().__init__()
        self.parameters_text = parameters.as_json()

    def forward(self, pcm: torch.Tensor) -> torch.Tensor:
        """Features of the recordings."""
        return front_end(pcm, self.parameters_text)


def _attended(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, position: torch.Tensor, scale: float
) -> torch.Tensor:
    """softmax(scale query keys^T) values over the slots that are written, those up to `position` [1]: query
    [1, heads, 1, width], keys and values [1, heads, slots, width]."""
    scores = scale * (query @ keys.transpose(-1, -2))
    hidden = torch.arange(keys.shape[-2], device=keys.device) > position
    return torch.softmax(scores.masked_fill(hidden, -torch.inf), -1) @ values


#: a call of it is `_attended`, and one node of an exported program
attend: Any = torch.library.custom_op("edgeq::attend", _attended, mutates_args=())
attend.register_fake(lambda query, keys, values, position, scale: torch.empty_like(query))


def save(
    module: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    path: str | os.PathLike[str],
    labels: Sequence[str] = (),
    decoding: str = "classes",
) -> None:
    """Exports a module (torch.export) into a .pt2 file that carries what its outputs mean: `labels` of the last axis
    and how they are read, "classes" or "ctc" (label 0 is the blank). The file is compressed and holds no example."""
    program = _exported(module, example)
    torch.export.save(program, path, extra_files={MEANING: Meaning(tuple(labels), decoding).as_json()})
    compress(path)


def save_encoder_decoder(
    encoder: torch.nn.Module,
    step: torch.nn.Module,
    examples: tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]],
    path: str | os.PathLike[str],
    *,
    start: int,
    end: int,
    longest: int,
    labels: Sequence[str] = (),
    rate: int = 0,
) -> None:
    """Exports two modules into one .pt2 file, from which `edgeq build` makes a firmware that writes texts.

    `encoder`: what is heard or seen -> memory tensors. `step`: (token int64 [1, 1], position int64 [1], every memory
    tensor, every cache) -> (scores of the next token [1, .., tokens], every cache as it is then). A text begins with
    the token `start`, and caches with zeros; it ends before the token `end`, or after `longest` tokens. `labels`: texts
    of the first tokens. `rate`: samples a second where the encoder takes a recording [1, samples] with a full scale of
    1 and has no FrontEndLayer.
    """
    meaning = Meaning(tuple(labels), "greedy", start, end, longest, rate)
    programs = {ENCODER: _exported(encoder, examples[0]), STEP: _exported(step, examples[1])}
    package_pt2(os.fspath(path), exported_programs=programs, extra_files={MEANING: meaning.as_json()})
    compress(path)


def _exported(module: torch.nn.Module, example: tuple[torch.Tensor, ...]) -> torch.export.ExportedProgram:
    """The program, without example inputs; of copies of these, as torch takes a tensor given twice for one input."""
    program = torch.export.export(module.eval(), tuple(part.clone() for part in example))
    program.example_inputs = None
    for node in program.graph.nodes:  # where in a script a layer was called is of no use
        node.meta.pop("stack_trace", None)
    return program


def compress(path: str | os.PathLike[str]) -> None:
    """Packs a .pt2 file, which torch.export.save stores as it is; torch.export.load reads it as before."""
    packed = f"{os.fspath(path)}.packed"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target:
        for info in source.infolist():
            target.writestr(zipfile.ZipInfo(info.filename), source.read(info), zipfile.ZIP_DEFLATED)
    os.replace(packed, path)
