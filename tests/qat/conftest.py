from __future__ import annotations

from dataclasses import replace

import pytest

from edgeq import ops
from edgeq.ops import weight_types


@pytest.fixture
def every_weight_type(monkeypatch: pytest.MonkeyPatch) -> None:
    """All layers with weights take all types of them: the integer reference does, whatever kernels there are."""
    for operator in ops.registry().values():
        if operator.weight_axis >= 0:
            kernels = tuple(replace(kernel, weights=tuple(weight_types.TYPES)) for kernel in operator.kernels)
            monkeypatch.setattr(type(operator), "kernels", kernels)
