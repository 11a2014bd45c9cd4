"""`edgeq export`: built networks as a library for another ecosystem."""

from __future__ import annotations

import click

from edgeq.commands.common import emit_json, json_option

#: what --format takes; edgeq/integrate/formats.py says what each is
FORMATS = ("cmake", "zephyr", "arduino", "platformio", "esp-idf", "cmsis-pack", "pmsis")


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--format", "chosen", type=click.Choice(FORMATS), required=True, help="The ecosystem.")
@click.option("-o", "--output", "target", metavar="DIR", help="Folder to make (default: out/<name>-<format>).")
@click.option("--name", help="Of the library (default: the first network's).")
@json_option
def export(folders: tuple[str, ...], chosen: str, target: str | None, name: str | None, as_json: bool) -> None:
    """Write one or several built networks as a library for another ecosystem."""
    from edgeq import api
    from edgeq.integrate import formats

    made = api.export(folders, chosen, target, name=name)
    if as_json:
        emit_json(made.as_json())
        return
    click.echo(f"{made.folder}: {formats.FORMATS[chosen].what}, {len(made.files)} files")
