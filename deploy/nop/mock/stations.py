"""The mock's stations and tariffs, from the simulated nation, with the faults that are on."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random
from typing import NamedTuple

from nop.demo.live import LiveOperator
from nop.demo.operators import OPERATORS, Operator
from nop.mock.documents import Document, location_as, tariff_as
from nop.mock.spoiling import spoil_location, spoil_tariff
from nop.mock.switches import Switches

# Hardware that every OCPI version has a name for.
_UNITS = {"type-2-7": 4, "type-2-22": 3, "ccs-60": 4, "ccs-120": 2, "ccs-chademo": 1}
_NATION = sum(operator.share for operator in OPERATORS)
MOCK = Operator("MCK", "Mock Charging", _NATION, (60, 30, 10), _UNITS, "solar-hours")
COUNTRY = "IN"
_STATUSES = ("AVAILABLE", "CHARGING", "CHARGING", "BLOCKED", "OUTOFORDER")


class Listed(NamedTuple):
    """An object of a list, before it is written in a version."""

    module: str
    n: int
    """Its number in order of creation."""
    last_updated: float
    document: Document
    """OCPI 2.2.1, live: not to be changed."""
    twin: bool = False
    """A second object that bears the id of the first (a fault)."""


class Change(NamedTuple):
    """A status that the mock changed in order to push it."""

    evse_uid: str
    status: str
    last_updated: str
    listed: Listed
    """The location that it is in."""


class Stations:
    """What the mock lists."""

    def __init__(self, switches: Switches, *, seed: int, locations: int) -> None:
        self._switches = switches
        self._live = LiveOperator(MOCK, seed=seed, locations=locations)
        self._random = Random(seed)  # noqa: S311 - a simulation, not a secret

    def listed(self, module: str, now: float) -> list[Listed]:
        """All objects of `locations` or `tariffs`, oldest creation first."""
        entries = self._live.entries(module, int(now))
        found = [
            Listed(module, n, entry.last_updated, entry.document) for n, entry in enumerate(entries)
        ]
        if module == "locations" and "duplicate-id" in self._switches and found:
            found.append(found[0]._replace(twin=True))
        return found

    def write(self, listed: Listed, version: str, now: float) -> Document:
        """The object as `version` says it."""
        moment = datetime.fromtimestamp(now, UTC)
        if listed.module == "tariffs":
            tariff = tariff_as(version, listed.document)
            spoil_tariff(tariff, listed.n, self._switches, moment)
            return tariff
        location = location_as(version, listed.document)
        spoil_location(location, listed.n, self._switches, moment)
        if listed.twin:
            location["name"] = "Another station under the same id (simulated)"
        return location

    def find(self, version: str, now: float, path: list[str]) -> Document | None:
        """A Location, EVSE or Connector by its ids; None: there is none."""
        for listed in self.listed("locations", now):
            if listed.document["id"] == path[0]:
                found: Document | None = self.write(listed, version, now)
                for ids, name, wanted in zip(("evses", "connectors"), ("uid", "id"), path[1:],
                                             strict=False):  # fmt: skip
                    inside = found[ids] if found else []
                    found = next((i for i in inside if i.get(name) == wanted), None)
                return found
        return None

    def change_status(self, now: float) -> Change:
        """Let one EVSE change its status now, so that there is something to push."""
        n = self._random.randrange(self._live.evse_count)
        status = self._random.choice(_STATUSES)
        entry, evse = self._live.set_status(n, status, int(now))
        listed = next(
            listed
            for listed in self.listed("locations", now)
            if listed.document is entry.document and not listed.twin
        )
        return Change(evse["uid"], status, evse["last_updated"], listed)
