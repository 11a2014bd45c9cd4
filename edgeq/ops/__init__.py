"""Operators: one file each. A file that defines a subclass of Operator named `OP` is an operator; there is no list."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from edgeq.ops.base import Operator


@cache
def registry() -> dict[str, Operator]:
    """Operator name -> operator, sorted by name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        operator = getattr(importlib.import_module(f"{__name__}.{module.name}"), "OP", None)
        if operator is not None:
            found[operator.name] = operator
    return dict(sorted(found.items()))


def get(name: str) -> Operator:
    return registry()[name]
