"""A checked .tflite model -> graph. The operators' own `tflite_targets` translate its operators.

Tensors that the file quantizes stay float in the graph and carry the file's scale and zero point; the quantizer then
takes those instead of choosing its own, and rounds as TensorFlow Lite's reference kernels do (rounding "tflite"). What
the file leaves in float is quantized like any float model.
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
from edgeq.frontend.tflite import schema
from edgeq.frontend.tflite.dilated import with_dilation
from edgeq.frontend.tflite.model import TfliteModel, TfliteOperator, TfliteTensor, read
from edgeq.frontend.tflite.refusals import INSTEAD
from edgeq.frontend.tflite.sparse import densified
from edgeq.ir.graph import Graph, Quantization
from edgeq.ops import embedding, fixed_point

#: types that activations may be stored in
STORED = ("int8", "int16")


class TfliteCall:
    """One operator as its import function sees it: `inputs` are names in the graph (None for an absent operand)."""

    def __init__(
        self, importer: Importer, operator: TfliteOperator, inputs: list[str | None], model: TfliteModel
    ) -> None:
        self.importer = importer
        self.operator = operator
        self.inputs = inputs
        self.model = model

    def input(self, index: int, what: str = "an operand") -> str:
        """Name of an operand that must be there."""
        name = self.inputs[index] if index < len(self.inputs) else None
        if name is None:
            raise self.importer.unsupported(f"an operator without {what}", "a complete model")
        return name

    def optional(self, index: int) -> str | None:
        return self.inputs[index] if index < len(self.inputs) else None

    def variable(self, index: int, what: str) -> str:
        """Name of a variable tensor's value at the start of an inference; `keep` gives it the one at the end."""
        number = self.operator.inputs[index] if index < len(self.operator.inputs) else None
        if number is None or not self.model.tensors[number].is_variable:
            raise self.importer.unsupported(f"{what} that is no variable tensor", "a model as its converter writes it")
        return self.input(index, what)

    def keep(self, index: int, value: str) -> None:
        """Stores `value` in the variable tensor that is operand `index`, for the next inference."""
        self.importer.keep(self.input(index), value)

    def option(self, name: str) -> Any:
        """An option's value. Raises EdgeqError when the operator came without its options."""
        if name not in self.operator.options:
            raise self.importer.unsupported("an operator without its options", "a model as its converter writes it")
        return self.operator.options[name]

    def output_shape(self, index: int = 0) -> tuple[int, ...]:
        return self.model.tensors[self.operator.outputs[index]].graph_shape

    def output_quantization(self, index: int = 0) -> Quantization | None:
        """What the file prescribes for an output, None for a float one."""
        tensor = self.model.tensors[self.operator.outputs[index]]
        return tensor.quantization if tensor.type in STORED else None

    def is_stored(self, index: int) -> bool:
        """Whether the file has an operand in integers that stand for real numbers."""
        number = self.operator.inputs[index] if index < len(self.operator.inputs) else None
        tensor = self.model.tensors[number] if number is not None else None
        return tensor is not None and tensor.type in STORED and tensor.quantization is not None

    def is_unsigned(self, index: int = 0) -> bool:
        """Whether the file has an operator's output in uint8."""
        return self.model.tensors[self.operator.outputs[index]].unsigned

    def intermediate_quantization(self, index: int) -> Quantization | None:
        """The scale that the file notes for a value inside the operator."""
        numbers = self.operator.intermediates
        return self.model.tensors[numbers[index]].quantization if index < len(numbers) else None

    def integers(self, index: int, what: str) -> tuple[int, ...]:
        """The values of a constant operand of integers: a shape, axes, sizes."""
        number = self.operator.inputs[index] if index < len(self.operator.inputs) else None
        tensor = self.model.tensors[number] if number is not None else None
        if tensor is None or tensor.data is None or tensor.type not in ("int32", "int64"):
            raise self.importer.unsupported(f"{what} that is not constant", "constants")
        return tuple(int(value) for value in tensor.data.reshape(-1))

    def activation(self) -> tuple[float | None, float | None]:
        """Bounds of the fused activation function."""
        number = self.operator.options.get("fused_activation_function", 0)
        if number not in schema.ACTIVATIONS:
            known = 0 <= number < len(schema.ACTIVATION_NAMES)
            name = schema.ACTIVATION_NAMES[number] if known else f"number {number}"
            raise self.importer.unsupported(f"the fused activation {name}", "RELU, RELU6 or RELU_N1_TO_1")
        return schema.ACTIVATIONS[number]

    def attributes(self, **values: Any) -> dict[str, Any]:
        """Attributes of the node to be made: `values`, the fused activation, and the rounding where it matters."""
        bounds = self.activation()
        if bounds != (None, None):
            values["activation"] = bounds
        if self.output_quantization() is not None:
            values["rounding"] = fixed_point.TFLITE
        return values


Target = Callable[[Importer, TfliteCall], Any]


def load(path: Path) -> Graph:
    """The graph of a file. Raises EdgeqError naming the operator for anything that edgeq can't have."""
    return _ProgramImport(with_dilation(densified(read(path))), path.stem).run()


