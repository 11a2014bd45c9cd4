"""The generated headers, as a firmware that uses them sees them: same numbers as edgeq, legal C++, clear states."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.plan.arena import plan
from edgeq.quantize.data import Samples, quantize_inputs
from tests.golden.test_golden import tiny_integer
from tests.tools import require_tool

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Werror"]
PROGRAM = """
#include <stdio.h>
#include "tiny_float.h"
static _Alignas(EQ_ARENA_ALIGN) int8_t arena[TINY_ARENA_BYTES + 16];
int main(void) {
  float value;
  while (scanf("%f", &value) == 1) printf("%d\\n", tiny_quantize_input(value));
  tiny_t first, second;
  printf("%d", tiny_init(NULL, arena, sizeof arena) == EQ_ERROR_ARGUMENT);
  printf("%d", tiny_init(&first, arena, TINY_ARENA_BYTES - 1) == EQ_ERROR_ARENA);
  printf("%d", tiny_init(&first, arena + 4, TINY_ARENA_BYTES) == EQ_ERROR_ARENA);
  printf("%d", tiny_init(&first, arena, TINY_ARENA_BYTES) == EQ_OK);
  printf("%d", tiny_poll(&first, 1) == EQ_ERROR_STATE);
  second = first;
  tiny_begin(&second);
  int polls = 1;
  while (tiny_poll(&second, 1) == EQ_AGAIN) polls++;
  printf("%d", polls == TINY_LAYERS);
  printf("%d\\n", tiny_poll(&second, 1) == EQ_OK);
  return 0;
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("headers")
    program = lower(tiny_integer(), load_board("host"))
    emit(program, plan(program), target, EmitOptions("speed", "int8", {"file": "tiny", "sha256": ""}))
    return target


def test_quantization_and_states(folder: Path) -> None:
    compiler = require_tool("gcc")
    (folder / "try.c").write_text(PROGRAM, encoding="utf-8")
    sources = ["try.c", "tiny.c", "tiny_weights.c", "runtime/platform/freestanding/team_sequential.c"]
    sources += [str(path.relative_to(folder)) for path in folder.glob("runtime/src/*/*.c")]
    flags = ["-std=c11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", *WARNINGS]
    includes = ["-I.", "-Iruntime/include", "-Iruntime/src/common"]
    subprocess.run([compiler, *flags, *includes, *sources, "-o", "try"], cwd=folder, check=True)
    graph: Graph = tiny_integer()
    scale = np.float32(graph.tensor("x").scale)
    values = np.concatenate([np.linspace(-3, 4, 999), (np.arange(-90, 180) + 0.5) * scale]).astype(np.float32)
    text = "\n".join(f"{value:.9g}" for value in values) + "\nnan inf -inf\n"
    output = subprocess.run([folder / "try"], input=text, capture_output=True, text=True, check=True).stdout.split()
    expected = quantize_inputs(graph, Samples({"x": values}, None))["x"].tolist()
    assert [int(item) for item in output[:-1]] == [*expected, 127, 127, -128]
    assert output[-1] == "1111111"


def test_headers_are_legal_cpp(folder: Path) -> None:
    compiler = require_tool("g++")
    (folder / "try.cpp").write_text(
        '#include "tiny.h"\n#include "tiny_float.h"\nint main() { return 0; }\n', encoding="utf-8"
    )
    includes = ["-I.", "-Iruntime/include"]
    subprocess.run([compiler, "-std=c++17", *WARNINGS, *includes, "-c", "try.cpp"], cwd=folder, check=True)
