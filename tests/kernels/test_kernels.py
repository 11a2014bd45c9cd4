"""The C kernels of each instruction set against the formulas in their headers, and edgeq/packing against its C twin.

kernel_fuzz.c draws the cases; it runs natively under ASan and UBSan (scalar, xpulp as portable C) and on the simulated
boards. Cases are seeded by their number, so a failure's "case=N" can be run again alone.
"""

from __future__ import annotations

import ctypes
import importlib
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.packing.order import into
from edgeq.paths import runtime_dir
from tests.qemu.platform_firmware import board_with_tools, build, run
from tests.tools import require_tool

FOLDER = Path(__file__).resolve().parent
#: kernel families that only some instruction sets have
EXTRA_FAMILIES = {
    "scalar": (),
    "dsp": ("EQ_FUZZ_DW_K3X3",),
    "mve": ("EQ_FUZZ_DW_K4X4",),
    "rvv": (),
    "xpulp": ("EQ_FUZZ_CONV_KX3", "EQ_FUZZ_DW_K4X4"),
}
#: where a board's program runs besides: vectors of another length
RUNS_ALSO_ON = {"riscv-rvv": ("riscv-rvv256",)}
PACKINGS = [
    (isa, kernel)
    for isa, small in (("dsp", "dwconv2d_k3x3"), ("mve", "dwconv2d_k4x4"), ("xpulp", "dwconv2d_k4x4"))
    for kernel in ("conv2d", "linear", "dwconv2d", small)
]
PACKINGS.append(("xpulp", "conv2d_kx3"))
PACKINGS += [("rvv", kernel) for kernel in ("conv2d", "linear", "dwconv2d")]
GEOMETRY_FIELDS = (
    *("in_h", "in_w", "in_c", "out_h", "out_w", "out_c", "kernel_h", "kernel_w"),
    *("stride_h", "stride_w", "pad_top", "pad_left", "dilation_h", "dilation_w", "input_zero_point"),
)


def fuzz_flags(isa: str, cases: int) -> tuple[str, ...]:
    """Compiler arguments that make kernel_fuzz.c into the test of one instruction set, kernels included."""
    sources = [
        path for op in ("conv2d", "dwconv2d", "linear") for path in (runtime_dir() / "src" / op).glob(f"*_{isa}.c")
    ]
    return (
        "-Wno-unused-function",
        f"-DEQ_FUZZ_ISA={isa}",
        f"-DEQ_FUZZ_CASES={cases}",
        *(f"-D{name}" for name in EXTRA_FAMILIES[isa]),
        f"-I{runtime_dir() / 'src' / 'common'}",
        f"-I{FOLDER}",
        *sorted(map(str, sources)),
    )


def check_fuzz(board_name: str, isa: str, cases: int, folder: Path, *flags: str) -> None:
    board = board_with_tools(board_name)
    source = (FOLDER / "kernel_fuzz.c").read_text(encoding="utf-8")
    program = build(board, source, folder, flags=(*flags, *fuzz_flags(isa, cases)))
    for name in (board_name, *RUNS_ALSO_ON.get(board_name, ())):
        console = run(load_board(name), program).console
        assert "kernel_fuzz: ok" in console, console


@pytest.mark.parametrize("isa", ["scalar", "xpulp"])
def test_kernels_on_host(isa: str, tmp_path: Path) -> None:
    """Exact, and without a byte read or written out of bounds or any undefined behaviour. Compiled without
    optimization, for it takes GCC a minute under sanitizers; tests/ops has the kernels as builds compile them."""
    check_fuzz("host", isa, 3000, tmp_path, "-DEQ_FUZZ_HOST", "-fno-sanitize-recover=all", "-O0", "-g1")


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("board", "isa", "cases"),
    [
        ("cortex-m4", "dsp", 3000),
        ("cortex-m4", "scalar", 1000),
        ("cortex-m55", "mve", 3000),
        ("riscv-rvv", "rvv", 1000),
        ("riscv-8core", "xpulp", 1000),
        ("riscv-rv32imc", "scalar", 1000),
    ],
)
def test_kernels_on_board(board: str, isa: str, cases: int, tmp_path: Path) -> None:
    check_fuzz(board, isa, cases, tmp_path)


