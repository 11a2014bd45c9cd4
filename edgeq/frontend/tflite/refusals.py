"""What a model can hold in the place of operators that edgeq does not import."""

from __future__ import annotations

from collections.abc import Mapping

_HASH = "numbers looked up by the firmware's own code, given to the model as inputs"
_RANDOM = "numbers drawn by the firmware's own code, given to the model as inputs"
_BRANCH = "a model without control flow: export the branch or the loop's body, unrolled"
_STATE = "state that is an input and an output of the model"
_SPECTRUM = "a spectrum computed by the firmware's own code, or a convolution with the transform's rows as weights"
_CONSTANT = "a constant: shapes are fixed, so the converter can compute it"
_SEGMENTS = "a reduction along an axis (SUM, REDUCE_MAX, REDUCE_MIN)"
_BOXES = "the model up to its boxes and scores, and the selection in the firmware's own code"
_RECURRENT = "a recurrent network unrolled over its steps"
_VOLUME = "two-dimensional convolutions, one a depth"

#: operator -> what to write instead; operators that are imported for some types may be here for the others
INSTEAD: Mapping[str, str] = {
    **dict.fromkeys(("HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE", "HASHTABLE_LOOKUP",
                     "EMBEDDING_LOOKUP_SPARSE", "CONCAT_EMBEDDINGS", "SKIP_GRAM", "LSH_PROJECTION", "UNIQUE"), _HASH),
    **dict.fromkeys(("RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM", "MULTINOMIAL"), _RANDOM),
    **dict.fromkeys(("IF", "WHILE", "CALL", "CALL_ONCE"), _BRANCH),
    **dict.fromkeys(("VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE"), _STATE),
    **dict.fromkeys(("RFFT2D", "IMAG", "REAL", "COMPLEX_ABS"), _SPECTRUM),
    **dict.fromkeys(("SHAPE", "RANK", "RANGE", "ZEROS_LIKE", "BROADCAST_ARGS"), _CONSTANT),
    **dict.fromkeys(("SEGMENT_SUM", "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM",
                     "UNSORTED_SEGMENT_MIN"), _SEGMENTS),
    "DENSIFY": "dense tensors",
    **dict.fromkeys(("NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"), _BOXES),
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_LSTM",
                     "BIDIRECTIONAL_SEQUENCE_RNN"), _RECURRENT),
    **dict.fromkeys(("CONV_3D", "CONV_3D_TRANSPOSE"), _VOLUME),
    "ADD_N": "a chain of ADD",
    "ATAN2": "the angle in the firmware's own code",
    "BATCH_TO_SPACE_ND": "a convolution with dilation; between SPACE_TO_BATCH_ND and this one it is imported as such",
    "SPACE_TO_BATCH_ND": "a convolution with dilation; between this one and BATCH_TO_SPACE_ND it is imported as such",
    "BUCKETIZE": "comparisons with the boundaries, and their sum",
    "WHERE": "a mask (SELECT, MUL): how many places there are depends on the data, and memory is planned before",
    "DELEGATE": "the model as it was before a delegate took a part of it",
    "EMBEDDING_LOOKUP": "a FULLY_CONNECTED layer of a one-hot input, or GATHER by the firmware's own code",
    "FAKE_QUANT": "a conversion that quantizes",
    "L2_POOL_2D": "AVERAGE_POOL_2D of squares, and SQRT",
    "LOCAL_RESPONSE_NORMALIZATION": "a batch normalization, which is folded into the layer before it",
    "PLACEHOLDER_FOR_GREATER_OP_CODES": "a model as its converter writes it",
}  # fmt: skip
