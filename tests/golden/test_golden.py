"""Texts that people read, kept as files: the graph and the generated C of a tiny network.

`pytest tests/golden --update-golden` rewrites them; look at the diff before you commit it.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions, emit
from edgeq.frontend.importer import Importer
from edgeq.ir.dump import dump
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.passes import canonicalize
from edgeq.plan.arena import plan
from edgeq.quantize.convert import to_integer

FOLDER = Path(__file__).parent / "tiny"
CONV = {"kernel": (3, 3), "stride": (1, 1), "padding": (1, 1, 1, 1), "dilation": (1, 1)}
FILES = ("tiny.h", "tiny.c", "tiny_arena.h", "tiny_weights.h", "tiny_float.h", "Makefile", "README.md")


def tiny() -> Graph:
    """conv + relu, a depthwise residual, mean, linear, softmax; weights from a formula, so that no library matters."""

    def ramp(*shape: int) -> np.ndarray:
        return ((np.arange(np.prod(shape)) * 37 % 101 - 50) / 100).reshape(shape).astype(np.float32)

    importer = Importer("tiny")
    x = importer.input("x", (1, 3, 6, 5))
    importer.begin_call("stem", "", ())
    stem = importer.add(
        "conv2d", [importer.channels_last(x), importer.constant(ramp(4, 3, 3, 3)), importer.constant(ramp(4))], CONV
    )
    importer.begin_call("relu", "", ())
    relu = importer.add("clamp", [importer.channels_first(stem)], {"min": 0.0, "max": None})
    importer.begin_call("deep", "", ())
    weights = [importer.constant(ramp(3, 3, 4)), importer.constant(ramp(4))]
    deep = importer.add("dwconv2d", [importer.channels_last(relu), *weights], CONV)
    importer.begin_call("join", "", ())
    joined = importer.add("add", [importer.channels_first(deep), relu], {})
    importer.begin_call("pool", "", ())
    pooled = importer.reshape(
        importer.channels_first(importer.add("mean", [importer.channels_last(joined)], {})), (1, 4)
    )
    importer.begin_call("head", "", ())
    logits = importer.add("linear", [pooled, importer.constant(ramp(3, 4)), importer.constant(ramp(3))], {})
    importer.begin_call("softmax", "", ())
    return importer.finish([importer.add("softmax", [logits], {})])


def tiny_integer() -> Graph:
    graph = canonicalize(tiny())
    return to_integer(graph, {name: (-1.0, 2.0) for name, tensor in graph.tensors.items() if not tensor.is_constant})


def check(name: str, text: str, update: bool) -> None:
    path = FOLDER / name
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} changed; --update-golden if that is meant"


def test_graphs(request: pytest.FixtureRequest) -> None:
    update = request.config.getoption("--update-golden")
    check("float.txt", dump(canonicalize(tiny())), update)
    check("integer.txt", dump(tiny_integer()), update)


def test_generated_code(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    board = dataclasses.replace(load_board("cortex-m4"), isa=("scalar",))
    program = lower(tiny_integer(), board)
    emit(program, plan(program), tmp_path, EmitOptions("speed", "int8", {"file": "tiny", "sha256": ""}))
    for name in FILES:
        check(name, (tmp_path / name).read_text(encoding="utf-8"), request.config.getoption("--update-golden"))
