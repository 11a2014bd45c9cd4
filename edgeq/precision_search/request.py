"""What a search was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from edgeq.board import Board
from edgeq.budget import Budget
from edgeq.frontend.load import ModelSource


@dataclass(frozen=True)
class SearchOptions:
    """What `edgeq search` was asked for. `measure`: one of sensitivity.MEASURES; `sweep`: one of front.RESOURCES."""

    source: ModelSource
    board: Board
    folder: Path
    calib: Path
    eval_data: Path
    precisions: tuple[str, ...]
    budget: Budget | None = None
    measure: str = "output"
    sweep: str = "flash"
    points: int = 8
    jobs: int = 1
    dask: str | None = None
