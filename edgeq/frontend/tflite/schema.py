"""The parts of TensorFlow Lite's schema (version 3) that edgeq reads: slots, types and defaults of table fields.

Source: schema.fbs of TensorFlow Lite. Slots and codes never change there; fields are only added.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgeq.frontend.tflite.flatbuffer import Fields

MODEL: Mapping[str, Fields] = {
    "Model": {
        "version": (0, "uint32", 0),
        "operator_codes": (1, "[OperatorCode]", ()),
        "subgraphs": (2, "[SubGraph]", ()),
        "buffers": (4, "[Buffer]", ()),
    },
    "OperatorCode": {
        "deprecated_builtin_code": (0, "int8", 0),
        "custom_code": (1, "string", ""),
        "version": (2, "int32", 1),
        "builtin_code": (3, "int32", 0),
    },
    "SubGraph": {
        "tensors": (0, "[Tensor]", ()),
        "inputs": (1, "[int32]", ()),
        "outputs": (2, "[int32]", ()),
        "operators": (3, "[Operator]", ()),
        "name": (4, "string", ""),
    },
    "Tensor": {
        "shape": (0, "[int32]", ()),
        "type": (1, "int8", 0),
        "buffer": (2, "uint32", 0),
        "name": (3, "string", ""),
        "quantization": (4, "QuantizationParameters", None),
        "is_variable": (5, "bool", False),
        "sparsity": (6, "SparsityParameters", None),
        "shape_signature": (7, "[int32]", ()),
    },
    "SparsityParameters": {
        "traversal_order": (0, "[int32]", ()),
        "block_map": (1, "[int32]", ()),
        "dim_metadata": (2, "[DimensionMetadata]", ()),
    },
    "DimensionMetadata": {
        "format": (0, "int8", 0),
        "dense_size": (1, "int32", 0),
        "array_segments_type": (2, "uint8", 0),
        "array_segments": (3, "union", None),
        "array_indices_type": (4, "uint8", 0),
        "array_indices": (5, "union", None),
    },
    "Int32Vector": {"values": (0, "[int32]", ())},
    "Uint16Vector": {"values": (0, "[uint16]", ())},
    "Uint8Vector": {"values": (0, "[uint8]", ())},
    "QuantizationParameters": {
        "scale": (2, "[float32]", ()),
        "zero_point": (3, "[int64]", ()),
        "details_type": (4, "uint8", 0),
        "quantized_dimension": (6, "int32", 0),
    },
    "Buffer": {"data": (0, "[uint8]", ()), "offset": (1, "uint64", 0), "size": (2, "uint64", 0)},
    "Operator": {
        "opcode_index": (0, "uint32", 0),
        "inputs": (1, "[int32]", ()),
        "outputs": (2, "[int32]", ()),
        "options_type": (3, "uint8", 0),
        "options": (4, "union", None),
        "intermediates": (8, "[int32]", ()),
    },
}

_ACTIVATION = "fused_activation_function"
#: options table -> (its number in the union BuiltinOptions, its fields)
OPTIONS: Mapping[str, tuple[int, Fields]] = {
    "Conv2DOptions": (1, {
        "padding": (0, "int8", 0), "stride_w": (1, "int32", 0), "stride_h": (2, "int32", 0),
        _ACTIVATION: (3, "int8", 0), "dilation_w_factor": (4, "int32", 1), "dilation_h_factor": (5, "int32", 1),
    }),
    "DepthwiseConv2DOptions": (2, {
        "padding": (0, "int8", 0), "stride_w": (1, "int32", 0), "stride_h": (2, "int32", 0),
        "depth_multiplier": (3, "int32", 0), _ACTIVATION: (4, "int8", 0),
        "dilation_w_factor": (5, "int32", 1), "dilation_h_factor": (6, "int32", 1),
    }),
    "Pool2DOptions": (5, {
        "padding": (0, "int8", 0), "stride_w": (1, "int32", 0), "stride_h": (2, "int32", 0),
        "filter_width": (3, "int32", 0), "filter_height": (4, "int32", 0), _ACTIVATION: (5, "int8", 0),
    }),
    "SVDFOptions": (6, {"rank": (0, "int32", 0), _ACTIVATION: (1, "int8", 0)}),
    "FullyConnectedOptions": (8, {
        _ACTIVATION: (0, "int8", 0), "weights_format": (1, "int8", 0), "keep_num_dims": (2, "bool", False),
    }),
    "SoftmaxOptions": (9, {"beta": (0, "float32", 0.0)}),
    "ConcatenationOptions": (10, {"axis": (0, "int32", 0), _ACTIVATION: (1, "int8", 0)}),
    "AddOptions": (11, {_ACTIVATION: (0, "int8", 0), "pot_scale_int16": (1, "bool", True)}),
    "L2NormOptions": (12, {_ACTIVATION: (0, "int8", 0)}),
    "LSTMOptions": (14, {
        _ACTIVATION: (0, "int8", 0), "cell_clip": (1, "float32", 0.0), "proj_clip": (2, "float32", 0.0),
        "kernel_type": (3, "int8", 0),
    }),
    "ResizeBilinearOptions": (15, {"align_corners": (2, "bool", False), "half_pixel_centers": (3, "bool", False)}),
    "ReshapeOptions": (17, {"new_shape": (0, "[int32]", ())}),
    "SpaceToDepthOptions": (19, {"block_size": (0, "int32", 0)}),
    "MulOptions": (21, {_ACTIVATION: (0, "int8", 0)}),
    "GatherOptions": (23, {"axis": (0, "int32", 0), "batch_dims": (1, "int32", 0)}),
    "ReducerOptions": (27, {"keep_dims": (0, "bool", False)}),
    "SubOptions": (28, {_ACTIVATION: (0, "int8", 0), "pot_scale_int16": (1, "bool", True)}),
    "DivOptions": (29, {_ACTIVATION: (0, "int8", 0)}),
    "SqueezeOptions": (30, {"squeeze_dims": (0, "[int32]", ())}),
    "SequenceRNNOptions": (31, {"time_major": (0, "bool", False), _ACTIVATION: (1, "int8", 0)}),
    "StridedSliceOptions": (32, {
        "begin_mask": (0, "int32", 0), "end_mask": (1, "int32", 0), "ellipsis_mask": (2, "int32", 0),
        "new_axis_mask": (3, "int32", 0), "shrink_axis_mask": (4, "int32", 0), "offset": (5, "bool", False),
    }),
    "SplitOptions": (35, {"num_splits": (0, "int32", 0)}),
    "CastOptions": (37, {"in_data_type": (0, "int8", 0), "out_data_type": (1, "int8", 0)}),
    "ArgMaxOptions": (40, {"output_type": (0, "int8", 0)}),
    "ArgMinOptions": (57, {"output_type": (0, "int8", 0)}),
    "TransposeConvOptions": (49, {
        "padding": (0, "int8", 0), "stride_w": (1, "int32", 0), "stride_h": (2, "int32", 0),
        _ACTIVATION: (3, "int8", 0),
    }),
    "PackOptions": (59, {"values_count": (0, "int32", 0), "axis": (1, "int32", 0)}),
    "UnpackOptions": (64, {"num": (0, "int32", 0), "axis": (1, "int32", 0)}),
    "UnidirectionalSequenceLSTMOptions": (71, {
        _ACTIVATION: (0, "int8", 0), "cell_clip": (1, "float32", 0.0), "proj_clip": (2, "float32", 0.0),
        "time_major": (3, "bool", False),
    }),
    "ResizeNearestNeighborOptions": (74, {
        "align_corners": (0, "bool", False), "half_pixel_centers": (1, "bool", False),
    }),
    "LeakyReluOptions": (75, {"alpha": (0, "float32", 0.0)}),
    "MirrorPadOptions": (77, {"mode": (0, "int8", 0)}),
    "SplitVOptions": (79, {"num_splits": (0, "int32", 0)}),
    "ReverseSequenceOptions": (87, {"seq_dim": (0, "int32", 0), "batch_dim": (1, "int32", 0)}),
    "DepthToSpaceOptions": (94, {"block_size": (0, "int32", 0)}),
    "BatchMatMulOptions": (101, {"adj_x": (0, "bool", False), "adj_y": (1, "bool", False)}),
    "CumsumOptions": (102, {"exclusive": (0, "bool", False), "reverse": (1, "bool", False)}),
    "OneHotOptions": (61, {"axis": (0, "int32", 0)}),
    "GeluOptions": (116, {"approximate": (0, "bool", False)}),
}  # fmt: skip
TABLES: Mapping[str, Fields] = {**MODEL, **{name: fields for name, (_, fields) in OPTIONS.items()}}
OPTIONS_BY_NUMBER: Mapping[int, str] = {number: name for name, (number, _) in OPTIONS.items()}

_OPERATOR_NAMES = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION
LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH
CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE
EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR
ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE
RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND
COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE
NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM BATCH_MATMUL
PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE
HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE ASSIGN_VARIABLE
BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1
UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR
RIGHT_SHIFT
"""
#: code of an operator -> its name, for messages and for the operators' own import functions
OPERATORS: Mapping[int, str] = dict(enumerate(_OPERATOR_NAMES.split()))

#: number of a tensor's type -> (name, numpy type or None where edgeq has no use for it)
TENSOR_TYPES: Mapping[int, tuple[str, Any]] = {
    0: ("float32", "<f4"), 1: ("float16", "<f2"), 2: ("int32", "<i4"), 3: ("uint8", "<u1"), 4: ("int64", "<i8"),
    5: ("string", None), 6: ("bool", "<?"), 7: ("int16", "<i2"), 8: ("complex64", None), 9: ("int8", "<i1"),
    10: ("float64", "<f8"), 11: ("complex128", None), 12: ("uint64", None), 13: ("resource", None),
    14: ("variant", None), 15: ("uint32", "<u4"), 16: ("uint16", "<u2"), 17: ("int4", None), 18: ("bfloat16", None),
}  # fmt: skip
#: fused_activation_function -> (lowest, highest), None for no bound; what is missing here is no clamp
ACTIVATIONS: Mapping[int, tuple[float | None, float | None]] = {
    0: (None, None), 1: (0.0, None), 2: (-1.0, 1.0), 3: (0.0, 6.0),
}  # fmt: skip
ACTIVATION_NAMES = ("NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT")
