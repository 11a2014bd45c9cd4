"""The table of a search on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from edgeq.precision_search.chance import LEVEL
from edgeq.precision_search.result import Row, SearchResult


def print_search(result: SearchResult, console: Console) -> None:
    """A line a recipe by flash, and the command that builds the best one."""
    options = result.options
    title = f"{options.source.path.stem} on {options.board.name}: float {result.float_accuracy:.2%} of {result.samples}"
    table = Table(title=title)
    for name in ("recipe", "layers"):
        table.add_column(name, overflow="fold")
    for name in ("accuracy", "error", "flash", "RAM", "est. cycles"):
        table.add_column(name, justify="right")
    for name in ("front", "more accurate, no more flash than", "nearer to float, no more flash than"):
        table.add_column(name, overflow="fold")
    for row in result.rows:
        table.add_row(*_cells(row), style=_style(row, result))
    console.print(table)
    notes = [
        f"Accuracy, and how far answers diverge from the float network's (error), are those on "
        f"{options.eval_data}, which had no part in the choice; *: by more than chance ({LEVEL:.0%}). "
        "RAM is without stacks.",
        f"Nearest to float on {options.calib} within the budget is {result.best.name}; any row builds with its recipe:",
        f"  {result.build_command(result.best)}",
        f"pareto.json, report.html and the recipes are in {options.folder}",
    ]
    if result.best.judged["est_cycles"] is not None:
        notes.insert(1, f"Cycles are an estimate: {options.board.cost.source}")
    for note in notes:
        console.print(note, highlight=False, soft_wrap=True, markup=False)


def _cells(row: Row) -> list[str]:
    judged = row.judged
    cycles = "" if judged["est_cycles"] is None else f"{judged['est_cycles']:,}"
    front = ("yes" if row.pareto else "") if row.within_budget else "over budget"
    sizes = [f"{judged[key]:,}" for key in ("flash_bytes", "ram_bytes")]
    measured = [f"{judged['accuracy']:.2%}", f"{judged['eval_error']:.3g}"]
    return [row.name, row.summary, *measured, *sizes, cycles, front, row.better, row.nearer]


def _style(row: Row, result: SearchResult) -> str | None:
    if row.name == result.best.name:
        return "bold"
    return None if row.within_budget else "dim"
