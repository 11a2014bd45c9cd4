"""Two builds side by side: of one network for two boards, with two recipes, or before and after a change."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from edgeq.emit.env import render
from edgeq.errors import EdgeqError

Report = dict[str, Any]

#: what is compared of the whole: (name, section and key of report.json)
WHOLE = (
    ("accuracy float", ("accuracy", "float")),
    ("accuracy quantized", ("accuracy", "quantized_reference")),
    ("accuracy firmware", ("accuracy", "firmware")),
    ("flash, B", ("memory", "flash_bytes")),
    ("code, B", ("memory", "code_bytes")),
    ("constants, B", ("memory", "weights_bytes")),
    ("RAM, B", ("memory", "ram_bytes")),
    ("arena, B", ("memory", "arena_bytes")),
    ("stack, B", ("memory", "stack_bytes")),
    ("MACs", ("cost", "macs")),
    ("bit operations", ("cost", "bit_operations")),
    ("traffic, B", ("cost", "traffic_bytes")),
    ("instructions", ("cost", "instructions")),
    ("est. cycles", ("cost", "est_cycles")),
    ("est. time, ms", ("cost", "est_ms")),
)
#: what is compared of a layer
OF_LAYERS = ("instructions", "est_cycles", "arena_bytes", "weights_bytes", "sqnr_db")


@dataclass(frozen=True)
class Row:
    """A figure of both builds; None where a build does not have it. `ratio`: the second over the first."""

    name: str
    first: float | None
    second: float | None

    @property
    def ratio(self) -> float | None:
        if self.first is None or self.second is None or not self.first:
            return None
        return round(self.second / self.first, 4)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": self.ratio}


@dataclass(frozen=True)
class LayerRow:
    """A layer of both builds, matched by name; its kernels and precisions are empty where a build lacks it."""

    name: str
    kernels: tuple[str, str]
    precisions: tuple[str, str]
    figures: dict[str, Row]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "figures": {key: row.as_json() for key, row in self.figures.items()}}


@dataclass(frozen=True)
class Builds:
    """Folders and reports of both."""

    folders: tuple[str, str]
    first: Report
    second: Report

    def titles(self) -> list[str]:
        """What each is."""
        return [f"{one['model']} on {one['board']} ({one['quant']})" for one in (self.first, self.second)]

    def whole(self) -> list[Row]:
        """Figures of the whole that either build has."""
        rows = [Row(name, *((one[part] or {}).get(key) for one in self._both())) for name, (part, key) in WHOLE]
        return [row for row in rows if row.first is not None or row.second is not None]

    def layers(self) -> list[LayerRow]:
        """In the first build's order; what only the second has comes last."""
        tables = [{layer["name"]: layer for layer in one["layers"]} for one in self._both()]
        rows = []
        for name in dict.fromkeys([*tables[0], *tables[1]]):
            a, b = (table.get(name, {}) for table in tables)
            figures = {key: Row(key, a.get(key), b.get(key)) for key in OF_LAYERS}
            kernels = (a.get("kernel", ""), b.get("kernel", ""))
            rows.append(LayerRow(name, kernels, (a.get("precision", ""), b.get("precision", "")), figures))
        return rows

    def as_json(self) -> dict[str, Any]:
        return {
            "folders": list(self.folders),
            "builds": self.titles(),
            "whole": [row.as_json() for row in self.whole()],
            "layers": [row.as_json() for row in self.layers()],
        }

    def _both(self) -> tuple[Report, Report]:
        return self.first, self.second


def load(folder: Path) -> Report:
    """A build's report.json. Raises EdgeqError when there is none, or it is damaged."""
    path = folder / "report.json"
    try:
        report: Report = json.loads(path.read_text(encoding="utf-8"))
        for part in ("model", "board", "quant"):
            str(report[part])
        for name, (part, key) in WHOLE:
            value = (report[part] or {}).get(key)
            if not isinstance(value, (int, float, type(None))):
                raise ValueError(f"{name} is {value!r}")
        for layer in report["layers"]:
            str(layer["name"])
    except FileNotFoundError as error:
        raise EdgeqError(f"{folder}: has no report.json; make one with edgeq build") from error
    except OSError as error:
        raise EdgeqError(f"{path}: can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EdgeqError(f"{path}: is damaged ({error!r}); build it again") from error
    return report


def show(builds: Builds, console: Console) -> None:
    """Both as tables: the whole, and the layers that differ."""
    table = Table(title=" and ".join(builds.titles()))
    for name in ("", *builds.folders, "ratio"):
        table.add_column(name, overflow="fold", justify="right" if name else "left")
    for row in builds.whole():
        table.add_row(row.name, text(row.name, row.first), text(row.name, row.second), ratio(row))
    console.print(table)
    layers = Table(title="layers whose kernels, precisions or cycles differ")
    for name in ("layer", "kernels", "est. cycles", "", "ratio", "constants, B", ""):
        layers.add_column(name, overflow="fold", justify="left" if name in ("layer", "kernels") else "right")
    count = 0
    for layer in builds.layers():
        cycles, constants = layer.figures["est_cycles"], layer.figures["weights_bytes"]
        alike = len({*layer.kernels}) == 1 and len({*layer.precisions}) == 1
        if alike and (cycles.first, constants.first) == (cycles.second, constants.second):
            continue
        count += 1
        kernels = " -> ".join(dict.fromkeys(kernel.removeprefix("eq_") or "none" for kernel in layer.kernels))
        figures = (text("B", value) for row in (cycles, constants) for value in (row.first, row.second))
        a, b, c, d = figures
        layers.add_row(layer.name, kernels, a, b, ratio(cycles), c, d)
    if count:
        console.print(layers)
    else:
        console.print("no layer differs", highlight=False)


def text(name: str, value: float | None) -> str:
    """A figure for people."""
    if value is None:
        return ""
    if name.startswith("accuracy"):
        return f"{value:.2%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def ratio(row: Row) -> str:
    """The second over the first, where both have the figure."""
    return "" if row.ratio is None else f"{row.ratio:.3f}"


def write(builds: Builds, path: Path) -> None:
    """The page. Raises EdgeqError when it can't be written."""
    html = render("report/builds.html.j2", builds=builds, text=text, ratio=ratio)
    try:
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise EdgeqError(f"--html {path}: can't be written ({error.strerror})") from error
