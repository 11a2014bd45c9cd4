"""What the processes share that handle one request: `python -m MODULE REQUEST.json FOLDER`. They write what was
asked for into FOLDER and print nothing; a problem becomes FOLDER/error.txt and exit code 2."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError


def answer(run: Callable[[dict[str, Any], Path], None]) -> None:
    """Hands the command line's request and folder to `run`, whose EdgeqError is the problem."""
    folder = Path(sys.argv[2])
    try:
        run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), folder)
    except EdgeqError as error:
        (folder / "error.txt").write_text(str(error), encoding="utf-8")
        sys.exit(2)
