"""ONNX's Einsum of two operands as one product of matrices: axes that both have and the result keeps are batches, axes
that both have and the result sums over are the products' inner axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from edgeq.ops import matmul

if TYPE_CHECKING:
    from edgeq.frontend.importer import Importer
    from edgeq.frontend.onnx.call import OnnxCall


def import_onnx(importer: Importer, call: OnnxCall) -> str:
    """Einsum with an explicit result, every label once an operand, sums over common axes only."""
    equation = call.attribute("equation", "").replace(" ", "")
    operands, _, result = equation.partition("->")
    terms = operands.split(",")
    sizes = {
        label: size
        for index, term in enumerate(terms[:2])
        for label, size in zip(term, call.model_shape(index), strict=False)
    }
    fits = len(terms) == 2 == call.count() and all(
        term.isalpha() and len(set(term)) == len(term) == len(call.model_shape(index))
        for index, term in enumerate(terms)
    )
    fits = fits and all(
        sizes[label] == size
        for index in (0, 1)
        for label, size in zip(terms[index], call.model_shape(index), strict=True)
    )
    if not fits or not result.isalpha() or set(result) - set(sizes) or len(set(result)) != len(result):
        raise importer.unsupported(f"the sum {equation!r}", "two operands and an explicit result")
    order = (0, 1) if call.constant(0) is None else (1, 0)
    left, right = (terms[index] for index in order)
    if call.constant(order[0]) is not None or (set(left) ^ set(right)) - set(result):
        raise importer.unsupported(f"the sum {equation!r}", "sums over axes that both operands have")
    batches = [label for label in result if label in left and label in right]
    inner = [label for label in left if label in right and label not in result]
    own = [[label for label in term if label not in (*batches, *inner)] for term in (left, right)]

    def size(labels: list[str]) -> int:
        return math.prod(sizes[label] for label in labels)

    x = _arranged(importer, call.input(order[0]), left, [batches, own[0], inner], sizes)
    if call.constant(order[1]) is not None:
        if size(batches) != 1:
            raise importer.unsupported(f"the sum {equation!r} with a constant for every matrix", "one constant")
        perm = [right.index(label) for label in (*batches, *inner, *own[1])]
        values = call.values(order[1], "an operand").transpose(perm).reshape(size(inner), size(own[1]))
        y = matmul.product(importer, x, importer.constant(np.ascontiguousarray(values)), False, {})
    else:
        other = _arranged(importer, call.input(order[1]), right, [batches, own[1], inner], sizes)
        y = matmul.product(importer, x, other, True, {})
    made = (*batches, *own[0], *own[1])
    y = importer.reshape(y, (1, *(sizes[label] for label in made)))
    y = importer.transpose(y, (0, *(1 + made.index(label) for label in result)))
    return y if call.behind else importer.reshape(y, tuple(sizes[label] for label in result))


def _arranged(importer: Importer, x: str, term: str, groups: list[list[str]], sizes: dict[str, int]) -> str:
    """An operand as [1, batches, rows, inner]."""
    x = importer.reshape(x, (1, *(sizes[label] for label in term)))
    x = importer.transpose(x, (0, *(1 + term.index(label) for group in groups for label in group)))
    return importer.reshape(x, (1, *(math.prod(sizes[label] for label in group) for group in groups)))


TARGETS = {"Einsum": import_onnx}
