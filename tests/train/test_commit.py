"""A commit makes trained parameters the constants of the int8 inference model: the same bytes as the Python twin's, and
the outputs of its reference; a rollback brings the former ones back; what can't be committed changes nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq import pipeline, reference
from edgeq.accuracy import accuracy
from edgeq.firmware_folder import FirmwareFolder
from edgeq.ir.graph import Graph
from edgeq.lower.select import lower
from edgeq.quantize.data import Samples, quantize_inputs
from edgeq.quantize.recipe import load_recipe
from edgeq.train import commit, curve, derive, simulate
from edgeq.train.simulate import COMMIT, INFER, KEEP, ROLLBACK, STEP, Record
from tests.tools import require_board
from tests.train import networks
from tests.train.test_firmware import built, samples_of

BOARDS = ["host", *(pytest.param(name, marks=pytest.mark.qemu) for name in ("riscv-8core", "cortex-m4", "cortex-m55"))]
OK, PARAMETERS = 0, 7
LOOKS = 3
LOOK = [Record(INFER, index) for index in range(LOOKS)]
#: whole layers, shares of channels (one of them odd), biases alone
MIXED = "fp32,head,point,depthwise:0.5,strided:0.6,first:bias,momentum"


def committing(text: str, board: str, folder: Path) -> FirmwareFolder:
    graph = networks.small()
    integer = pipeline.quantize(graph, pipeline.random_samples(graph), load_recipe("int8"))
    return built(networks.derived(graph, text), board, folder, integer)


def image(firmware: FirmwareFolder, graph: Graph) -> bytes:
    """The constants of the trained layers of an inference model, as they lie in memory."""
    constants = {layer.node.name: layer.constants for layer in lower(graph, firmware.board).layers}
    known = firmware.manifest["training"]["commit"]
    memory = bytearray(known["bytes"])
    for field in known["fields"]:
        data = constants[field["layer"]][field["field"]].data.tobytes()
        assert len(data) == field["size_bytes"]
        memory[field["offset"] : field["offset"] + len(data)] = data
    return bytes(memory)


def outputs(graph: Graph, samples: Samples) -> np.ndarray:
    """What the reference makes of the samples that LOOK takes."""
    given = quantize_inputs(graph, samples.subset(np.arange(LOOKS)))
    return reference.run(graph, given)[graph.outputs[0]]


@pytest.mark.parametrize("board", BOARDS)
def test_a_commit_is_what_python_computes_and_a_rollback_undoes_it(board: str, tmp_path: Path) -> None:
    require_board(board)
    firmware = committing(MIXED, board, tmp_path / "train")
    samples, config = samples_of(firmware, 4), derive.configuration(lr=0.05, momentum=0.9)
    samples = Samples({name: array.astype(np.float32) for name, array in samples.inputs.items()}, samples.labels)
    steps = [Record(STEP, index % 4) for index in range(8)]
    records = [
        *LOOK,
        *steps,
        Record(COMMIT),
        *LOOK,
        Record(KEEP),
        *steps,
        Record(COMMIT),
        *LOOK,
        Record(ROLLBACK),
        *LOOK,
    ]
    made = simulate.run(firmware, samples, records, config)
    before, first, second, back = np.split(next(iter(made.inferred.values())), 4)
    built_with, twin = simulate.inference_graph(firmware), simulate.committed_graph(firmware, made.parameters)
    assert made.tuned == image(firmware, twin)
    assert np.array_equal(before, outputs(built_with, samples))
    assert np.array_equal(first, outputs(twin, samples))
    assert np.array_equal(back, first)
    assert not np.array_equal(before, first)
    assert not np.array_equal(second, first)
    undone = simulate.run(firmware, samples, [*steps, Record(COMMIT), *LOOK, Record(ROLLBACK), *LOOK], config)
    assert np.array_equal(next(iter(undone.inferred.values())), np.concatenate([first, before]))
    assert undone.tuned == image(firmware, built_with)


@pytest.fixture(scope="module")
def small_core(tmp_path_factory: pytest.TempPathFactory) -> FirmwareFolder:
    """On the core without floating point, whose fastest kernels would order weights by their values."""
    require_board("riscv-rv32imc")
    return committing("fp32,all,sgd", "riscv-rv32imc", tmp_path_factory.mktemp("commit") / "train")


@pytest.mark.qemu
def test_what_is_not_new_changes_no_byte_and_what_is_no_number_nothing(small_core: FirmwareFolder) -> None:
    """A commit of what the build has, and one of parameters that steps have driven to infinity."""
    samples, config = samples_of(small_core, LOOKS), derive.configuration(lr=3e38)
    steps = [Record(STEP, 0), Record(STEP, 0)]
    records = [*LOOK, Record(COMMIT), *LOOK, *steps, Record(COMMIT), *LOOK]
    made = simulate.run(small_core, samples, records, config, may_fail=True)
    graph = simulate.inference_graph(small_core)
    assert made.tuned == image(small_core, graph)
    assert np.array_equal(next(iter(made.inferred.values())), np.concatenate([outputs(graph, samples)] * 3))
    assert [row["status"] for row in made.rows if row["kind"] == COMMIT] == [OK, PARAMETERS]


@pytest.mark.qemu
def test_train_sim_judges_the_inference_model(small_core: FirmwareFolder) -> None:
    samples = samples_of(small_core, 3)
    assert samples.labels is not None
    found = curve.train(small_core, samples, samples, 3, 1, derive.configuration(lr=0.05)).committed
    graph = simulate.inference_graph(small_core)
    assert found is not None
    assert found.exact
    assert found.before == accuracy(outputs(graph, samples), samples.labels)
    assert found.after is not None
    refused = curve.train(small_core, samples, samples, 2, 1, derive.configuration(lr=3e38)).committed
    assert refused is not None
    assert (refused.before, refused.after, refused.exact) == (found.before, None, True)


@pytest.mark.parametrize(
    ("recipe", "why"),
    [("int4", "layer first has int4 weights, not int8"), ("fp16", "layer first computes in float16, not int8")],
)
def test_layers_that_are_not_int8_are_told(recipe: str, why: str) -> None:
    graph = networks.small()
    made = pipeline.quantize(graph, pipeline.random_samples(graph), load_recipe(recipe))
    found = commit.prepared(made, networks.derived(graph, "fp32,all,sgd").sources)
    assert found.obstacle == why
    assert found.graph is made
