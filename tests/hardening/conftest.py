"""Generated networks of every kind, for the host with its sanitizers: inference, a stream, a training step."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgeq import pipeline
from edgeq.board import load_board
from edgeq.emit.firmware import EmitOptions
from edgeq.emit.streaming import wrapping
from edgeq.firmware_folder import FirmwareFolder, open_folder
from edgeq.quantize.recipe import Recipe
from edgeq.stream.graph import streaming
from edgeq.stream.rule import parse
from tests.golden.test_golden import tiny_integer
from tests.stream import networks as stream_networks
from tests.tools import require_board
from tests.train import networks as train_networks
from tests.train.test_firmware import built


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FirmwareFolder]:
    """Kind -> folder, with its objects in build/model."""
    require_board("host")
    folder, host = tmp_path_factory.mktemp("generated"), load_board("host")
    plain = EmitOptions("speed", "int8", {"file": "x", "sha256": ""})
    pipeline.generate(tiny_integer(), host, folder / "inference", plain)
    heard = stream_networks.saved(stream_networks.Spotter(), folder / "spotter.pt2")
    stream = streaming(stream_networks.integer(heard))
    around = wrapping(stream, parse("average=2,threshold=0.3,hold=1"))
    pipeline.generate(stream.graph, host, folder / "stream", EmitOptions("speed", "int8", plain.source, around))
    small = train_networks.small()
    integer = pipeline.quantize(small, pipeline.random_samples(small), Recipe())
    built(train_networks.derived(small, "fp32,all,adam,batch:2"), "host", folder / "training", integer)
    return {kind: open_folder(folder / kind) for kind in ("inference", "stream", "training")}


@pytest.fixture(scope="session")
def here() -> Path:
    return Path(__file__).parent
