"""Which faults are on, and when the next one is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from nop.mock.faults import FAULTS
from nop_registry.errors import InvalidInput


class Switches:
    """The faults that are on. `name in switches` asks for one."""

    def __init__(self, wanted: Iterable[str] = ()) -> None:
        self._numbers: dict[str, float] = {}
        self._asked: Counter[str] = Counter()
        self.set(wanted)

    def set(self, wanted: Iterable[str]) -> None:
        """Switch exactly these on: `name` or `name=NUMBER`. Raises InvalidInput."""
        numbers = dict(map(_parse, wanted))
        self._numbers = numbers
        self._asked.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def number(self, name: str) -> float:
        """The number that belongs to a fault; 0 when it is off."""
        return self._numbers.get(name, 0.0)

    def due(self, name: str) -> bool:
        """For faults of every nth answer: whether this one is an nth. Counts."""
        if name not in self._numbers:
            return False
        self._asked[name] += 1
        return self._asked[name] % max(1, int(self._numbers[name])) == 0

    @property
    def names(self) -> list[str]:
        """Those that are on, as `set` takes them."""
        return [
            name if FAULTS[name].number is None else f"{name}={number:g}"
            for name, number in self._numbers.items()
        ]


def _parse(text: str) -> tuple[str, float]:
    name, equals, value = text.strip().partition("=")
    fault = FAULTS.get(name)
    if fault is None:
        raise InvalidInput(f"there is no fault {name!r}: nop mock-cpo --list-faults names them")
    if not equals:
        return name, fault.number or 0.0
    if fault.number is None or not value.replace(".", "", 1).isdecimal():
        raise InvalidInput(f"{text!r} is not understood: {name} takes " + (
            "no number" if fault.number is None else "a number such as "
            f"{name}={fault.number:g}"
        ))  # fmt: skip
    return name, float(value)
