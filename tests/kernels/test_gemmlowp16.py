"""The logistic and tanh of recurrent kernels against their numpy twins, for every argument there is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np

from edgeq.ops import gemmlowp16
from edgeq.paths import runtime_dir
from tests.tools import require_tool


def test_every_argument(tmp_path: Path) -> None:
    require_tool("gcc")
    program = tmp_path / "tables"
    folders = [f"-I{runtime_dir() / folder}" for folder in ("include", "src/common")]
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-fsanitize=undefined"]
    source = Path(__file__).parent / "gemmlowp16_tables.c"
    subprocess.run(["gcc", *flags, "-fno-sanitize-recover", *folders, source, "-o", program], check=True)
    made = np.frombuffer(subprocess.run([program], check=True, capture_output=True).stdout, "<i2").reshape(8, -1)
    np.testing.assert_array_equal(made[0], gemmlowp16.logistic_table())
    for integer_bits in range(7):
        np.testing.assert_array_equal(made[1 + integer_bits], gemmlowp16.tanh_table(integer_bits))


def test_near_the_real_functions() -> None:
    x = np.arange(-32768, 32768)
    steps = np.abs(gemmlowp16.logistic_table() - 32768 / (1 + np.exp(-x / 4096.0)))
    assert steps.max() < 8
    for integer_bits in range(7):
        real = 32768 * np.tanh(x / 2.0 ** (15 - integer_bits))
        assert np.abs(gemmlowp16.tanh_table(integer_bits) - real).max() < 13
