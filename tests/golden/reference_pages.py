"""docs/reference: commands, boards, keys of recipes and the C interface, made from what defines them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

import click

from edgeq.board import list_boards, load_board
from edgeq.cli import main
from edgeq.ops.weight_types import TYPES
from edgeq.paths import runtime_dir
from edgeq.quantize.precision import PRECISIONS
from edgeq.quantize.recipe import SELECTORS, SWITCHES, WHOLE, Method

MADE = "Made from the code by `pytest tests/golden --update-golden`."


def cli() -> str:
    """Every command with its arguments and options, as click knows them."""
    lines = ["# Commands", "", f"{MADE} `edgeq COMMAND --help` prints the same.", ""]
    for name, command in _leaves("", main):
        lines += [f"## edgeq {name}", "", str(command.help), ""]
        arguments = [_argument(item) for item in command.params if isinstance(item, click.Argument)]
        lines += ["```text", " ".join(["edgeq", name, *arguments, "[OPTIONS]"]), "```", ""]
        options = [option for option in command.params if isinstance(option, click.Option)]
        if options:
            lines += ["| option | value | default | meaning |", "|---|---|---|---|"]
            lines += [_option(option) for option in options]
            lines.append("")
    return "\n".join(lines)


def _leaves(path: str, group: click.Group) -> list[tuple[str, click.Command]]:
    """Every command by its words, those within groups after one another."""
    found: list[tuple[str, click.Command]] = []
    for name, command in sorted(group.commands.items()):
        words = f"{path} {name}".strip()
        found += _leaves(words, command) if isinstance(command, click.Group) else [(words, command)]
    return found


#: what a value is called where the option has no name for it
VALUES = {"integer range": "N", "integer": "N", "float": "X", "text": "TEXT"}


def _argument(argument: click.Argument) -> str:
    name = argument.metavar or str(argument.name).upper()
    return name if argument.required else f"[{name}]"


def _option(option: click.Option) -> str:
    if option.is_flag:
        value = ""
    elif isinstance(option.type, click.Choice):
        value = ", ".join(f"`{choice}`" for choice in option.type.choices)
    else:
        value = f"`{option.metavar or VALUES[option.type.name]}`"
    default = option.default if option.show_default and not option.is_flag else ""
    notes = [text for known, text in ((option.required, "required"), (option.multiple, "repeatable")) if known]
    meaning = option.help or ""
    cells = [" ".join(f"`{name}`" for name in option.opts), value, "" if default == "" else f"`{default}`"]
    return f"| {' | '.join(_cell(text) for text in (*cells, meaning + ''.join(f' ({note})' for note in notes)))} |"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|").replace("<", "&lt;")


def boards() -> str:
    """A row a board file."""
    header = ["board", "what it is", "cores", "MHz", "flash", "RAM", "kernels", "compiler and flags", "simulator"]
    lines = ["# Boards", "", f"{MADE} A board is one file `boards/<name>.toml`; `edgeq boards NAME` says more.", ""]
    lines += [f"| {' | '.join(header)} |", "|" + "---|" * len(header)]
    for name in list_boards():
        board = load_board(name)
        sizes = [
            f"{board.memory[region].length // 1024} KiB at {board.memory[region].origin:#010x}" if board.memory else ""
            for region in ("flash", "ram")
        ]
        command = board.simulator.command
        machine = f"{command[0]} {' '.join(command[command.index('-M') : command.index('-M') + 2])}" if command else ""
        toolchain = f"{board.toolchain.compiler} {' '.join(board.toolchain.flags)}"
        cells = [
            f"`{name}`", board.description, str(board.cores), f"{board.clock_hz / 1e6:g}", *sizes,
            ", ".join(board.isa), f"`{toolchain}`", f"`{machine}`" if machine else "runs natively",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |")
    lines += [
        "",
        "## Cycles",
        "",
        "Estimated from counted instructions with the costs of a manual ([estimates](../estimates.md)):",
        "",
    ]
    lines += [f"- `{name}`: {load_board(name).cost.source}. {load_board(name).cost.notes}" for name in list_boards()]
    return "\n".join(lines) + "\n"


def recipes() -> str:
    """Keys of recipe files, and the precisions."""
    lines = [
        "# Recipes",
        "",
        f"{MADE} `--quant` takes the name of a precision, or a TOML file with these keys. What methods do",
        "and bring is in [precision.md](../precision.md); a walk with a recipe in [low-bit.md](../how-to/low-bit.md).",
        "",
    ]
    of_layers = {item.name: item.metadata["meaning"] for item in fields(Method)}
    defaults = {item.name: f"`{item.default}`" for item in fields(Method)}
    lines += ["## For all layers, and in a rule", "", *_keys(of_layers, defaults), ""]
    lines += [
        "## For the network as a whole",
        "",
        *_keys({**SWITCHES, **WHOLE}, dict.fromkeys(SWITCHES, "`false`")),
        "",
    ]
    lines += [
        "## Rules",
        "",
        "Every `[[layer]]` changes the keys above for the layers that it names; later rules win.",
        "",
    ]
    lines += [*_keys(SELECTORS, {}), "", "## Precisions", ""]
    lines += [
        "| name | activations | weights | integers of a weight | alone: first and last layer |",
        "|---|---|---|---|---|",
    ]
    for name, precision in PRECISIONS.items():
        levels = TYPES[precision.weights].levels if precision.weights in TYPES else ()
        shown = ", ".join(map(str, levels)) if len(levels) <= 4 else f"{levels[0]} .. {levels[-1]}" if levels else ""
        shown = "1, 2, 4 .. 64 and their negatives" if name == "pow2" else shown
        edges = "int8" if precision.inner else ""
        lines.append(f"| `{name}` | {precision.activations} | {precision.weights} | {shown} | {edges} |")
    return "\n".join(lines) + "\n"


def _keys(meanings: Mapping[str, str], defaults: Mapping[str, str]) -> list[str]:
    rows = [f"| `{key}` | {defaults.get(key, '')} | {_cell(meaning)} |" for key, meaning in meanings.items()]
    return ["| key | default | meaning |", "|---|---|---|", *rows]


#: a declaration at the beginning of a line, with the comment right above it, if there is one
DECLARATION = re.compile(
    r"(?:/\*(?P<comment>(?:(?!\*/).)*)\*/\n)?(?P<code>^(?:static inline )?[\w ]+\*?\w+\([^)]*\)(?:;| \{))", re.M | re.S
)
#: a macro, with the comment behind it or right above
MACRO = re.compile(
    r"^(?:/\* (?P<above>[^\n]*) \*/\n)?#define (?P<name>\w+) (?P<value>.+?)(?: */\*(?P<comment>.*?)\*/)?$", re.M
)
ERROR = re.compile(r"^ *(?P<name>EQ_\w+) = (?P<value>\d+),? */\* (?P<comment>.*?) \*/", re.M)


C_API = f"""# The C interface

