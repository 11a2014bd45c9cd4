"""docs/operators.md: every operator, what imports it, which kernels it has, where it is tested. Made from the code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ops import unary, weight_types
from edgeq.ops.base import Operator
from tests.unit.test_import import imported as imported_graph

ROOT = Path(__file__).resolve().parent.parent.parent
ISAS = ("scalar", "rv32im", "dsp", "mve", "xpulp", "rvv")
INTRODUCTION = """# Operators

Made from the code by `pytest tests/golden --update-golden`. Every operator has a float and an integer reference in
`edgeq/ops/<operator>.py`; the integer one is the definition that its kernels equal bit for bit. *yes* means a kernel of
that instruction set, *scalar* portable C that runs on every board. *weights*: types of less than 8 bits that kernels
read; *float*: kernels for FP16 and FP32 activations, which lie within a bound of the float reference in float64
(docs/precision.md); *gradient*: a rule for training through it on the device (docs/device-training.md); operators of
training steps are imported from no file. Operators without kernels of their own become others (a view, a table, a part
of another layer).
"""
#: what operators without a kernel become
BECOMES = {
    "batch_norm": "part of the layer before, or dwconv2d; stays where it is trained",
    "reshape": "a view, no code",
    "unary": "lut: 256 bytes, one byte in, one byte out (integers)",
}


def where_tested(name: str) -> str:
    """Test files that name the operator, those that compare kernels with the reference first."""
    names = "|".join(re.escape(known) for known in (name, *ops.get(name).tflite_targets))
    quoted = re.compile(rf'"({names})"|eq_{name}_')
    files = [
        file
        for folder in ("ops", "tflite", "kernels", "unit", "train", "e2e")
        for file in sorted((ROOT / "tests" / folder).glob("*.py"))
        if file.name != "absent_cases.py" and quoted.search(file.read_text(encoding="utf-8"))
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
    cells.append("yes" if operator.takes_float else "")
    cells.append("yes" if type(operator).gradient is not Operator.gradient else "")
    stored = {name for kernel in operator.kernels for name in kernel.weights}
    cells.append(", ".join(name for name in weight_types.TYPES if name in stored and name != "int8"))
    cells.append(BECOMES.get(name, ""))
    cells.append(imported(operator))
    cells.append(where_tested(name))
    return f"| {' | '.join(cells)} |"


def imported(operator: Operator) -> str:
    torch = sorted({target.split(".")[1].rstrip("_") for target in operator.torch_targets})
    groups = (("torch", torch), ("tflite", sorted(operator.tflite_targets)))
    onnx = sorted(getattr(operator, "onnx_targets", {}))
    return "; ".join(f"{kind}: {', '.join(names)}" for kind, names in (*groups, ("onnx", onnx)) if names)


class Refused(nn.Module):
    """A layer, and behind it something that has no kernel."""

    def __init__(self, call: Callable[[Refused, torch.Tensor], object], part: nn.Module | None = None) -> None:
        super().__init__()
        self.head, self.part, self.call = nn.Linear(6, 6), part, call

    def forward(self, x: torch.Tensor) -> object:
        return self.call(self, self.head(x))


#: what a user might write, and no kernel does
REFUSED = {
    "`y.kthvalue(2).values`": Refused(lambda m, y: y.kthvalue(2).values),
    "`y.cumprod(-1)`": Refused(lambda m, y: y.cumprod(-1)),
    "`torch.fft.rfft(y).abs()`": Refused(lambda m, y: torch.fft.rfft(y).abs()),
    "`nn.RNN(6, 4, batch_first=True)(y)`": Refused(lambda m, y: m.part(y)[0], nn.RNN(6, 4, batch_first=True)),
}


def refusals() -> str:
    """What is printed for each of REFUSED."""
    lines = [
        "## What has no kernel",
        "",
        "`edgeq build` ends with one sentence and exit code 2, before it writes anything:",
        "",
    ]
    for text, module in REFUSED.items():
        try:
            imported_graph(module.eval(), torch.zeros(1, 4, 6))
        except EdgeqError as error:
            lines.append(f"- {text}: *{error}*")
        else:
            raise AssertionError(f"{text} is imported now; choose something else")
    return "\n".join(lines)


def document() -> str:
    header = ["operator", *ISAS, "int16", "float", "gradient", "weights", "becomes", "imported from", "tests"]
    lines = [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    lines += [row(name, operator) for name, operator in ops.registry().items()]
    functions = ", ".join(sorted(unary.FUNCTIONS))
    return f"{INTRODUCTION}\n" + "\n".join(lines) + f"\n\nFunctions of `unary`: {functions}.\n\n{refusals()}\n"
