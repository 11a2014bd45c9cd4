"""Fixtures shared by all tests: the example models, imported and quantized once a process."""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edgeq import pipeline, worker
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, load_samples
from edgeq.quantize.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"
#: has a model's framework run in a process of its own
ASK = worker.ask

# A process a core is what `pytest -n` starts: threads of PyTorch's would wait for one another's core.
os.environ.setdefault("OMP_NUM_THREADS", "1")


def _ask_here(module: str, request: Mapping[str, Any], folder: Path, *_: object) -> None:
    """What a worker's process does, without one."""
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as here:
        warnings.simplefilter("ignore")
        here.setattr(sys, "path", [*sys.path])
        importlib.import_module(module).run(json.loads(json.dumps(request)), folder)


@pytest.fixture(scope="session", autouse=True)
def frameworks_here() -> Iterator[None]:
    """Models are imported and compared with in the tests' process, where PyTorch is loaded once, not for each."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "ask", _ask_here)
        yield


@pytest.fixture
def frameworks_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are imported and compared with in processes of their own, as the commands do."""
    monkeypatch.setattr(worker, "ask", ASK)


@pytest.fixture(scope="session")
def kws_float() -> Graph:
    return pipeline.import_model(ModelSource(EXAMPLES / "kws" / "kws.pt2"))


@pytest.fixture(scope="session")
def kws_samples(kws_float: Graph) -> Samples:
    return load_samples(EXAMPLES / "kws" / "demo.npz", kws_float, "--eval")


@pytest.fixture(scope="session")
def kws_integer(kws_float: Graph) -> Graph:
    calibration = load_samples(EXAMPLES / "kws" / "demo_calib.npz", kws_float, "--calib")
    return pipeline.quantize(kws_float, calibration, Recipe())


@pytest.fixture(scope="session")
def resnet8_float() -> Graph:
    return pipeline.import_model(ModelSource(EXAMPLES / "resnet8" / "resnet8.pt2"))


@pytest.fixture(scope="session")
def resnet8_samples(resnet8_float: Graph) -> Samples:
    return load_samples(EXAMPLES / "resnet8" / "demo.npz", resnet8_float, "--calib")


@pytest.fixture(scope="session")
def resnet8_integer(resnet8_float: Graph, resnet8_samples: Samples) -> Graph:
    return pipeline.quantize(resnet8_float, resnet8_samples.evenly(64), Recipe())


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the files under tests/golden")
