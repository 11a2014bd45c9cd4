"""Integer graph of a whole recording -> that of one step of a stream, which computes what is new and nothing twice.

Rows are moments: axis 1 of what the front end makes and of images made from that. A layer whose output rows read a few
input rows (Operator.step_reach) gets a window of those that it reads again and the new ones, a state that slides;
before the first sample it holds real zeros, which are the whole recording's padding. What waits (delay.py) is the first
rows of such a window. A recurrent layer begins with what it ended with (Operator.carried). A layer that reads all rows
gets a window of as many as the whole recording has. Everything else, constants and quantization included, is the whole
network's, so that a stream makes the same bytes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from types import MappingProxyType

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Boundary, Graph, Node, State, Tensor
from edgeq.ops import front_end
from edgeq.ops.spatial import Window
from edgeq.stream.delay import delays


@dataclass(frozen=True, eq=False)
class Stream:
    """`graph`: one step, which takes `samples` new ones at `rate` a second. `warm_up`: after so many steps the windows
    of layers that read all rows hold nothing but recorded ones; outputs before mean nothing. `rows`: of the output, new
    in every step; 0 where it is one of the whole window. `recording`: samples of the model's whole recording."""

    graph: Graph
    samples: int
    rate: int
    warm_up: int
    rows: int
    recording: int


def streaming(graph: Graph) -> Stream:
    """Raises EdgeqError for a network that can't be one, naming the layer, the padding that it has and needs."""
    return _Streaming(graph).made()


