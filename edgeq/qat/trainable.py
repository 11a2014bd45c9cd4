"""An exported program -> a module that can be trained: parameters at their own paths, batch norms that follow train()
and eval(), any batch size."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx, nn
from torch.export import ExportedProgram

from edgeq.errors import EdgeqError
from edgeq.qat import estimators

#: a batch norm in an exported program: (input, weight, bias, mean, variance, momentum, epsilon), result 0
BATCH_NORM = "aten._native_batch_norm_legit_no_training.default"
#: calls without a gradient -> what is trained instead
WITH_GRADIENT = {"edgeq.binarize.default": estimators.signs}
#: calls that hold shapes, whose batch of 1 stands for any
SHAPED = {"aten.view.default", "aten.reshape.default", "aten._unsafe_view.default", "aten.expand.default"}


class BatchNorm(nn.modules.batchnorm._BatchNorm):
    """A batch norm over the second axis of an input with any number of axes."""

    def _check_input_dim(self, input: torch.Tensor) -> None:
        """Every number of axes is right."""


def trainable(program: ExportedProgram) -> fx.GraphModule:
    """The module of a program as edgeq.frontend.torch_program.simplify makes it. Nodes keep their names (a batch norm's
    is that of the whole call) and their meta data, so that edgeq's graph and this one can be matched."""
    return _Unlifted(program).module()


class _Unlifted:
    def __init__(self, program: ExportedProgram) -> None:
        self.program = program
        self.root = nn.Module()
        self.graph = fx.Graph()
        self.made: dict[fx.Node, fx.Node] = {}
        signature = program.graph_signature
        self.paths = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }

    def module(self) -> fx.GraphModule:
        for node in self.program.graph.nodes:
            if node.op == "placeholder" and node.name in self.paths:
                continue
            if node.op == "call_function" and str(node.target) == BATCH_NORM:
                self.made[node] = self._batch_norm(node)
            elif node.op == "call_function" and self._is_first_of_batch_norm(node):
                self.made[node] = self.made[node.args[0]]
            elif node.op == "output":
                results = fx.map_arg(node.args[0], self._value)
                self.graph.output(results[0] if len(results) == 1 else results)
            else:
                self.made[node] = self._copied(node)
        self.graph.lint()
        return fx.GraphModule(self.root, self.graph)

    @staticmethod
    def _is_first_of_batch_norm(node: fx.Node) -> bool:
        source = node.args[0] if node.args else None
        return isinstance(source, fx.Node) and str(source.target) == BATCH_NORM

    def _value(self, node: fx.Node) -> fx.Node:
        """The new graph's node; parameters and buffers are read where they are first needed."""
        if node not in self.made:
            path = self.paths[node.name]
            self._own(path)
            self.made[node] = self.graph.get_attr(path)
            self.made[node].name = node.name
        return self.made[node]

    def _copied(self, node: fx.Node) -> fx.Node:
        copy = self.graph.node_copy(node, self._value)
        copy.target = WITH_GRADIENT.get(str(node.target), node.target)
        copy.name = node.name
        if str(copy.target) in SHAPED and copy.args[1][:1] == [1]:
            copy.args = (copy.args[0], [-1, *copy.args[1][1:]], *copy.args[2:])
        return copy

    def _batch_norm(self, node: fx.Node) -> fx.Node:
        x, weight, _, mean, _, momentum, epsilon = node.args
        path = self.paths[mean.name].rpartition(".")[0]
        if not path:
            raise EdgeqError(f"batch norm {node.name}: it must be a module of the network to be trained")
        norm = BatchNorm(len(self._data(mean)), eps=epsilon, momentum=momentum, affine=weight is not None)
        states = {key: self._data(item) for key, item in zip(_NORM_KEYS, node.args[1:5], strict=True) if item}
        norm.load_state_dict(states, strict=False)
        _put(self.root, path, norm)
        made = self.graph.call_module(path, (self._value(x),))
        made.name, made.meta = node.name, dict(node.meta)
        return made

    def _data(self, node: fx.Node) -> torch.Tensor:
        path = self.paths[node.name]
        value = self.program.state_dict.get(path)
        found = self.program.constants[path] if value is None else value
        return found.detach().clone()

    def _own(self, path: str) -> None:
        """Puts a parameter, or a buffer, of the program into the new module."""
        node = next(item for item in self.program.graph.nodes if self.paths.get(item.name) == path)
        data = self._data(node)
        is_parameter = path in self.program.graph_signature.parameters and data.is_floating_point()
        _put(self.root, path, nn.Parameter(data) if is_parameter else data)


_NORM_KEYS = ("weight", "bias", "running_mean", "running_var")


def _put(root: nn.Module, path: str, value: Any) -> None:
    """Makes `value` the module, parameter or buffer at a dotted path."""
    *folders, name = path.split(".")
    for folder in folders:
        if not hasattr(root, folder):
            root.add_module(folder, nn.Module())
        root = getattr(root, folder)
    if isinstance(value, torch.Tensor) and not isinstance(value, nn.Parameter):
        root.register_buffer(name, value)
    else:
        setattr(root, name, value)
