"""A checked .onnx model -> graph. The operators' own `onnx_targets` translate its nodes.

Activations that the file quantizes (QuantizeLinear, DequantizeLinear) stay float in the graph and carry the file's
scale and zero point; the quantizer then takes those instead of choosing its own. Results are rounded once (rounding
"single"), so that they can differ by a step from those of a runtime that rounds otherwise.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.frontend.importer import Importer, also_missing
from edgeq.frontend.onnx import batch, fold, qdq, qlinear
from edgeq.frontend.onnx.call import Constant, OnnxCall
from edgeq.frontend.onnx.model import FLOATS, TYPES, OnnxInput, OnnxModel, OnnxNode, read
from edgeq.ir.graph import Graph
from edgeq.ops import embedding

Target = Callable[[Importer, OnnxCall], Any]
#: operators whose results are 0 or 1, which any Cast keeps
BOOLEANS = ("And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Xor")
#: results that are their first operand, for inference
IDENTITY = ("Identity", "Dropout")
#: types of inputs that are indices of a table
INDICES = ("int64", "int32")
#: operators that are read without one
WITHOUT_KERNEL = ("Cast", "DequantizeLinear", "IsNaN", "QuantizeLinear", "Shape", "Size")
#: operators of quantized models that are written in another form than edgeq reads
INSTEAD = {
    "DynamicQuantizeLinear": "static quantization: onnxruntime.quantization.quantize_static",
    "MatMulInteger": "static quantization: onnxruntime.quantization.quantize_static",
    "ConvInteger": "static quantization: onnxruntime.quantization.quantize_static",
}
QDQ_FORM = "the QDQ format: quantize_static(..., quant_format=QuantFormat.QDQ)"


def load(path: Path, name: str, input_shape: tuple[int, ...] | None = None) -> Graph:
    """The graph of a file; `input_shape` replaces that of a single input. Raises EdgeqError naming the node for
    anything that edgeq can't have."""
    return _ProgramImport(read(path), name, input_shape).run()


