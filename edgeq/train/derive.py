"""Forward graph -> the graph of one training step: forward part, loss, backward part, updates.

It is a graph like any other, with states: parameters, what the optimizer remembers, and the progress. So one reference,
one planner and one emitter serve inference and training. Inputs: the model's, `target`, `config`; outputs: the
network's output, `loss`, `control`. The forward part comes first, so that running it alone evaluates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Boundary, Graph, Node, Quantization, State, Tensor, constant
from edgeq.ops import batch_norm, step_control
from edgeq.ops.float_types import FLOAT16, FLOAT32, quantization
from edgeq.train import batch_norms
from edgeq.train.spec import Spec
from edgeq.train.tape import Tape, Trained, require_floats
from edgeq.train.trainable import BIAS_AT, WEIGHTS_AT, Choice

TARGET, CONFIG, LOSS, CONTROL, PROGRESS = "target", "config", "loss", "control", "progress"
#: memory of the caller
PARAMETERS, OPTIMIZER = "parameters", "optimizer"
#: what optimizers remember of a parameter
REMEMBERED: Mapping[str, tuple[str, ...]] = {"sgd": (), "momentum": ("velocity",), "adam": ("mean", "square")}
OPERATORS = {"sgd": "sgd", "momentum": "sgd", "adam": "adam"}
#: where dynamic loss scaling begins
FIRST_SCALE = 1024.0


@dataclass(frozen=True)
class Source:
    """The parameters that a layer's constants come from, by name: of its weights or its gain, and of its bias; what is
    not trained has none."""

    weights: str
    bias: str


@dataclass(frozen=True, eq=False)
class TrainingGraph:
    """`graph`: one step. `parameters`: state -> layer that it belongs to. `forward`: how many nodes evaluate, the loss
    included. `spec`: what it was derived from. `sources`: layer with trained parameters -> which."""

    graph: Graph
    parameters: Mapping[str, str]
    forward: int
    spec: Spec
    sources: Mapping[str, Source]


def derive(source: Graph, lowered: Graph, chosen: Mapping[str, Choice], spec: Spec) -> TrainingGraph:
    """The training step of a network.

    `source`: the float graph whose layers and constants `lowered` has in the types of the firmware. `chosen`: layer ->
    what of it is trained. Raises EdgeqError where a trained layer, or one behind it, computes in integers or has no
    gradient rule.
    """
    return _Derivation(source, lowered, chosen, spec).made()


class _Derivation:
    def __init__(self, source: Graph, lowered: Graph, chosen: Mapping[str, Choice], spec: Spec) -> None:
        if lowered.states:
            raise EdgeqError(f"the model {lowered.name} keeps a state between inferences and can't be trained")
        if len(lowered.outputs) != 1:
            raise EdgeqError(f"the model {lowered.name} has {len(lowered.outputs)} outputs; one can be trained for")
        self.spec, self.chosen = spec, chosen
        self.forward = _without_softmax(lowered) if spec.loss == "cross_entropy" else lowered
        self.states: list[State] = []
        self.extra: dict[str, Tensor] = {}
        self.decays: dict[str, bool] = {}
        self.sources: dict[str, Source] = {}
        self.trained = self._parameters(source)
        self.tape = Tape(
            replace(self.forward, tensors=MappingProxyType({**self.forward.tensors, **self.extra})), self.trained
        )

    def _state(self, name: str, shape: tuple[int, ...], memory: str, initial: np.ndarray | None = None) -> None:
        """A state whose end is named when its maker is known."""
        self.extra[name] = Tensor(name, shape, FLOAT32, quantization(FLOAT32))
        start = None
        if initial is not None:
            start = f"{name}.initial"
            self.extra[start] = constant(start, initial.astype(np.float32).reshape(shape), quantization(FLOAT32))
        self.states.append(State(name, "", None, start, memory))

    def _parameters(self, source: Graph) -> dict[str, Trained]:
        """A state for every trained constant; one for layers with the same weights and bias, which are one layer that
        is used several times."""
        nodes, found = {node.name: node for node in source.nodes}, {}
        owners: dict[bytes, str] = {}
        for node in self.forward.nodes:
            choice = self.chosen.get(node.name)
            if choice is None:
                continue
            require_floats(self.forward, node)
            own = nodes[node.name]
            owner = owners.setdefault(_content(source, own), node.name)
            if node.op == batch_norms.OPERATOR:
                running = own.inputs[batch_norm.FIELDS["statistics"]]
                values = source.real_constant(running)
                self._state(f"{node.name}.running", (1, *values.shape), PARAMETERS, values)
            for at in choice.positions:
                constant_name = own.inputs[at]
                is_gain = at == ops.get(node.op).gain_at
                what = "bias" if at == BIAS_AT else "gain" if is_gain else "weights"
                parameter = f"{owner}.{what}"
                known = parameter if parameter in self.decays else None
                shape = self.forward.tensor(node.inputs[at]).shape
                axis = 0 if at == BIAS_AT or is_gain else ops.get(node.op).weight_axis
                if known is None:
                    values = source.real_constant(constant_name)
                    first, rest = np.split(values, [choice.channels or shape[axis]], axis)
                    self._state(parameter, (1, *first.shape), PARAMETERS, first)
                    if rest.size:
                        frozen = f"{parameter}.frozen"
                        self.extra[frozen] = constant(frozen, rest.astype(np.float32), quantization(FLOAT32))
                    self.decays[parameter] = at == WEIGHTS_AT and not is_gain
                name = known or parameter
                rest_name = f"{name}.frozen" if f"{name}.frozen" in self.extra else None
                found[node.inputs[at]] = Trained(name, shape, axis, choice.channels, rest_name)
            names = {at: found[node.inputs[at]].parameter for at in choice.positions}
            self.sources[node.name] = Source(names.get(WEIGHTS_AT, ""), names.get(BIAS_AT, ""))
        return found

    def made(self) -> TrainingGraph:
        samples = self.spec.samples
        progress = np.zeros(step_control.PROGRESS)
        progress[step_control.SCALE] = FIRST_SCALE if self._halves() else 1.0
        self._state(PROGRESS, (1, step_control.PROGRESS), OPTIMIZER, progress[None])
        parameters = list(self.decays)
        for parameter in parameters:
            shape = self.extra[parameter].shape
            for what in REMEMBERED[self.spec.optimizer] + (("gathered",) if samples > 1 else ()):
                self._state(f"{parameter}.{what}", shape, OPTIMIZER)
        tape = self.tape
        tape.tensors.update(self.extra)
        forward = [self._reading_parameters(node) for node in self.forward.nodes]
        nodes = [part for parts in forward for part in parts]
        logits = self.forward.outputs[0]
        inputs = self._inputs(logits)
        tape.nodes.clear()
        last = self.forward.producers().get(logits)
        if last is None or not tape.wants(logits):
            raise EdgeqError(f"the output of {self.forward.name} does not depend on what is to be trained")
        op = "cross_entropy" if self.spec.loss == "cross_entropy" else "squared_error"
        loss, gradient = tape.add_several(
            op, [logits, TARGET, PROGRESS], replace(last, name=op), LOSS, [FLOAT32, tape.dtype(logits)]
        )
        tape.give(logits, gradient, last)
        behind_loss = len(tape.nodes)
        tape.run_back()
        nodes, tape.nodes[behind_loss:] = _sliced_early(nodes, tape.nodes[behind_loss:])
        evaluating = len(nodes) + behind_loss
        ends = self._updates(parameters)
        states = tuple(replace(state, end=ends[state.start]) for state in self.states)
        outputs = (logits, loss, self.control)
        boundary = {
            name: Boundary(tape.shape(name), tuple(range(len(tape.shape(name))))) for name in (TARGET, CONFIG, *outputs)
        }
        boundary |= {name: self.forward.boundary[name] for name in self.forward.inputs}
        if logits in self.forward.boundary:
            boundary[logits] = self.forward.boundary[logits]
        graph = Graph(
            self.forward.name,
            (*self.forward.inputs, *inputs),
            outputs,
            (),
            MappingProxyType({}),
            MappingProxyType(boundary),
            MappingProxyType({}),
            states,
        ).with_nodes([*nodes, *tape.nodes], tape.tensors)
        layers = MappingProxyType(self._layers(source_of=parameters))
        return TrainingGraph(graph, layers, evaluating, self.spec, MappingProxyType(self.sources))

    def _halves(self) -> bool:
        """Whether gradients are stored in FP16, and loss scaling is dynamic."""
        return any(tensor.dtype == FLOAT16 for tensor in self.forward.tensors.values() if not tensor.is_constant)

    def _layers(self, source_of: list[str]) -> dict[str, str]:
        return {parameter: parameter.rpartition(".")[0] for parameter in source_of}

    def _reading_parameters(self, node: Node) -> list[Node]:
        """The node with its trained constants as they are now, behind what packs them."""
        made, names = [], list(node.inputs)
        for index, name in enumerate(node.inputs):
            if name in self.trained:
                known = self.trained[name]
                dtype = ops.get(node.op).constant_dtype(index, self.tape.dtype(node.output))
                packed = f"{node.name}.{'bias' if index == BIAS_AT else 'weights'}.packed"
                self.tape.tensors[packed] = Tensor(packed, known.shape, dtype, quantization(dtype))
                attributes = MappingProxyType({"shape": known.shape, "axis": known.axis})
                made.append(Node(packed, "pack_weights", tuple(known.operands()), (packed,), attributes))
                names[index] = packed
        running = f"{node.name}.running"
        if running in self.extra:  # a batch norm in training form
            at, statistics = batch_norm.FIELDS["statistics"], f"{node.name}.statistics"
            shape = self.extra[running].shape
            self.tape.tensors[statistics] = Tensor(statistics, shape, FLOAT32, quantization(FLOAT32))
            made.append(Node(statistics, "batch_statistics", (names[0], running, CONFIG), (statistics,)))
            names[at] = statistics
        return [*made, replace(node, inputs=tuple(names))]

    def _inputs(self, logits: str) -> tuple[str, str]:
        """Target and configuration."""
        tensors = self.tape.tensors
        for name in (TARGET, CONFIG):
            if name in tensors:
                raise EdgeqError(f"the model has an activation named {name!r}, which training needs; rename it")
        if self.spec.loss == "cross_entropy":
            tensors[TARGET] = Tensor(TARGET, (1, 1), "int32", Quantization(np.array([1.0]), dtype="int32"))
        else:
            size = tensors[logits].elements
            tensors[TARGET] = Tensor(TARGET, (1, size), FLOAT32, quantization(FLOAT32))
        shape = (1, step_control.CONFIGURATION)
        tensors[CONFIG] = Tensor(CONFIG, shape, FLOAT32, quantization(FLOAT32))
        return TARGET, CONFIG

    def _updates(self, parameters: list[str]) -> dict[str, str]:
        """Adds what happens with the gradients; state -> its end."""
        tape, ends = self.tape, {}
        whole = Node(self.forward.name, "", (), ())
        sums, gradients = [], {}
        for parameter in parameters:
            owner = replace(whole, name=parameter)
            gradient = tape.gradient_of(parameter)
            if gradient is None:
                raise EdgeqError(f"parameter {parameter}: the loss does not depend on it; leave it out of --train")
            if self.spec.samples > 1:
                gathered = f"{parameter}.gathered"
                gradient = tape.add("accumulate", [gathered, gradient, PROGRESS], owner, "gather")
                ends[gathered] = gradient
            gradients[parameter] = gradient
            sums.append(tape.add("square_sum", [gradient], owner, "square_sum"))
        ends[PROGRESS], self.control = tape.add_several(
            "step_control",
            [CONFIG, PROGRESS, *sums],
            replace(whole, name="step"),
            CONTROL,
            [FLOAT32, FLOAT32],
            samples=self.spec.samples,
            dynamic=self._halves(),
        )
        for parameter in parameters:
            remembered = [f"{parameter}.{what}" for what in REMEMBERED[self.spec.optimizer]]
            operands = [parameter, gradients[parameter], self.control, *remembered]
            made = tape.add_several(
                OPERATORS[self.spec.optimizer],
                operands,
                replace(whole, name=parameter),
                "update",
                [FLOAT32] * (1 + len(remembered)),
                decays=self.decays[parameter],
            )
            ends.update(zip([parameter, *remembered], made, strict=True))
        for node in self.forward.nodes:
            running = f"{node.name}.running"
            if running in self.extra:
                details = {"momentum": node.attributes["momentum"], "pixels": batch_norms.pixels(self.forward, node)}
                operands = [running, f"{node.name}.statistics", self.control]
                ends[running] = tape.add("running_average", operands, node, "average", **details)
        return ends


def _sliced_early(forward: list[Node], backward: list[Node]) -> tuple[list[Node], list[Node]]:
    """The two parts with the trained channels of an activation taken right behind what makes it, where nothing else of
    the backward part reads the activation: so it doesn't wait for that."""
    makers = {name for node in forward for name in node.outputs}
    reads = Counter(name for node in backward for name in node.inputs)
    early = {
        node.inputs[0]: node
        for node in backward
        if node.op == "slice" and node.inputs[0] in makers and reads[node.inputs[0]] == 1
    }
    moved = {node.name for node in early.values()}
    made = [part for node in forward for part in [node, *(early[name] for name in node.outputs if name in early)]]
    return made, [node for node in backward if node.name not in moved]


