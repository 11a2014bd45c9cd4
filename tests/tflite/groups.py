"""The groups of .tflite operators that are compared with TensorFlow Lite's reference kernels."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.tflite import cases
from tests.tflite.binary_cases import binaries
from tests.tflite.drawn import Case
from tests.tflite.matmul_cases import matmuls
from tests.tflite.reduction_cases import reductions
from tests.tflite.state_cases import svdf_layers
from tests.tflite.structure_cases import paddings, rearrangements, resizes, transposed_convolutions
from tests.tflite.wide_cases import wide_layers, wide_others

GROUPS: dict[str, st.SearchStrategy[Case]] = {
    "convolutions": cases.convolutions(),
    "fully_connected": cases.fully_connected(),
    "pools": cases.pools(),
    "binaries": binaries(),
    "reductions": reductions(),
    "matmuls": matmuls(),
    "softmaxes": cases.softmaxes(),
    "movements": cases.movements(),
    "unaries": cases.unaries(),
    "transposed_convolutions": transposed_convolutions(),
    "resizes": resizes(),
    "paddings": paddings(),
    "rearrangements": rearrangements(),
    "wide_layers": wide_layers(),
    "wide_others": wide_others(),
    "svdf_layers": svdf_layers(),
}
