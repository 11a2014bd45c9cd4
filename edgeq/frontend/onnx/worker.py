"""`python -m edgeq.frontend.onnx.worker REQUEST.json FOLDER`: imports one .onnx file in a process of its own.

Writes the float graph into FOLDER (edgeq.ir.serialize) and prints nothing; a problem becomes FOLDER/error.txt and exit
code 2. Its memory is limited, so that a hostile file can't take the machine's.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from edgeq.errors import EdgeqError
from edgeq.frontend import memory
from edgeq.frontend.onnx import program
from edgeq.ir import serialize


def run(request: dict[str, Any], folder: Path) -> None:
    """Writes the graph of a request {path, name, input_shape}. Raises EdgeqError for a file that can't be imported."""
    shape = request["input_shape"]
    try:
        graph = program.load(Path(request["path"]), request["name"], tuple(shape) if shape else None)
        serialize.save(graph, folder)
    except MemoryError as error:
        raise EdgeqError(
            f"{request['path']}: importing it takes more than {memory.LIMIT >> 20} MiB; try a smaller model"
        ) from error


def main() -> None:
    """Handles one request."""
    memory.limit()
    folder = Path(sys.argv[2])
    try:
        run(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), folder)
    except EdgeqError as error:
        (folder / "error.txt").write_text(str(error), encoding="utf-8")
        sys.exit(2)


if __name__ == "__main__":
    main()
