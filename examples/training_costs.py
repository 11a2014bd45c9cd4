"""What a training step of the example networks costs, as a Markdown table (docs/device-training.md): by network,
precision, what is trained, and board. Steps that don't fit a board's RAM are built within it by computing activations
again; those that don't fit even so are counted on the board with the memory that its QEMU machine has, and say so.
"""

from __future__ import annotations

import argparse
import functools
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from edgeq import pipeline, profiling
from edgeq.board import Board, load_board
from edgeq.budget import Budget
from edgeq.errors import EdgeqError
from edgeq.firmware_folder import open_folder
from edgeq.frontend.load import ModelSource
from edgeq.observer import Observer
from edgeq.paths import boards_dir
from edgeq.quantize.data import Samples, load_samples
from edgeq.quantize.recipe import Recipe
from edgeq.train import command, simulate, spec

EXAMPLES = Path(__file__).parent
#: name -> model and calibration data
NETWORKS: Mapping[str, tuple[Path, Path]] = {
    "DS-CNN": (EXAMPLES / "kws" / "kws_split.pt2", EXAMPLES / "kws" / "demo_calib.npz"),
    "ResNet8": (EXAMPLES / "resnet8" / "resnet8.pt2", EXAMPLES / "resnet8" / "demo.npz"),
}
SPECS = ("fp16,all,sgd", "fp32,all,sgd", "fp16,last:2,sgd", "fp32,last:2,sgd")
BOARDS = ("riscv-8core", "cortex-m4", "cortex-m55")
#: memory that QEMU's machines have beside the board's: region -> origin and length
LARGER: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "cortex-m4": {"flash": (0x00000000, 0x400000), "ram": (0x20000000, 0x400000)},
    "cortex-m55": {"ram": (0x61000000, 0x400000)},
}
COLUMNS = (
    "network", "SPEC", "board", "MACs: forward", "weight gradients", "input gradients", "instructions", "est. cycles",
    "MAC/cycle", "RAM B", "arena", "parameters", "optimizer", "other", "notes",
)  # fmt: skip


def with_more_memory(name: str, folder: Path) -> Board:
    """The board with the memory of its QEMU machine."""
    text = (boards_dir() / f"{name}.toml").read_text(encoding="utf-8")
    for region, (origin, length) in LARGER[name].items():
        found = rf"(\[memory\.{region}\]\n)origin = \S+\nlength = \S+\n"
        text = re.sub(found, rf"\g<1>origin = 0x{origin:08x}\nlength = 0x{length:x}\n", text)
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_board(path)


@functools.cache
def samples(network: str) -> Samples:
    """Its calibration data."""
    path, data = NETWORKS[network]
    return load_samples(data, pipeline.import_model(ModelSource(path)), "--calib")


def step(network: str, text: str, board: Board, folder: Path, ram: int | None = None) -> dict[str, Any]:
    """The facts of a step, see report.json. Raises EdgeqError where it doesn't fit."""
    path, data = NETWORKS[network]
    options = pipeline.BuildOptions(
        ModelSource(path),
        board,
        folder,
        Recipe(),
        calib=str(data),
        simulate=False,
        budget=None if ram is None else Budget(ram_bytes=ram),
        train=spec.load(text),
    )
    facts = pipeline.build(options, Observer()).training
    assert facts is not None
    firmware = open_folder(folder / command.FOLDER)
    facts.profile = profiling.run(firmware, simulate.one_step(firmware, samples(network)))
    return facts.as_json()


def fitting(network: str, text: str, name: str) -> tuple[dict[str, Any], str]:
    """(facts, a note) of a step on a board."""
    board = load_board(name)
    available = board.memory["ram"].length - board.stack_bytes * board.cores
    with tempfile.TemporaryDirectory(prefix="edgeq-costs-") as folder:
        roomy = with_more_memory(name, Path(folder)) if name in LARGER else board
        facts = step(network, text, roomy, Path(folder) / "out")
    memory = facts["memory"]
    kept = memory["parameters_bytes"] + memory["optimizer_bytes"]
    others = memory["ram_bytes"] - memory["arena_bytes"] - kept
    if memory["ram_bytes"] <= available:
        return facts, ""
    if kept + memory["parameters_bytes"] + others < available:  # as many bytes of gradients wait for the update
        with tempfile.TemporaryDirectory(prefix="edgeq-costs-") as folder:
            try:
                facts = step(network, text, board, Path(folder) / "out", available - others)
                return facts, f"computes {len(facts['memory']['computed_again'])} layers twice"
            except EdgeqError:
                pass
    return facts, f"does not fit the board's {board.memory['ram'].length:,} B; counted with 4 MB"


def row(network: str, text: str, board: str, facts: Mapping[str, Any], note: str) -> list[list[str]]:
    """The cells of a step; on several cores also of the same step on one."""
    cost, memory = facts["cost"], facts["memory"]
    macs = [f"{cost['parts'][part]['macs']:,}" for part in ("forward", "weight_gradient", "input_gradient")]
    kept = [memory[f"{kind}_bytes"] for kind in ("arena", "parameters", "optimizer")]
    ram = [f"{value:,}" for value in (memory["ram_bytes"], *kept, memory["ram_bytes"] - sum(kept))]
    made = [[network, f"`{text}`", board, *macs, *costs(cost), *ram, note]]
    if cost["cores"] > 1:
        made.append([network, f"`{text}`", f"{board}, 1 core", *macs, *costs(cost["one_core"]), *[""] * len(ram), ""])
        made[0][-1] = ", ".join(part for part in (f"{cost['speedup_vs_1core']:.2f}x one core", note) if part)
    return made


def costs(cost: Mapping[str, Any]) -> list[str]:
    """Instructions, cycles, multiply-accumulates a cycle."""
    return [f"{cost['instructions']:,}", f"{cost['est_cycles']:,}", f"{cost['est_mac_per_cycle']:.2f}"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row per network, specification and board."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="*", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--specs", nargs="*", default=list(SPECS), metavar="SPEC")
    parser.add_argument("--boards", nargs="*", default=list(BOARDS))
    args = parser.parse_args(arguments)
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|---|---|---|{'---:|' * (len(COLUMNS) - 4)}---|")
    for network in args.networks:
        for text in args.specs:
            for board in args.boards:
                for cells in row(network, text, board, *fitting(network, text, board)):
                    print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
