"""Every command of the documentation has options that exist, every file and link that it names is there."""

from __future__ import annotations

import argparse
import ast
import importlib
import re
import runpy
import sys
from pathlib import Path

import click
import pytest

from edgeq.cli import main
from tests.conftest import ROOT
from tests.docs.pages import PAGES, Command, blocks, commands, inline, text_of

#: folders whose names begin a path in the documentation
FOLDERS = ("boards", "docs", "edgeq", "examples", "runtime_c", "templates", "tests")
PATH = re.compile(rf"(?<![\w/.<>-])(?:{'|'.join(FOLDERS)})/[\w./*<>{{}}-]*[\w*>}}]")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\((?P<target>[^)\s]+)\)")
#: command within a group that is meant where none is named
USUAL = {"boards": "show"}
#: files that a walk makes on its way
MADE = {
    "CONTRIBUTING.md": {
        "boards/stm32f411.toml", "edgeq/ops/running_max.py", "runtime_c/include/eq_running_max.h",
        "runtime_c/src/running_max/eq_running_max_s8_scalar.c", "templates/ops/running_max.c.j2",
        "tests/ops/running_cases.py",
    },
}  # fmt: skip


class ParsedError(Exception):
    """The script has understood its arguments."""


def check_edgeq(command: Command) -> None:
    """By the parser of the command itself; nothing is run."""
    name, *arguments = command.words[1:]
    if name.startswith("-"):
        return
    assert name in main.commands, f"{command.where}: there is no edgeq {name}"
    found: click.Command = main.commands[name]
    try:
        while isinstance(found, click.Group):
            name = arguments.pop(0) if arguments and arguments[0] in found.commands else USUAL[name]
            found = found.commands[name]
        found.make_context(name, list(arguments))
    except click.exceptions.Exit:  # --help
        pass
    except click.UsageError as error:
        pytest.fail(f"{command.where}: {command.text}: {error.format_message()}")


@pytest.mark.parametrize("page", PAGES)
def test_edgeq_commands_parse(page: str) -> None:
    for command in commands(page):
        if command.words[0] == "edgeq" and len(command.words) > 1:
            check_edgeq(command)


def options_of(command: click.Command) -> set[str]:
    """Options of a command, and of those within it."""
    within = command.commands.values() if isinstance(command, click.Group) else ()
    return {option for item in command.params for option in item.opts}.union(*map(options_of, within))


@pytest.mark.parametrize("page", PAGES)
def test_options_named_in_sentences_exist(page: str) -> None:
    for command in inline(page):
        name = command.words[1]
        if not re.fullmatch(r"[a-z-]+", name):
            continue
        assert name in main.commands, f"{command.where}: there is no edgeq {name}"
        known = options_of(main.commands[name]) | {"--help"}
        used = {word.partition("=")[0] for word in command.words[2:] if re.match(r"--?[a-z]", word)}
        assert used <= known, f"{command.where}: {command.text}: {sorted(used - known)}"


def script_of(command: Command) -> tuple[Path, list[str]] | None:
    """The example that a command runs, and its arguments."""
    words = list(command.words)
    if Path(words[0]).name != "python":
        return None
    if words[1:2] == ["-m"] and words[2].startswith("examples."):
        return ROOT / f"{words[2].replace('.', '/')}.py", words[3:]
    return (ROOT / words[1], words[2:]) if len(words) > 1 and words[1].startswith("examples/") else None


SCRIPTS = [(command, *found) for page in PAGES for command in commands(page) if (found := script_of(command))]


def fresh_modules(folder: Path) -> set[str]:
    """Names of the modules beside an example, which those of other examples may have as well."""
    return {path.stem for path in folder.glob("*.py")}


@pytest.mark.parametrize(("command", "script", "arguments"), SCRIPTS, ids=[item[0].where for item in SCRIPTS])
def test_example_commands_parse(
    command: Command, script: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the script's own parser, which then goes no further."""
    parse = argparse.ArgumentParser.parse_args

    def parsed(self: argparse.ArgumentParser, *given: object, **further: object) -> None:
        parse(self, *given, **further)  # type: ignore[call-overload]
        raise ParsedError

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parsed)
    monkeypatch.setattr(click.Command, "invoke", lambda self, context: (_ for _ in ()).throw(ParsedError))
    monkeypatch.setattr(sys, "argv", [str(script), *arguments])
    monkeypatch.syspath_prepend(str(script.parent))
    saved = dict(sys.modules)
    for name in fresh_modules(script.parent):
        sys.modules.pop(name, None)
    try:
        runpy.run_path(str(script), run_name="__main__")
    except ParsedError:
        pass
    except SystemExit as ending:
        if ending.code not in (0, None):
            pytest.fail(f"{command.where}: {command.text}: exit {ending.code}")
    else:
        pytest.fail(f"{command.where}: {script.name} takes no arguments")
    finally:
        for name in fresh_modules(script.parent):
            sys.modules.pop(name, None)
            if name in saved:
                sys.modules[name] = saved[name]


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_are_python(page: str) -> None:
    """They parse, and what they import from edgeq exists."""
    for block in blocks(page):
        if block.kind != "python":
            continue
        tree = ast.parse(block.text, block.where)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("edgeq"):
                module = importlib.import_module(str(node.module))
                for name in node.names:
                    found = hasattr(module, name.name) or importlib.util.find_spec(f"{node.module}.{name.name}")
                    assert found, f"{block.where}: {node.module} has no {name.name}"


@pytest.mark.parametrize("page", PAGES)
def test_files_exist(page: str) -> None:
    """Paths within the checkout; <op> and the like stand for any name."""
    for match in PATH.finditer(text_of(page)):
        name = match.group()
        if name in MADE.get(page, ()):
            continue
        pattern = re.sub(r"<\w+>", "*", re.sub(r"\{\w+\}", "**/*", name))
        found = any(ROOT.glob(pattern)) if "*" in pattern else (ROOT / pattern).exists()
        assert found, f"{page}: {name} is not there"


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page: str) -> None:
    for match in LINK.finditer(re.sub(r"^```.*?^```", "", text_of(page), flags=re.M | re.S)):
        target, _, anchor = match["target"].partition("#")
        if target.startswith(("http:", "https:")):
            continue
        path = (ROOT / page).parent / target if target else ROOT / page
        assert path.exists(), f"{page}: link to {target}"
        assert not anchor or anchor in anchors(path), f"{page}: link to {match['target']}"
