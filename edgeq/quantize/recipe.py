"""What to quantize to, and how: a named recipe or a TOML file."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgeq import ops
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.quantize.observe import OBSERVERS
from edgeq.quantize.precision import INT8, PRECISIONS
from edgeq.quantize.weights import GPTQ, MINMAX, WEIGHTS

AUTO = "auto"
#: the table of a recipe file that holds rules for layers
LAYER = "layer"
#: what may be done to the network as a whole, true or false: key -> what it does
SWITCHES: Mapping[str, str] = MappingProxyType(
    {
        "bias_correction": "biases make up for the mean error of rounding (edgeq/quantize/bias_correction.py)",
        "equalize": "channels of layers that follow one another are made equally large (edgeq/quantize/equalize.py)",
        "network_rounding": "weights and biases of all layers together, for the network's answers "
        "(edgeq/quantize/network_rounding.py)",
        "smooth": "large channels of normalizations go into the linear layers behind (edgeq/quantize/smooth.py)",
    }
)
#: other keys of the file as a whole -> what they mean
WHOLE: Mapping[str, str] = MappingProxyType({"edges": "precision of the first and the last layer with weights"})
#: keys by which a rule says what it is for -> what they mean
SELECTORS: Mapping[str, str] = MappingProxyType(
    {"name": "layers by name or glob, as `edgeq inspect` lists them", "operator": "all layers of that operator"}
)


def _key(default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True)
class Method:
    """How one layer is quantized; every field is a key of recipe files."""

    precision: str = _key("int8", "types of its activations and weights: a name of the table below")
    observer: str = _key(
        "mse", "how the ranges of the activations that it makes are chosen: minmax, percentile, mse or kl"
    )
    percentile: float = _key(99.99, "how many % of the values the observer percentile keeps")
    weights: str = _key(
        AUTO,
        "how its weights are rounded: minmax, omse, gptq, adaround, adaquant, or auto: minmax for weights of 8 bits, "
        "gptq for less",
    )

    @property
    def rounding(self) -> str:
        """One of WEIGHTS."""
        precision = PRECISIONS[self.precision]
        if precision.is_float:
            return MINMAX
        if self.weights != AUTO:
            return self.weights
        return MINMAX if precision.weights == INT8 else GPTQ


@dataclass(frozen=True)
class Rule:
    """Changes to the method of the layers whose name matches a glob, or of an operator, or both."""

    name: str | None
    operator: str | None
    changes: Mapping[str, Any]

    def matches(self, layer: str, operator: str) -> bool:
        by_name = self.name is None or fnmatchcase(layer, self.name)
        return by_name and self.operator in (None, operator)


@dataclass(frozen=True)
class Recipe:
    """The method of every layer: `default`, changed by the rules that match, in their order; and what is done to the
    network as a whole. `edges`: precision of the first and the last layer with weights, before any rule. `source`: the
    option that it came from, for errors."""

    default: Method = Method()
    rules: tuple[Rule, ...] = ()
    bias_correction: bool = False
    equalize: bool = False
    network_rounding: bool = False
    smooth: bool = False
    edges: str | None = None
    source: str = "--quant"

    @property
    def name(self) -> str:
        """The one precision, or "mixed"."""
        found = {
            self.default.precision,
            *(rule.changes.get("precision", self.default.precision) for rule in self.rules),
        }
        return found.pop() if len(found) == 1 else "mixed"

    @property
    def needs_ranges(self) -> bool:
        """Whether a layer may be quantized, which takes calibration data."""
        chosen = [self.default.precision, *(rule.changes.get("precision") for rule in self.rules), self.edges]
        return not all(PRECISIONS[name].is_float for name in chosen if name is not None)

    @property
    def summary(self) -> str:
        """How ranges are chosen and what is done besides, in a few words."""
        observers = dict.fromkeys([self.default.observer, *(rule.changes.get("observer") for rule in self.rules)])
        parts = [" and ".join(observer for observer in observers if observer)]
        parts += ["equalized"] if self.equalize else []
        parts += ["smoothed"] if self.smooth else []
        parts += ["bias correction"] if self.bias_correction else []
        return ", ".join([*parts, "network rounding"] if self.network_rounding else parts)

    def methods(self, graph: Graph) -> dict[str, Method]:
        """Layer -> its method. Raises EdgeqError for a rule that no layer matches."""
        found = {node.name: self.default for node in graph.nodes}
        weighted = [node.name for node in graph.nodes if ops.get(node.op).weight_axis >= 0]
        if self.edges is not None:
            found.update({name: replace(found[name], precision=self.edges) for name in (*weighted[:1], *weighted[-1:])})
        for rule in self.rules:
            matching = [node.name for node in graph.nodes if rule.matches(node.name, node.op)]
            if not matching:
                raise EdgeqError(f"{self.source}: {self._unmatched(rule, graph)}; edgeq inspect lists the layers")
            found.update({name: replace(found[name], **rule.changes) for name in matching})
        return found

    def matching(self, graph: Graph) -> Recipe:
        """The recipe without the rules that match no layer of this graph, which is one of several."""
        rules = (rule for rule in self.rules if any(rule.matches(node.name, node.op) for node in graph.nodes))
        return replace(self, rules=tuple(rules))

    def require(self, kept_int8: Mapping[str, str]) -> None:
        """Raises EdgeqError where a rule names a layer, no glob, that can't be had in its precision."""
        for rule in self.rules:
            wanted = rule.changes.get("precision", INT8)
            if rule.name in kept_int8 and wanted != INT8:
                raise EdgeqError(f"{self.source}: layer {rule.name} can't be {wanted}: {kept_int8[str(rule.name)]}")

    @staticmethod
    def _unmatched(rule: Rule, graph: Graph) -> str:
        if rule.name is not None and not any(fnmatchcase(node.name, rule.name) for node in graph.nodes):
            near = difflib.get_close_matches(rule.name, [node.name for node in graph.nodes], n=3, cutoff=0.3)
            return f"no layer is called {rule.name!r}" + (f"; nearest: {', '.join(near)}" if near else "")
        used = ", ".join(sorted({node.op for node in graph.nodes}))
        named = f" called {rule.name!r}" if rule.name is not None else ""
        return f"no layer{named} is a {rule.operator!r} (the model has {used})"


