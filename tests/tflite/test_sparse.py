"""Sparse constants that contradict themselves or claim to be large end in a sentence; weights need no DENSIFY."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import reference
from edgeq.errors import EdgeqError
from edgeq.frontend.tflite import program
from edgeq.passes import canonicalize
from tests.tflite.sparse_cases import stored_sparsely
from tests.tflite.writer import Network


def layer(folder: Path, sparsity: dict[str, Any], values: np.ndarray, shape: tuple[int, ...]) -> Path:
    """A FULLY_CONNECTED layer of sparse float weights."""
    network = Network()
    x, weights = network.input((1, shape[1]), "float32"), network.tensor(shape, "float32", data=values)
    network.tensors[weights]["sparsity"] = sparsity
    y = network.tensor((1, shape[0]), "float32")
    options = {"fused_activation_function": 0, "keep_num_dims": False}
    network.operator("FULLY_CONNECTED", [x, weights, -1], [y], "FullyConnectedOptions", **options)
    network.outputs.append(y)
    path = folder / "sparse.tflite"
    path.write_bytes(network.bytes())
    return path


def test_sparse_weights(tmp_path: Path) -> None:
    """Blocks of 1 x 4, which TensorFlow Lite's sparse kernels of this layer know."""
    dense = np.float32(np.arange(64).reshape(4, 16) * ((np.arange(64) // 4) % 3 == 1).reshape(4, 16))
    sparsity, values = stored_sparsely(dense, [0, 1, 2], {1: 4}, [False, True, False])
    assert values.size < dense.size
    graph = canonicalize(program.load(layer(tmp_path, sparsity, values, dense.shape)))
    made = reference.run(graph, {graph.inputs[0]: np.eye(16, dtype=np.float32)})[graph.outputs[0]]
    np.testing.assert_array_equal(made, dense.T)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"traversal_order": [0, 0]}, "levels of the axes"),
        ({"block_map": [0]}, "levels of the axes"),
        ({"dense_size": 3}, "with a level of 3 for an axis of 2"),
        ({"array_segments": {"values": np.array([0, 1], np.int32)}}, "with 2 segments for 2 nodes"),
        ({"array_segments": {"values": np.array([0, 5, 1], np.int32)}}, "with segments outside"),
        ({"array_indices": {"values": np.array([0, 9], np.int32)}}, "with an index outside an axis of 3"),
        ({"array_indices_type": 0}, "without array_indices"),
    ],
)
def test_damaged(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    sparsity, values = stored_sparsely(np.eye(2, 3, dtype=np.float32), [0, 1], {}, [False, True])
    (key,) = change
    part = sparsity if key in sparsity else sparsity["dim_metadata"][0 if key == "dense_size" else 1]
    part.update(change)
    with pytest.raises(EdgeqError, match=message):
        program.load(layer(tmp_path, sparsity, values, (2, 3)))


def test_hardly_anything_stored(tmp_path: Path) -> None:
    sparsity, values = stored_sparsely(np.eye(1, (1 << 16) + 1, dtype=np.float32), [0, 1], {}, [False, True])
    with pytest.raises(EdgeqError, match="at most 100 elements for each"):
        program.load(layer(tmp_path, sparsity, values, (1, (1 << 16) + 1)))
