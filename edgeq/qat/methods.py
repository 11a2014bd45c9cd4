"""The methods by name: how weights and activations are rounded while a network is trained."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from types import MappingProxyType

from edgeq.errors import EdgeqError
from edgeq.ops.weight_types import WeightType
from edgeq.qat import bireal, bitnet, denseshift, dorefa, lsq, pact, sawb, xnor
from edgeq.qat.quantizers import ActivationQuantizer, WeightQuantizer

LSQ, FIXED = "lsq", "fixed"
WEIGHTS: Mapping[str, type[WeightQuantizer]] = MappingProxyType(
    {
        LSQ: lsq.Weights,
        "sawb": sawb.Weights,
        "dorefa": dorefa.Weights,
        "bitnet": bitnet.MeanWeights,
        "bitnet_median": bitnet.MedianWeights,
        "denseshift": denseshift.Weights,
        "xnor": xnor.Weights,
        "bireal": bireal.Weights,
    }
)
ACTIVATIONS: Mapping[str, type[ActivationQuantizer]] = MappingProxyType(
    {LSQ: lsq.Activations, "pact": pact.Activations, FIXED: ActivationQuantizer}
)


def require(weights: str, activations: str) -> None:
    """Raises EdgeqError for an unknown method, naming the nearest."""
    for what, name, known in (("weights", weights, WEIGHTS), ("activations", activations, ACTIVATIONS)):
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.3) or list(known)
            raise EdgeqError(f"there is no method {name!r} for {what}; did you mean {near[0]!r}?")


def require_type(weights: str, stored: WeightType, layer: str) -> None:
    """Raises EdgeqError where the method is not for that type of weights."""
    types = WEIGHTS[weights].types
    if stored.name not in types:
        known = " and ".join(types)
        raise EdgeqError(f"layer {layer}: the method {weights!r} is for {known} weights, not {stored.name}")