def load_recipe(text: str) -> Recipe:
    """The recipe of that name or in that TOML file. Raises EdgeqError with the nearest names."""
    if text.endswith(".toml"):
        return _from_file(Path(text))
    if text not in PRECISIONS:
        near = difflib.get_close_matches(text, PRECISIONS, n=3, cutoff=0.3) or PRECISIONS
        raise EdgeqError(f"--quant {text}: there is no such recipe; nearest: {', '.join(near)}, or a TOML file")
    edges = INT8 if PRECISIONS[text].inner else None
    return Recipe(Method(precision=text), edges=edges, source=f"--quant {text}")


def _from_file(path: Path) -> Recipe:
    where = f"--quant {path}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EdgeqError(f"{where}: can't be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise EdgeqError(f"{where}: is not valid TOML ({error})") from error
    of_layers = [item.name for item in fields(Method)]
    _require_known(where, data, [*of_layers, *SWITCHES, *WHOLE, LAYER])
    tables = data.get(LAYER, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise EdgeqError(f"{where}: {LAYER!r} must be tables, each under [[{LAYER}]]")
    switches = {key: data.get(key, False) for key in SWITCHES}
    for key, value in switches.items():
        if not isinstance(value, bool):
            raise EdgeqError(f"{where}: {key} {value!r} must be true or false")
    default = _checked(where, Method(), {key: data[key] for key in of_layers if key in data})
    rules = tuple(_rule(where, default, table, of_layers) for table in tables)
    edges = data.get("edges")
    if edges is not None:
        _checked(where, default, {"precision": edges})
    return Recipe(default, rules, edges=edges, source=where, **switches)


def _rule(where: str, default: Method, table: dict[str, Any], of_layers: list[str]) -> Rule:
    _require_known(f"{where}: [[{LAYER}]]", table, [*SELECTORS, *of_layers])
    name, operator = table.get("name"), table.get("operator")
    if name is None and operator is None:
        raise EdgeqError(f"{where}: a [[{LAYER}]] has neither name nor operator; give the layers it is for")
    for key, value in (("name", name), ("operator", operator)):
        if not isinstance(value, str | None):
            raise EdgeqError(f"{where}: {key} {value!r} must be text")
    if operator is not None and operator not in ops.registry():
        near = difflib.get_close_matches(operator, ops.registry(), n=3, cutoff=0.3) or sorted(ops.registry())
        raise EdgeqError(f"{where}: there is no operator {operator!r}; nearest: {', '.join(near)}")
    changes = {key: table[key] for key in of_layers if key in table}
    _checked(where, default, changes)
    return Rule(name, operator, changes)


def _require_known(where: str, table: Mapping[str, Any], known: list[str]) -> None:
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.3) or known
            raise EdgeqError(f"{where}: unknown key {key!r}; did you mean {near[0]!r}?")


def _checked(where: str, default: Method, changes: Mapping[str, Any]) -> Method:
    """The default with changes; raises EdgeqError for a value that a key does not take."""
    method = replace(default, **changes)
    choices = {"precision": tuple(PRECISIONS), "observer": OBSERVERS, "weights": (*WEIGHTS, AUTO)}
    for key, value in asdict(method).items():
        if key in choices and (not isinstance(value, str) or value not in choices[key]):
            raise EdgeqError(f"{where}: {key} {value!r} is not one of {', '.join(choices[key])}")
    percentile: Any = method.percentile
    if not isinstance(percentile, int | float) or not 50 < percentile <= 100:
        raise EdgeqError(f"{where}: percentile {percentile!r} must lie above 50 and up to 100")
    return method
