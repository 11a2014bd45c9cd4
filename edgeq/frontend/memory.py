"""The memory that a process may take which imports an untrusted file."""

from __future__ import annotations

import resource

from edgeq.errors import EdgeqError

LIMIT = 2 << 30


def limit() -> None:
    """Lets this process allocate at most LIMIT bytes. Data counts, not address space: torch maps much that it never
    touches."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))


def exceeded(path: str) -> EdgeqError:
    """That importing a file takes more."""
    return EdgeqError(f"{path}: importing it takes more than {LIMIT >> 20} MiB; try a smaller model")
