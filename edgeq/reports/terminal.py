"""Tables for people, on the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from edgeq.accuracy import METRIC
from edgeq.against.compare import Comparison
from edgeq.audio.closeness import Closeness
from edgeq.verification import Verification


def print_build(report: dict[str, Any], folder: str, console: Console) -> None:
    """The summary of a build."""
    table = Table(title=f"{report['model']} on {report['board']} ({report['quant']})", show_header=False)
    table.add_column(style="bold")
    table.add_column(justify="right")
    for name, value in summary_rows(report):
        table.add_row(name, value)
    console.print(table)
    console.print(f"firmware and report: {folder}", highlight=False, soft_wrap=True, markup=False)


def _library_rows(library: dict[str, Any] | None) -> list[tuple[str, str]]:
    """Which layers a library computes, and which not and why."""
    if library is None:
        return []
    with_macro = "with" if library["single_rounding"] else "without"
    count = f"{len(library['layers'])} of {len(library['layers']) + len(library['left_out'])} layers"
    rows = [(library["name"], f"{count}; compiled {with_macro} CMSIS_NN_USE_SINGLE_ROUNDING")]
    return rows + [(f"ours: {layer}", reason) for layer, reason in library["left_out"].items()]


def summary_rows(report: dict[str, Any]) -> list[tuple[str, str]]:
    """(name, value) of everything that is known."""
    rows: list[tuple[str, str]] = []
    accuracy, verify, memory, cost = (report[key] for key in ("accuracy", "verify", "memory", "cost"))
    if accuracy:
        name = "accuracy" if accuracy["metric"] == METRIC else accuracy["metric"]
        rows.append((f"{name} float", f"{accuracy['float']:.2%} of {accuracy['samples']}"))
        rows.append((f"{name} quantized", f"{accuracy['quantized_reference']:.2%} of {accuracy['samples']}"))
        if accuracy["firmware"] is not None:
            rows.append((f"{name} firmware", f"{accuracy['firmware']:.2%} of {accuracy['firmware_samples']}"))
    if verify:
        verdict = "yes" if verify["bit_exact"] else f"NO, off by up to {verify['max_abs_diff']:.4g}"
        if verify["within_bound"] and not verify["bit_exact"]:
            verdict = f"floating point within its bound, off by up to {verify['max_abs_diff']:.3g}"
        rows.append(("bit-exact", f"{verdict} ({verify['samples']} samples)"))
    if memory["flash_bytes"] is None:
        rows.append(("not compiled", f"constants {memory['weights_bytes']:,} B, arena {memory['arena_bytes']:,} B"))
    else:
        sizes = f"code {memory['code_bytes']:,}, constants {memory['weights_bytes']:,}"
        rows.append(("flash", f"{memory['flash_bytes']:,} B ({sizes})"))
        stack = f", stack {memory['stack_bytes']:,}" if memory["stack_bytes"] else ""
        rows.append(("RAM", f"{memory['ram_bytes']:,} B (arena {memory['arena_bytes']:,}{stack})"))
    if report.get("stack"):  # which reports of earlier versions have not
        rows.append(("stack, worst case", stack_text(report["stack"])))
    rows += _library_rows(report.get("library"))
    if memory["states"]:
        names = ", ".join(f"{state['name']} {state['bytes']:,}" for state in memory["states"])
        rows.append(("state", f"{memory['state_bytes']:,} B of the arena, kept between inferences ({names})"))
    if report["budget"]:
        limits = [
            f"{name} {report['budget'][f'{name}_bytes']:,} B"
            for name in ("flash", "ram")
            if report["budget"][f"{name}_bytes"]
        ]
        rows.append(("budget", f"{', '.join(limits)}; {len(report['budget']['chosen'])} layer(s) changed by it"))
    proof = "proven optimal" if memory["arena_optimal"] else "not proven optimal"
    bound = f"{memory['arena_lower_bound_bytes']:,} B, ratio {memory['arena_ratio']:.3f}, {proof}"
    rows.append(("arena lower bound", bound))
    for stage in memory["stages"]:
        rows.append(("band by band", f"{stage['layers'][0]} to {stage['layers'][-1]}, {stage['bands']} bands"))
    rows.append(("MACs", f"{cost['macs']:,}, {cost['bit_operations']:,} bit operations"))
    rows.append(("traffic", f"{cost['traffic_bytes']:,} B of constants and activations"))
    if cost["instructions"] is not None:
        rows.append(("instructions", f"{cost['instructions']:,}"))
        rows.append(
            ("cycles (estimate)", f"{cost['est_cycles']:,} = {cost['macs'] / cost['est_cycles']:.2f} MAC/cycle")
        )
        rows.append(("time (estimate)", f"{cost['est_ms']:.3f} ms at {cost['clock_hz'] / 1e6:g} MHz"))
        speedup = f", {cost['speedup_vs_1core']:.2f}x against 1" if cost["cores"] > 1 else ""
        rows.append(("cores", f"{cost['cores']}{speedup}"))
    stream = report["stream"]
    if stream:
        text = f"{stream['step_samples']} samples a step, {stream['step_ms']:g} ms"
        if stream["est_real_time_factor"] is not None:
            text += f"; {stream['est_real_time_factor']:.4f} of real time (estimate)"
            text += f"; front end {stream['front_end_instructions']:,} of {cost['instructions']:,} instructions"
        rows.append(("stream", text))
    if report["text"]:
        rows += text_rows(report["text"])
    return rows + (training_rows(report["training"]) if report["training"] else [])


def stack_text(stack: dict[str, Any]) -> str:
    """The bound of the API's functions beside what was seen of an inference."""
    if stack["bound_bytes"] is None:
        return "unknown: " + (
            "; ".join(dict.fromkeys(stack["unbounded"].values())) or "main calls no function of the network"
        )
    seen = "" if stack["measured_bytes"] is None else f"an inference took {stack['measured_bytes']:,}, "
    verdict = ", MORE THAN THE BOUND" if stack["holds"] is False else ""
    own = f" and what {', '.join(stack['callbacks'])} is given to call" if stack["callbacks"] else ""
    return f"{stack['bound_bytes']:,} B in {stack['entry']}{own} ({seen}{stack['reserved_bytes']:,} reserved{verdict})"