class _Streaming:
    def __init__(self, graph: Graph) -> None:
        found = front_end.recordings(graph)
        if len(found) != 1 or len(graph.inputs) != 1 or graph.states:
            raise EdgeqError(
                f"--stream: the model {graph.name} does not take one recording; begin it with a front end "
                "(edgeq.torch_operators.FrontEndLayer)"
            )
        ((self.pcm, self.front_end),) = found.items()
        if not self.front_end.streams:
            own = self.front_end
            raise EdgeqError(
                f"--stream: the front end begins with {own.before} samples of silence; frames of {own.frame} every "
                f"{own.step} samples stream with before = {own.frame - own.step}, step at most frame"
            )
        self.graph = graph
        self.delays = delays(graph)
        self.every: dict[str, int] = {}  # activation that flows -> frames from one of its rows to the next
        for node in graph.nodes:
            self._rate(node)
        self.delays = {name: delay for name, delay in self.delays.items() if name in self.every}
        self.inner = {delay.inner for delay in self.delays.values()}
        self.frames = math.lcm(*self.every.values())
        self.nodes: list[Node] = []
        self.tensors = dict(graph.tensors)
        self.states: list[State] = []
        self.windows: dict[tuple[str, int], str] = {}  # activation that flows, rows -> its window of so many
        self.warm_up = 1

    def made(self) -> Stream:
        samples = self.frames * self.front_end.step
        for node in self.graph.nodes:
            if node.op == front_end.OP.name:
                self._listen(node, samples)
            elif node.output in self.delays:
                self._wait(node)
            elif node.output in self.inner:
                continue
            elif node.inputs[0] in self.every and self._carry(node):
                pass
            elif node.output in self.every:
                self._flow(node)
            else:
                names = [self._whole(name) if name in self.every else name for name in node.inputs]
                self.nodes.append(replace(node, inputs=tuple(names)))
        output = self.graph.outputs[0]
        boundary = dict(self.graph.boundary)
        for name in (self.pcm, *self.graph.outputs):
            if name == self.pcm or name in self.every:
                known = boundary[name]
                shape = list(known.shape)
                shape[known.perm[1]] = samples if name == self.pcm else self._rows(name)
                boundary[name] = Boundary(tuple(shape), known.perm)
        made = replace(self.graph, boundary=MappingProxyType(boundary), states=tuple(self.states))
        rows = self._rows(output) if output in self.every else 0
        recording = self.graph.tensor(self.pcm).shape[1]
        graph = made.with_nodes(self.nodes, self.tensors)
        return Stream(graph, samples, self.front_end.rate, self.warm_up, rows, recording)

    def _rows(self, name: str) -> int:
        """New ones in a step."""
        return self.frames // self.every[name]

    def _rate(self, node: Node) -> None:
        """Says how often a node's output has a row, where a step needs to compute its new rows only."""
        if node.op == front_end.OP.name:
            self.every[node.output] = 1
            return
        graph = self.graph
        if node.output in self.delays:
            source = self.delays[node.output].source
            if source in self.every:
                self.every[node.output] = self.every[source]
            return
        activations = [name for name in node.inputs if not graph.tensor(name).is_constant]
        rates = {self.every.get(name) for name in activations}
        rate = rates.pop() if len(rates) == 1 else None
        if rate is None:
            return
        before, behind = graph.tensor(activations[0]).shape, graph.tensor(node.output).shape
        if ops.get(node.op).is_view:
            if len(behind) > 1 and behind[1] == before[1]:
                self.every[node.output] = rate
            return
        if ops.get(node.op).carried(graph, node, 1) is not None:
            if len(behind) > 1 and behind[1] == before[1]:
                self.every[node.output] = rate
            return
        reach = ops.get(node.op).step_reach(graph, node)
        if reach is None:
            return
        again = max(0, reach.span - reach.stride)
        if reach.pad_top != again or behind[1] * reach.stride != before[1]:
            raise EdgeqError(
                f"--stream: layer {node.name} reads {reach.span} moments for every {reach.stride} and makes "
                f"{behind[1]} of {before[1]} with {reach.pad_top} of padding before; a stream knows nothing of what "
                f"comes, so pad {again} before and none behind (the padding of causal convolutions)"
            )
        self.every[node.output] = rate * reach.stride

    def _slid(self, name: str, rows: int) -> str:
        """A window of that many rows, the new rows of an activation its last; its name. Readers that need as many rows
        share it."""
        if (name, rows) in self.windows:
            return self.windows[name, rows]
        new = self.tensors[name]
        shape = (1, rows, *new.shape[2:])
        others = sum(known == name for known, _ in self.windows)
        own = f"{name}.{others + 1}" if others else name
        start, end = (Tensor(f"{own}.{what}", shape, new.dtype, new.quantization) for what in ("before", "window"))
        self.windows[name, rows] = end.name
        self.tensors |= {start.name: start, end.name: end}
        self.states.append(State(start.name, end.name))
        self.nodes.append(Node(end.name, "slide", (start.name, name), (end.name,), MappingProxyType({})))
        return end.name

    def _listen(self, node: Node, samples: int) -> None:
        own = self.front_end
        lead = int(own.preemphasis > 0.0)
        self._resize(self.pcm, samples)
        again = own.before + lead
        source = self._slid(self.pcm, samples + again) if again else self.pcm
        self.nodes.append(replace(node.with_attributes(before=0, lead=lead), inputs=(source,)))
        self._resize(node.output, self.frames)

    def _resize(self, name: str, rows: int) -> None:
        known = self.tensors[name]
        self.tensors[name] = replace(known, shape=(1, rows, *known.shape[2:]))

    def _flow(self, node: Node) -> None:
        """The node on the new rows of its inputs, and those that they need from before."""
        rows = self._rows(node.output)
        self._resize(node.output, rows)
        if ops.get(node.op).is_view:
            shape = self.tensors[node.output].shape
            self.nodes.append(node.with_attributes(shape=shape) if "shape" in node.attributes else node)
            return
        reach = ops.get(node.op).step_reach(self.graph, node)
        assert reach is not None
        source, again = node.inputs[0], max(0, reach.span - reach.stride)
        if again:
            source = self._slid(source, self._rows(source) + again)
            _, _, left, right = Window.of(node.attributes).padding
            node = node.with_attributes(padding=(0, 0, left, right))
        self.nodes.append(replace(node, inputs=(source, *node.inputs[1:])))

    def _wait(self, node: Node) -> None:
        """The rows of as many moments ago."""
        delay, rows = self.delays[node.output], self._rows(node.output)
        self._resize(node.output, rows)
        window = self._slid(delay.source, rows + delay.rows)
        shape = self.tensors[node.output].shape
        box = {"start": (0,) * len(shape), "size": shape, "step": (1,) * len(shape)}
        self.nodes.append(Node(node.name, "slice", (window,), node.outputs, MappingProxyType(box)))

    def _carry(self, node: Node) -> bool:
        """Whether the node remembers what it needs of the rows before; then it takes the new ones."""
        made = ops.get(node.op).carried(self.graph, node, self._rows(node.inputs[0]))
        if made is None:
            return False
        if node.output in self.every:
            self._resize(node.output, self._rows(node.output))
        self.nodes += made.nodes
        self.tensors |= {tensor.name: tensor for tensor in made.tensors}
        self.states += made.states
        return True

    def _whole(self, name: str) -> str:
        """The activation as the whole recording has it, of the last moments."""
        rows, new = self.graph.tensor(name).shape[1], self._rows(name)
        self.warm_up = max(self.warm_up, -(-rows // new))
        return self._slid(name, rows) if rows > new else name
