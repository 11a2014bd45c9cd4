"""The folder of a search: pareto.json, a recipe a row, report.html with the front as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.precision_search.result import SearchResult
from edgeq.reports.axis import Axis

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
#: of labels: width of a letter, height of a line, where they stand from their dots
LETTER, LINE, ABOVE, BELOW = 7, 14, -9, 20
#: of a dot
RADIUS = 5


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


def _front(places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """From left to right, the places that lie higher (have a lesser y) than all that are not right of them."""
    found: list[tuple[float, float]] = []
    for x, y in sorted(places):
        if not found or y < found[-1][1]:
            found.append((x, y))
    return found


def _place_labels(dots: Sequence[dict[str, Any]]) -> None:
    """Gives every dot `label_y`: above it, below it, or, where labels or dots are on both sides, None."""
    taken: list[tuple[float, float, float]] = []

    def is_free(x: float, y: float, half: float) -> bool:
        beside_labels = not any(abs(x - other) < half + wide and abs(y - line) < LINE for other, line, wide in taken)
        return beside_labels and not any(abs(x - dot["x"]) < half and 0 < y + RADIUS - dot["y"] < LINE for dot in dots)

    for dot in dots:
        half = LETTER * len(dot["label"]) / 2
        sides = (BELOW, ABOVE) if dot["kind"] == "uniform" else (ABOVE, BELOW)
        dot["label_y"] = next((dot["y"] + side for side in sides if is_free(dot["x"], dot["y"] + side, half)), None)
        if dot["label_y"] is not None:
            taken.append((dot["x"], dot["label_y"], half))


def _picture(result: SearchResult) -> dict[str, Any]:
    """Coordinates of the dots (swept resource to the right, accuracy upwards), the front's line and the ticks."""
    key, label = AXES[result.options.sweep]
    xs = [row.judged[key] for row in result.rows]
    ys = [100 * row.judged["accuracy"] for row in result.rows] + [100 * result.float_accuracy]
    x, y = Axis.of(xs, LEFT, WIDTH - EDGE, TICKS), Axis.of(ys, HEIGHT - BOTTOM, EDGE, TICKS)
    dots: list[dict[str, Any]] = [
        {
            "x": x.at(cost), "y": y.at(100 * row.judged["accuracy"]), "name": row.name, "label": row.label,
            "kind": "uniform" if row.uniform else "point", "pareto": row.pareto, "best": row.name == result.best.name,
        }
        for cost, row in zip(xs, result.rows, strict=True)
    ]  # fmt: skip
    _place_labels(dots)
    return {
        "width": WIDTH, "height": HEIGHT, "left": LEFT, "right": WIDTH - EDGE, "top": EDGE, "bottom": HEIGHT - BOTTOM,
        "label": label, "dots": dots, "radius": RADIUS,
        "line": " ".join(f"{x},{y}" for x, y in _front([(dot["x"], dot["y"]) for dot in dots if dot["pareto"]])),
        "x_ticks": x.ticks, "y_ticks": y.ticks, "float": y.at(100 * result.float_accuracy),
    }  # fmt: skip
