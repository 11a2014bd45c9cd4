"""Which choices are worth judging: the best within each of several limits on one resource, from the least that is
possible to all that the budget allows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from edgeq.budget import Limits
from edgeq.precision_search import baq, program
from edgeq.precision_search.program import Choice, Option, Room, Total

#: what --sweep can vary
RESOURCES = ("flash", "ram", "cycles")


class Front:
    """The predicted Pareto front over `options` (layer -> options), within `limits`. `other`: what a firmware takes
    beside what the options tell, from a build: bytes of flash and RAM, cycles."""

    def __init__(self, options: Mapping[str, Sequence[Option]], limits: Limits, other: Total) -> None:
        self._names = list(options)
        self._layers = list(options.values())
        self._other = other
        self._whole = Room(
            limits.flash_bytes - other.flash_bytes, limits.cycles - other.cycles, limits.ram_bytes - other.live_bytes
        )

    def targets(self, resource: str, points: int) -> list[float]:
        """`points` limits on the resource, evenly spaced between the least that is possible and what the choice with
        the least error takes. The budget's other limits hold; where they can't be kept there is one target, the
        least of what they are exceeded in."""
        low, high = program.least(self._layers, resource, self._whole), program.least_error(self._layers, self._whole)
        if low is None or high is None:
            return [0.0]
        first, last = (_of(program.total(self._layers, choice), resource) for choice in (low, high))
        steps = max(points - 1, 1)
        return [last - (last - first) * step / steps for step in range(points)] if last > first else [float(last)]

    def room(self, resource: str, target: float, less: Room) -> Room:
        """What a target and the budget leave, both reduced by `less`."""
        room = Room(
            self._whole.flash_bytes - less.flash_bytes,
            self._whole.cycles - less.cycles,
            self._whole.live_bytes - less.live_bytes,
        )
        return {
            "flash": replace(room, flash_bytes=min(room.flash_bytes, target - less.flash_bytes)),
            "cycles": replace(room, cycles=min(room.cycles, target - less.cycles)),
            "ram": replace(room, live_bytes=min(room.live_bytes, target - less.live_bytes)),
        }[resource]

    def best(self, room: Room, power: float = 1.0) -> dict[str, str] | None:
        """The picks with the least sum of powers of the layers' errors within the room; None without any."""
        layers = [[replace(option, error=option.error**power) for option in layer] for layer in self._layers]
        return self._picks(program.least_error(layers, room))

    def error(self, picks: Mapping[str, str], power: float = 1.0) -> float:
        """That sum."""
        return sum(option.error**power for option in self._chosen(picks))

    def fits(self, picks: Mapping[str, str], room: Room) -> bool:
        """Whether these picks keep to the room."""
        own = self.own(picks)
        return own.flash_bytes <= room.flash_bytes and own.cycles <= room.cycles and own.live_bytes <= room.live_bytes

    def neighbours(self, picks: Mapping[str, str]) -> Iterator[dict[str, str]]:
        """Picks in which one layer or two have another precision."""
        others = [
            (name, option.precision)
            for name, layer in zip(self._names, self._layers, strict=True)
            for option in layer
            if option.precision != picks[name]
        ]
        for index, (name, precision) in enumerate(others):
            yield {**picks, name: precision}
            yield from ({**picks, name: precision, second: to} for second, to in others[index:] if second != name)

    def least(self, resource: str) -> dict[str, str]:
        """The picks that take least of a resource."""
        found = self._picks(program.least(self._layers, resource, Room()))
        assert found is not None
        return found

    def closed_form(
        self, coefficients: Mapping[str, float], weights: Mapping[str, int], points: int
    ) -> list[dict[str, str]]:
        """BAQ's allocations for averages of 1 to 8 bits, each layer in the precision of the nearest bits."""
        found = []
        for step in range(points):
            average = 8.0 - 7.0 * step / max(points - 1, 1)
            bits = baq.allocation(
                [coefficients[name] for name in self._names], [weights[name] for name in self._names], average
            )
            found.append(
                {
                    name: min(layer, key=lambda option: abs(baq.bits_of(option.precision) - wanted)).precision
                    for name, layer, wanted in zip(self._names, self._layers, bits, strict=True)
                }
            )
        return found

    def predicted(self, picks: Mapping[str, str]) -> Total:
        """What a firmware of these picks should take."""
        own = self.own(picks)
        other = self._other
        return Total(
            own.error,
            own.flash_bytes + other.flash_bytes,
            own.cycles + other.cycles,
            own.live_bytes + other.live_bytes,
        )

    def amount(self, resource: str, picks: Mapping[str, str]) -> float:
        """What these picks take of a resource, as a target."""
        return float(_of(self.own(picks), resource))

    def own(self, picks: Mapping[str, str]) -> Total:
        """What the options tell of these picks."""
        return total_of(self._names, self._layers, picks)

    def _picks(self, choice: Choice | None) -> dict[str, str] | None:
        if choice is None:
            return None
        return {
            name: layer[pick].precision for name, layer, pick in zip(self._names, self._layers, choice, strict=True)
        }

    def _chosen(self, picks: Mapping[str, str]) -> Iterator[Option]:
        for name, layer in zip(self._names, self._layers, strict=True):
            yield next(option for option in layer if option.precision == picks[name])


def total_of(names: Sequence[str], layers: program.Layers, picks: Mapping[str, str]) -> Total:
    """The sums of a choice that is given by precisions."""
    choice = [
        next(index for index, option in enumerate(layer) if option.precision == picks[name])
        for name, layer in zip(names, layers, strict=True)
    ]
    return program.total(layers, choice)


def _of(total: Total, resource: str) -> int:
    return {"flash": total.flash_bytes, "cycles": total.cycles, "ram": total.live_bytes}[resource]
