"""An encoder and a decoder's step become one thing: what the encoder makes are states that the step only reads, caches
are states that it writes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from edgeq.errors import EdgeqError
from edgeq.ir.graph import Boundary, Graph, Node, State, Tensor
from edgeq.ir.meaning import MEANING, Meaning
from edgeq.ops import embedding, front_end

#: inputs of a step before its memory and its caches
TOKEN, POSITION = 0, 1


@dataclass(frozen=True, eq=False)
class EncoderDecoder:
    """`encoder`: its outputs are the memory. `step`: inputs token and position, output the scores of the next token;
    its first states are the memory, in the encoder's order, each with itself as its end, the others its caches."""

    encoder: Graph
    step: Graph

    @property
    def meaning(self) -> Meaning:
        """How texts begin and end, and what tokens are called."""
        return self.step.meaning

    @property
    def memory(self) -> tuple[str, ...]:
        """The step's states that hold what the encoder made, in the order of its outputs."""
        return tuple(state.start for state in self.step.states[: len(self.encoder.outputs)])

    @property
    def caches(self) -> tuple[State, ...]:
        """The step's other states."""
        return self.step.states[len(self.encoder.outputs) :]


def linked(encoder: Graph, step: Graph, where: str) -> EncoderDecoder:
    """The two graphs as importers make them; `where` they come from, for errors. Raises EdgeqError where they don't fit
    each other."""
    meaning = step.meaning
    if meaning.decoding != "greedy":
        raise EdgeqError(f"{where}: {MEANING} reads the texts {meaning.decoding!r}, and texts are read greedily")
    memories = len(encoder.outputs)
    caches = len(step.inputs) - 2 - memories
    if caches < 1 or len(step.outputs) != 1 + caches:
        raise EdgeqError(
            f"{where}: the step takes {len(step.inputs)} inputs and makes {len(step.outputs)} outputs; beside an "
            f"encoder with {memories} output(s) it takes token, position, these and its caches, and makes scores and "
            "as many caches"
        )
    for at, what in ((TOKEN, "token"), (POSITION, "position")):
        tensor = step.tensor(step.inputs[at])
        if tensor.elements != 1 or tensor.quantization is None or tensor.quantization.dtype != embedding.INDEX.dtype:
            raise EdgeqError(f"{where}: input {at} of the step, {tensor.name}, is the {what}, so it must be one int64")
    given = step.inputs[2:]
    made = [*((encoder, name) for name in encoder.outputs), *((step, name) for name in step.outputs[1:])]
    for name, (graph, source) in zip(given, made, strict=True):
        shapes = [list(part.tensor(item).shape) for part, item in ((step, name), (graph, source))]
        if shapes[0] != shapes[1]:
            raise EdgeqError(
                f"{where}: the step takes {name} of the shape {shapes[0]}, and {source}, which it is, has {shapes[1]}"
            )
    _check_tokens(step, where)
    states = [State(name, name) for name in given[:memories]]
    states += [State(start, end) for start, end in zip(given[memories:], step.outputs[1:], strict=True)]
    step = replace(step, inputs=step.inputs[:2], outputs=step.outputs[:1], states=tuple(states))
    return EncoderDecoder(_of_samples(encoder, where), step)


def _check_tokens(step: Graph, where: str) -> None:
    meaning = step.meaning
    tokens = step.tensor(step.outputs[0]).shape[-1]
    known = min(embedding.row_counts(step, step.inputs[TOKEN]), default=tokens)
    slots = min(embedding.row_counts(step, step.inputs[POSITION]), default=meaning.longest)
    if step.tensor(step.outputs[0]).elements != tokens or known < tokens:
        raise EdgeqError(
            f"{where}: the step scores {list(step.tensor(step.outputs[0]).shape)} tokens and takes {known}; it must "
            "score the next token, out of those that it takes"
        )
    if meaning.start >= known or meaning.end >= tokens or len(meaning.labels) > tokens:
        raise EdgeqError(
            f"{where}: {MEANING} has the tokens {meaning.start} and {meaning.end} and {len(meaning.labels)} labels; "
            f"the step knows {tokens} tokens"
        )
    if meaning.longest > slots:
        raise EdgeqError(
            f"{where}: texts have up to {meaning.longest} tokens, and the step knows {slots} positions; make its "
            "caches and tables longer, or the texts shorter"
        )


def _of_samples(encoder: Graph, where: str) -> Graph:
    """The encoder, whose recording is int16 samples where the file says that it takes one."""
    if not encoder.meaning.rate or front_end.recordings(encoder):
        return encoder
    if len(encoder.inputs) != 1 or len(encoder.tensor(encoder.inputs[0]).shape) != 2:
        raise EdgeqError(f"{where}: {MEANING} has a rate, so the encoder must take one recording [1, samples]")
    (name,) = encoder.inputs
    tensor, read = encoder.tensor(name), f"{name}.samples"
    tensors = {
        **encoder.tensors,
        name: replace(tensor, quantization=front_end.SAMPLES),
        read: Tensor(read, tensor.shape),
    }
    first = Node(read, "unary", (name,), (read,), MappingProxyType({"function": "requantize"}))
    nodes = [
        replace(node, inputs=tuple(read if item == name else item for item in node.inputs)) for node in encoder.nodes
    ]
    return encoder.with_nodes([first, *nodes], tensors)


def in_one_layout(pair: EncoderDecoder) -> EncoderDecoder:
    """Canonical graphs in which the memory lies alike, whatever the order of axes that either would choose."""
    encoder, step = pair.encoder, pair.step
    nodes, tensors, boundary = list(encoder.nodes), dict(encoder.tensors), dict(encoder.boundary)
    outputs = []
    for name, target in zip(encoder.outputs, pair.memory, strict=True):
        have, want = boundary[name].perm, step.boundary[target].perm
        if have == want:
            outputs.append(name)
            continue
        perm = tuple(have.index(axis) for axis in want)
        made = f"{name}.memory"
        shape = tuple(tensors[name].shape[axis] for axis in perm)
        tensors[made] = Tensor(made, shape)
        moved = [axis for axis in perm if tensors[name].shape[axis] > 1]
        view = moved == sorted(moved)
        attributes = MappingProxyType({"shape": shape} if view else {"perm": perm})
        nodes.append(Node(made, "reshape" if view else "transpose", (name,), (made,), attributes))
        boundary[made] = Boundary(boundary.pop(name).shape, want)
        outputs.append(made)
    encoder = replace(encoder, outputs=tuple(outputs), boundary=MappingProxyType(boundary))
    return replace(pair, encoder=encoder.with_nodes(nodes, tensors))
