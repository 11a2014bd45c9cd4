"""The layouts: where an ecosystem wants sources, headers and an example, and what it wants beside them.

A format is a folder of templates/integrate: its files are rendered to the paths of `Format.files`.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edgeq.board import Board
from edgeq.emit.env import render
from edgeq.errors import EdgeqError
from edgeq.firmware.target import target_folder
from edgeq.integrate.library import TEAM, Library


@dataclass(frozen=True)
class Format:
    """Folders of the library's parts, with {name} and {title} to be filled in, and path -> template of the rest.
    `without`: sources that the ecosystem has of its own; `packed`: also as a zip file of that name; `architectures`: of
    the boards that it is for."""

    what: str
    sources: str
    headers: str
    example: str
    files: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    packed: str = ""
    architectures: tuple[str, ...] = ("host", "cortex_m", "riscv")


FORMATS: Mapping[str, Format] = {
    "cmake": Format(
        "a CMake library with an example",
        "src",
        "include",
        "example",
        {"CMakeLists.txt": "cmake/CMakeLists.txt.j2", "example/main.c": "main.c.j2"},
    ),
    "zephyr": Format(
        "a Zephyr module with a sample",
        "src",
        "include",
        "samples/{name}/src",
        {
            "zephyr/module.yml": "zephyr/module.yml.j2",
            "CMakeLists.txt": "zephyr/CMakeLists.txt.j2",
            "Kconfig": "zephyr/Kconfig.j2",
            "samples/{name}/CMakeLists.txt": "zephyr/sample.txt.j2",
            "samples/{name}/prj.conf": "zephyr/prj.conf.j2",
            "samples/{name}/sample.yaml": "zephyr/sample.yaml.j2",
            "samples/{name}/src/main.c": "main.c.j2",
        },
    ),
    "arduino": Format(
        "an Arduino library with a sketch",
        "src",
        "src",
        "examples/{title}",
        {
            "library.properties": "arduino/library.properties.j2",
            "keywords.txt": "arduino/keywords.txt.j2",
            "examples/{title}/{title}.ino": "arduino/sketch.ino.j2",
        },
    ),
    "platformio": Format(
        "a PlatformIO library with an example",
        "src",
        "include",
        "examples/{name}/src",
        {
            "library.json": "platformio/library.json.j2",
            "examples/{name}/platformio.ini": "platformio/platformio.ini.j2",
            "examples/{name}/src/main.c": "main.c.j2",
        },
    ),
    "esp-idf": Format(
        "an ESP-IDF component with an example project",
        "src",
        "include",
        "examples/{name}/main",
        {
            "CMakeLists.txt": "esp-idf/CMakeLists.txt.j2",
            "idf_component.yml": "esp-idf/idf_component.yml.j2",
            "examples/{name}/CMakeLists.txt": "esp-idf/project.txt.j2",
            "examples/{name}/main/CMakeLists.txt": "esp-idf/main.txt.j2",
            "examples/{name}/main/app_main.c": "esp-idf/app_main.c.j2",
        },
        architectures=("host", "riscv"),
    ),
    "cmsis-pack": Format(
        "a CMSIS-Pack with a component and an example",
        "src",
        "include",
        "example",
        {"edgeq.{name}.pdsc": "cmsis-pack/pack.pdsc.j2", "example/main.c": "main.c.j2"},
        packed="edgeq.{name}.{version}.pack",
        architectures=("cortex_m",),
    ),
    "pmsis": Format(
        "an application for PULP and GAP with PMSIS",
        "src",
        "include",
        "src",
        {"Makefile": "pmsis/Makefile.j2", "src/main.c": "pmsis/main.c.j2", "src/eq_team_pmsis.c": "pmsis/team.c.j2"},
        without=(TEAM.name,),
        architectures=("riscv",),
    ),
}


def check(name: str, board: Board) -> None:
    """Raises EdgeqError where the format is not for the board."""
    architectures = FORMATS[name].architectures
    if board.arch not in architectures:
        raise EdgeqError(
            f"--format {name} is not for {board.name}, which is {board.arch}: it takes boards that are "
            f"{' or '.join(architectures)} ('edgeq boards' lists all), or choose another format"
        )


def write(library: Library, name: str, folder: Path) -> list[Path]:
    """Writes the library in the format into `folder`, which must not exist or be empty; all or nothing. Returns the
    files. Raises EdgeqError when it can't be written, and for boards that the format is not for."""
    for board in library.boards:
        check(name, board)
    with target_folder(folder) as working:
        try:
            _fill(library, FORMATS[name], working)
        except OSError as error:
            raise EdgeqError(f"{folder}: can't be written ({error.strerror})") from error
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _fill(library: Library, chosen: Format, folder: Path) -> None:
    places = {"name": library.name, "title": library.title, "version": library.version}
    sources = {name: text for name, text in library.sources.items() if name not in chosen.without}
    files = {f"{chosen.sources}/{name}": text for name, text in sources.items()}
    files |= {f"{chosen.headers}/{name}": text for name, text in library.headers.items()}
    examples = {f"{network.name}_example.c": network.example for network in library.networks}
    files |= {f"{chosen.example.format(**places)}/{name}": text for name, text in examples.items()}
    context = {
        "library": library,
        "format": chosen,
        "sources": [f"{chosen.sources}/{name}" for name in sources],
        "headers": [f"{chosen.headers}/{name}" for name in library.headers],
        "examples": list(examples),
    }
    for path, template in {**chosen.files, "README.md": "README.md.j2"}.items():
        files[path.format(**places)] = render(f"integrate/{template}", **context)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
    if chosen.packed:
        with zipfile.ZipFile(folder / chosen.packed.format(**places), "w", zipfile.ZIP_DEFLATED) as pack:
            for path in sorted(files):
                pack.write(folder / path, path)
