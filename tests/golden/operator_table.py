"""docs/operators.md: every operator, what imports it, which kernels it has, where it is tested. Made from the code."""

from __future__ import annotations

import re
from pathlib import Path

from edgeq import ops
from edgeq.ops import unary
from edgeq.ops.base import Operator

ROOT = Path(__file__).resolve().parent.parent.parent
ISAS = ("scalar", "rv32im", "dsp", "mve", "xpulp", "rvv")
INTRODUCTION = """# Operators

Made from the code by `pytest tests/golden --update-golden`. Every operator has a float and an integer reference in
`edgeq/ops/<operator>.py`; the integer one is the definition that its kernels equal bit for bit. *yes* means a kernel of
that instruction set, *scalar* portable C that runs on every board. RVV has no kernels yet: such a board runs the
portable ones. Operators without kernels of their own become others (a view, a table, a part of another layer).
"""
#: what operators without a kernel become
BECOMES = {
    "batch_norm": "part of the layer before, or dwconv2d",
    "reshape": "a view, no code",
    "unary": "lut: 256 bytes, one byte in, one byte out",
}


def where_tested(name: str) -> str:
    """Test files that name the operator, those that compare kernels with the reference first."""
    names = "|".join(re.escape(known) for known in (name, *ops.get(name).tflite_targets))
    quoted = re.compile(rf'"({names})"|eq_{name}_')
    files = [
        file
        for folder in ("ops", "tflite", "kernels", "unit", "e2e")
        for file in sorted((ROOT / "tests" / folder).glob("*.py"))
        if quoted.search(file.read_text(encoding="utf-8"))
    ]
    return ", ".join(file.relative_to(ROOT / "tests").as_posix() for file in files[:2])


def row(name: str, operator: Operator) -> str:
    isas = {kernel.isa for kernel in operator.kernels}
    cells = [name]
    if operator.kernels:
        cells += ["yes" if isa in isas else "" for isa in ISAS]
        cells.append("yes" if operator.takes_int16 else "")
    else:
        cells += [""] * len(ISAS) + ["yes" if operator.takes_int16 else ""]
    cells.append(BECOMES.get(name, ""))
    cells.append(imported(operator))
    cells.append(where_tested(name))
    return f"| {' | '.join(cells)} |"


def imported(operator: Operator) -> str:
    torch = sorted({target.split(".")[1].rstrip("_") for target in operator.torch_targets})
    groups = (("torch", torch), ("tflite", sorted(operator.tflite_targets)))
    onnx = sorted(getattr(operator, "onnx_targets", {}))
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in (*groups, ("onnx", onnx)) if names)


def document() -> str:
    header = ["operator", *ISAS, "int16", "becomes", "imported from", "tests"]
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [row(name, operator) for name, operator in ops.registry().items()]
    functions = ", ".join(sorted(unary.FUNCTIONS))
    return f"{INTRODUCTION}\n" + "\n".join(lines) + f"\n\nFunctions of `unary`: {functions}.\n"
