"""Names in the generated C: unique, legal, and clear of what C and the board's files already use."""

from __future__ import annotations

from collections.abc import Iterable

from edgeq.frontend.importer import identifier

#: a model of this name would hide a header, a keyword or a generated file
_RESERVED = frozenset(
    """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while
    main arena weights model runtime board simulation build makefile readme manifest report
    assert complex ctype errno fenv inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic stdbool
    int8 int16 int32 int64 uint8 uint16 uint32 uint64 intptr uintptr intmax uintmax size ssize ptrdiff div ldiv off
    clock max_align int_fast8 int_least8 word request span eq_status eq_range
    stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype eq
    """.split()  # noqa: SIM905
)


def model_name(graph_name: str) -> str:
    """The prefix of everything that the model's C exports, and the stem of its files."""
    name = identifier(graph_name)
    return f"{name}_net" if name in _RESERVED or name.startswith("eq_") else name


def unique_identifiers(names: Iterable[str]) -> dict[str, str]:
    """name -> identifier; no two are equal, not even in another case (they also become macros)."""
    taken: set[str] = set()
    result = {}
    for name in names:
        base = candidate = identifier(name)
        number = 1
        while candidate.upper() in taken:
            number += 1
            candidate = f"{base}_{number}"
        taken.add(candidate.upper())
        result[name] = candidate
    return result
