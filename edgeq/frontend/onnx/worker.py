"""`python -m edgeq.frontend.onnx.worker REQUEST.json FOLDER`: imports one .onnx file in a process of its own.

Writes the float graph into FOLDER (edgeq.ir.serialize) and prints nothing; a problem becomes FOLDER/error.txt and exit
code 2. Its memory is limited, so that a hostile file can't take the machine's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgeq import worker
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
        raise memory.exceeded(request["path"]) from error


def main() -> None:
    """Handles one request."""
    memory.limit()
    worker.answer(run)


if __name__ == "__main__":
    main()
