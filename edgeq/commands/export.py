"""`edgeq export`: built networks as a library for another ecosystem."""

from __future__ import annotations

from pathlib import Path

import click

from edgeq.commands.common import emit_json

#: what --format takes; edgeq/integrate/formats.py says what each is
FORMATS = ("cmake", "zephyr", "arduino", "platformio", "esp-idf", "cmsis-pack", "pmsis")


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="FOLDER...")
@click.option("--format", "chosen", type=click.Choice(FORMATS), required=True, help="The ecosystem.")
@click.option("-o", "--output", "target", metavar="DIR", help="Folder to make (default: out/<name>-<format>).")
@click.option("--name", help="Of the library (default: the first network's).")
@click.option("--json", "as_json", is_flag=True)
def export(folders: tuple[str, ...], chosen: str, target: str | None, name: str | None, as_json: bool) -> None:
    """Write one or several built networks as a library for another ecosystem."""
    from edgeq.integrate import formats, library

    made = library.collect([Path(folder) for folder in folders], name)
    folder = Path(target) if target else Path("out") / f"{made.name}-{chosen}"
    files = formats.write(made, chosen, folder)
    if as_json:
        names = [str(path.relative_to(folder)) for path in files]
        emit_json(
            {"format": chosen, "folder": str(folder), "networks": [n.name for n in made.networks], "files": names}
        )
        return
    click.echo(f"{folder}: {formats.FORMATS[chosen].what}, {len(files)} files")