{MADE} The names are those of a network called `tiny`;
yours begin with the stem of your file's name. `TINY_ARENA_BYTES` is the memory that an instance needs, `TINY_LAYERS`
how many layers there are to poll.
Streams, texts and training have interfaces of their own beside this one: [speech.md](../speech.md#streams),
[encoder-decoder.md](../encoder-decoder.md), [device-training.md](../device-training.md#the-interface).
"""


def c_api(headers: Mapping[str, str]) -> str:
    """Functions and macros of generated headers (what a header is about -> its text), and the status codes."""
    lines = [f"{C_API.strip()}\n"]
    known: set[str] = set()
    for title, text in headers.items():
        macros = [match for match in MACRO.finditer(text) if match["name"] not in known]
        functions = [match for match in DECLARATION.finditer(text) if match["code"] not in known]
        known |= {match["name"] for match in macros} | {match["code"] for match in functions}
        lines += [f"## {title}", ""]
        if macros:
            lines += ["| macro | here | |", "|---|---|---|"]
            meanings = (_cell(match["comment"] or match["above"] or "") for match in macros)
            named = ((match["name"], match["value"].strip()) for match in macros)
            lines += [f"| `{name}` | `{value}` | {text} |" for (name, value), text in zip(named, meanings, strict=True)]
            lines.append("")
        for match in functions:
            comment = " ".join((match["comment"] or "").replace("\n *", " ").split())
            lines += [
                f"    {match['code'].removesuffix(' {').removesuffix(';')};",
                "",
                *([comment, ""] if comment else []),
            ]
    lines += ["## Status", "", "| `eq_status_t` | value | meaning |", "|---|---|---|"]
    types = (runtime_dir() / "include" / "eq_types.h").read_text(encoding="utf-8")
    lines += [f"| `{match['name']}` | {match['value']} | {match['comment']} |" for match in ERROR.finditer(types)]
    return "\n".join(lines) + "\n"
