"""What the documentation holds: blocks, commands, links, names of files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tests.conftest import ROOT

#: pages that are read by people; those of docs/reference are made from the code and hold no commands to run
PAGES = tuple(
    sorted(
        path.relative_to(ROOT).as_posix()
        for path in (
            ROOT / "README.md",
            ROOT / "CONTRIBUTING.md",
            *(ROOT / "docs").rglob("*.md"),
            *(ROOT / "examples").glob("*/README.md"),
        )
    )
)
#: first words of commands
PROGRAMS = ("edgeq", "python", "pytest", "make", "cmake", "pip")
FENCE = re.compile(r"^(?P<indent> *)```(?P<kind>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S)
#: what stands before a block that is a file
NAMED = re.compile(r"\bas\s+`(?P<name>[\w./-]+)`:?\s*$")


@dataclass(frozen=True)
class Block:
    """A block of a page; `kind`: sh, python, .. or "" where it says nothing, `file`: what it is to be saved as."""

    page: str
    line: int
    kind: str
    text: str
    file: str | None = None

    @property
    def where(self) -> str:
        return f"{self.page}:{self.line}"


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    """Fenced and indented blocks, in their order."""
    text = text_of(page)
    found = []
    for match in FENCE.finditer(text):
        named = NAMED.search(text[: match.start()])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["kind"], match["text"], named["name"] if named else None))
    prose = FENCE.sub(lambda match: re.sub(r"[^\n]", "", match.group()), text)
    for match in re.finditer(r"(?:^ {4,}\S.*\n?|(?<=\n)\n(?= {4,}\S))+", prose, re.M):
        line = prose.count("\n", 0, match.start()) + 1
        lines = [part[4:] for part in match.group().splitlines()]
        if not is_listed(prose, match.start()):
            found.append(Block(page, line, "", "\n".join(lines) + "\n"))
    return sorted(found, key=lambda block: block.line)


def is_listed(prose: str, at: int) -> bool:
    """Whether an indented block is the rest of a list's item."""
    before = prose[:at].rstrip("\n").rsplit("\n", 1)[-1]
    return before.startswith(("- ", "1. ", "  ", "* ")) and not before.startswith("    ")


@dataclass(frozen=True)
class Command:
    """A command line in its words, without what it is compared or joined with by the shell."""

    where: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        return shlex.join(self.words)


def lines_of(block: Block) -> Iterator[str]:
    """The block's lines of shell, continued ones joined; in blocks of no kind those that begin with a program."""
    if block.kind not in ("", "sh"):
        return
    for line in block.text.replace("\\\n", " ").splitlines():
        if line.strip() and (block.kind == "sh" or line.split()[0] in PROGRAMS):
            yield line


def commands(page: str) -> list[Command]:
    """All command lines of a page's blocks."""
    found = []
    for block in blocks(page):
        for line in lines_of(block):
            found += [Command(block.where, words) for words in parts(line)]
    return found


def parts(line: str) -> list[tuple[str, ...]]:
    """The words of each command of a line that joins several with ;, && or ||."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";|&")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    for word in lexer:
        if set(word) <= set(";|&"):
            found.append([])
        else:
            found[-1].append(word)
    return [tuple(words) for words in found if words]


def inline(page: str) -> list[Command]:
    """Commands of edgeq within a sentence, which may leave arguments out."""
    prose = FENCE.sub("", text_of(page))
    found = []
    for match in re.finditer(r"`(edgeq [a-z][^`]*)`", prose):
        line = prose.count("\n", 0, match.start()) + 1
        try:
            words = shlex.split(match[1].replace("\n", " "))
        except ValueError:
            continue
        found.append(Command(f"{page} (about line {line})", tuple(words)))
    return found
