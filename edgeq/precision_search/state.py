"""What a search has found so far, on disk after every step, so that the same command goes on from there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError
from edgeq.precision_search.cache import digest, write_whole

FACTS = "search.json"


class State:
    """The folder of a search: a file a finished step in `steps/`. Raises EdgeqError for a folder that holds something
    else, or a search of other files; `facts`: what makes it the same search (name -> value)."""

    def __init__(self, folder: Path, facts: dict[str, str]) -> None:
        self.folder = folder
        self._steps = folder / "steps"
        try:
            if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not self._steps.is_dir()):
                raise EdgeqError(
                    f"output folder {folder}: exists and holds no search; remove it or choose another with -o"
                )
            self._steps.mkdir(parents=True, exist_ok=True)
            self._require(facts)
        except OSError as error:
            raise EdgeqError(
                f"output folder {folder}: can't be written ({error.strerror}); choose another with -o"
            ) from error

    def _require(self, facts: dict[str, str]) -> None:
        path = self._steps / FACTS
        known = _read(path)
        if known is None:
            write_whole(path, json.dumps(facts, indent=1) + "\n")
            return
        changed = [name for name, value in facts.items() if known.get(name) != value]
        if changed:
            raise EdgeqError(
                f"output folder {self.folder}: holds a search with another {changed[0]}; remove it or choose another "
                "with -o"
            )

    def __len__(self) -> int:
        """Finished steps."""
        return sum(1 for path in self._steps.glob("*.json") if path.name != FACTS)

    def get(self, key: str) -> dict[str, Any] | None:
        """The result of a step, if it is there."""
        return _read(self._path(key))

    def put(self, key: str, result: dict[str, Any]) -> None:
        """Keeps the result of a step. Raises EdgeqError when that is impossible."""
        try:
            write_whole(self._path(key), json.dumps(result, sort_keys=True) + "\n")
        except OSError as error:
            raise EdgeqError(f"{self.folder}: a result can't be kept there ({error.strerror}); make room") from error

    def _path(self, key: str) -> Path:
        return self._steps / f"{digest(key)}.json"


def _read(path: Path) -> dict[str, Any] | None:
    """A damaged file counts as none: its step is done again."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None
