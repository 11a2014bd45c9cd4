"""What a search has found: a row a judged recipe, which of them keep to the budget, and which lie on the front."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from edgeq.board import list_boards
from edgeq.budget import Budget, Limits
from edgeq.errors import EdgeqError
from edgeq.precision_search.chance import surely_fewer, surely_less
from edgeq.precision_search.program import NOTHING, Total
from edgeq.precision_search.request import SearchOptions
from edgeq.quantize.recipe import Method, Recipe

#: what `points.judge` finds
Judged = Mapping[str, Any]

#: key of a judged row, what an error calls it, name of the limit in --budget
RESOURCES = (
    ("flash_bytes", "bytes of flash", "flash"),
    ("ram_bytes", "bytes of RAM without stacks", "ram"),
    ("est_cycles", "estimated cycles", "cycles"),
)


@dataclass(frozen=True)
class Row:
    """One recipe (its rules begin with those of the layers in `picks`) and its precision of every layer, what judging
    found, what the program had predicted. `uniform`: the precision that it has wherever it can be had; `named`: it is
    the one that `--quant` knows by that name, without the search's roundings. `pareto`: no other row within the budget
    is as good in everything and better in something. `better_than`, `nearer_than`: uniform rows with as much flash or
    more, and less accuracy or a larger error of the outputs on evaluation data; `surely_better_than` and
    `surely_nearer_than`: those of them that are so by more than chance."""

    picks: Mapping[str, str]
    recipe: Recipe
    judged: Judged
    predicted: Total = NOTHING
    name: str = ""
    uniform: str | None = None
    named: bool = False
    within_budget: bool = False
    pareto: bool = False
    better_than: tuple[str, ...] = ()
    surely_better_than: tuple[str, ...] = ()
    nearer_than: tuple[str, ...] = ()
    surely_nearer_than: tuple[str, ...] = ()

    @property
    def file(self) -> str | None:
        """Name of its recipe file; None for one that has a name."""
        return None if self.named else f"{self.name}.toml"

    @property
    def label(self) -> str:
        """What the picture calls it."""
        return self.name if self.named else self.uniform or self.name

    @property
    def roundings(self) -> dict[str, str]:
        """Layer -> how its weights are rounded."""
        if self.named:
            return {layer: Method(precision).rounding for layer, precision in self.picks.items()}
        return {layer: rule.changes["weights"] for layer, rule in zip(self.picks, self.recipe.rules, strict=False)}

    @property
    def better(self) -> str:
        """What it is more accurate than, with a star where that is more than chance."""
        return _starred(self.better_than, self.surely_better_than)

    @property
    def nearer(self) -> str:
        """What it is nearer to float than, with a star where that is more than chance."""
        return _starred(self.nearer_than, self.surely_nearer_than)

    @property
    def summary(self) -> str:
        """How many layers have which precision."""
        counts: dict[str, int] = {}
        for precision in self.picks.values():
            counts[precision] = counts.get(precision, 0) + 1
        return ", ".join(f"{count} {name}" for name, count in counts.items())


def _starred(names: Sequence[str], sure: Sequence[str]) -> str:
    return ", ".join(f"{name}*" if name in sure else name for name in names)


@dataclass(frozen=True)
class SearchResult:
    """Rows by flash; `float_accuracy` on the `samples` of the evaluation file, by `metric`."""

    options: SearchOptions
    metric: str
    float_accuracy: float
    samples: int
    rows: tuple[Row, ...]

    @property
    def best(self) -> Row:
        """The row within the budget whose outputs differ least from the float network's on calibration data."""
        fitting = [row for row in self.rows if row.within_budget]
        return min(fitting, key=lambda row: (row.judged["output_error"], row.judged["flash_bytes"]))

    def quant(self, row: Row) -> str:
        """What --quant takes for a row."""
        return str(row.uniform) if row.file is None else str(self.options.folder / row.file)

    def build_command(self, row: Row) -> str:
        """What builds a row's firmware."""
        options, source, board = self.options, self.options.source, self.options.board
        words = [
            "edgeq",
            "build",
            str(source.path),
            "--board",
            board.name if board.name in list_boards() else str(board.path),
        ]
        words += ["--quant", self.quant(row)]
        words += ["--calib", str(options.calib), "--eval", str(options.eval_data)]
        words += ["--arch", source.arch] if source.arch else []
        words += ["--trust-pickle"] if source.trust_pickle else []
        words += ["--input-shape", ",".join(map(str, source.input_shape))] if source.input_shape else []
        for state in source.states:
            words += ["--state", state]
        words += ["-o", f"out/{source.path.stem}-{board.name}-{row.name}"]
        return shlex.join(words)

    def as_json(self) -> dict[str, Any]:
        """pareto.json."""
        options = self.options
        budget = options.budget or Budget()
        return {
            "model": options.source.path.stem,
            "board": options.board.name,
            "metric": self.metric,
            "samples": self.samples,
            "float_accuracy": self.float_accuracy,
            "sensitivity": options.measure,
            "sweep": options.sweep,
            "budget": {"flash_bytes": budget.flash_bytes, "ram_bytes": budget.ram_bytes, "cycles": budget.cycles},
            "est_cycles_source": options.board.cost.source,
            "best": self.best.name,
            "points": [self._row(row) for row in self.rows],
        }

    def _row(self, row: Row) -> dict[str, Any]:
        judged = row.judged
        return {
            "name": row.name,
            "uniform": row.uniform,
            "recipe": row.file or row.uniform,
            "build": self.build_command(row),
            "precisions": dict(row.picks),
            "weights": row.roundings,
            "within_budget": row.within_budget,
            "pareto": row.pareto,
            "better_than": list(row.better_than),
            "surely_better_than": list(row.surely_better_than),
            "nearer_than": list(row.nearer_than),
            "surely_nearer_than": list(row.surely_nearer_than),
            **{key: judged.get(key) for key in ("accuracy", "output_error", "eval_error", "problem")},
            **{key: judged.get(key) for key in ("flash_bytes", "ram_bytes", "instructions", "est_cycles")},
            "predicted": {
                "output_error": row.predicted.error,
                "flash_bytes": row.predicted.flash_bytes,
                "ram_bytes": row.predicted.live_bytes,
                "est_cycles": row.predicted.cycles,
            },
        }


