"""The arena and what it costs in instructions: `--optimize speed` beside `--optimize ram` (docs/memory.md).

    python examples/memory.py [BOARD ...]

Networks: ResNet8 of this folder, a MobileNetV1 (width 0.5, 96x96x3) and a MobileNetV2 (width 0.35, 96x96x3), the two
with random weights: arena and instructions don't depend on them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import click
import torch
from torch import nn

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.frontend.load import ModelSource
from edgeq.observer import Observer
from edgeq.quantize.recipe import Recipe

HERE = Path(__file__).resolve().parent
COLUMNS = (
    "network", "board", "optimize", "arena B", "lower bound B", "optimal", "instructions", "est. cycles", "stage",
    "exact",
)  # fmt: skip


def conv(in_c: int, out_c: int, kernel: int, stride: int = 1, groups: int = 1, relu: bool = True) -> nn.Sequential:
    layers = [
        nn.Conv2d(in_c, out_c, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_c),
        nn.ReLU(),
    ]
    return nn.Sequential(*layers[: 3 if relu else 2])


def head(channels: int) -> list[nn.Module]:
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10)]


def mobilenet_v1() -> nn.Module:
    layers: list[nn.Module] = [conv(3, 16, 3, 2)]
    for in_c, out_c, stride in ((16, 32, 1), (32, 64, 2), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2)):
        layers += [conv(in_c, in_c, 3, stride, groups=in_c), conv(in_c, out_c, 1)]
    return nn.Sequential(*layers, *head(256))


class Inverted(nn.Module):
    """A block that widens, filters, narrows; with a residual addition where shapes allow it."""

    def __init__(self, in_c: int, out_c: int, stride: int, widen: int) -> None:
        super().__init__()
        wide = in_c * widen
        first = [conv(in_c, wide, 1)] if widen > 1 else []
        self.body = nn.Sequential(*first, conv(wide, wide, 3, stride, groups=wide), conv(wide, out_c, 1, relu=False))
        self.residual = stride == 1 and in_c == out_c

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.body(x) if self.residual else self.body(x)


def mobilenet_v2() -> nn.Module:
    layers: list[nn.Module] = [conv(3, 16, 3, 2), Inverted(16, 8, 1, 1)]
    in_c = 8
    for out_c, repeats, stride in ((8, 2, 2), (16, 3, 2), (24, 4, 2), (32, 3, 1), (56, 3, 2), (112, 1, 1)):
        for index in range(repeats):
            layers.append(Inverted(in_c, out_c, stride if index == 0 else 1, 6))
            in_c = out_c
    return nn.Sequential(*layers, conv(in_c, 256, 1), *head(256))


def row(source: Path, board: str, optimize: str, calib: str, folder: Path) -> tuple[str, ...]:
    """One line of the table: a build that is run and compared."""
    options = pipeline.BuildOptions(
        source=ModelSource(source),
        board=load_board(board),
        folder=folder,
        recipe=Recipe(),
        calib=calib,
        optimize=optimize,
        simulate_samples=2,
    )
    report = pipeline.build(options, Observer()).as_json()
    memory, cost = report["memory"], report["cost"]
    stages = "; ".join(f"{len(stage['layers'])} layers, {stage['bands']} bands" for stage in memory["stages"])
    return (
        source.stem,
        board,
        optimize,
        f"{memory['arena_bytes']:,}",
        f"{memory['arena_lower_bound_bytes']:,}",
        "yes" if memory["arena_optimal"] else "not proven",
        f"{cost['instructions']:,}",
        f"{cost['est_cycles']:,}",
        stages,
        "yes" if report["verify"]["bit_exact"] else "NO",
    )


@click.command()
@click.argument("boards", nargs=-1)
def main(boards: tuple[str, ...]) -> None:
    """Print arenas and instructions as Markdown, on cortex-m4 if no BOARDS are given."""
    torch.manual_seed(0)
    click.echo(f"| {' | '.join(COLUMNS)} |")
    click.echo("|---|---|---|---:|---:|---|---:|---:|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = [(HERE / "resnet8" / "resnet8.pt2", str(HERE / "resnet8" / "demo.npz"))]
        for stem, network in (("mobilenet_v1", mobilenet_v1()), ("mobilenet_v2", mobilenet_v2())):
            path = folder / f"{stem}.pt2"
            torch.export.save(torch.export.export(network.eval(), (torch.zeros(1, 3, 96, 96),)), path)
            models.append((path, pipeline.RANDOM_CALIBRATION))
        for source, calib in models:
            for board in boards or ("cortex-m4",):
                for optimize in ("speed", "ram"):
                    target = folder / f"{source.stem}-{board}-{optimize}"
                    click.echo(f"| {' | '.join(row(source, board, optimize, calib, target))} |")


if __name__ == "__main__":
    main()
