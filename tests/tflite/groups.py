"""The groups of .tflite operators that are compared with TensorFlow Lite's reference kernels."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.tflite import cases
from tests.tflite.binary_cases import binaries
from tests.tflite.dilated_cases import dilated_convolutions
from tests.tflite.drawn import Case
from tests.tflite.matmul_cases import matmuls
from tests.tflite.placement_cases import casts, constants, placements, tables
from tests.tflite.reduction_cases import products, reductions, selections
from tests.tflite.sparse_cases import densities
from tests.tflite.state_cases import svdf_layers
from tests.tflite.stored_cases import bitcasts, stored
from tests.tflite.structure_cases import paddings, rearrangements, resizes, transposed_convolutions, views
from tests.tflite.truth_cases import choices, comparisons, logics
from tests.tflite.wide_cases import wide_layers, wide_others
from tests.tflite.wide_elementwise_cases import wide_binaries, wide_unaries
from tests.tflite.wide_layer_cases import (
    wide_matmuls,
    wide_movements,
    wide_reductions,
    wide_softmaxes,
    wide_transposed_convolutions,
)

GROUPS: dict[str, st.SearchStrategy[Case]] = {
    "convolutions": cases.convolutions(),
    "fully_connected": cases.fully_connected(),
    "pools": cases.pools(),
    "binaries": binaries(),
    "reductions": reductions(),
    "matmuls": matmuls(),
    "softmaxes": cases.softmaxes(),
    "row_normalizations": cases.row_normalizations(),
    "movements": cases.movements(),
    "unaries": cases.unaries(),
    "transposed_convolutions": transposed_convolutions(),
    "resizes": resizes(),
    "paddings": paddings(),
    "rearrangements": rearrangements(),
    "dilated_convolutions": dilated_convolutions("int8"),
    "wide_layers": wide_layers() | wide_transposed_convolutions(),
    "wide_others": wide_others(),
    "wide_unaries": wide_unaries(),
    "wide_binaries": wide_binaries(),
    "wide_layers_of_activations": wide_softmaxes() | wide_matmuls() | wide_reductions(),
    "wide_movements": wide_movements() | views("int16"),
    "views": views("int8"),
    "comparisons": comparisons(("int8", "bool")),
    "wide_comparisons": comparisons(("int16",)),
    "logics": logics(),
    "choices": choices("int8") | choices("bool"),
    "wide_choices": choices("int16"),
    "placements": placements("int8") | constants("int8") | densities(),
    "truth_placements": placements("bool") | constants("bool"),
    "wide_placements": placements("int16") | constants("int16"),
    "casts": casts(),
    "selections": selections("int8"),
    "wide_selections": selections("int16"),
    "products": products("int8"),
    "wide_products": products("int16"),
    "tables": tables(),
    "wide_dilated_convolutions": dilated_convolutions("int16"),
    "stored": stored("int8") | bitcasts("int8"),
    "wide_stored": stored("int16") | bitcasts("int16"),
    "svdf_layers": svdf_layers(),
}
