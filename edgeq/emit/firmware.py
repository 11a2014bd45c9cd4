"""Writes a firmware folder: model, constants, arena map, application, board files, runtime, Makefile."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgeq import __version__
from edgeq.board import Board
from edgeq.emit import runtime_files
from edgeq.emit.context import model_context
from edgeq.emit.env import render
from edgeq.ir import serialize
from edgeq.ir.dump import dump
from edgeq.lower.program import Program
from edgeq.paths import runtime_dir
from edgeq.plan.arena import Plan
from edgeq.simulate import renode
from edgeq.simulate.run import QEMU, RENODE
from edgeq.simulate.sources import platform_sources

#: what follows a model's name -> template
MODEL_FILES = {
    ".h": "model/model.h.j2",
    ".c": "model/model.c.j2",
    "_float.h": "model/model_float.h.j2",
    "_arena.h": "model/arena.h.j2",
    "_weights.h": "model/weights.h.j2",
    "_weights.c": "model/weights.c.j2",
}
#: the graph of the model beside the folder's own
BESIDE = "reference/beside"
OPTIMIZE_FLAGS = {"speed": "-O2", "size": "-Os", "ram": "-O2"}


@dataclass(frozen=True)
class Wrapping:
    """Files round a program that is not used by itself: `templates` by the file that they make, main.c among them;
    `sources` of these that are part of the model, `runtime` files of runtime_c that they need, `program` the harness
    that becomes <kind>.elf; `kind` is "training", "stream" or "text", the key in the manifest as well. `beside`:
    another model of the same firmware. `context`: what the templates see under the name `seen_as`; it is made once what
    they see of the models is known. `copies`: files of the user's that the folder keeps."""

    kind: str
    seen_as: str
    templates: Mapping[str, str]
    sources: tuple[str, ...]
    runtime: tuple[str, ...]
    headers: tuple[str, ...]
    program: str
    context: Callable[[dict[str, Any], dict[str, Any] | None], dict[str, Any]]
    beside: tuple[Program, Plan] | None = None
    copies: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class EmitOptions:
    """`source` describes the model file for the manifest: name and SHA-256; `simulator` runs what is built."""

    optimize: str
    quant: str
    source: dict[str, str]
    wrapping: Wrapping | None = None
    simulator: str = QEMU


def emit(program: Program, plan: Plan, folder: Path, options: EmitOptions) -> None:
    """Writes everything but the ELFs and the report into `folder`, which exists."""
    board = program.board
    model = model_context(program, plan)
    wrapping = options.wrapping
    beside = model_context(*wrapping.beside) if wrapping and wrapping.beside else None
    models = [model] + ([beside] if beside else [])
    kernels = runtime_files.kernel_sources(program)
    if wrapping and wrapping.beside:
        kernels = sorted({*kernels, *runtime_files.kernel_sources(wrapping.beside[0])})
    firmware = platform_sources(board, simulation=False)
    simulation = platform_sources(board, simulation=True)
    headers = [*(header for item in models for header in item["kernel_headers"]), "eq_team.h"]
    if wrapping:
        kernels = [*kernels, *(Path(name) for name in wrapping.runtime)]
        headers += wrapping.headers
    shipped = runtime_files.with_headers([*kernels, *firmware], headers)
    harness = runtime_files.with_headers([*simulation], ["eq_mark.h", "eq_port.h"])
    _copy_runtime(folder, sorted({*shipped, *harness}))
    sources = {
        "model": [f"{item['name']}{end}" for item in models for end in (".c", "_weights.c")] + _compiled(kernels),
        "firmware": ["main.c", *_compiled(firmware)],
        "simulation": ["simulation/sim_main.c", *_compiled(simulation)],
        "harness": [],
    }
    if wrapping:
        sources["model"] += wrapping.sources
        sources["harness"] = [wrapping.program, *_compiled(simulation)]
    include_flags = " ".join(f"-Iruntime/{path}" for path in runtime_files.INCLUDE_FOLDERS)
    context = {
        "model": model,
        "board": board,
        "sources": sources,
        "include_flags": include_flags,
        "optimize_flag": OPTIMIZE_FLAGS[options.optimize],
        "cpu_flags": board.toolchain.flags_for(program.has_floats),
        "harness": wrapping.kind if wrapping else "",
    }
    files = {
        "main.c": "model/main.c.j2",
        "Makefile": "model/Makefile.j2",
        "README.md": "model/README.md.j2",
        "simulation/sim_main.c": "simulation/sim_main.c.j2",
    }
    if wrapping:
        files |= wrapping.templates
        wrapped = wrapping.context(model, beside)
        context[wrapping.seen_as] = wrapped
    for item in models:
        for end, template in MODEL_FILES.items():
            _write(folder / f"{item['name']}{end}", render(template, **{**context, "model": item}))
    for target, template in files.items():
        _write(folder / target, render(template, **context))
    (folder / "board").mkdir(exist_ok=True)
    shutil.copyfile(board.path, folder / "board" / f"{board.name}.toml")
    if board.arch != "host":
        _write_linker_scripts(folder, program)
    if options.simulator == RENODE:
        _write_renode_files(folder, board, model["name"])
    serialize.save(program.graph, folder / "reference")
    _write(folder / "reference" / "graph.txt", dump(program.graph))
    if wrapping and wrapping.beside:
        serialize.save(wrapping.beside[0].graph, folder / BESIDE)
    manifest = _manifest(program, plan, model, options) | {"sources": sources["model"]}
    if options.simulator != QEMU:
        manifest["simulator"] = options.simulator
    if wrapping:
        manifest[wrapping.kind] = wrapped["manifest"]
        for target, source in wrapping.copies.items():
            shutil.copyfile(source, folder / target)
    _write(folder / "manifest.json", json.dumps(manifest, indent=1) + "\n")