def text_rows(text: dict[str, Any]) -> list[tuple[str, str]]:
    """The encoder of a firmware that writes texts; everything else is said of a token."""
    cost, parts = text["encoder"], f"memory {text['memory_bytes']:,}, caches {text['cache_bytes']:,}"
    rows = [
        ("text", f"arena {text['arena_bytes']:,} B of encoder and step ({parts}), at most {text['longest']} tokens"),
        ("encoder: MACs", f"{cost['macs']:,}"),
    ]
    if cost["instructions"] is not None:
        rows.append(("encoder: instructions", f"{cost['instructions']:,}"))
        rows.append(("encoder: time (estimate)", f"{cost['est_ms']:.3f} ms at {cost['clock_hz'] / 1e6:g} MHz"))
    return rows


def training_rows(training: dict[str, Any]) -> list[tuple[str, str]]:
    """What a training step takes."""
    memory, cost = training["memory"], training["cost"]
    parts = ", ".join(f"{part.replace('_', ' ')} {row['macs']:,}" for part, row in cost["parts"].items() if row["macs"])
    kept = f"parameters {memory['parameters_bytes']:,}, optimizer {memory['optimizer_bytes']:,}"
    rows = [
        ("training step: RAM", f"{memory['ram_bytes']:,} B (arena {memory['arena_bytes']:,}, {kept})"),
        ("training step: MACs", f"{cost['macs']:,} ({parts})"),
    ]
    if training.get("stack"):
        rows.append(("training step: stack, worst case", stack_text(training["stack"])))
    if cost["instructions"] is None:
        return rows
    speedup = f", {cost['speedup_vs_1core']:.2f}x against 1 core" if cost["cores"] > 1 else ""
    cycles = f"{cost['est_cycles']:,} = {cost['est_mac_per_cycle']:.2f} MAC/cycle{speedup}"
    counted = [("instructions", f"{cost['instructions']:,}"), ("cycles (estimate)", cycles)]
    return rows + [(f"training step: {name}", value) for name, value in counted]


