"""The groups of random nodes that tests/ops/test_exact.py builds firmware of."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.ops import cases
from tests.ops.attention_cases import concat_cases, embedding_cases, masked_softmax_cases, slot_softmax_cases
from tests.ops.binary_cases import binary_cases, difference_cases
from tests.ops.cases import Case
from tests.ops.front_end_cases import front_end_cases
from tests.ops.matmul_cases import matmul_cases
from tests.ops.movement_cases import gather_cases, move_cases, resize_cases
from tests.ops.narrow_cases import (
    binarize_cases,
    binary_conv2d_cases,
    narrow_conv2d_cases,
    narrow_dwconv2d_cases,
    narrow_linear_cases,
)
from tests.ops.normalize_cases import (
    l2_normalize_cases,
    log_softmax_cases,
    normalize_cases,
    tflite_log_softmax_cases,
)
from tests.ops.recurrent_cases import recurrent_cases
from tests.ops.reduction_cases import product_cases, reduction_cases
from tests.ops.state_cases import push_cases, slide_cases, svdf_cases, widening_cases, write_slot_cases
from tests.ops.stored_cases import stored_cases, wrapping_sum_cases
from tests.ops.tflite_cases import tflite_add_cases, tflite_softmax_cases
from tests.ops.truth_cases import compare_cases, select_cases, topk_cases
from tests.ops.wide_cases import wide_cases
from tests.ops.wide_operator_cases import (
    binary_wide_cases,
    curve_cases,
    rescale_cases,
    shaped_wide_cases,
    softmax_wide_cases,
)

CASES: dict[str, st.SearchStrategy[Case]] = {
    "conv2d": cases.conv2d_cases(),
    "dwconv2d": cases.dwconv2d_cases(),
    "grouped": cases.grouped_cases(),
    "residual": cases.residual_cases(),
    "linear": cases.linear_cases(),
    "narrow_conv2d": narrow_conv2d_cases(),
    "narrow_dwconv2d": narrow_dwconv2d_cases(),
    "narrow_linear": narrow_linear_cases(),
    "signs": binarize_cases() | binary_conv2d_cases(),
    "pools": cases.pool_cases(),
    "other": cases.mean_cases() | cases.elementwise_cases(),
    "binary": binary_cases() | difference_cases(),
    "reductions": reduction_cases() | product_cases(),
    "matmul": matmul_cases(),
    "attention": masked_softmax_cases() | slot_softmax_cases() | embedding_cases() | concat_cases(),
    "truths": compare_cases() | select_cases() | topk_cases(),
    "normalize": normalize_cases() | log_softmax_cases() | tflite_log_softmax_cases() | l2_normalize_cases(),
    "recurrent": recurrent_cases(),
    "moves": move_cases() | gather_cases() | resize_cases() | tflite_add_cases() | tflite_softmax_cases(),
    "wide": wide_cases(),
    "wide_elements": rescale_cases() | curve_cases() | binary_wide_cases(),
    "wide_shapes": softmax_wide_cases() | shaped_wide_cases(),
    "stored": stored_cases() | wrapping_sum_cases(),
    "front_end": front_end_cases(),
    "states": push_cases() | slide_cases() | write_slot_cases() | svdf_cases() | widening_cases(),
}
