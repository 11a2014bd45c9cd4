"""`edgeq report`: what a build costs, said again; or two builds side by side."""

from __future__ import annotations

from pathlib import Path

import click

from edgeq.commands.common import emit_json, json_option, stdout
from edgeq.errors import EdgeqError


@click.command()
@click.argument("folder")
@click.argument("other", required=False)
@click.option("--html", "page", metavar="FILE", help="Also write the comparison as a page.")
@json_option
def report(folder: str, other: str | None, page: str | None, as_json: bool) -> None:
    """Show the report of a build again, or compare it with that of OTHER."""
    from edgeq import api
    from edgeq.reports import builds, terminal

    compared = api.report(folder, other)
    if not isinstance(compared, builds.Builds):
        if page:
            raise EdgeqError(f"--html: the page of one build is {Path(folder) / 'report.html'}; give two to compare")
        if as_json:
            emit_json(compared)
        else:
            terminal.print_build(compared, folder, stdout())
        return
    if page:
        builds.write(compared, Path(page))
    if as_json:
        emit_json(compared.as_json())
    else:
        builds.show(compared, stdout())
