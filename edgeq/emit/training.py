"""The files round a training step: the public interface <network>_train, the inference model that takes what was
trained, the application, and the harness that trains."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from edgeq.emit.commit import commit_context
from edgeq.emit.context import c_type
from edgeq.emit.firmware import Wrapping
from edgeq.emit.names import model_name
from edgeq.ir.graph import Graph
from edgeq.lower.program import Program
from edgeq.ops import step_control
from edgeq.ops.float_types import FLOAT16
from edgeq.plan.arena import Plan
from edgeq.train import derive
from edgeq.train.commit import Commit
from edgeq.train.derive import TrainingGraph

#: of the generated interface and of the checkpoints' content
ABI = 1


@dataclass(frozen=True, eq=False)
class Beside:
    """The inference model that a training step commits to, or why there is none (Commit.obstacle)."""

    commit: Commit
    program: Program
    plan: Plan

    @property
    def taking(self) -> Program | None:
        """The program whose layers take trained parameters."""
        return None if self.commit.obstacle else self.program


def wrapping(training: TrainingGraph, network: str, beside: Beside) -> Wrapping:
    """Of a training step whose network has that name."""
    name = f"{model_name(network)}_train"
    templates = {
        f"{name}.h": "train/train.h.j2",
        f"{name}.c": "train/train.c.j2",
        "main.c": "train/main.c.j2",
        "simulation/sim_train.c": "train/sim_train.c.j2",
    }
    sources, runtime = [f"{name}.c"], ["src/checkpoint/eq_checkpoint.c"]
    headers = ["eq_checkpoint.h", "eq_step_control.h", "eq_memory.h"]
    if beside.taking:
        templates[f"{name}_commit.c"] = "train/commit.c.j2"
        sources.append(f"{name}_commit.c")
        runtime.append("src/tune/eq_tune.c")
        headers.append("eq_tune.h")
    return Wrapping(
        kind="training",
        seen_as="train",
        templates=templates,
        sources=tuple(sources),
        runtime=tuple(runtime),
        headers=tuple(headers),
        program="simulation/sim_train.c",
        context=lambda model, inference: _context(training, network, name, model, beside, inference),
        beside=(beside.program, beside.plan) if beside.taking else None,
    )


def identity(training: TrainingGraph) -> bytes:
    """SHA-256 of what a checkpoint of this network fits: names, shapes and first values of everything kept."""
    digest = hashlib.sha256()
    for state in training.graph.states:
        tensor = training.graph.tensor(state.start)
        digest.update(f"{state.start} {state.memory} {tensor.dtype} {tensor.shape};".encode())
        if state.initial is not None:
            digest.update(training.graph.constant(state.initial).tobytes())
    return digest.digest()


def _context(
    training: TrainingGraph,
    network: str,
    name: str,
    model: dict[str, Any],
    beside: Beside,
    inference: dict[str, Any] | None,
) -> dict[str, Any]:
    graph, spec = training.graph, training.spec
    output = graph.tensor(graph.outputs[0])
    classifies = spec.loss == "cross_entropy"
    own = [port for port in model["inputs"] if port["tensor"] not in (derive.TARGET, derive.CONFIG)]
    inputs = [
        {**port, "step_suffix": port["suffix"], "suffix": "input" if len(own) == 1 else port["suffix"]} for port in own
    ]
    forward = _layers_of_forward(training, model)
    return {
        "name": name,
        "upper": name.upper(),
        "network": model_name(network),
        "summary": spec.summary,
        "abi": ABI,
        "hash": list(identity(training)),
        "samples": spec.samples,
        "optimizer": spec.optimizer,
        "classifies": classifies,
        "inputs": inputs,
        "outputs": output.elements,
        "output_type": c_type(output.dtype),
        "load": "eq_f16_load" if output.dtype == FLOAT16 else "eq_f32_load",
        "target_type": "uint32_t target" if classifies else "const float *target",
        "forward_layers": forward,
        "flags": {"updated": step_control.UPDATED, "skipped": step_control.SKIPPED, "clipped": step_control.CLIPPED},
        "places": _places(graph, model),
        "obstacle": beside.commit.obstacle,
        "commit": None if inference is None else commit_context(graph, beside.commit, beside.program, model, inference),
        "manifest": {
            "interface": name,
            "spec": {
                "precision": spec.precision,
                "trainable": list(spec.trainable),
                "loss": spec.loss,
                "optimizer": spec.optimizer,
                "samples": spec.samples,
                "batch_norm": spec.batch_norm,
            },
            "forward_layers": forward,
            "memories": {memory["name"]: memory["bytes"] for memory in model["memories"]},
            "parameters": dict(training.parameters),
            "commit": _commit_manifest(beside, inference),
        },
    }


def _commit_manifest(beside: Beside, inference: dict[str, Any] | None) -> dict[str, Any]:
    """What tells of the trained constants of the inference model: their bytes, where each lies, what it comes from."""
    if inference is None:
        return {"obstacle": beside.commit.obstacle}
    return {
        "obstacle": "",
        "bytes": inference["tuned_bytes"],
        "fields": [
            {key: item[key] for key in ("layer", "field", "offset", "size_bytes")} for item in inference["tuned"]
        ],
        "sources": {layer: vars(source) for layer, source in beside.commit.sources.items()},
    }


def _layers_of_forward(training: TrainingGraph, model: dict[str, Any]) -> int:
    """Layers up to the loss, which comes last of them."""
    loss = next(node for node in training.graph.nodes if node.outputs[0] == training.graph.outputs[1])
    keys = [layer["node"] for layer in model["layers"]]
    return keys.index(loss.name) + 1


def _places(graph: Graph, model: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the interface reads and writes itself."""
    rows = {row["name"]: row for row in model["tensors"]}
    end = next(state.end for state in graph.states if state.start == derive.PROGRESS)
    names = {
        "target": derive.TARGET,
        "config": derive.CONFIG,
        "output": graph.outputs[0],
        "loss": graph.outputs[1],
        "control": graph.outputs[2],
        "progress": end,
    }
    return {
        key: {
            "macro": rows[name]["macro"],
            "memory": rows[name]["memory"],
            "c_type": c_type(graph.tensor(name).dtype),
        }
        for key, name in names.items()
    }
