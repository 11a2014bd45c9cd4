"""Convolutions between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND are dilated ones, and become such when a file is read.

Older converters write a dilated convolution so: the image is padded and dealt out to block * block smaller ones, each
takes a convolution, and their pixels are put together again and cropped. The same sums of the same products make a PAD,
a CONV_2D or DEPTHWISE_CONV_2D with dilation, and a SLICE.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from edgeq.frontend.tflite.model import TfliteModel, TfliteOperator, TfliteTensor

CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
#: a convolution's options that such a triple has: VALID padding, no steps of its own
PLAIN = {"stride_h": 1, "stride_w": 1, "padding": 1, "dilation_h_factor": 1, "dilation_w_factor": 1}
#: blocks and paddings beyond it are a damaged file
LARGEST = 1 << 12


def with_dilation(model: TfliteModel) -> TfliteModel:
    """The model with every such triple replaced; others are left as they are."""
    rewriting = _Rewriting(model)
    for operator in model.operators:
        if operator.name == "SPACE_TO_BATCH_ND":
            rewriting.try_triple(operator)
    return rewriting.result()


class _Rewriting:
    def __init__(self, model: TfliteModel) -> None:
        self.model = model
        self.tensors = list(model.tensors)
        self.made: dict[int, list[TfliteOperator]] = {}  # operator of the file -> what takes its place
        reads = [item for operator in model.operators for item in set(operator.inputs) if item is not None]
        self.readers = Counter([*reads, *model.outputs])

    def result(self) -> TfliteModel:
        if not self.made:
            return self.model
        operators = [new for old in self.model.operators for new in self.made.get(old.index, [old])]
        return replace(self.model, tensors=tuple(self.tensors), operators=tuple(operators))

    def try_triple(self, first: TfliteOperator) -> None:
        convolution = self._only_reader(first)
        last = None if convolution is None else self._only_reader(convolution)
        if convolution is None or last is None or convolution.name not in CONVOLUTIONS:
            return
        source = first.inputs[0] if first.inputs else None
        if source is None or last.name != "BATCH_TO_SPACE_ND" or convolution.inputs[0] != first.outputs[0]:
            return
        numbers = self._block_and_sides(first, last)
        if any(convolution.options.get(key) != value for key, value in PLAIN.items()) or numbers is None:
            return
        if len(self.tensors[source].shape) == len(self.tensors[last.outputs[0]].shape) == 4:
            self._replace(first, convolution, last, self.tensors[source], numbers)

    def _block_and_sides(
        self, first: TfliteOperator, last: TfliteOperator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """(block, padding, crops), None unless both operators have the same block."""
        block, sides = self._integers(first, 1, (2,)), self._integers(first, 2, (2, 2))
        again, crops = self._integers(last, 1, (2,)), self._integers(last, 2, (2, 2))
        if block is None or again is None or sides is None or crops is None or block.min() < 1:
            return None
        return (block, sides, crops) if np.array_equal(block, again) else None

    def _replace(
        self,
        first: TfliteOperator,
        convolution: TfliteOperator,
        last: TfliteOperator,
        source: TfliteTensor,
        numbers: tuple[np.ndarray, np.ndarray, np.ndarray],
    ) -> None:
        block, sides, crops = numbers
        whole = self.tensors[last.outputs[0]]
        padded_shape = _grown(source.shape, sides)
        padded = self._tensor(self.tensors[first.outputs[0]], padded_shape)
        pairs = self._constant(np.concatenate([np.zeros((1, 2)), sides, np.zeros((1, 2))]))
        dilated = self._tensor(self.tensors[convolution.outputs[0]], _grown(whole.shape, crops))
        begin = self._constant(np.array([0, crops[0, 0], crops[1, 0], 0]))
        size = self._constant(np.array(whole.shape))
        options = {**convolution.options, "dilation_h_factor": int(block[0]), "dilation_w_factor": int(block[1])}
        inputs = (padded, *convolution.inputs[1:])
        self.made[first.index] = [
            replace(first, name="PAD", inputs=(source.index, pairs), outputs=(padded,), options=MappingProxyType({}))
        ]
        self.made[convolution.index] = [
            replace(convolution, inputs=inputs, outputs=(dilated,), options=MappingProxyType(options))
        ]
        self.made[last.index] = [
            replace(last, name="SLICE", inputs=(dilated, begin, size), options=MappingProxyType({}))
        ]

    def _only_reader(self, operator: TfliteOperator) -> TfliteOperator | None:
        """The single operator that reads the single output, as its first operand or another."""
        name = operator.outputs[0] if len(operator.outputs) == 1 else -1
        if self.readers[name] != 1:
            return None
        return next((other for other in self.model.operators if name in other.inputs and other.outputs), None)

    def _integers(self, operator: TfliteOperator, at: int, shape: tuple[int, ...]) -> np.ndarray | None:
        """A constant operand of small integers that are not negative; None for anything else."""
        number = operator.inputs[at] if at < len(operator.inputs) else None
        data = None if number is None else self.tensors[number].data
        if data is None or data.shape != shape or data.dtype.kind != "i" or data.min() < 0 or data.max() > LARGEST:
            return None
        return data.astype(np.int64)

    def _tensor(self, like: TfliteTensor, shape: tuple[int, ...]) -> int:
        self.tensors.append(replace(like, index=len(self.tensors), shape=shape, synthetic=True))
        return len(self.tensors) - 1

    def _constant(self, values: np.ndarray) -> int:
        data = values.astype(np.int32)
        name = f"constant {len(self.tensors)}"
        self.tensors.append(
            TfliteTensor(len(self.tensors), name, data.shape, "int32", None, data, False, synthetic=True)
        )
        return len(self.tensors) - 1


def _grown(shape: tuple[int, ...], sides: np.ndarray) -> tuple[int, ...]:
    """An image's shape with `sides` rows and columns around it."""
    return (shape[0], shape[1] + int(sides[0].sum()), shape[2] + int(sides[1].sum()), shape[3])
