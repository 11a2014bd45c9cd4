"""uint8 models: a byte of value q and zero point z stands for the same real number as the int8 q - 128 with z - 128.

The tensors that a file quantizes in uint8 are read as that int8. TensorFlow Lite's uint8 kernels give the same bytes,
shifted, but where an average is rounded and where scales are multiplied (`TfliteTensor.unsigned` tells operators so);
weights may have a zero point other than 0, which edgeq/ops/weight_offset.py sees to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgeq.frontend.tflite.model import TfliteTensor

#: what is taken from values and zero points
SHIFT = 128


def as_signed(tensor: TfliteTensor) -> TfliteTensor:
    """The int8 tensor that stands for a quantized uint8 one; others as they are."""
    if tensor.type != "uint8" or tensor.quantization is None:
        return tensor
    quantization = replace(tensor.quantization, zero_point=tensor.quantization.zero_point - SHIFT, dtype="int8")
    data = None if tensor.data is None else signed_bytes(tensor.data)
    return replace(tensor, type="int8", quantization=quantization, data=data, unsigned=True)


def signed_bytes(values: np.ndarray) -> np.ndarray:
    """int8 values of a uint8 array."""
    return (values.astype(np.int16) - SHIFT).astype(np.int8)


def unsigned_bytes(values: np.ndarray) -> np.ndarray:
    """What `signed_bytes` did, undone."""
    return (values.astype(np.int16) + SHIFT).astype(np.uint8)