class _ProgramImport:
    def __init__(self, model: TfliteModel, name: str) -> None:
        self.model = model
        self.importer = Importer(name)
        self.importers: dict[str, Target] = {
            target: convert for op in ops.registry().values() for target, convert in op.tflite_targets.items()
        }
        self.names: dict[int, str] = {}  # tensor of the file -> tensor of the graph

    def run(self) -> Graph:
        for index in self.model.inputs:
            self._input(self.model.tensors[index])
        for operator in self.model.operators:
            self._call(operator)
        ports = (*self.model.inputs, *self.model.outputs)
        outputs = [self._output(index) for index in self.model.outputs]
        unsigned = {self.names[index] for index in ports if self.model.tensors[index].unsigned}
        return self.importer.finish(outputs, unsigned)

    def _input(self, tensor: TfliteTensor) -> None:
        if tensor.type not in ("float32", "int32", *STORED) or (tensor.type in STORED and tensor.quantization is None):
            raise EdgeqError(
                f"the model's input {tensor.name!r} is {tensor.type}"
                f"{' without a scale' if tensor.type in (*STORED, 'uint8') else ''}; float32, int8, int16, uint8 and "
                "bool inputs are supported, and int32 ones that are looked up in a table"
            )
        if tensor.shape[:1] != (1,):
            raise EdgeqError(
                f"the model's input {tensor.name!r} has shape {list(tensor.shape)}; firmware runs one sample, so "
                "convert with a batch of 1 in front"
            )
        name = self.importer.input(tensor.name or "x", tensor.shape)
        if tensor.quantization is not None and tensor.type in STORED:
            self.importer.prescribe(name, tensor.quantization)
        if tensor.boolean:
            self.importer.mark_boolean(name)
        if tensor.type == "int32":
            self.importer.prescribe(name, embedding.INDEX)
        self.names[tensor.index] = name

    def _output(self, index: int) -> str:
        if index not in self.names:
            raise EdgeqError(
                f"the model's output {self.model.tensors[index].name!r} does not depend on its input; remove it"
            )
        return self.names[index]

    def _call(self, operator: TfliteOperator) -> None:
        tensors = [self.model.tensors[index] for index in operator.inputs if index is not None]
        text = f"{operator.name} on {', '.join(str(tensor) for tensor in tensors if tensor.data is None)}"
        out = self.model.tensors[operator.outputs[0]].shape if operator.outputs else ()
        self.importer.begin_call(f"{operator.name}_{operator.index}", text, out)
        for tensor in [*tensors, *(self.model.tensors[index] for index in operator.outputs)]:
            if tensor.data is None and tensor.type == "uint8":
                raise self.importer.unsupported("an activation of type uint8 without a scale", "a quantized one")
        if operator.name not in self.importers:
            near = difflib.get_close_matches(operator.name, self.importers, n=2, cutoff=0.5)
            instead = " or ".join(near) if near else "an operator of docs/tflite.md"
            rest = [other.name for other in self.model.operators if other.index > operator.index]
            others = also_missing(name for name in rest if name not in (*self.importers, operator.name))
            instead = INSTEAD.get(operator.name, instead)
            raise self.importer.unsupported(f"the operator {operator.name}", f"{instead}{others}")
        call = TfliteCall(self.importer, operator, [self._operand(index) for index in operator.inputs], self.model)
        made = self.importers[operator.name](self.importer, call)
        results = made if isinstance(made, list) else [made]
        for index, name in zip(operator.outputs, results, strict=False):
            self.names[index] = name
            tensor = self.model.tensors[index]
            if operator.name != "DEQUANTIZE" and not tensor.synthetic:  # its operand, the integers, is to count
                self.importer.stands_for(name, str(index))
            if self.importer.shape(name) != tensor.graph_shape:
                raise self.importer.unsupported(
                    f"an output that the file calls {list(tensor.shape)} and that has the shape "
                    f"{list(self.importer.shape(name))}", "a model as its converter writes it"
                )  # fmt: skip
            if tensor.type in STORED and tensor.quantization is not None and self.importer.quantization(name) is None:
                self.importer.prescribe(name, tensor.quantization)

    def _operand(self, index: int | None) -> str | None:
        if index is None:
            return None
        if index not in self.names:
            tensor = self.model.tensors[index]
            self.names[index] = self._variable(tensor) if tensor.data is None else self._constant(tensor)
        return self.names[index]

    def _variable(self, tensor: TfliteTensor) -> str:
        """A variable tensor: a state, whose end its operator's import function declares (TfliteCall.keep)."""
        is_integer = tensor.type in STORED and tensor.quantization is not None
        if tensor.shape[:1] != (1,) or not (is_integer or tensor.type == "float32"):
            raise self.importer.unsupported(
                f"the variable tensor {tensor.name!r}, {tensor.type} of shape {list(tensor.shape)}",
                "float32, int8 or int16 with a scale, a batch of 1 in front",
            )
        return self.importer.state(tensor.name or "state", tensor.shape, tensor.quantization if is_integer else None)

    def _constant(self, tensor: TfliteTensor) -> str:
        assert tensor.data is not None
        if tensor.quantization is not None and tensor.type in ("int8", "int16", "int32", "int64"):
            return self.importer.integer_constant(tensor.data, tensor.quantization)
        data = tensor.data.astype(np.float64)
        if tensor.quantization is not None:
            return self.importer.constant(tensor.quantization.real(tensor.data))
        if not np.all(np.isfinite(data)):
            raise EdgeqError(f"the constant {tensor.name!r} holds NaN or infinity; check the model's weights")
        return self.importer.constant(data.astype(np.float32))
