"""A network to be trained with the integers it will have."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from edgeq.errors import EdgeqError
from edgeq.frontend import torch_program
from edgeq.frontend.importer import identifier
from edgeq.ir.graph import Graph, Quantization
from edgeq.ops import registry, weight_types
from edgeq.ops.base import KeepsScale
from edgeq.ops.weight_types import WeightType
from edgeq.passes import canonicalize
from edgeq.qat import methods
from edgeq.qat.trainable import trainable
from edgeq.quantize.data import samples_of
from edgeq.quantize.recipe import SWITCHES, Recipe, load_recipe
from edgeq.quantize.stage import Settled, settled

#: calls with weights as their second operand, output channels first
WEIGHTED = {
    "aten.conv1d.default", "aten.conv1d.padding", "aten.conv2d.default", "aten.conv2d.padding", "aten.linear.default",
}  # fmt: skip


def prepare(
    model: nn.Module,
    recipe: Recipe | str,
    calibration: Tensor | tuple[Tensor, ...],
    weights: str = methods.LSQ,
    activations: str = methods.LSQ,
) -> fx.GraphModule:
    """A copy of `model` whose weights and activations are rounded in the forward pass as the firmware will have them;
    train it as usual, then `edgeq.qat.convert` it. Batch norms learn; dropout is left out.

    `recipe`: a name or a TOML file, as for edgeq build; precisions and the observer count, its names of layers are
    those of edgeq inspect. `calibration`: some typical inputs, samples first, from which scales start. `weights`: the
    method (edgeq.qat.methods) of weights of less than 8 bits; those of 8 bits learn their scales. `activations`: that
    of activations. Raises EdgeqError for what edgeq can't import or train.
    """
    recipe = load_recipe(recipe) if isinstance(recipe, str) else recipe
    if any(getattr(recipe, name) for name in SWITCHES):
        raise EdgeqError(
            f"{recipe.source}: {', '.join(SWITCHES)} are for networks that are not trained; leave them out"
        )
    inputs = calibration if isinstance(calibration, tuple) else (calibration,)
    program = torch_program.simplify(torch.export.export(model.eval(), tuple(x[:1] for x in inputs)))
    graph = canonicalize(torch_program.import_program(program, type(model).__name__))
    arrays = dict(zip(graph.inputs, (x.detach().numpy() for x in inputs), strict=True))
    plan = settled(graph, samples_of(arrays, graph, "calibration").inputs, recipe)
    wide = [name for name, stored in plan.chosen.items() if stored.dtype not in ("int8", "int32")]
    if wide:
        raise EdgeqError(f"{recipe.source}: training rounds activations to int8, and {wide[0]} would not be")
    module = _Prepared(trainable(program), plan, weights, activations).module()
    _require_any_batch(module, inputs)
    return module


class _Prepared:
    def __init__(self, module: fx.GraphModule, plan: Settled, weights: str, activations: str) -> None:
        methods.require(weights, activations)
        self.made = module
        self.plan = plan
        self.weights = weights
        self.activations = activations
        self.fixed: set[str] = set()  # activations whose scale their operator prescribes
        self.shared: dict[int, str] = {}  # id of a quantization -> path of its quantizer

    def module(self) -> fx.GraphModule:
        graph = self.plan.placed.graph
        nodes = {node.name: node for node in self.made.graph.nodes}
        self.fixed = {
            name
            for layer in graph.nodes
            if registry()[layer.op].fixed_output(layer, "int8") is not None
            for name in layer.outputs
        }
        given = [node for node in self.made.graph.nodes if node.op == "placeholder"]
        for node, name in zip(given, graph.inputs, strict=True):
            self._round_activation(node, name)
        for name, value in _rounded_values(graph).items():
            self._round_activation(nodes[value], name)
        self._round_weights(graph)
        self.made.graph.lint()
        self.made.recompile()
        return self.made

    def _round_activation(self, node: fx.Node, name: str) -> None:
        stored = self.plan.chosen[name]
        if stored.dtype == "int32":  # indices
            return
        path = self._quantizer_of(stored, node.name, self.activations if name not in self.fixed else methods.FIXED)
        with self.made.graph.inserting_after(node):
            rounded = self.made.graph.call_module(path, (node,))
        rounded.meta = dict(node.meta)
        node.replace_all_uses_with(rounded, delete_user_cb=lambda user: user is not rounded)

    def _quantizer_of(self, stored: Quantization, name: str, method: str) -> str:
        """One quantizer for all activations that must have one scale: they hold the same object."""
        if id(stored) not in self.shared:
            path = f"quantizers.{name}"
            self.made.add_submodule(path, methods.ACTIVATIONS[method](stored))
            self.shared[id(stored)] = path
        return self.shared[id(stored)]

    def _round_weights(self, graph: Graph) -> None:
        layers = {node.name: node for node in graph.nodes if registry()[node.op].weight_axis >= 0}
        seen: set[str] = set()
        for node in list(self.made.graph.nodes):
            if node.op != "call_function" or str(node.target) not in WEIGHTED or node.args[1].op != "get_attr":
                continue
            name = identifier(torch_program.layer_name(node))
            if name in seen or len(node.args[1].users) > 1:
                raise EdgeqError(f"layer {name}: it is used twice; give each use weights of its own to train them")
            if name not in layers:
                raise EdgeqError(f"layer {name}: its weights can't be trained in integers; take it out of the module")
            seen.add(name)
            self._round(node, name, self.plan.stored.get(name, weight_types.INT8))

    def _round(self, node: fx.Node, name: str, stored: WeightType) -> None:
        source = node.args[1]
        weight = self.made.get_parameter(str(source.target))
        method = methods.LSQ if stored is weight_types.INT8 else self.weights
        methods.require_type(method, stored, name)
        path = f"quantizers.{name}_weights"
        self.made.add_submodule(path, methods.WEIGHTS[method](weight.detach(), stored))
        with self.made.graph.inserting_before(node):
            rounded = self.made.graph.call_module(path, (source,))
        node.args = (node.args[0], rounded, *node.args[2:])


def _rounded_values(graph: Graph) -> dict[str, str]:
    """Activation that its layer rounds -> the program's value where that shows: its own, or, where it has none, the
    first that its elements are moved to."""
    found: dict[str, str] = {}
    waiting: dict[str, str] = {}  # moved elements -> the activation that they were
    for layer in graph.nodes:
        if isinstance(registry()[layer.op], KeepsScale):
            waiting.update({name: waiting[layer.inputs[0]] for name in layer.outputs if layer.inputs[0] in waiting})
        else:
            waiting.update({name: name for name in layer.outputs})
        for name in layer.outputs:
            if name in waiting and name in graph.origins:
                found[waiting.pop(name)] = graph.origins[name].value
    return found


def _require_any_batch(module: fx.GraphModule, inputs: tuple[Tensor, ...]) -> None:
    """Raises EdgeqError where the network only works with a batch of 1."""
    batch = tuple(torch.cat([x[:1], x[:1]]) for x in inputs)
    was_training = module.training
    try:
        with torch.no_grad():
            results = module.eval()(*batch)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise EdgeqError(f"the network can't be trained with more than one sample a batch ({reason})") from error
    finally:
        module.train(was_training)
    for result in results if isinstance(results, tuple | list) else (results,):
        if len(result) != 2:
            raise EdgeqError(
                f"the network can't be trained with more than one sample a batch: of 2 it makes {len(result)}"
            )