def _content(graph: Graph, node: Node) -> bytes:
    """What tells the weights and the bias of a layer from those of others; constant weights tell nothing."""
    weights, bias = (graph.real_constant(node.inputs[at]) for at in (WEIGHTS_AT, BIAS_AT))
    if np.ptp(weights) == 0.0:
        return node.name.encode()
    return f"{node.op} {weights.shape}".encode() + weights.tobytes() + bias.tobytes()


def _without_softmax(graph: Graph) -> Graph:
    """The graph up to its logits, where it ends with a softmax."""
    output, nodes = graph.outputs[0], list(graph.nodes)
    while nodes and nodes[-1].output == output:
        node = nodes[-1]
        if node.op == "softmax" and node.attributes.get("beta", 1.0) == 1.0:
            nodes.pop()
            output = node.inputs[0]
            break
        if not (ops.get(node.op).is_view or node.op == "convert"):
            return graph
        nodes.pop()
        output = node.inputs[0]
    else:
        return graph
    return replace(graph, outputs=(output,)).with_nodes(nodes)


def configuration(**values: float) -> np.ndarray:
    """float32 [1, 6]: learning rate, momentum, weight decay, largest norm of the gradient (0: none), fixed loss scale
    (0: dynamic), whether only the forward part runs; what is not named is 0."""
    known = {"lr": step_control.LEARNING_RATE, "momentum": step_control.MOMENTUM,
             "weight_decay": step_control.WEIGHT_DECAY, "clip": step_control.CLIP,
             "loss_scale": step_control.FIXED_SCALE, "evaluates": step_control.EVALUATES}  # fmt: skip
    array: Any = np.zeros((1, step_control.CONFIGURATION), np.float32)
    for name, value in values.items():
        array[0, known[name]] = value
    return array
