"""What is known of a firmware that writes texts, beside its step: the encoder, and what the two share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edgeq.reports.facts import Facts


@dataclass(frozen=True, eq=False)
class TextFacts:
    """`encoder`: facts of the encoder by itself, whose folder is in the firmware's. `shared`: of the manifest."""

    encoder: Facts
    shared: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The encoder's cost, the bytes of the arena that both use, of the memory between them and of the caches."""
        report = self.encoder.as_json()
        keys = ("interface", "arena_bytes", "memory_bytes", "cache_bytes", "longest")
        return {
            **{key: self.shared[key] for key in keys},
            "encoder": {"arena_bytes": report["memory"]["arena_bytes"], **report["cost"]},
        }
