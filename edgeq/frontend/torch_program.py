"""torch.export programs -> float graph. With torch_worker the only code that touches torch; it runs in a process of
its own (see torch_worker)."""

from __future__ import annotations

import difflib
import operator
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch.export import ExportedProgram
from torch.fx import Node as FxNode

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.frontend import torch_batch, torch_quantized
from edgeq.frontend.importer import Importer, also_missing
from edgeq.ir.graph import Graph
from edgeq.ops import embedding

#: results that are their first argument, for inference
IDENTITY = {
    "aten.alias.default",
    "aten.clone.default",
    "aten.contiguous.default",
    "aten.detach.default",
    "aten.detach_.default",
    "aten.dropout.default",
    "aten.dropout_.default",
    "aten.feature_dropout.default",
    "aten.lift_fresh_copy.default",
    "aten.to.dtype",
    "aten.type_as.default",
}
#: calls without a result
IGNORED = {"aten._assert_tensor_metadata.default", "aten.sym_constrain_range_for_size.default"}


def import_program(program: ExportedProgram, name: str) -> Graph:
    """The float graph of an exported program.

    Raises EdgeqError for dynamic shapes, a batch other than 1, and anything without a kernel.
    """
    return _ProgramImport(program, name).run()


Shape = tuple[int, ...]


