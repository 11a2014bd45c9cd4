"""The order of a search: sensitivities and costs, uniform recipes, the program's choices, all of them judged."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from edgeq import pipeline
from edgeq.accuracy import share_metric_of
from edgeq.budget import Budget, limits_on
from edgeq.errors import EdgeqError
from edgeq.firmware import make
from edgeq.frontend.load import check as check_source
from edgeq.observer import Observer
from edgeq.precision_search import cache, refine
from edgeq.precision_search.costs import costs
from edgeq.precision_search.front import RESOURCES, Front
from edgeq.precision_search.options import options_of, quantizations_of, recipe_of
from edgeq.precision_search.points import float_accuracy, judge
from edgeq.precision_search.program import NOTHING, Option, Room, Total
from edgeq.precision_search.request import SearchOptions
from edgeq.precision_search.result import RESOURCES as KEYS
from edgeq.precision_search.result import Row, SearchResult, ranked
from edgeq.precision_search.sensitivity import sensitivity
from edgeq.precision_search.state import State
from edgeq.precision_search.work import Picks, Settings, Work
from edgeq.precision_search.workers import Results, Step, Workers, workers
from edgeq.quantize.data import Samples, load_samples, require_file, require_float
from edgeq.quantize.observe import OBSERVERS, histograms
from edgeq.quantize.recipe import Recipe, load_recipe
from edgeq.simulate.qemu import require_simulator

#: how often choices whose builds turn out too large are made again
ROUNDS = 6
#: bytes of flash that no option tells of, where not even a uniform recipe fits the board
OTHER_CODE_BYTES = 5000


def search(options: SearchOptions, observer: Observer) -> SearchResult:
    """Searches, or goes on with a search in the same folder. Raises EdgeqError where nothing keeps to the budget."""
    _check(options)
    observer.stage(f"importing {options.source.path.name}")
    work = _work(options)
    state = State(options.folder, _facts(options))
    if len(state):
        observer.stage(f"going on with {len(state)} finished steps in {options.folder}")
    if (why := cache.problem()) is not None:
        observer.warning(f"costs of layers are not kept for other searches: {why}; set EDGEQ_CACHE_DIR")
    with workers(work, state, observer, options.jobs, options.dask) as team:
        searching = _Search(options, work, team)
        if searching.obstacle is not None:
            observer.stage(f"layers are rounded one after the other, not together: {searching.obstacle}")
        rows = searching.rows()
        exact = team.results("float network", [Step("float", float_accuracy, ())])["float"]["accuracy"]
    return SearchResult(options, share_metric_of(work.graph.meaning), exact, len(work.evaluation), tuple(rows))


def _check(options: SearchOptions) -> None:
    make.require_tools(options.board)
    require_simulator(options.board)
    check_source(options.source)
    require_file(options.calib, "--calib")
    require_file(options.eval_data, "--eval")
    counted = options.sweep == "cycles" or (options.budget is not None and options.budget.cycles)
    if options.board.arch == "host" and counted:
        raise EdgeqError("cycles are not counted on the host: leave out cycles, or search for another board")


def _work(options: SearchOptions) -> Work:
    graph = pipeline.import_model(options.source)
    calibration = load_samples(options.calib, graph, "--calib")
    require_float(calibration, f"--calib {options.calib}")
    evaluation = load_samples(options.eval_data, graph, "--eval")
    require_float(evaluation, f"--eval {options.eval_data}")
    if evaluation.labels is None:
        raise EdgeqError(
            f"--eval {options.eval_data}: has no labels; a search needs y, the class of every sample, or text"
        )
    calibration = Samples(calibration.inputs, None)
    found = histograms(graph, calibration.inputs)
    return Work(
        graph,
        options.board,
        calibration,
        evaluation,
        options_of(graph, found, options.precisions),
        {observer: quantizations_of(graph, found, observer) for observer in OBSERVERS},
        {"file": options.source.path.name, "sha256": _sha256(options.source.path)},
    )


def _facts(options: SearchOptions) -> dict[str, str]:
    """What has to be the same for finished steps to be of use."""
    source = options.source
    how = [source.arch, source.input_shape, source.states]
    return {
        "model": _sha256(source.path) + cache.digest(how),
        "board": _sha256(options.board.path),
        "calibration file": _sha256(options.calib),
        "evaluation file": _sha256(options.eval_data),
        "version of edgeq": cache.edgeq_digest(),
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _obstacle_to_network_rounding(work: Work) -> str | None:
    """Why layers can't be rounded together; None if they can."""
    if importlib.util.find_spec("torch") is None:
        return "PyTorch, whose gradients it takes, is not installed"
    from edgeq.quantize.network_rounding import obstacle  # torch takes seconds to load

    return obstacle(work.graph, len(work.calibration))


