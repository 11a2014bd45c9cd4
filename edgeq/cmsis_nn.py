"""`edgeq build --kernels cmsis-nn`: layers by Arm's CMSIS-NN where it gives the reference's numbers, by our kernels
elsewhere; where the library lies, and which layers it did not take.

CMSIS-NN is the user's: CMSIS_NN_ROOT names a copy of it, whose sources the folder's Makefile compiles.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edgeq import ops
from edgeq.board import Board
from edgeq.errors import EdgeqError
from edgeq.lower.program import Layer, Program
from edgeq.ops.cmsis_nn import LIBRARY, PREFIX

#: value of --kernels
CHOICE = "cmsis-nn"
KERNELS = ("edgeq", CHOICE)
#: environment variable, and variable of the generated Makefile
VARIABLE = "CMSIS_NN_ROOT"
HEADER = Path("Include") / "arm_nnfunctions.h"
#: the newest of the functions that are called
NEWEST = "arm_fully_connected_per_channel_s8"
ARCHITECTURE = "cortex_m"


def preferred(board: Board) -> Board:
    """The board with CMSIS-NN's kernels before its own. Raises EdgeqError for boards of another architecture."""
    if board.arch != ARCHITECTURE:
        raise EdgeqError(
            f"--kernels {CHOICE}: CMSIS-NN is for Cortex-M, and {board.name} is {board.arch}; choose a Cortex-M board "
            "or leave --kernels out"
        )
    return replace(board, isa=(f"{PREFIX}{board.isa[0]}", *board.isa))


def is_preferred(board: Board) -> bool:
    """Whether the board is one of `preferred`."""
    return board.isa[0].startswith(PREFIX)


def root() -> Path | None:
    """The copy of CMSIS-NN, None where the environment names none. Raises EdgeqError where it names something else."""
    text = os.environ.get(VARIABLE, "")
    if not text:
        return None
    path = Path(text).resolve()
    if not (path / HEADER).is_file():
        raise EdgeqError(f"{VARIABLE}={text}: has no {HEADER}; name the folder of a copy of CMSIS-NN")
    if NEWEST not in (path / HEADER).read_text(encoding="utf-8", errors="replace"):
        raise EdgeqError(f"{VARIABLE}={text}: its {HEADER} has no {NEWEST}; take a copy of CMSIS-NN from 2025 or later")
    if any(character in str(path) for character in " \t:#$%"):
        raise EdgeqError(f"{VARIABLE}={text}: make can't have spaces or any of :#$% in {path}; use another path")
    return path


def check(board: Board, simulate: bool, limited: bool) -> None:
    """Raises EdgeqError where a build needs the library and there is none. `limited`: by a budget."""
    if not is_preferred(board) or root() is not None:
        return
    if simulate or limited:
        raise EdgeqError(
            f"--kernels {CHOICE}: {VARIABLE} is not set; set it to a copy of CMSIS-NN to compile and run the firmware, "
            f"or give --no-simulate{' without --budget' if limited else ''} for sources that your project compiles "
            "(--format cmake links them to its target cmsis-nn)"
        )


def can_compile(program: Program) -> bool:
    """Whether what the program is linked against is on this machine."""
    return program.library is None or root() is not None


def environment() -> Mapping[str, str]:
    """What the generated Makefile needs to know."""
    path = root()
    return {} if path is None else {VARIABLE: str(path)}


def left_out(program: Program) -> dict[str, str]:
    """Layer's key -> why CMSIS-NN does not compute it."""
    return {layer.key: _reason(program, layer) for layer in program.layers if not layer.kernel.library}


def _reason(program: Program, layer: Layer) -> str:
    graph, node = program.graph, layer.node
    known = [kernel for kernel in ops.get(node.op).kernels if kernel.library and kernel.isa == program.board.isa[0]]
    if not known:
        return f"edgeq calls no function of {LIBRARY} for {node.op}"
    fitting = [kernel for kernel in known if kernel.takes(graph, node)]
    if not fitting:
        return "only int8 activations and weights"
    return next(filter(None, (kernel.applies(graph, node) for kernel in fitting)), "a budget chose otherwise")