class _ProgramImport:
    def __init__(self, program: ExportedProgram, name: str) -> None:
        self.program = program
        self.importer = Importer(name)
        self.importers = {
            target: convert for op in ops.registry().values() for target, convert in op.torch_targets.items()
        } | dict(torch_quantized.TARGETS)
        self.names: dict[FxNode, str] = {}  # activations: fx node -> tensor of the graph
        self.parts: dict[FxNode, list[str]] = {}  # calls with several results
        self.values: dict[FxNode, Any] = {}  # constants: fx node -> torch value
        self.integers: dict[FxNode, torch_quantized.Integers] = {}  # constants that the program holds as integers
        self.constant_names: dict[FxNode, str] = {}
        self.empty: set[FxNode] = set()  # results without elements, which only a concatenation may read

    def run(self) -> Graph:
        self._placeholders()
        outputs: list[str] = []
        for node in self.program.graph.nodes:
            if node.op == "call_function":
                self._call(node)
            elif node.op == "output":
                outputs = [self._output(item) for item in _flatten(node.args[0])]
        return self.importer.finish(outputs)

    def _placeholders(self) -> None:
        signature = self.program.graph_signature
        lifted = {**signature.inputs_to_parameters, **signature.inputs_to_buffers}
        constants = dict(signature.inputs_to_lifted_tensor_constants)
        user = set(signature.user_inputs)
        for node in self.program.graph.nodes:
            if node.op != "placeholder":
                continue
            if node.name in lifted:
                path = lifted[node.name]
                value = self.program.state_dict.get(path)
                self.values[node] = value if value is not None else self.program.constants[path]
            elif node.name in constants:
                self.values[node] = self.program.constants[constants[node.name]]
            elif node.name in user:
                self._user_input(node)
            else:
                raise EdgeqError(f"the model's input {node.name} is neither data nor a parameter; export it again")

    def _user_input(self, node: FxNode) -> None:
        value = node.meta.get("val")
        if not isinstance(value, torch.Tensor):
            raise EdgeqError(f"the model's input {node.name} is no tensor; export the model with tensors only")
        if any(not isinstance(size, int) for size in value.shape):
            sizes = ", ".join(str(size) for size in value.shape)
            raise EdgeqError(
                f"the model's input {node.name} has the dynamic shape [{sizes}]; memory is planned at build time, so "
                "export with fixed shapes (no dynamic_shapes)"
            )
        if not value.dtype.is_floating_point and value.dtype not in (torch.int64, torch.int32):
            raise EdgeqError(
                f"the model's input {node.name} is {value.dtype}; give it floats, or indices of an embedding (int64)"
            )
        shape = tuple(int(size) for size in value.shape)
        if shape[:1] != (1,):
            raise EdgeqError(
                f"the model's input {node.name} has shape {list(shape)}; firmware runs one sample, so export with a "
                "batch of 1 in front"
            )
        self.names[node] = self.importer.input(node.name, shape)
        if not value.dtype.is_floating_point:
            self.importer.prescribe(self.names[node], embedding.INDEX)

    def _output(self, item: Any) -> str:
        if item in self.names:
            return self.names[item]
        raise EdgeqError(f"the model's output {item} does not depend on its input; remove it and export again")

    def _call(self, node: FxNode) -> None:
        target = str(node.target)
        inputs = node.all_input_nodes
        if target in IGNORED:
            return
        if not any(item in self.names or item in self.empty for item in inputs):
            self.values[node] = self._evaluate(node)
            if target in torch_quantized.CONSTANT:
                arguments = self._by_name(node, lambda value: self.values.get(value, value))
                found = torch_quantized.constant(target, arguments, self.values[node])
                self.integers |= {node: found} if found is not None else {}
            return
        if node.target is operator.getitem and node.args[0] in self.parts:
            parts, index = self.parts[node.args[0]], node.args[1]
            if index >= len(parts):
                raise self.importer.unsupported(f"result number {index} of {node.args[0].target}", "its other results")
            self.names[node] = parts[index]
            self.importer.stands_for(self.names[node], node.name)
            return
        if target in IDENTITY or node.target is operator.getitem:
            self.names[node] = self.names[node.args[0]]
            return
        if 0 in _shape(node):
            self.empty.add(node)
            return
        text = f"{target} on {', '.join(str(list(_shape(item))) for item in inputs)}"
        result = node.meta.get("val")
        results = list(result) if isinstance(result, (tuple, list)) else [result]
        shapes = [tuple(item.shape) for item in results if isinstance(item, torch.Tensor)]
        if not torch_batch.can_move(target):  # what nobody reads may have any shape
            read = {user.args[1] for user in node.users if user.target is operator.getitem}
            given = [shape for index, shape in enumerate(shapes) if index in read] or shapes[:1]
        else:
            given = shapes
        self.importer.begin_call(layer_name(node), text, shapes[0])
        if target not in self.importers:
            raise self._no_kernel(node, text)
        if all(torch_batch.has_batch(shape) for shape in (*map(_shape, self._activations(node)), *given)):
            made = self.importers[target](self.importer, self._arguments(node, self.names))
        else:
            made = self._behind_a_batch(node, shapes)
        if isinstance(made, list):
            self.parts[node] = made
        else:
            self.importer.stands_for(made, node.name)
        self.names[node] = made[0] if isinstance(made, list) else made

    def _activations(self, node: FxNode) -> list[FxNode]:
        return [item for item in node.all_input_nodes if item in self.names]

    def _behind_a_batch(self, node: FxNode, shapes: list[Shape]) -> Any:
        """What the import function makes of a call on values without a batch of 1 in front, moved behind one."""
        target, operands = str(node.target), self._activations(node)
        if not torch_batch.can_move(target):
            raise self.importer.unsupported(f"a result of shape {shapes[0]}", "a batch of 1 in front")
        behind = {
            item: self.importer.reshape(self.names[item], (1, *_shape(item)))
            for item in operands
            if torch_batch.has_batch(_shape(item))
        }
        target, arguments = torch_batch.moved(target, self._arguments(node, self.names | behind))
        self.importer.set_result_shape((1, *shapes[0]))
        made = self.importers[target](self.importer, arguments)
        results = [
            self.importer.reshape(name, shape) if torch_batch.has_batch(shape) else name
            for name, shape in zip(made if isinstance(made, list) else [made], shapes, strict=False)
        ]
        return results if isinstance(made, list) else results[0]

    def _evaluate(self, node: FxNode) -> Any:
        """A call on constants only, computed now."""
        with torch.no_grad():
            args = torch.fx.map_arg(node.args, lambda item: self.values[item])
            kwargs = torch.fx.map_arg(node.kwargs, lambda item: self.values[item])
            return node.target(*args, **kwargs)

    def _arguments(self, node: FxNode, names: Mapping[FxNode, str]) -> Mapping[str, Any]:
        """Arguments by schema name; activations become their `names`, constants those of new tensors."""
        return self._by_name(node, lambda value: self._value(value, names))

    @staticmethod
    def _by_name(node: FxNode, meaning: Callable[[Any], Any]) -> Mapping[str, Any]:
        """Arguments, defaults included, by schema name."""
        schema = node.target._schema
        values = dict(zip((argument.name for argument in schema.arguments), node.args, strict=False))
        values.update(node.kwargs)
        for argument in schema.arguments:
            if argument.name not in values and argument.has_default_value():
                values[argument.name] = argument.default_value
        return {key: meaning(value) for key, value in values.items()}

    def _value(self, value: Any, names: Mapping[FxNode, str]) -> Any:
        if isinstance(value, (tuple, list)):
            return [self._value(item, names) for item in value if not (isinstance(item, FxNode) and item in self.empty)]
        if not isinstance(value, FxNode):
            return value
        if value in names:
            return names[value]
        data = self.values[value]
        if not isinstance(data, torch.Tensor):
            return data
        if value not in self.constant_names and value in self.integers:
            stored = self.integers[value]
            self.constant_names[value] = self.importer.integer_constant(stored.data, stored.quantization)
        elif value not in self.constant_names:
            make = self.importer.boolean_constant if data.dtype == torch.bool else self.importer.constant
            self.constant_names[value] = make(data.detach().to(torch.float32).numpy())
        return self.constant_names[value]

    def _no_kernel(self, node: FxNode, text: str) -> EdgeqError:
        target, others = str(node.target), also_missing(self._missing_behind(node))
        near = difflib.get_close_matches(target, self.importers, n=1, cutoff=0.6)
        instead = INSTEAD.get(target.split(".")[1] if "." in target else target)
        if instead is None:
            instead = (
                f"the nearest supported operator is {near[0]}" if near else "'edgeq inspect' lists what is supported"
            )
        return EdgeqError(f"layer {self.importer.layer}: there is no kernel for {text}; {instead}{others}")

    def _missing_behind(self, first: FxNode) -> list[str]:
        """Further calls without a kernel on what the model's input decides."""
        found: list[str] = []
        known = {operator.getitem, *(node.target for node in self.program.graph.nodes if str(node.target) in IDENTITY)}
        depends = {*self.names, *self.empty, first}
        nodes = list(self.program.graph.nodes)
        for node in nodes[nodes.index(first) + 1 :]:
            if node.op != "call_function" or not depends.intersection(node.all_input_nodes):
                continue
            depends.add(node)
            target = str(node.target)
            if target not in self.importers and target not in IGNORED and node.target not in known:
                found.append(target)
        return [target for target in found if target != str(first.target)]


