"""The folder of a search: pareto.json, a recipe a row, report.html with the front as a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.search.result import SearchResult

#: resource that a search sweeps -> key of a judged row, what the picture calls it
AXES = {
    "flash": ("flash_bytes", "bytes of flash"),
    "ram": ("ram_bytes", "bytes of RAM"),
    "cycles": ("est_cycles", "cycles"),
}
#: the most ticks that an axis has
TICKS = 8
#: size of the picture and the room for its axes, in its own units
WIDTH, HEIGHT, LEFT, BOTTOM, EDGE = 900, 420, 70, 50, 20


def write(result: SearchResult) -> None:
    """Writes all of it into the search's folder. Raises EdgeqError when that is impossible."""
    files = {row.file: render("report/recipe.toml.j2", recipe=row.recipe, row=row) for row in result.rows if row.file}
    document = result.as_json()
    files["pareto.json"] = json.dumps(document, indent=1) + "\n"
    files["report.html"] = render("report/search.html.j2", search=document, rows=result.rows, picture=_picture(result))
    try:
        for old in [*result.options.folder.glob("point*.toml"), *result.options.folder.glob("uniform-*.toml")]:
            old.unlink()
        for name, text in files.items():
            (result.options.folder / name).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise EdgeqError(f"output folder {result.options.folder}: can't be written ({error.strerror})") from error


def _picture(result: SearchResult) -> dict[str, Any]:
    """Coordinates of the dots (swept resource to the right, accuracy upwards), the front's line and the ticks."""
    key, label = AXES[result.options.sweep]
    xs = [row.judged[key] for row in result.rows]
    ys = [100 * row.judged["accuracy"] for row in result.rows] + [100 * result.float_accuracy]
    x_of, x_ticks = _scale(xs, LEFT, WIDTH - EDGE)
    y_of, y_ticks = _scale(ys, HEIGHT - BOTTOM, EDGE)
    dots = [
        {
            "x": x_of(x), "y": y_of(100 * row.judged["accuracy"]), "name": row.name, "label": row.label,
            "kind": "uniform" if row.uniform else "point", "pareto": row.pareto, "best": row.name == result.best.name,
        }
        for x, row in zip(xs, result.rows, strict=True)
    ]  # fmt: skip
    front = sorted((dot["x"], dot["y"]) for dot in dots if dot["pareto"])
    return {
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - EDGE, "top": EDGE, "bottom": HEIGHT - BOTTOM,
        "label": label, "dots": dots, "line": " ".join(f"{x},{y}" for x, y in front),
        "x_ticks": [{"at": x_of(value), "text": f"{value:,.0f}"} for value in x_ticks],
        "y_ticks": [{"at": y_of(value), "text": f"{value:.1f}"} for value in y_ticks],
        "float": y_of(100 * result.float_accuracy),
    }  # fmt: skip


def _scale(values: Sequence[float], start: float, end: float) -> tuple[Callable[[float], float], list[float]]:
    """The line from values (a little beyond their extremes) to coordinates, and round values for ticks."""
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 1.0
    low, high = low - margin, high + margin
    step = min(
        size * 10.0**power for power in range(-3, 10) for size in (1, 2, 5) if size * 10.0**power * TICKS >= high - low
    )
    ticks = [step * tick for tick in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return lambda value: round(start + (end - start) * (value - low) / (high - low), 1), ticks
