"""Fixtures shared by all tests: the example models, imported and quantized once a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq import pipeline
from edgeq.frontend.load import ModelSource
from edgeq.ir.graph import Graph
from edgeq.quantize.data import Samples, load_samples
from edgeq.quantize.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


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
