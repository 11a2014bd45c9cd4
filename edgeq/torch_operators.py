"""Operators of edgeq's own for torch models, to be imported where one is built and exported:

    from edgeq.torch_operators import binarize

torch.export keeps them whole, and `edgeq build` imports them.
"""

from __future__ import annotations

from typing import Any

import torch


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
