"""The methods by name: how weights and activations are rounded while a network is trained."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from edgeq.errors import EdgeqError
from edgeq.qat import lsq
from edgeq.qat.quantizers import ActivationQuantizer, WeightQuantizer

LSQ = "lsq"
WEIGHTS: Mapping[str, type[WeightQuantizer]] = MappingProxyType({LSQ: lsq.Weights})
ACTIVATIONS: Mapping[str, type[ActivationQuantizer]] = MappingProxyType(
    {LSQ: lsq.Activations, "fixed": ActivationQuantizer}
)


def require(weights: str, activations: str) -> None:
    """Raises EdgeqError for an unknown method, naming the nearest."""
    for what, name, known in (("weights", weights, WEIGHTS), ("activations", activations, ACTIVATIONS)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.3) or list(known)
            raise EdgeqError(f"there is no method {name!r} for {what}; did you mean {near[0]!r}?")
