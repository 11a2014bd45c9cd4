"""What an operator is: everything edgeq knows about it, in one class, in one file.

A subclass in `edgeq/ops/<op>.py` is found by its presence; nothing else lists operators.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.ir.graph import Graph, Node, Quantization, Tensor
from edgeq.ops import weight_types
from edgeq.ops.carried import Carried
from edgeq.ops.float_types import EXACT, FLOAT32, Rounding
from edgeq.ops.half_sums import HalfSums
from edgeq.ops.spatial import SAME_ROW, RowReach

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall
    from edgeq.frontend.tflite.program import TfliteCall
    from edgeq.packing.order import Order
    from edgeq.quantize.convert import Converter
    from edgeq.quantize.observe import Range
    from edgeq.train.tape import Tape

Shape = tuple[int, ...]
#: attribute of integer layers whose constants a firmware replaces by trained ones (edgeq/train/commit.py): all of them,
#: or the bias
TUNED, TUNED_LAYER, TUNED_BIAS = "tuned", "layer", "bias"
#: position of the bias among the operands of layers with weights
BIAS = 2
NO_OPERANDS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Constant:
    """An array in the firmware's flash: C element type and values."""

    c_type: str
    data: np.ndarray


@dataclass(frozen=True)
class Planes:
    """How a channel-by-channel kernel can run over its own input (eq_dwconv2d_s8_planar): channels a time, and bytes
    of packed weights a channel."""

    channels: int
    weight_bytes: int


@dataclass(frozen=True)
class Arrangement:
    """The order in which a kernel reads weights that a firmware packs itself, because it trains them
    (edgeq/ops/pack_weights.py): blocks of `lanes` output channels ("filters") or input channels ("transposed", for
    input gradients), sums padded to a multiple of `step`, `pair` neighbours of a sum together; depthwise weights for
    input gradients ("flipped"); or as they are ("plain"), filled up to a multiple of `lanes`."""

    order: str = "plain"
    lanes: int = 1
    step: int = 1
    pair: int = 1


@dataclass(frozen=True)
class Unpacking:
    """How the cores unpack a layer's weights before it runs (eq_weight_groups.h): the function, the integers of its
    record, the blocks of channels that its work is split into, and the bytes that the kernel finds in memory."""

    function: str
    fields: Mapping[str, int]
    units: int
    size_bytes: int


@dataclass(frozen=True)
class Kernel:
    """One C kernel of an operator.

    `function` and `source` may hold "{form}" (high, shift, tflite, line or step). `applies` returns None, or the
    reason why not. `pack` turns the node's constants into what the kernel reads; `units` and `granule` say how its
    work is split over cores; `scratch_bytes` is per core. `in_place` tells from the C parameters whether the output
    may lie over the first input, on any number of cores (operators that always may say so in `Operator.in_place`).
    `planes` is set for depthwise kernels that work channel by channel. `family` names header and template where
    several operators share them; otherwise they are the operator's. `dtype`: the activations it takes ("int32":
    indices); "bytes": all. `stores`: its output, where that has another type. `weights`: the types of weights that it
    reads (edgeq/ops/weight_types.py). `parameters`: what its template needs, where that is not the operator's (kernels
    borrowed from another one, or for floating point). `pointers`: the C type of the elements in its prototype, where
    that is not the one of its activations. `helper`: another C file that the template's call needs. `half_sums`: which
    partial sums it makes in FP16. `operands`: fields of its record that point to operands -> (their position, the order
    in which they are read), where these are no constants but made by the firmware. `unpacking`: set where the
    constant "weights" is unpacked to memory first, where the kernel reads them. `order`: how its constant weights
    lie, where their shape alone decides it, so that a firmware can put others in their place. `library`: the library
    whose function it calls, for a whole layer on one core; the call may fail.

    For the choice under a flash budget (lower/choice.py): `instructions` estimates those of one inference; kernels
    without an estimate are not weighed against others. `code_bytes` is about what the first use of the kernel adds to
    the program. `expands`: constants so much larger than the weights that only a budget with room for them chooses it.
    """

    function: str
    isa: str
    source: str
    units: Callable[[Graph, Node], int]
    granule: Callable[[Graph, Node], int] = lambda graph, node: 1
    applies: Callable[[Graph, Node], str | None] = lambda graph, node: None
    pack: Callable[[Graph, Node], dict[str, Constant]] = lambda graph, node: {}
    scratch_bytes: Callable[[Graph, Node], int] = lambda graph, node: 0
    in_place: Callable[[Mapping[str, Any]], bool] = lambda parameters: False
    why: str = "portable C"
    planes: Planes | None = None
    family: str = ""
    dtype: str = "int8"
    stores: str = ""
    weights: tuple[str, ...] = (weight_types.INT8.name,)
    parameters: Callable[[Graph, Node], dict[str, Any]] | None = None
    pointers: str = ""
    helper: str = ""
    operands: Mapping[str, tuple[int, Arrangement]] = field(default_factory=lambda: NO_OPERANDS)
    unpacking: Callable[[Graph, Node], Unpacking] | None = None
    half_sums: Callable[[Graph, Node], HalfSums] | None = None
    order: Callable[[Graph, Node], Order] | None = None
    instructions: Callable[[Graph, Node], int] | None = None
    code_bytes: int = 0
    expands: bool = False
    library: str = ""

    def takes(self, graph: Graph, node: Node) -> bool:
        """Whether it has the types of the node's first input, of its weights and of its output, and can be given other
        weights where the node's are trained."""
        if node.attributes.get(TUNED) == TUNED_LAYER and self.order is None:
            return False
        taken, stored = graph.tensor(node.inputs[0]).dtype, graph.tensor(node.outputs[0]).dtype
        fits = self.dtype in ("bytes", taken) and stored == (self.stores or taken)
        return fits and weight_types.of_node(graph, node) in self.weights