class _Search:
    """One search: what its steps have found. `obstacle`: why the layers of a point can't be rounded together at the
    end, so that they are tuned one after the other; None if they can."""

    def __init__(self, options: SearchOptions, work: Work, team: Workers) -> None:
        self._options, self._work, self._team = options, work, team
        self._sweep = options.sweep
        self._swept = next(key for key, _, name in KEYS if name == options.sweep)
        self._limits = limits_on(options.board, options.budget or Budget())
        self.obstacle = _obstacle_to_network_rounding(work)
        self._sensitivities: Results = {}
        self._costs: Results = {}

    def rows(self) -> list[Row]:
        """Uniform recipes and the choices, judged, by flash. Raises EdgeqError where none keeps to the budget."""
        self._measure()
        uniform = {name: self._work.recipe(name) for name in self._precisions()}
        settled = self._settled(uniform)
        judged = self._judge("uniform recipes", settled)
        even = [Row(choice[0], recipe_of(*choice), judged[name], uniform=name) for name, choice in settled.items()]
        named = self._named(uniform)
        front = Front(self._program_options(), self._limits, self._other(even))
        points = self._choose(front, even)
        rows = [replace(row, predicted=front.predicted(row.picks)) for row in [*named, *even, *points]]
        return ranked(rows, self._limits)

    def _named(self, uniform: Mapping[str, Picks]) -> list[Row]:
        """The recipes as --quant knows them, for comparison: with its roundings, without bias correction."""
        steps = {name: _judging(load_recipe(name)) for name in uniform}
        found = self._team.results("recipes as --quant has them", list(steps.values()))
        return [
            Row(picks, load_recipe(name), found[steps[name].key], uniform=name, named=True)
            for name, picks in uniform.items()
        ]

    def _precisions(self) -> list[str]:
        return list(dict.fromkeys(name for options in self._work.options.values() for name in options))

    def _measure(self) -> None:
        pairs = [(layer, name) for layer, own in self._work.options.items() for name in own]
        measure = self._options.measure
        cost_steps = [Step(f"costs {name}", costs, (name,)) for name in self._precisions()]
        steps = [Step(_pair(measure, *pair), sensitivity, (measure, *pair)) for pair in pairs]
        found = self._team.results("sensitivities and costs", [*cost_steps, *steps])
        self._sensitivities = {key: found[key] for key in (step.key for step in steps)}
        self._costs = {name: found[f"costs {name}"] for name in self._precisions()}
        budget = self._options.budget
        if self._sweep == "cycles" or (budget is not None and budget.cycles):
            self._require_cycles()

    def _require_cycles(self) -> None:
        for name, of_layers in self._costs.items():
            if any(cost["cycles"] is None for cost in of_layers.values()):
                raise EdgeqError(
                    f"the cycles of {name} layers can't be counted: a network of them does not fit board "
                    f"{self._options.board.name}; leave {name} out of --precisions, or limit flash and ram only"
                )

    def _sensitivity(self, layer: str, precision: str) -> dict[str, Any]:
        return self._sensitivities[_pair(self._options.measure, layer, precision)]

    def _program_options(self) -> dict[str, list[Option]]:
        return {layer: [self._option(layer, name) for name in own] for layer, own in self._work.options.items()}

    def _option(self, layer: str, precision: str) -> Option:
        cost = self._costs[precision][layer]
        return Option(
            precision,
            self._sensitivity(layer, precision)["error"],
            cost["constant_bytes"],
            cost["code"],
            cost["cycles"] or 0,
            cost["live_bytes"],
        )

    def _plain(self, picks: Picks) -> Settings:
        """Every layer's best rounding, which is the one with corrected biases; ranges by the default observer."""
        roundings = {layer: self._sensitivity(layer, name)["rounding"] for layer, name in picks.items()}
        return Settings(roundings, bias_correction=self._work.may_correct_biases)

    def _settled(self, choices: Mapping[str, Picks]) -> dict[str, tuple[Picks, Settings]]:
        """The choices, plain, biases corrected or not as the network's error is less."""
        found = self._networks(list(choices.values()))
        return {
            name: (picks, replace(self._plain(picks), bias_correction=own["bias_correction"]))
            for (name, picks), own in zip(choices.items(), found, strict=True)
        }

    def _judge(self, text: str, choices: Mapping[str, tuple[Picks, Settings]]) -> Results:
        """Choices by name -> what judging them found."""
        steps = {name: _judging(recipe_of(*choice)) for name, choice in choices.items()}
        results = self._team.results(text, list(steps.values()))
        return {name: results[step.key] for name, step in steps.items()}

    def _other(self, even: Sequence[Row]) -> Total:
        """What a firmware takes beside what the options tell, from the first uniform one that fits the board."""
        alone = Front(self._program_options(), self._limits, NOTHING)
        for row in even:
            if row.judged["problem"] is None:
                own = alone.predicted(row.picks)
                return Total(
                    0.0,
                    row.judged["flash_bytes"] - own.flash_bytes,
                    row.judged["other_cycles"],
                    row.judged["ram_bytes"] - own.live_bytes,
                )
        return Total(0.0, OTHER_CODE_BYTES, 0, 0)

    def _choose(self, front: Front, even: Sequence[Row]) -> list[Row]:
        """The best choice within each target, and within what each uniform recipe takes, judged; those that turn out to
        exceed the budget, or that recipe, are made again with as much less room. And the uniform recipes' own
        precisions, tuned as every choice is."""
        targets = front.targets(self._sweep, self._options.points)
        most: dict[float, float] = {}
        for row in even:
            own = row.judged.get(self._swept)
            if own is not None:
                most[front.amount(self._sweep, row.picks)] = own
        targets += most
        wanted = {target: Room(0, 0, 0) for target in targets}
        extra: list[Picks] = [*self._closed_form(front), *(row.picks for row in even if self._is_within(row))]
        points: dict[str, Row] = {}
        for _ in range(ROUNDS):
            rooms = {target: front.room(self._sweep, target, less) for target, less in wanted.items()}
            picked = refine.choices(front, rooms, [row.picks for row in even], self._network_errors)
            if wanted and not picked:
                extra += [front.least(name) for name in RESOURCES]
            distinct = {refine.key(picks): picks for picks in [*picked.values(), *extra]}
            if not distinct:
                break
            choices = self._tuned(distinct)
            results, extra = self._judge("points", choices), []
            for name, (picks, settings) in choices.items():
                points[name] = Row(dict(picks), recipe_of(picks, settings), results[name])
            excess = {
                target: self._excess(results[refine.key(picks)], most.get(target, float("inf")))
                for target, picks in picked.items()
            }
            wanted = {target: _sum(wanted[target], more) for target, more in excess.items() if more != Room(0, 0, 0)}
        return list(points.values())

    def _tuned(self, distinct: Mapping[str, Picks]) -> dict[str, tuple[Picks, Settings]]:
        """The choices with settings of their own: all layers rounded together, or one after the other."""
        settled = self._settled(distinct)
        if self.obstacle is None:
            return {
                name: (picks, replace(settings, network_rounding=True)) for name, (picks, settings) in settled.items()
            }
        steps = {name: _step("tuned", refine.tuned, *choice) for name, choice in settled.items()}
        found = self._team.results("roundings and ranges of points", list(steps.values()))
        return {name: (picks, Settings(**found[steps[name].key]["settings"])) for name, picks in distinct.items()}

    def _network_errors(self, choices: Sequence[Picks]) -> list[float]:
        """Those of the outputs with all layers quantized."""
        return [found["error"] for found in self._networks(choices)]

    def _networks(self, choices: Sequence[Picks]) -> list[dict[str, Any]]:
        """The choices, plain, as whole networks."""
        steps = [_step("network", refine.network_error, picks, self._plain(picks)) for picks in choices]
        if not steps:
            return []
        found = self._team.results("choices as whole networks", steps)
        return [found[step.key] for step in steps]

    def _closed_form(self, front: Front) -> list[dict[str, str]]:
        """BAQ's own allocations, where it was asked for."""
        if self._options.measure != "baq":
            return []
        found = {layer: self._sensitivity(layer, own[0]) for layer, own in self._work.options.items()}
        return front.closed_form(
            {layer: item["coefficient"] for layer, item in found.items()},
            {layer: item["weights"] for layer, item in found.items()},
            self._options.points,
        )

    def _is_within(self, row: Row) -> bool:
        """Whether a judged row keeps to the limits."""
        return row.judged["problem"] is None and self._excess(row.judged, float("inf")) == Room(0, 0, 0)

    def _excess(self, found: Mapping[str, Any], most: float) -> Room:
        """By how much a judged choice exceeds the limits, and `most` of what is swept."""
        if found["problem"] is not None:
            return Room(0, 0, 0)
        limits = {
            "flash_bytes": self._limits.flash_bytes,
            "est_cycles": self._limits.cycles,
            "ram_bytes": self._limits.ram_bytes,
        }
        limits[self._swept] = min(limits[self._swept], most)
        return Room(*(max(0, (found[key] or 0) - limit) for key, limit in limits.items()))


def _step(what: str, function: Callable[..., dict[str, Any]], picks: Picks, settings: Settings) -> Step:
    picks = dict(picks)
    return Step(f"{what} {json.dumps([picks, asdict(settings)], sort_keys=True)}", function, (picks, settings))


def _judging(recipe: Recipe) -> Step:
    return Step(f"recipe {json.dumps(asdict(recipe), sort_keys=True)}", judge, (recipe,))


def _pair(measure: str, layer: str, precision: str) -> str:
    return f"sensitivity {measure} {layer} {precision}"


def _sum(a: Room, b: Room) -> Room:
    return Room(a.flash_bytes + b.flash_bytes, a.cycles + b.cycles, a.live_bytes + b.live_bytes)
