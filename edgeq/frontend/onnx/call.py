"""One node of an ONNX model as its operator's import function sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgeq.frontend.onnx import fold
from edgeq.ir.graph import Quantization

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.model import OnnxNode


@dataclass(eq=False)
class Constant:
    """A value known at import: `data` in the file's type, with `quantization` integers that stand for real numbers.
    `name` is its tensor in the graph, once somebody needs one."""

    data: np.ndarray
    quantization: Quantization | None = None
    name: str | None = field(default=None)

    def real(self) -> np.ndarray:
        return self.data if self.quantization is None else self.quantization.real(self.data)


class OnnxCall:
    """Operands are numbered as in ONNX; their names are tensors of the graph. `opset` tells the node's form. `behind`:
    1 where all activations have a batch of 1 before the axes that ONNX counts, else 0."""

    def __init__(
        self,
        importer: Importer,
        node: OnnxNode,
        names: dict[str, str],
        constants: dict[str, Constant],
        opset: int,
        behind: int = 0,
    ) -> None:
        self.importer = importer
        self.node = node
        self.opset = opset
        self.behind = behind
        self._names = names
        self._constants = constants

    def count(self) -> int:
        return len(self.node.inputs)

    def constant(self, index: int) -> Constant | None:
        """An operand's value if it is known."""
        return self._constants.get(self.node.inputs[index]) if self._is_there(index) else None

    def optional(self, index: int) -> str | None:
        """Name of an operand, None where it is absent. A constant becomes a tensor of real numbers."""
        if not self._is_there(index):
            return None
        known = self.constant(index)
        if known is None:
            return self._names[self.node.inputs[index]]
        if known.name is None:
            if known.quantization is not None:
                known.name = self.importer.integer_constant(known.data, known.quantization)
            else:
                known.name = self.importer.constant(self._finite(known.data, index))
        return known.name

    def input(self, index: int, what: str = "an operand") -> str:
        """Name of an operand that must be there."""
        name = self.optional(index)
        if name is None:
            raise self.importer.unsupported(f"an operator without {what}", "a complete model")
        return name

    def mask(self, index: int) -> str:
        """An operand that may hold negative infinity, which becomes the lowest float."""
        known = self.constant(index)
        if known is None or known.quantization is not None or known.data.dtype.kind != "f":
            return self.input(index)
        lowest = np.finfo(np.float32).min
        values = np.where(np.isneginf(known.data), lowest, np.maximum(known.data.astype(np.float64), lowest))
        return self.importer.constant(self._finite(values.astype(np.float32), index))

    def activation(self, index: int = 0) -> str:
        """Name of an operand that is computed from the model's input."""
        if self.constant(index) is not None:
            raise self.importer.unsupported("a constant in the place of the input", "the operands the other way round")
        return self.input(index)

    def shape(self, index: int = 0) -> tuple[int, ...]:
        known = self.constant(index)
        return known.data.shape if known is not None else self.importer.shape(self.input(index))

    def model_shape(self, index: int = 0) -> tuple[int, ...]:
        """An operand's shape as ONNX has it."""
        return self.shape(index) if self.constant(index) is not None else self.shape(index)[self.behind :]

    def stored(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape in the graph of a result that ONNX calls `shape`."""
        return (1,) * self.behind + shape

    def permutation(self) -> tuple[int, ...]:
        """perm, or the axes reversed, as the graph counts them."""
        rank = len(self.model_shape(0))
        perm = self.attribute("perm", tuple(range(rank))[::-1])
        if sorted(perm) != list(range(rank)):
            raise self.importer.unsupported(f"a transpose by {perm} of {rank} axes", "a permutation")
        return (*range(self.behind), *(axis + self.behind for axis in perm))

    def target_shape(self) -> tuple[int, ...]:
        """What Reshape's operand makes of the input's shape, as ONNX has it."""
        wanted = self.integers(1, "shapes") or ()
        return fold.reshaped(self.model_shape(0), wanted, bool(self.attribute("allowzero", 0)))

    def values(self, index: int, what: str) -> np.ndarray:
        """The real values of a constant operand."""
        known = self.constant(index)
        if known is None:
            raise self.importer.unsupported(f"{what} that depend on the input", "constants")
        return self._finite(known.real(), index)

    def scalar(self, index: int, default: float | None, what: str) -> float | None:
        """An optional constant of one element."""
        if not self._is_there(index):
            return default
        values = self.values(index, what)
        if values.size != 1:
            raise self.importer.unsupported(f"{what} of shape {values.shape}", "one number")
        return float(values.reshape(-1)[0])

    def integers(self, index: int, what: str) -> tuple[int, ...] | None:
        """The values of an optional constant operand of integers: a shape, axes, sizes."""
        if not self._is_there(index):
            return None
        known = self.constant(index)
        if known is None or known.data.dtype.kind != "i":
            raise self.importer.unsupported(f"{what} that are not constant integers", "constants")
        return tuple(int(value) for value in known.data.reshape(-1))

    def axes(self, index: int) -> tuple[int, ...] | None:
        """Axes from an operand or, in older operator sets, an attribute, as ONNX counts them."""
        found = self.integers(index, "axes")
        return self.attribute("axes", None) if found is None else found

    def moved_axes(self, index: int) -> tuple[int, ...] | None:
        """Axes of the input as the graph counts them, from the front."""
        axes, rank = self.axes(index), len(self.model_shape(0))
        if axes is not None and any(not -rank <= axis < rank for axis in axes):
            raise self.importer.unsupported(f"axes {axes} of {rank}", "axes that are there")
        return None if axes is None else tuple(axis % rank + self.behind for axis in axes)

    def axis(self, default: int, key: str = "axis") -> int:
        """An axis attribute as the graph counts it, from the front."""
        rank, axis = len(self.model_shape(0)), self.attribute(key, default)
        if not -rank <= axis < rank:
            raise self.importer.unsupported(f"axis {axis} of {rank}", "an axis that is there")
        return axis % rank + self.behind

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute's value. Raises EdgeqError where it has another kind than the default."""
        value = self.node.attributes.get(name, default)
        if default is not None and not isinstance(value, type(default)):
            raise self.importer.unsupported(f"the attribute {name} = {value!r}", "a model as its exporter writes it")
        return value

    def _is_there(self, index: int) -> bool:
        return index < len(self.node.inputs) and self.node.inputs[index] != ""

    def _finite(self, data: np.ndarray, index: int) -> np.ndarray:
        if not np.all(np.isfinite(data)):
            raise self.importer.unsupported(
                f"the constant {self.node.inputs[index]!r}, which holds NaN or infinity,", "weights that are numbers"
            )
        return data