@pytest.fixture(scope="module")
def packing_library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    library = tmp_path_factory.mktemp("packing") / "packing.so"
    command = [require_tool(load_board("host").toolchain.compiler), "-std=c11", "-O1", "-shared", "-fPIC"]
    command += ["-Wno-unused-function", f"-I{runtime_dir() / 'include'}", str(FOLDER / "pack_lib.c"), f"-o{library}"]
    subprocess.run(command, check=True)
    return ctypes.CDLL(str(library))


def random_weights(rng: np.random.Generator, kernel: str) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """Weights as edgeq holds them, and [out_c, kernel_h, kernel_w, in_c] of the same in C."""
    out_c, in_c = (int(n) for n in rng.integers(1, 36, 2))
    side = 3 if "k3x3" in kernel else 4 if "k4x4" in kernel else 5
    height, width = (3, 3) if "k3x3" in kernel else (int(n) for n in rng.integers(1, side + 1, 2))
    if kernel == "linear":
        return rng.integers(-127, 128, (out_c, in_c), np.int8), (out_c, 1, 1, in_c)
    if kernel == "conv2d_kx3":
        width = 3
    if kernel.startswith("conv2d"):
        return rng.integers(-127, 128, (out_c, height, width, in_c), np.int8), (out_c, height, width, in_c)
    return rng.integers(-127, 128, (height, width, out_c), np.int8), (out_c, height, width, 1)


@pytest.mark.parametrize(("isa", "kernel"), PACKINGS)
def test_packing_equals_c(packing_library: ctypes.CDLL, isa: str, kernel: str) -> None:
    rng = np.random.default_rng(1)
    module = importlib.import_module(f"edgeq.packing.{isa}")
    in_c = getattr(packing_library, f"test_pack_{kernel}_{isa}")
    for _ in range(40):
        weights, shape = random_weights(rng, kernel)
        order = weights.transpose(2, 0, 1) if kernel.startswith("dwconv2d") else weights
        source = np.ascontiguousarray(order)
        target = np.full(1 << 17, 85, np.int8)
        count = in_c(
            ctypes.c_void_p(source.ctypes.data), (ctypes.c_int32 * 4)(*shape), ctypes.c_void_p(target.ctypes.data)
        )
        packed = into(getattr(module, f"order_{kernel}"))(weights)
        assert packed.dtype == np.int8
        np.testing.assert_array_equal(packed, target[:count])


@pytest.mark.parametrize(
    ("isa", "kernel"),
    [(i, k) for i, k in PACKINGS if k != "linear"] + [(i, "conv2d_pointwise") for i in ("dsp", "mve", "rvv", "xpulp")],
)
def test_scratch_equals_c(packing_library: ctypes.CDLL, isa: str, kernel: str) -> None:
    rng = np.random.default_rng(2)
    module = importlib.import_module(f"edgeq.packing.{isa}")
    in_c = getattr(packing_library, f"test_scratch_{kernel}_{isa}")
    for _ in range(40):
        geometry = {name: int(rng.integers(1, 60)) for name in GEOMETRY_FIELDS}
        if kernel == "conv2d_pointwise":
            geometry |= {"kernel_h": 1, "kernel_w": 1}
        values = (ctypes.c_int32 * 64)(*geometry.values())
        assert getattr(module, f"scratch_{kernel}")(geometry) == in_c(values)


@pytest.mark.parametrize("isa", ["dsp", "mve", "rvv", "xpulp"])
def test_scratch_linear_equals_c(packing_library: ctypes.CDLL, isa: str) -> None:
    module = importlib.import_module(f"edgeq.packing.{isa}")
    for in_features in range(1, 70):
        assert module.scratch_linear(in_features) == getattr(packing_library, f"test_scratch_linear_{isa}")(in_features)