class Operator:
    """Base of all operators. Arrays are channels-last with a leading batch axis."""

    name: str = ""
    kernels: tuple[Kernel, ...] = ()
    #: import functions by the framework's name of the call; each returns the names of its results
    torch_targets: Mapping[str, Callable[[Importer, Mapping[str, Any]], Any]] = {}
    tflite_targets: Mapping[str, Callable[[Importer, TfliteCall], Any]] = {}
    onnx_targets: Mapping[str, Callable[[Importer, OnnxCall], Any]] = {}
    #: indices of inputs whose memory the first output may take over
    in_place: tuple[int, ...] = ()
    #: constant operands have the output's rank, and their axes move with those of the activations (see permuted)
    permutes_constants: bool = False
    #: the output is the first input's bytes under another shape: no kernel, no copy
    is_view: bool = False
    #: has an integer form and a kernel for int16 activations as well
    takes_int16: bool = False
    #: has kernels for float16 and float32 activations: `run_float` and the rounding that `float_rounding` tells
    takes_float: bool = False
    #: type of the output where floats are wanted and it has no kernel for them
    instead_of_float: str = "int8"
    #: axes of the output and of the input channels in the weights, the second input, of operators whose third one is a
    #: bias; -1: it has none
    weight_axis: int = -1
    weight_input_axis: int = -1
    #: position of a normalization's gain, one entry a channel like the bias behind it; -1: it has none
    gain_at: int = -1
    #: positions of operands of a type of their own, whatever the layer computes in: indices (int32), samples of a
    #: recording (int16)
    index_inputs: tuple[int, ...] = ()
    #: values inside the operator whose ranges calibration has to find; `run_float` gives them behind the outputs, and
    #: their ranges are called <node>.<value>
    inner: tuple[str, ...] = ()
    #: all inputs have the output's scale: what is only made to be one is made in it at once
    joins: bool = False

    def infer(self, node: Node, inputs: Sequence[Tensor]) -> list[Shape]:
        """Shapes of the outputs."""
        raise NotImplementedError

    def run_float(self, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Float reference."""
        raise NotImplementedError

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Integer reference: the definition of right."""
        raise NotImplementedError

    def float_rounding(self, node: Node, inputs: Sequence[np.ndarray]) -> Rounding | list[Rounding]:
        """What kernels for floating-point activations may lose on these float64 operands; of operators with several
        outputs one each."""
        return EXACT

    def constant_dtype(self, index: int, dtype: str) -> str:
        """Type that a layer with activations of a floating-point type `dtype` stores its constant operand `index` in:
        biases and gains, which are few, in float32."""
        is_bias = self.weight_axis >= 0 and index == BIAS
        return FLOAT32 if is_bias or 0 <= self.gain_at <= index else dtype

    def gradient(self, tape: Tape, node: Node, gradient: str) -> None:
        """Adds what gives the node's operands their gradients, from that of its output before a fused activation."""
        raise NotImplementedError

    def weight_columns(self, node: Node, x: np.ndarray) -> np.ndarray | None:
        """What the weights of an output channel, one after another, are multiplied with: [sums, weights of a channel]
        for the float input `x`. None where channels have inputs of their own."""
        return None

    def macs(self, graph: Graph, node: Node) -> int:
        """Multiply-accumulates of one sample."""
        return 0

    def index_rows(self, graph: Graph, node: Node) -> int:
        """How many rows or slots an index among the operands can mean; 0: it is none of those."""
        return 0

    def permuted(self, node: Node, perm: Shape) -> Node | None:
        """The same on operands whose axis i is stored as axis perm[i]; None when it needs their own order."""
        return None

    def quantize(self, converter: Converter, node: Node) -> None:
        """Adds the integer form of `node` to the converter's graph."""
        raise NotImplementedError

    def c_parameters(self, graph: Graph, node: Node) -> dict[str, Any]:
        """Integers that the operator's template needs beside its constants."""
        return {}

    def row_reach(self, graph: Graph, node: Node) -> RowReach | None:
        """Which rows of the first input an output row takes, for images that are computed a band of rows at a time; of
        further activations it takes the row of the same number. None for operators that need more. Their C parameters
        may hold in_h, out_h and pad_top, or `outer` (rows x columns)."""
        return None

    def step_reach(self, graph: Graph, node: Node) -> RowReach | None:
        """The same of what a stream makes step by step, along axis 1."""
        return self.row_reach(graph, node)

    def carried(self, graph: Graph, node: Node, rows: int) -> Carried | None:
        """The integer node on `rows` new rows of a stream, with what it remembers of those before; None for operators
        that remember nothing."""
        return None

    def c_form(self, graph: Graph, node: Node) -> str:
        """The requantization form (eq_requant.h) that replaces "{form}" in a kernel's name."""
        return ""

    def overwritten(self, node: Node, output: int) -> tuple[int, ...]:
        """Indices of inputs whose memory an output may take over."""
        return self.in_place if output == 0 else ()

    def wide_operands(self, node: Node) -> frozenset[str]:
        """Activations of the node that may be int16."""
        return frozenset((*node.inputs, *node.outputs)) if self.takes_int16 else frozenset()

    def output_range(self, node: Node, name: str, ranges: Mapping[str, Range]) -> Range:
        """What the quantization of an output has to cover."""
        return ranges[name]

    def settle(self, graph: Graph, node: Node, ranges: Mapping[str, Range], chosen: dict[str, Quantization]) -> None:
        """Changes the quantizations that were chosen round `node`, where the operator needs others."""

    def fixed_output(self, node: Node, dtype: str) -> Quantization | None:
        """The output's quantization where the operator prescribes it, for activations of type `dtype`."""
        return None

    def requantizes_to_any_scale(self) -> bool:
        """True when the output's scale is free; False when it must be the input's."""
        return True


class KeepsScale(Operator):
    """Base of the operators whose output holds integers of their first input, chosen or moved but not rescaled."""

    def run_integer(self, graph: Graph, node: Node, inputs: Sequence[np.ndarray]) -> list[np.ndarray]:
        return self.run_float(node, inputs)

    def quantize(self, converter: Converter, node: Node) -> None:
        converter.add_keeping_scale(node, (converter.quantized(node.inputs[0]).name,))

    def requantizes_to_any_scale(self) -> bool:
        return False


def sum_rounding(operator: Operator, node: Node, inputs: Sequence[np.ndarray], products: int) -> Rounding:
    """Of sums of `products` products and a bias: the magnitudes are the operator's result of its operands' magnitudes.
    A product takes one rounding, and is part of as many sums as there are products."""
    (magnitude,) = operator.run_float(node, [np.abs(array) for array in inputs])
    return Rounding(products + 2, magnitude)


def elements_per_sample(graph: Graph, node: Node) -> int:
    return graph.tensor(node.outputs[0]).elements


def output_pixels(graph: Graph, node: Node) -> int:
    shape = graph.tensor(node.outputs[0]).shape
    return shape[1] * shape[2]


def same_row(graph: Graph, node: Node) -> RowReach | None:
    """The row reach of an operator that treats every element by itself."""
    return SAME_ROW if len(graph.tensor(node.outputs[0]).shape) == 4 else None