#: what to write instead of operators that people use in small networks
INSTEAD = {
    "kthvalue": "use topk, which gives all of them in order",
    "_fft_r2c": "multiply by the transform's rows in a linear layer, or give the model a spectrum",
    "cumprod": "add logarithms: cumsum of the log, and exp",
    "nonzero": "its result has no fixed size; compute a mask instead",
    "masked_select": "its result has no fixed size; multiply by a mask instead",
    "rnn_tanh": "use nn.GRU or nn.LSTM",
    "rnn_relu": "use nn.GRU or nn.LSTM",
    "rnn_tanh_cell": "use nn.GRUCell or nn.LSTMCell",
    "rnn_relu_cell": "use nn.GRUCell or nn.LSTMCell",
    "grid_sampler_2d": "resize with nearest or bilinear interpolation",
    "bernoulli": "call eval() on the model before exporting it",
    "rand": "make random numbers outside the model and give them as an input",
    "randn": "make random numbers outside the model and give them as an input",
}


def values_of(program: ExportedProgram, wanted: set[str], inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The named values of one inference of a program as `simplify` makes it; `inputs` in the program's order."""
    lifted = {**program.graph_signature.inputs_to_parameters, **program.graph_signature.inputs_to_buffers}
    lifted |= program.graph_signature.inputs_to_lifted_tensor_constants
    known: dict[FxNode, Any] = {}
    found: dict[str, np.ndarray] = {}
    left = iter(inputs)
    with torch.no_grad():
        for node in program.graph.nodes:
            if node.op == "placeholder":
                path = lifted.get(node.name)
                value = program.state_dict.get(path)
                if path is None:  # indices come as numbers
                    value = torch.from_numpy(next(left)).to(node.meta["val"].dtype)
                known[node] = program.constants[path] if value is None else value
            elif node.op == "call_function":
                args, kwargs = (torch.fx.map_arg(part, lambda item: known[item]) for part in (node.args, node.kwargs))
                known[node] = node.target(*args, **kwargs)
                if node.name in wanted:
                    value = known[node]  # of a batch norm's three results the first is imported
                    first = value[0] if isinstance(value, (tuple, list)) else value
                    found[node.name] = first.detach().to(torch.float32).numpy().copy()
    return found


def layer_name(node: FxNode) -> str:
    """Module path of a call (as in named_modules()); functional calls in a module add their own name."""
    stack = node.meta.get("nn_module_stack") or {}
    paths = [entry[0] for entry in stack.values() if entry[0]]
    path = paths[-1].removeprefix("L['self'].") if paths else ""
    kind = [entry[1] for entry in stack.values()][-1:] or [""]
    leaf = str(kind[0]).startswith("torch.nn.modules") or "torch.nn.modules" in str(kind[0])
    if path and leaf:
        return path
    return f"{path}.{node.name}" if path else node.name


def _shape(node: FxNode) -> Shape:
    """Shape of a call's (first) result."""
    value = node.meta.get("val")
    value = value[0] if isinstance(value, (tuple, list)) else value
    return tuple(int(size) for size in getattr(value, "shape", ()))


def _flatten(value: Any) -> list[Any]:
    if isinstance(value, (tuple, list)):
        return [leaf for item in value for leaf in _flatten(item)]
    return [value]


def simplify(program: ExportedProgram) -> ExportedProgram:
    """The program with composite operators taken apart, but those with a kernel of ours kept whole, and those that
    INSTEAD knows, so that a refusal names what the user wrote. Raises EdgeqError for a program that contradicts
    itself."""
    table = torch.export.default_decompositions()
    kept = {target for op in ops.registry().values() for target in op.torch_targets} | set(torch_quantized.TARGETS)
    for overload in list(table):
        if str(overload) in kept or str(overload).split(".")[1] in INSTEAD:
            table.pop(overload)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`isinstance.treespec, LeafSpec", FutureWarning)  # torch's own
        try:
            return program.run_decompositions(table)
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise EdgeqError(
                f"torch can't take the exported program apart ({str(error)[:200] or type(error).__name__}); the file "
                "is damaged, so export the model again"
            ) from error


def check_numbers(graph: Graph) -> None:
    """Raises EdgeqError when a parameter is NaN or infinite."""
    for node in graph.nodes:
        for tensor in graph.input_tensors(node):
            if tensor.data is not None and not np.all(np.isfinite(tensor.data)):
                raise EdgeqError(f"layer {node.name}: its parameters contain NaN or infinity; train the model again")