class _ProgramImport:
    def __init__(self, model: OnnxModel, name: str, input_shape: tuple[int, ...] | None) -> None:
        self.model = model
        self.input_shape = input_shape
        self.importer = Importer(name)
        self.importers: dict[str, Target] = {
            target: convert for op in ops.registry().values() for target, convert in op.onnx_targets.items()
        }
        self.names: dict[str, str] = {}  # value of the file -> tensor of the graph
        self.integers: set[str] = set()
        self.booleans: set[str] = set()
        self.unbatched: set[str] = set()  # tensors of the graph that ONNX has without a batch of 1 in front
        self.constants = {key: Constant(array) for key, array in model.constants.items()}

    def run(self) -> Graph:
        if self.input_shape is not None and len(self.model.inputs) != 1:
            raise EdgeqError(f"--input-shape gives one shape, and the model has {len(self.model.inputs)} inputs")
        for item in self.model.inputs:
            self._input(item)
        for node in self.model.nodes:
            self._node(node)
        return self.importer.finish([self._output(name) for name in self.model.outputs])

    def _input(self, item: OnnxInput) -> None:
        what = f"the model's input {item.name!r}"
        if item.type not in (*FLOATS, *INDICES):
            raise EdgeqError(
                f"{what} is {item.type}; float32 inputs are supported, quantized inside the model, and int64 or int32 "
                "ones that are looked up in a table"
            )
        sizes = self.input_shape or item.shape
        if len(sizes) != len(item.shape) or any(
            size not in (None, wanted) for size, wanted in zip(item.shape, sizes, strict=True)
        ):
            raise EdgeqError(f"{what} has the shape {_shown(item.shape)}, which --input-shape doesn't fit")
        if any(size is None for size in sizes[1:]):
            raise EdgeqError(
                f"{what} has the dynamic shape {_shown(sizes)}; memory is planned at build time, so export with fixed "
                "shapes or give --input-shape"
            )
        if not sizes or sizes[0] not in (None, 1):  # firmware runs one sample: a batch of any size is one of 1
            raise EdgeqError(
                f"{what} has the shape {_shown(sizes)}; firmware runs one sample, so export with a batch of 1 in front"
            )
        self.names[item.name] = self.importer.input(item.name, (1, *(size or 0 for size in sizes[1:])))
        if item.type in INDICES:
            self.importer.prescribe(self.names[item.name], embedding.INDEX)

    def _output(self, name: str) -> str:
        if name not in self.names:
            raise EdgeqError(f"the model's output {name!r} does not depend on its input; remove it")
        return self.names[name]

    def _node(self, node: OnnxNode) -> None:
        shapes = [list(self.importer.shape(self.names[name])) for name in node.inputs if name in self.names]
        text = f"{node.op} on {', '.join(map(str, shapes)) or 'constants'}"
        self.importer.begin_call(node.name or f"{node.op}_{node.index}", text, ())
        for name in node.inputs:
            if name and name not in self.names and name not in self.constants:
                raise self.importer.unsupported(f"the operand {name!r}, which is never made", "a complete model")
        try:
            made = self._placed(node)
        except fold.FoldError as error:
            raise self.importer.unsupported(str(error), "a model as its exporter writes it") from error
        for name, result in zip(node.outputs, made if isinstance(made, list) else [made], strict=False):
            if not name:
                continue
            if isinstance(result, Constant):
                self.constants[name] = result
            else:
                self.names[name] = result
                if node.op in BOOLEANS or self._is_truth(node):
                    self.booleans.add(name)
                if self._is_integer(node):
                    self.integers.add(name)
                else:  # of a value and its integers, what DequantizeLinear makes is to count
                    self.importer.stands_for(result, name)

    def _placed(self, node: OnnxNode) -> Any:
        """What a node makes; one on values without a batch of 1 in front is moved behind one."""
        operands = {name: self.names[name] for name in node.inputs if name in self.names}
        call = OnnxCall(self.importer, node, self.names, self.constants, self.model.opset)
        without = self.unbatched.intersection(operands.values())
        if not without and not (operands and node.op in batch.MOVABLE and batch.leaves(call)):
            return self._converted(node, call)
        if node.op in ("Shape", "Size"):
            return self._shape(node, self.importer.shape(operands[node.inputs[0]])[1:])
        if node.op not in batch.MOVABLE:
            raise self.importer.unsupported(f"{node.op} of a value without a batch", "a batch of 1 in front")
        for name, tensor in operands.items():
            if tensor not in without:
                operands[name] = self.importer.reshape(tensor, (1, *self.importer.shape(tensor)))
        call = OnnxCall(self.importer, node, {**self.names, **operands}, self.constants, self.model.opset, behind=1)
        made = self._converted(node, call)
        results = [self._lowered(name) for name in (made if isinstance(made, list) else [made])]
        return results if isinstance(made, list) else results[0]

    def _lowered(self, name: str) -> str:
        """A result that was made behind a batch, without it where ONNX's value has one of its own."""
        shape = self.importer.shape(name)
        if shape[:2] == (1, 1):
            return self.importer.reshape(name, shape[1:])
        self.unbatched.add(name)
        return name

    def _converted(self, node: OnnxNode, call: OnnxCall) -> Any:
        if node.op in ("Shape", "Size") and node.inputs:
            return self._shape(node, call.shape(0))
        if node.op == "DequantizeLinear":
            return qdq.dequantize(call)
        operands = [name for name in node.inputs if name]
        if all(name in self.constants for name in operands):
            return self._folded(node, [self.constants[name] for name in operands])
        if node.op == "IsNaN":  # integers are always numbers
            return Constant(np.zeros(call.model_shape(0), np.bool_))
        if node.op == "QuantizeLinear":
            return qdq.quantize(call)
        if node.op in IDENTITY or (node.op == "Cast" and self._is_kept(node, call)):
            return call.input(0)
        if node.op in qlinear.FORMS:
            plain = self.importers[qlinear.FORMS[node.op].op]
            return qlinear.convert(call, lambda inner: str(plain(self.importer, inner)))
        if node.op not in self.importers:
            raise self._no_kernel(node)
        return self.importers[node.op](self.importer, call)

    def _is_kept(self, node: OnnxNode, call: OnnxCall) -> bool:
        """Whether a Cast leaves every value as it is: to float, and of 0 and 1 to anything."""
        return TYPES.get(call.attribute("to", 0)) in FLOATS or node.inputs[0] in self.booleans

    def _is_truth(self, node: OnnxNode) -> bool:
        """Whether a Cast makes 0 and 1, or keeps them."""
        target = TYPES.get(node.attributes.get("to", 0))
        return node.op == "Cast" and (target == "bool" or node.inputs[0] in self.booleans)

    def _is_integer(self, node: OnnxNode) -> bool:
        """Whether a node's result holds integers that stand for real numbers."""
        if node.op == "QuantizeLinear" or node.op in qlinear.FORMS:
            return True
        return node.op != "DequantizeLinear" and any(name in self.integers for name in node.inputs)

    @staticmethod
    def _shape(node: OnnxNode, shape: tuple[int, ...]) -> Constant:
        if node.op == "Size":
            return Constant(np.array(np.prod(shape, dtype=np.int64)))
        first, last = (node.attributes.get(key, default) for key, default in (("start", 0), ("end", len(shape))))
        if not isinstance(first, int) or not isinstance(last, int):
            raise fold.FoldError(f"a shape from {first} to {last}")
        return Constant(np.array(shape[first:last], np.int64))

    def _folded(self, node: OnnxNode, constants: list[Constant]) -> Constant:
        if node.op in ("Transpose", "Identity", "Dropout") and constants and constants[0].quantization is not None:
            return qdq.moved(node, constants[0])
        if node.op == "Dropout":
            return constants[0]
        if node.op not in fold.FUNCTIONS:
            raise self.importer.unsupported(f"{node.op} of constants", "a model without it (onnxsim removes it)")
        return Constant(fold.folded(node, [constant.real() for constant in constants]))

    def _no_kernel(self, node: OnnxNode) -> EdgeqError:
        op, others = node.op, also_missing(self._missing_behind(node))
        near = difflib.get_close_matches(op, self.importers, n=2, cutoff=0.6)
        instead = f"{' or '.join(near)}" if near else "an operator that edgeq lists"
        if op in INSTEAD:
            instead = INSTEAD[op]
        elif op.startswith("com.microsoft::Q") or op.startswith("QLinear"):
            instead = QDQ_FORM
        return self.importer.unsupported(f"the operator {op}", f"{instead}{others}")

    def _missing_behind(self, first: OnnxNode) -> list[str]:
        """Further operators without a kernel on what the model's input decides."""
        known = {*self.importers, *IDENTITY, *qlinear.FORMS, *WITHOUT_KERNEL, first.op}
        depends = {*self.names, *first.outputs}
        found: list[str] = []
        for node in self.model.nodes:
            if node.index > first.index and depends.intersection(node.inputs):
                depends.update(node.outputs)
                found += [node.op] if node.op not in known else []
        return found


def _shown(shape: tuple[int | None, ...]) -> str:
    return f"[{', '.join('?' if size is None else str(size) for size in shape)}]"
