"""`edgeq boards`: the boards there are, one board's facts, and new board files."""

from __future__ import annotations

from pathlib import Path

import click

from edgeq.commands.common import emit_json, json_option
from edgeq.errors import EdgeqError


class _Boards(click.Group):
    """`edgeq boards [NAME]` is `edgeq boards show [NAME]`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {*self.commands, *self.get_help_option_names(ctx)}
        return super().parse_args(ctx, args if args and args[0] in known else ["show", *args])


@click.group(cls=_Boards)
def boards() -> None:
    """List the boards, show one (edgeq boards NAME), or write the file of a new one (edgeq boards new)."""


@boards.command()
@click.argument("name", required=False)
@json_option
def show(name: str | None, as_json: bool) -> None:
    """List the boards, or show one."""
    from dataclasses import asdict

    from edgeq import api

    found = api.boards(name)
    if as_json:
        emit_json([asdict(board) for board in found])
        return
    for board in found:
        click.echo(f"{board.name:14} {board.description}")
        if name:
            for region, memory in board.memory.items():
                where = f", {memory.simulated:#010x} in the simulator" if memory.simulated != memory.origin else ""
                click.echo(f"  {region:11} {memory.length:>10,} bytes at {memory.origin:#010x}{where}")
            click.echo(f"  cores       {board.cores}, {board.clock_hz / 1e6:g} MHz, kernels: {', '.join(board.isa)}")
            click.echo(f"  compiler    {board.toolchain.compiler} {' '.join(board.toolchain.flags)}")
            click.echo(f"  simulator   {' '.join(board.simulator.command) or 'none: runs natively'}")
            if board.simulator.renode:
                renode = board.simulator.renode
                click.echo(f"  in Renode   {renode.cpu or f'not: {renode.refused}'}")
            click.echo(f"  cycles      estimated; {board.cost.source}. {board.cost.notes}")


#: key of a memory option -> its region, and whether it is an address
_MEMORY_OPTIONS = {
    "flash": ("flash", False),
    "ram": ("ram", False),
    "flash_origin": ("flash", True),
    "ram_origin": ("ram", True),
}


@boards.command()
@click.option("--name", metavar="NAME", help="The new board's name, and its file's.")
@click.option("--from", "base", metavar="BOARD", help="The board with the core of the new one; see edgeq boards.")
@click.option("--flash", metavar="SIZE", help="Its flash: bytes, 512KB, 1MB (K is 1024).")
@click.option("--ram", metavar="SIZE", help="Its RAM.")
@click.option("--flash-origin", metavar="ADDRESS", help="Where its flash begins (0x08000000).")
@click.option("--ram-origin", metavar="ADDRESS", help="Where its RAM begins.")
@click.option("--clock", metavar="HZ", help="Its clock: Hz, 80MHz.")
@click.option("--stack", metavar="SIZE", help="Bytes of each core's stack.")
@click.option("--description", metavar="TEXT", help="One line about it.")
@click.option("--folder", metavar="DIR", default=".", help="Where the file is written (here).")
def new(folder: str, **options: str | None) -> None:
    """Write the file of a new board that has a core like another one's: from options (what is left out is as there), or
    without any from answers to questions."""
    from edgeq import board_files
    from edgeq.board import load_board

    if not any(options.values()):
        options = _asked()
    for key, option in (("name", "--name"), ("base", "--from")):
        if not options[key]:
            raise EdgeqError(f"{option} is missing: a new board needs a name and a board to start from")
    base = load_board(options["base"] or "")
    lengths: dict[str, int | None] = {}
    origins: dict[str, int | None] = {}
    for key, (region, is_address) in _MEMORY_OPTIONS.items():
        text = options[key]
        if text:
            (origins if is_address else lengths)[region] = board_files.size(text, f"--{key.replace('_', '-')}")
    clock, stack = options["clock"], options["stack"]
    part = board_files.Part(
        options["name"] or "",
        options["description"],
        board_files.clock(clock, "--clock") if clock else None,
        board_files.size(stack, "--stack") if stack else None,
        lengths,
        origins,
    )
    path = board_files.write(base, part, Path(folder))
    board = load_board(path)
    for region in ("flash", "ram"):
        click.echo(f"{region:6} {board.memory[region].length:>10,} bytes at {board.memory[region].origin:#010x}")
    click.echo(f"clock  {board.clock_hz:>10,} Hz")
    click.echo(f"written to {path}: edgeq build MODEL --board {path}")


def _asked() -> dict[str, str | None]:
    """The options from questions, each with the other board's value as its answer."""
    from edgeq.board import list_boards, load_board

    try:
        name = click.prompt("Name of the new board")
        base = load_board(click.prompt("Board with the same core", type=click.Choice(list_boards()), show_choices=True))
        answers: dict[str, str | None] = {"name": name, "base": base.name}
        for key, (region, is_address) in _MEMORY_OPTIONS.items():
            if region not in base.memory:
                continue
            memory = base.memory[region]
            asked = f"Where its {region} begins" if is_address else f"Size of its {region} (bytes, KB, MB; K is 1024)"
            value = f"{memory.origin:#010x}" if is_address else f"{memory.length // 1024}KB"
            answers[key] = click.prompt(asked, default=value)
        answers["clock"] = click.prompt("Clock", default=f"{base.clock_hz / 1e6:g}MHz")
        answers["stack"] = click.prompt("Bytes of each core's stack", default=str(base.stack_bytes))
        answers["description"] = click.prompt("One line about it", default="", show_default=False) or None
    except click.Abort as error:
        raise EdgeqError("the questions were not answered; give --name, --from and what differs instead") from error
    return answers
