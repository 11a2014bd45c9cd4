"""Fork and join on all cores of a board: every core sees the caller's writes and the caller sees every core's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.qemu.platform_firmware import board_with_tools, build, run

pytestmark = pytest.mark.qemu

PROGRAM = """
#include "eq_port.h"
#include "eq_team.h"

enum { LIMIT = 8, ROUNDS = 300 };
static uint32_t shared;        /* written by core 0 before each fork */
static uint32_t seen[LIMIT];   /* what each core found in it */
static uint32_t sum[LIMIT];
static uint32_t calls;         /* of core 0's share */
static uint32_t bad;

typedef struct { uint32_t round; } job_t;

static void task(void *argument, uint32_t core, uint32_t cores) {
  const job_t *job = argument;
  seen[core] = shared;
  sum[core] += job->round * cores + core;
  calls += core == 0u ? 1u : 0u;
}

static void expect(uint32_t value, uint32_t wanted) { bad += value != wanted ? 1u : 0u; }

int main(void) {
  const uint32_t limit = eq_team_limit;
  uint32_t wanted[LIMIT] = {0u};
  for (uint32_t round = 1u; round <= ROUNDS; round++) {
    job_t job = {round};
    const uint32_t asked = round % 10u; /* 0, and more than there are, too */
    uint32_t cores = asked < 1u ? 1u : asked;
    cores = cores > limit ? limit : cores;
    shared = round * 7u;
    for (uint32_t core = 0u; core < LIMIT; core++) {
      seen[core] = 0u;
      wanted[core] += core < cores ? round * cores + core : 0u;
    }
    eq_team_run(task, &job, asked);
    for (uint32_t core = 0u; core < LIMIT; core++) {
      expect(seen[core], core < cores ? round * 7u : 0u);
      expect(sum[core], wanted[core]);
    }
  }
  expect(calls, ROUNDS);
  const char digit[2] = {(char)('0' + limit), '\\0'};
  eq_port_print("limit ");
  eq_port_print(digit);
  eq_port_exit(bad == 0u ? 0 : 1);
}
"""


@pytest.mark.parametrize("name", ["host", "riscv-8core", "riscv-rv32imc", "cortex-m4", "cortex-m55"])
def test_fork_and_join(name: str, tmp_path: Path) -> None:
    board = board_with_tools(name)
    elf = build(board, PROGRAM, tmp_path)
    assert run(board, elf).console == f"limit {board.cores}"


def limited(cores: int) -> str:
    return PROGRAM.replace("const uint32_t limit", f"eq_team_limit = {cores}u;\n  const uint32_t limit")


@pytest.mark.parametrize("cores", [1, 3])
def test_fewer_cores_than_built_for(cores: int, tmp_path: Path) -> None:
    board = board_with_tools("riscv-8core")
    assert run(board, build(board, limited(cores), tmp_path)).console == f"limit {cores}"


def test_sequential_team_computes_every_share(tmp_path: Path) -> None:
    board = board_with_tools("host")
    # seen, sum and calls don't depend on the order of the cores
    assert run(board, build(board, limited(5), tmp_path)).console == "limit 5"


def test_shipped_firmware_links(tmp_path: Path) -> None:
    """The product's ELF has none of the simulation's code and needs no simulation region."""
    source = PROGRAM.split("int main")[0].replace('#include "eq_port.h"\n', "")
    source += "int main(void) { job_t job = {1u}; eq_team_run(task, &job, 8u); expect(calls, 1u); return (int)bad; }"
    for name in ("riscv-8core", "riscv-rv32imc", "cortex-m4", "cortex-m55"):
        board = board_with_tools(name)
        elf = build(board, source, tmp_path / name, simulation=False)
        assert b"EDGEQ FAULT" not in elf.read_bytes()
