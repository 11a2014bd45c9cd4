"""The curve of `edgeq train-sim`: a table, train/curve.json, and the section of report.html."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.reports.axis import Axis
from edgeq.train.command import FOLDER
from edgeq.train.curve import Committed, Curve

BEGIN, END = "<!-- training curve -->", "<!-- end of training curve -->"
WIDTH, HEIGHT, LEFT, BOTTOM, EDGE, TICKS = 520, 260, 50, 35, 12, 6


def print_curve(curve: Curve, console: Console) -> None:
    """A row a point."""
    followed = curve.evaluated > 0
    table = Table(title=f"{curve.steps} steps" + (f", accuracy on {curve.evaluated} samples" if followed else ""))
    columns = ("steps", "loss", "PyTorch", *(("accuracy %", "PyTorch") if followed else ()))
    for name in columns:
        table.add_column(name, justify="right")
    for point in curve.points:
        losses = ("", "") if point.loss != point.loss else (f"{point.loss:.4f}", f"{point.torch_loss:.4f}")
        shares = [f"{100 * share:.2f}" for share in (point.accuracy, point.torch_accuracy) if share is not None]
        table.add_row(str(point.steps), *losses, *shares)
    console.print(table)
    console.print(
        f"parameters differ from PyTorch's by up to {100 * curve.parameter_gap:.3g} % of how far these moved; "
        f"{curve.skipped} steps skipped",
        highlight=False,
    )
    if curve.committed is not None:
        console.print(_of_inference(curve.committed), highlight=False)


def _of_inference(committed: Committed) -> str:
    """What became of the int8 inference model, in a line."""
    if committed.after is None:
        return (
            f"int8 inference: {committed.before:.2%}; the commit was refused, because parameters are no numbers or too "
            "large for its sums: train with a lower rate"
        )
    proof = "equal to the reference bit for bit" if committed.exact else "NOT equal to the reference"
    return f"int8 inference: {committed.before:.2%} as built, {committed.after:.2%} after the commit; outputs {proof}"


def write(curve: Curve, folder: Path) -> None:
    """train/curve.json and the picture in report.html. Raises EdgeqError when that is impossible."""
    document = curve.as_json()
    page = folder / "report.html"
    try:
        (folder / FOLDER / "curve.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
        if page.is_file():
            html = page.read_text(encoding="utf-8")
            before, found, rest = html.partition(BEGIN)
            if found:
                picture = render(
                    "report/curve.html.j2",
                    curve=document,
                    charts=_charts(curve),
                    inference=_of_inference(curve.committed) if curve.committed else "",
                )
                after = rest.partition(END)[2]
                page.write_text(f"{before}{BEGIN}\n{picture}{END}{after}", encoding="utf-8")
    except OSError as error:
        raise EdgeqError(f"{folder}: can't be written ({error.strerror})") from error


def _charts(curve: Curve) -> list[dict[str, Any]]:
    losses = [(point.steps, point.loss, point.torch_loss) for point in curve.points if point.loss == point.loss]
    charts = [_chart("mean loss since the point before", losses)]
    shares = [
        (point.steps, 100 * point.accuracy, 100 * point.torch_accuracy)
        for point in curve.points
        if point.accuracy is not None and point.torch_accuracy is not None
    ]
    if shares:
        charts.append(_chart(f"accuracy on {curve.evaluated} samples, %", shares))
    return charts


def _chart(label: str, rows: list[tuple[int, float, float]]) -> dict[str, Any]:
    steps = [row[0] for row in rows]
    x = Axis.of(steps, LEFT, WIDTH - EDGE, TICKS)
    y = Axis.of([value for row in rows for value in row[1:]], HEIGHT - BOTTOM, EDGE, TICKS)
    return {
        "label": label,
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - EDGE, "top": EDGE, "bottom": HEIGHT - BOTTOM,
        "device": " ".join(f"{x.at(step)},{y.at(value)}" for step, value, _ in rows),
        "torch": " ".join(f"{x.at(step)},{y.at(value)}" for step, _, value in rows),
        "x_ticks": x.ticks, "y_ticks": y.ticks,
    }  # fmt: skip
