"""front_end: a recording, int16 [1, samples], as features [1, frames, features]; attributes are a FrontEnd's fields
and `lead`, how many of the samples come before the first frame, whose pre-emphasis needs one.

edgeq/audio has what is computed: in floating point (floats.py) and in integers (integer.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.audio import floats, integer, tables
from edgeq.audio.front_end import FrontEnd
from edgeq.audio.tables import Tables
from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import slide
from edgeq.ops.base import Constant, Kernel, Operator, Shape

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.quantize.convert import Converter

LEAD = "lead"
#: how samples are stored; full scale is 1
SAMPLES = Quantization(np.array([2.0**-15]), 0, dtype="int16")


def import_torch(importer: Importer, args: Mapping[str, Any]) -> str:
    """edgeq::front_end (edgeq/torch_operators.py) of the model's input."""
    pcm, own = args["pcm"], FrontEnd.from_json(args["parameters"])
    shape = importer.shape(pcm)
    if not importer.is_input(pcm):
        raise importer.unsupported("a front end of computed samples", "one of the model's input")
    if len(shape) != 2 or own.frames(shape[1]) < 1:
        raise importer.unsupported(f"a front end of {shape}", f"[1, samples], at least a frame of {own.frame}")
    importer.prescribe(pcm, SAMPLES)
    return importer.add("front_end", [pcm], asdict(own))


def recordings(graph: Graph) -> dict[str, FrontEnd]:
    """Inputs of a graph that are recordings, or the next samples of one -> what reads them."""
    windows = {node.output: node.inputs[1] for node in graph.nodes if node.op == slide.OP.name}
    heard = {node.inputs[0]: front_end_of(node.attributes) for node in graph.nodes if node.op == OP.name}
    return {windows.get(name, name): own for name, own in heard.items()}


def rates(graph: Graph) -> dict[str, int]:
    """Inputs of a graph that are recordings, with or without a front end -> samples a second."""
    found = {name: own.rate for name, own in recordings(graph).items()}
    plain = [name for name in graph.inputs if (known := graph.tensor(name).quantization) and known.same_as(SAMPLES)]
    return {**dict.fromkeys(plain if graph.meaning.rate else [], graph.meaning.rate), **found}


@lru_cache(maxsize=8)
def _front_end(values: tuple[tuple[str, Any], ...]) -> FrontEnd:
    return FrontEnd(**dict(values))


def front_end_of(attributes: Mapping[str, Any]) -> FrontEnd:
    """What a node computes."""
    return _front_end(tuple((key, value) for key, value in attributes.items() if key != LEAD))


def _lead(node: Node) -> int:
    return int(node.attributes.get(LEAD, 0))


@lru_cache(maxsize=8)
def _tables(front_end: FrontEnd, scale: float, zero_point: int, dtype: str) -> Tables:
    return tables.tables(front_end, scale, zero_point, dtype)


def tables_of(graph: Graph, node: Node) -> Tables:
    """Constants of the node's integer form."""
    output = graph.tensor(node.output)
    return _tables(front_end_of(node.attributes), output.scale, output.zero_point, output.dtype)


def _pack(graph: Graph, node: Node) -> dict[str, Constant]:
    made = tables_of(graph, node)
    found = {
        "window": Constant("int32_t", made.window),
        "turns": Constant("int32_t", made.turns),
        "halves": Constant("int32_t", made.halves),
        "rises": Constant("uint16_t", made.rises),
        "segments": Constant("uint16_t", made.segments),
        "logarithms": Constant("uint32_t", tables.log_table()),
        "multipliers": Constant("int32_t", made.multipliers),
        "biases": Constant("int32_t", made.biases),
    }
    if made.roots is not None:
        found["roots"] = Constant("uint32_t", made.roots)
    if made.dct is not None:
        found["dct"] = Constant("int16_t", made.dct)
    return found


def _scratch_bytes(graph: Graph, node: Node) -> int:
    """EQ_FRONT_END_SCRATCH_BYTES."""
    own = front_end_of(node.attributes)
    return (own.fft + own.bands + own.coefficients) * 4


def _frames(graph: Graph, node: Node) -> int:
    return graph.tensor(node.output).shape[1]


def _kernel(isa: str, suffix: str, stores: str) -> Kernel:
    return Kernel(
        f"eq_front_end_{suffix}_{isa}",
        isa,
        f"front_end/eq_front_end_{suffix}_{isa}.c",
        units=_frames,
        pack=_pack,
        scratch_bytes=_scratch_bytes,
        dtype="int16",
        stores=stores,
    )


class FrontEndOperator(Operator):
    name = "front_end"
    index_inputs = (0,)
    torch_targets = {"edgeq.front_end.default": import_torch}
    takes_int16 = True
    instead_of_float = "int16"
    kernels = tuple(_kernel(isa, *form) for isa in ("mve", "dsp", "scalar") for form in (("s8", "int8"), ("s16", "")))

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        own = front_end_of(node.attributes)
        return [(1, own.frames(inputs[0].shape[1] - _lead(node)), own.features)]

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [floats.features(front_end_of(node.attributes), inputs[0]).astype(np.float32)]

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        found = integer.features(front_end_of(node.attributes), tables_of(graph, node), inputs[0], _lead(node))
        return [found.astype(graph.tensor(node.output).dtype)]

    def quantize(self, converter: Converter, node: Node) -> None:
        converter.add(node, (node.inputs[0],), converter.quantized_output(node))

    def macs(self, graph: Graph, node: Node) -> int:
        """Of the window, the FFT's butterflies, squares, triangles and the DCT."""
        own = front_end_of(node.attributes)
        pairs = own.fft // 2
        frame = own.frame + 2 * pairs * (pairs.bit_length() - 1) + 8 * pairs + own.coefficients * own.bands
        return _frames(graph, node) * frame

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        own, made = front_end_of(node.attributes), tables_of(graph, node)
        return {
            "offset": _lead(node) - own.before,
            "frame": own.frame,
            "step": own.step,
            "log2_fft": own.fft.bit_length() - 1,
            "preemphasis": made.preemphasis,
            "spectrum": f"EQ_FRONT_END_{own.spectrum.upper()}",
            "bands": own.bands,
            "features": own.features,
            "energy_bits": made.scales.energy_bits,
            "most_shift": made.most_shift,
            "root_shift": made.root_shift,
            "first_bin": made.first_bin,
            "bits": made.bits,
            "floor": f"{made.floor}u",
            **({} if made.roots is not None else {"roots": "NULL"}),
            **({} if made.dct is not None else {"dct": "NULL"}),
        }


OP = FrontEndOperator()