def _compiled(files: list[Path]) -> list[str]:
    return [f"runtime/{file.as_posix()}" for file in files if file.suffix in (".c", ".S")]


def _copy_runtime(folder: Path, files: list[Path]) -> None:
    for file in files:
        target = folder / "runtime" / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(runtime_dir() / file, target)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_linker_scripts(folder: Path, program: Program) -> None:
    board = program.board
    for name, simulation in (("link.ld", False), ("link_simulation.ld", True)):
        text = render(
            f"arch/{board.arch}/link.ld.j2",
            memory={
                region: {"origin": place.simulated if simulation else place.origin, "length": place.length}
                for region, place in board.memory.items()
            },
            stack_bytes=board.stack_bytes,
            cores=board.cores,
            simulation=simulation,
        )
        _write(folder / "board" / name, text)


def _write_renode_files(folder: Path, board: Board, name: str) -> None:
    context = {"board": board, "name": name, "renode": renode.described(board), "regions": renode.regions(board)}
    for file in ("platform.repl", "run.resc", "semihosting.py"):
        _write(folder / renode.FOLDER / file, render(f"renode/{file}.j2", **context))


def _manifest(program: Program, plan: Plan, model: dict[str, Any], options: EmitOptions) -> dict[str, Any]:
    """What later commands and other tools need to know about the folder."""
    return {
        "edgeq": __version__,
        "model": model["name"],
        "source": options.source,
        "board": program.board.name,
        "quant": options.quant,
        "optimize": options.optimize,
        "library": model["library"],
        "arena": {
            "bytes": plan.arena_bytes,
            "state_bytes": plan.state_bytes,
            "lower_bound_bytes": plan.lower_bound_bytes,
            "ratio": round(plan.ratio, 4),
            "optimal": plan.optimal,
            "tensors": [
                {key: row[key] for key in ("name", "offset", "size_bytes", "first", "last")} for row in model["tensors"]
            ],
        },
        "inputs": [_port(port) for port in model["inputs"]],
        "outputs": [_port(port) for port in model["outputs"]],
        "states": [_port(state) for state in model["states"]],
        "layers": [
            {
                "key": layer["key"],
                "node": lowered.node.name,
                "op": layer["op"],
                "function": layer["function"],
                "isa": lowered.kernel.isa,
                "why": lowered.why,
                "cores": layer["cores"],
                "macs": layer["macs"],
                "weights_bytes": layer["weights_bytes"],
                "scratch_bytes": lowered.scratch_bytes * lowered.cores,
                "output": lowered.node.output,
                "output_shape": layer["output_shape"],
                "output_whole": layer["output_whole"],
            }
            for layer, lowered in zip(model["layers"], program.layers, strict=True)
        ],
    }


def _port(port: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": port["tensor"],
        "shape": port["shape"],
        "size_bytes": port["size_bytes"],
        "scale": float(port["scale"]),
        "zero_point": port["zero_point"],
    }