def ranked(rows: Iterable[Row], limits: Limits) -> list[Row]:
    """The rows that fit the board, by flash, with names, and what is said of each. Rows that are not uniform and exceed
    the limits are left out. Raises EdgeqError, with the smallest found, where none keeps to the limits."""
    found = sorted(
        (row for row in rows if row.judged["problem"] is None),
        key=lambda row: (row.judged["flash_bytes"], row.judged["accuracy"], sorted(row.picks.items())),
    )
    named: list[Row] = []
    for row in found:
        fits = _fits(row, limits)
        if fits or row.uniform is not None:
            number = 1 + sum(other.uniform is None for other in named)
            kind = "quant" if row.named else "uniform"
            name = f"point{number}" if row.uniform is None else f"{kind}-{row.uniform}"
            named.append(replace(row, name=name, within_budget=fits))
    if not any(row.within_budget for row in named):
        raise _unmet(found, limits)
    within = [row for row in named if row.within_budget]
    return [
        replace(
            row,
            pareto=row.within_budget and not any(_dominates(other, row) for other in within),
            better_than=_beaten(row, named, lambda a, b: a["accuracy"] > b["accuracy"]),
            surely_better_than=_beaten(row, named, lambda a, b: surely_fewer(a["mistakes"], b["mistakes"])),
            nearer_than=_beaten(row, named, lambda a, b: a["eval_error"] < b["eval_error"]),
            surely_nearer_than=_beaten(row, named, lambda a, b: surely_less(a["eval_errors"], b["eval_errors"])),
        )
        for row in named
    ]


def _limit(limits: Limits, key: str) -> float:
    return {"flash_bytes": limits.flash_bytes, "ram_bytes": limits.ram_bytes, "est_cycles": limits.cycles}[key]


def _fits(row: Row, limits: Limits) -> bool:
    return all((row.judged[key] or 0) <= _limit(limits, key) for key, _, _ in RESOURCES)


def _dominates(a: Row, b: Row) -> bool:
    """Whether `a` is as good as `b` in everything and better in something."""
    of_a, of_b = ([-row.judged["accuracy"], *(row.judged[key] or 0 for key, _, _ in RESOURCES)] for row in (a, b))
    return all(x <= y for x, y in zip(of_a, of_b, strict=True)) and of_a != of_b


def _beaten(row: Row, rows: Sequence[Row], better: Callable[[Judged, Judged], bool]) -> tuple[str, ...]:
    """Names of the uniform recipes that take no less flash and that the row is better than."""
    return tuple(
        other.name
        for other in rows
        if other.uniform is not None
        and row.judged["flash_bytes"] <= other.judged["flash_bytes"]
        and better(row.judged, other.judged)
    )


def _unmet(found: Sequence[Row], limits: Limits) -> EdgeqError:
    """Names a limit that no recipe keeps to, or all of them where each is kept to by some recipe."""
    if not found:
        return EdgeqError("none of the recipes tried fits the board; use a larger board or a smaller model")
    limited = [item for item in RESOURCES if _limit(limits, item[0]) < float("inf")]
    for key, what, option in limited:
        least = min(row.judged[key] for row in found)
        if least > _limit(limits, key):
            return EdgeqError(
                f"--budget: {option} is limited to {_limit(limits, key):.0f} and the smallest recipe found takes "
                f"{least} {what}; allow that much, or use a smaller model"
            )
    names = " and ".join(option for _, _, option in limited)
    return EdgeqError(f"--budget: no recipe was found that keeps to {names} at once; allow more of one of them")