def print_profile(rows: list[dict[str, Any]], totals: dict[str, Any], console: Console) -> None:
    """Instructions and cycles per layer."""
    table = Table(title=f"{totals['model']} on {totals['board']}, one inference")
    table.add_column("layer", overflow="fold")
    table.add_column("kernel", overflow="fold")
    several = totals["cores"] > 1
    for name in ("MACs", "instructions", "per MAC", "est. cycles", "MAC/cycle", *(["speed-up"] if several else [])):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row["name"],
            row["kernel"].removeprefix("eq_"),
            f"{row['macs']:,}",
            f"{row['instructions']:,}",
            "" if row["instructions_per_mac"] is None else f"{row['instructions_per_mac']:.3f}",
            f"{row['est_cycles']:,}",
            "" if not row["macs"] else f"{row['mac_per_cycle']:.2f}",
            *([f"{row['speedup_vs_1core']:.2f}"] if several else []),
        )
    table.add_section()
    table.add_row(
        "total",
        "",
        f"{totals['macs']:,}",
        f"{totals['instructions']:,}",
        f"{totals['instructions'] / max(totals['macs'], 1):.3f}",
        f"{totals['est_cycles']:,}",
        f"{totals['macs'] / totals['est_cycles']:.2f}",
        *([f"{totals['speedup_vs_1core']:.2f}"] if several else []),
    )
    console.print(table)
    console.print(f"Cycles are an estimate: {totals['est_cycles_source']}", highlight=False)


def print_stages(result: Verification, features: Mapping[str, Closeness], console: Console) -> None:
    """A row for each layer of a network that hears, and how close its features are to those it was trained with."""
    table = Table(title=f"the firmware and Python on {result.samples} samples")
    table.add_column("stage")
    table.add_column("layer", overflow="fold")
    table.add_column("equal")
    for number, (key, difference) in enumerate(result.layers):
        stage = "features" if key in features else "scores" if number + 1 == len(result.layers) else ""
        equal = difference is None or difference.within_bound
        table.add_row(stage, key, "yes" if equal else "NO", style=None if equal else "bold red")
    console.print(table)
    for key, found in features.items():
        console.print(
            f"{key}: the integer features differ from the float formula by up to {found.largest:.3g} "
            f"({found.steps:g} steps of their scale), SQNR {found.sqnr_db:g} dB; {found.limited:.2%} of them lie at an "
            "end of their range",
            highlight=False,
        )
        if found.out_of_range:
            console.print(
                f"{key}: these recordings are louder or quieter than those of the calibration, and the network sees "
                "features that are cut off; build again with --calib of recordings like these",
                style="bold yellow",
                highlight=False,
            )


def print_verification(result: Verification, console: Console) -> None:
    """One line a layer that differs, and the verdict."""
    for key, difference in result.layers:
        if difference is not None and not difference.within_bound:
            console.print(
                f"{key}: {difference.beyond} values differ, by up to {difference.max_abs_diff:.4g}, first in sample "
                f"{difference.first_sample}",
                highlight=False,
            )
    for last in dict.fromkeys(last for _, last in result.inside):
        names = ", ".join(key for key, other in result.inside if other == last)
        console.print(
            f"{last}: compared for itself and for the layers that run with it band by band and have no whole output of "
            f"their own: {names}",
            highlight=False,
        )
    if result.bit_exact:
        count = len(result.layers) + len(result.inside)
        console.print(f"bit-exact: all {count} layers on {result.samples} samples", highlight=False)
    elif result.within_bound:
        console.print(
            f"within the error bound of floating point: all layers on {result.samples} samples, off by up to "
            f"{result.max_abs_diff:.3g}",
            highlight=False,
        )
    elif result.first_difference is not None:
        name = result.first_difference.name
        others = " or one that runs with it" if any(last == name for _, last in result.inside) else ""
        console.print(f"NOT exact: the first layer that differs is {name}{others}", highlight=False)


def print_comparison(result: Comparison, console: Console) -> None:
    """A row a layer with its largest difference from the framework, and the verdict."""
    table = Table(title=f"differences from {result.framework} on {result.samples} samples")
    table.add_column("layer", overflow="fold")
    for name in ("largest", "in steps", "SQNR dB"):
        table.add_column(name, justify="right")
    for layer in result.layers:
        row = (f"{layer.largest:.4g}", f"{layer.steps:g}", f"{layer.sqnr_db:g}")
        table.add_row(layer.name, *row, style="bold red" if layer.diverges else None)
    console.print(table)
    for name, why in result.not_compared:
        console.print(f"{name}: not compared, because {why}", highlight=False, markup=False)
    verdict = f"the first layer that diverges is {result.first_divergence}"
    console.print(verdict if result.first_divergence else "no layer diverges", highlight=False, markup=False)
