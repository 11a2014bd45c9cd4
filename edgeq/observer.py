"""Who wants to know how a build goes: the command line, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: told how many more samples are done
Progress = Callable[[int], None]


class Observer:
    """Told about stages as they begin, warnings, and progress in the simulator; the base class keeps silent."""

    def stage(self, text: str) -> None:
        """A stage begins."""

    def warning(self, text: str) -> None:
        """Something that the user must know."""

    @contextmanager
    def samples(self, text: str, total: int) -> Iterator[Progress]:
        """A run of `total` samples; yields the function that is told of finished ones."""
        yield lambda done: None
