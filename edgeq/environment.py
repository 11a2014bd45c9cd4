"""What edgeq needs on this machine, what is there, and the command that brings the rest."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass

from edgeq.board import list_boards, load_board
from edgeq.toolchain import GCC, ZIG_PACKAGE


@dataclass(frozen=True)
class Check:
    """One thing that edgeq needs (or, not `required`, can use): found or not, version, the command that installs it
    ("": no package has it)."""

    name: str
    needed_for: str
    found: bool
    detail: str
    fix: str
    required: bool = True


def checks() -> list[Check]:
    """Python packages, compilers and simulators, in a fixed order."""
    result = [
        _python_package("torch", "importing .pt2 models"),
        _python_package("onnx", "importing .onnx models", required=False),
        _python_package(ZIG_PACKAGE, 'boards with use = "zig" in [toolchain]', required=False),
    ]
    wanted: dict[str, tuple[str, list[str]]] = {
        "make": ("make", ["building"]),
        "cc": ("gcc", ["the instruction counter"]),
    }
    for name in list_boards():
        board = load_board(name)
        if board.toolchain.kind == GCC:
            wanted.setdefault(board.toolchain.compiler, (board.toolchain.apt, []))[1].append(name)
        if board.simulator.command:
            wanted.setdefault(board.simulator.command[0], (board.simulator.apt, []))[1].append(name)
    result += [_program(tool, package, purposes) for tool, (package, purposes) in wanted.items()]
    result.append(_program("ccache", "ccache", ["faster builds"], required=False))
    result.append(_program("cmake", "cmake", ["projects of edgeq export --format cmake"], required=False))
    result.append(_download("renode", "https://renode.io", ["edgeq build --simulator renode"]))
    return [*result, _program("cppcheck", "cppcheck", ["static analysis of the C (make analyze)"], required=False)]


def missing(results: list[Check]) -> list[Check]:
    """What is required and isn't there."""
    return [check for check in results if check.required and not check.found]


def _python_package(name: str, purpose: str, required: bool = True) -> Check:
    found = importlib.util.find_spec(name) is not None
    detail = f"in {sys.prefix}" if found else "missing"
    return Check(name, purpose, found, detail, f"{sys.executable} -m pip install {name}", required)


def _program(tool: str, package: str, purposes: list[str], required: bool = True) -> Check:
    path = shutil.which(tool)
    detail = _version(path) if path else "missing"
    return Check(tool, ", ".join(purposes), path is not None, detail, f"apt-get install -y {package}", required)


def _download(tool: str, site: str, purposes: list[str]) -> Check:
    """An optional program that no package brings."""
    path = shutil.which(tool)
    return Check(tool, ", ".join(purposes), path is not None, path or f"missing; see {site}", "", required=False)


def _version(path: str) -> str:
    try:
        result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return path
    return (result.stdout or result.stderr).splitlines()[0].strip() if (result.stdout or result.stderr) else path


def fix(wanted: list[Check]) -> list[tuple[str, bool]]:
    """Runs the commands that install what is missing; (command, succeeded) each."""
    packages = sorted({check.fix.rsplit(" ", 1)[1] for check in wanted if check.fix.startswith("apt-get")})
    commands = [check.fix.split(" ") for check in wanted if not check.fix.startswith("apt-get")]
    if packages:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        commands += [
            [*sudo, "apt-get", "update"],
            [*sudo, "apt-get", "install", "-y", "--no-install-recommends", *packages],
        ]
    outcome = []
    for command in commands:
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False).returncode == 0
        except OSError:
            done = False
        outcome.append((" ".join(command), done))
    return outcome
