"""Builds the recogniser as a stream in several precisions and prints a Markdown table (README.md).

Word error rates are those of the host's firmware on the speakers set aside, whose text has to be the reference's in
every recording; bytes, instructions and real-time factors are the boards' (one recording is run there).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PRECISIONS = {"int8": "int8", "w4a8": str(HERE / "w4a8.toml"), "mixed": str(HERE / "mixed.toml"), "int16": "int16"}


def built(model: Path, board: str, quant: str, calib: Path, folder: Path) -> dict[str, Any]:
    """report.json of a build."""
    command = [sys.executable, "-m", "edgeq", "build", str(model), "--board", board, "--quant", quant]
    command += ["--calib", str(calib), "--stream", "--simulate-samples", "1", "--json", "-o", str(folder)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def error_rate(data: Path, subject: Path, *more: str) -> str:
    """Of a .pt2 or a folder, as evaluate.py prints it, in percent."""
    command = [sys.executable, str(HERE / "evaluate.py"), "--data", str(data), *more, str(subject)]
    line = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return line.partition("word error rate ")[2].partition(" %")[0]


def main() -> None:
    """Prints a row a precision."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="AN4, see README.md")
    parser.add_argument("--calib", type=Path, required=True, help="of prepare.py")
    parser.add_argument("--development", action="store_true", help="judge on the nine speakers of the choices")
    parser.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=list(PRECISIONS))
    parser.add_argument("--boards", nargs="*", default=["riscv-8core", "cortex-m4", "cortex-m55"])
    args = parser.parse_args()
    more = ["--development"] if args.development else []
    heads = "".join(f" {board}: flash B | RAM B | instructions a step | real time |" for board in args.boards)
    print(f"| precision | word error rate % |{heads}\n|---|---:|{'---:|' * 4 * len(args.boards)}")
    print(f"| float | {error_rate(args.data, args.model, *more)} |{' |' * 4 * len(args.boards)}", flush=True)
    for name in args.precisions:
        quant = PRECISIONS[name]
        with tempfile.TemporaryDirectory(prefix="edgeq-asr-") as folder:
            built(args.model, "host", quant, args.calib, Path(folder) / "host")
            cells = [name, error_rate(args.data, Path(folder) / "host", *more)]
            for board in args.boards:
                report = built(args.model, board, quant, args.calib, Path(folder) / board)
                memory, cost = report["memory"], report["cost"]
                cells += [f"{memory['flash_bytes']:,}", f"{memory['ram_bytes']:,}", f"{cost['instructions']:,}"]
                cells.append(f"{report['stream']['est_real_time_factor']:.3f}")
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
