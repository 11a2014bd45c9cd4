"""The one Jinja2 environment; all text of C is in templates/."""

from __future__ import annotations

import re
from functools import cache

import jinja2
import numpy as np

from edgeq.paths import templates_dir


def c_int(value: int) -> str:
    """An integer literal that is safe within any expression."""
    number = int(value)
    if number == -(2**31):
        return "(-2147483647 - 1)"
    return f"({number})" if number < 0 else str(number)


def c_array_text(data: np.ndarray, per_line: int = 24) -> str:
    """The elements of an integer or float32 array as lines of initializers."""
    if data.dtype == np.float32:
        values = [f"{c_float(value)}f" for value in data.reshape(-1).tolist()]
    else:
        values = [str(value) for value in data.reshape(-1).tolist()]
    if data.dtype == np.int32:
        values = ["INT32_MIN" if value == "-2147483648" else value for value in values]
    elif data.dtype == np.int64:
        values = ["INT64_MIN" if value == "-9223372036854775808" else f"{value}LL" for value in values]
    elif data.dtype == np.uint32:
        values = [f"{value}u" for value in values]
    lines = [", ".join(values[start : start + per_line]) for start in range(0, len(values), per_line)]
    return ",\n".join(f"  {line}" for line in lines)


def c_float(value: float) -> str:
    """A decimal literal (without suffix) that reads back as the nearest float32."""
    text = f"{float(np.float32(value)):.9g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


@cache
def environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates_dir()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=jinja2.select_autoescape(["html.j2"]),
    )
    env.filters["c_int"] = c_int
    env.filters["without_xcv"] = lambda flag: re.sub(r"_xcv[a-z]+", "", flag)
    env.tests["search"] = lambda text, part: part in text
    return env


def render(template: str, **context: object) -> str:
    return environment().get_template(template).render(**context)
