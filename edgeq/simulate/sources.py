"""Which files of runtime_c/platform a firmware needs.

On every board: team (riscv/team.c with several cores, else freestanding/team_sequential.c), and riscv/string_vector.c
where there are vectors (isa rvv). Besides them:

    architecture  ELF         files
    riscv         firmware    riscv/startup.S, riscv/trap_stop.S, freestanding/string.c
                  simulation  riscv/startup.S, freestanding/string.c, semihosting, fault report and marks, trap_entry.S
                              with the XCV emulator (isa xpulp) or trap_plain.c
    cortex_m      firmware    cortex_m/startup.c, cortex_m/fault_stop.c, freestanding/string.c
                  simulation  cortex_m/startup.c, freestanding/string.c, semihosting, fault report and marks
    host          simulation  port over stdio, marks without effect
"""

from __future__ import annotations

from pathlib import Path

from edgeq.board import Board

_PLATFORM = Path("platform")

_HOST_SIMULATION = ("host/port_stdio.c", "host/mark_none.c")

_SIMULATION_COMMON = (
    "simulation/semihost.h",
    "simulation/port_semihosting.c",
    "simulation/report.h",
    "simulation/report.c",
    "simulation/mark.c",
)

_RISCV_SIMULATION = (
    "simulation/semihost_riscv.S",
    "simulation/trap_riscv.h",
    "simulation/trap_entry.S",
    "simulation/fault_riscv.c",
)

_XCV_EMULATOR = (
    "simulation/xcv_emulator.h",
    "simulation/xcv_emulator.c",
    "simulation/xcv_alu.c",
    "simulation/xcv_simd.c",
    "simulation/xcv_memory.c",
    "simulation/rv32imc.c",
    "simulation/smallfloat.c",
)


def platform_sources(board: Board, simulation: bool) -> list[Path]:
    """Platform files (.c, .S and the private headers beside them) for one ELF, relative to runtime_c.

    `simulation` chooses the ELF that QEMU runs (compiled with -DEQ_SIMULATION) over the one that ships. Headers keep
    their place relative to the sources that include them. The list is sorted by part, without duplicates.
    """
    return [_PLATFORM / name for name in _names(board, simulation)]


def _names(board: Board, simulation: bool) -> tuple[str, ...]:
    if board.arch == "host":
        return ("freestanding/team_sequential.c", *(_HOST_SIMULATION if simulation else ()))
    team = ("riscv/interrupt.h", "riscv/team.c") if board.cores > 1 else ("freestanding/team_sequential.c",)
    if board.arch == "cortex_m":
        if not simulation:
            return ("cortex_m/startup.c", "cortex_m/fault_stop.c", *team, "freestanding/string.c")
        fault = ("simulation/semihost_cortex_m.S", "simulation/fault_cortex_m.c")
        return ("cortex_m/startup.c", *team, "freestanding/string.c", *_SIMULATION_COMMON, *fault)
    string = ("freestanding/string.c", *(("riscv/string_vector.c",) if "rvv" in board.isa else ()))
    if not simulation:
        return ("riscv/startup.S", "riscv/trap_stop.S", *team, *string)
    trap = _XCV_EMULATOR if "xpulp" in board.isa else ("simulation/trap_plain.c",)
    return ("riscv/startup.S", *team, *string, *_SIMULATION_COMMON, *_RISCV_SIMULATION, *trap)
