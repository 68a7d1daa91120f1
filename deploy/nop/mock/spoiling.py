"""Objects with the faults that are on. Which ones are hit depends on their place in the list only.

`n` is that place, from 0; every seventh object is hit where the fault says "some".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from nop.mock.documents import Document
from nop.mock.switches import Switches

_SOME = 7
FOREIGN_PARTY = "XYZ"
Spoil = Callable[[Document, int, datetime], None]


def spoil_location(location: Document, n: int, switches: Switches, now: datetime) -> None:
    """Apply every object fault that is on to this Location, in place."""
    for name, (some_only, spoil) in _LOCATIONS.items():
        if name in switches and (not some_only or n % _SOME == 2):
            spoil(location, n, now)


def spoil_tariff(tariff: Document, n: int, switches: Switches, now: datetime) -> None:
    """Apply every object fault that is on to this Tariff, in place."""
    for name, spoil in _TARIFFS.items():
        if name in switches:
            spoil(tariff, n, now)


def _evses(location: Document) -> list[Document]:
    evses: list[Document] = location["evses"]
    return evses


def _no_uid(location: Document, n: int, now: datetime) -> None:
    del _evses(location)[0]["uid"]


def _no_coordinates(location: Document, n: int, now: datetime) -> None:
    del location["coordinates"]


def _unknown_status(location: Document, n: int, now: datetime) -> None:
    _evses(location)[0]["status"] = "WORKING"


def _unknown_standard(location: Document, n: int, now: datetime) -> None:
    _evses(location)[0]["connectors"][0]["standard"] = "MOCK_PLUG"


def _no_publish(location: Document, n: int, now: datetime) -> None:
    location.pop("publish", None)


def _no_last_updated(location: Document, n: int, now: datetime) -> None:
    del location["last_updated"]
    for evse in _evses(location):
        del evse["last_updated"]


def _null_fields(document: Document, n: int, now: datetime) -> None:
    for name in ("images", "directions", "owner", "suboperator", "charging_when_closed"):
        document.setdefault(name, None)
    for evse in _evses(document):
        for name in ("status_schedule", "floor_level", "coordinates", "images"):
            evse.setdefault(name, None)


def _numbers(location: Document, n: int, now: datetime) -> None:
    place = location.get("coordinates", {})
    location["coordinates"] = {axis: float(text) for axis, text in place.items()}


def _time_offset(document: Document, n: int, now: datetime) -> None:
    _each_time(document, lambda text: text.replace("Z", ".123456+00:00"))


def _time_ahead(document: Document, n: int, now: datetime) -> None:
    _set_time(document, now + timedelta(days=1))


def _parent_older(location: Document, n: int, now: datetime) -> None:
    location["last_updated"] = "2025-01-01T00:00:00Z"


def _lower_case(document: Document, n: int, now: datetime) -> None:
    for name in ("country_code", "party_id"):
        if name in document:
            document[name] = document[name].lower()


def _foreign_party(document: Document, n: int, now: datetime) -> None:
    if "party_id" in document:
        document["party_id"] = FOREIGN_PARTY


def _uid_moved(location: Document, n: int, now: datetime) -> None:
    if n in (1, 2):
        _evses(location)[0]["uid"] = "MCK-MOVED-1"


def _dangling(location: Document, n: int, now: datetime) -> None:
    for evse in _evses(location):
        for connector in evse["connectors"]:
            if "tariff_id" in connector:
                connector["tariff_id"] = "NO-SUCH-TARIFF"
            else:
                connector["tariff_ids"] = ["NO-SUCH-TARIFF"]


def _no_vat(tariff: Document, n: int, now: datetime) -> None:
    for element in tariff["elements"]:
        for component in element["price_components"]:
            component.pop("vat", None)


def _restriction(tariff: Document, n: int, now: datetime) -> None:
    tariff["elements"][0]["restrictions"] = {"booking": "BOOKING"}


_LOCATIONS: dict[str, tuple[bool, Spoil]] = {
    "evse-no-uid": (True, _no_uid),
    "no-coordinates": (True, _no_coordinates),
    "unknown-status": (True, _unknown_status),
    "unknown-standard": (True, _unknown_standard),
    "no-publish": (False, _no_publish),
    "null-fields": (False, _null_fields),
    "numbers-for-texts": (False, _numbers),
    "time-ahead": (True, _time_ahead),
    "time-offset": (False, _time_offset),
    "parent-older": (False, _parent_older),
    "no-last-updated": (True, _no_last_updated),
    "lower-case-party": (False, _lower_case),
    "foreign-party": (True, _foreign_party),
    "uid-moved": (False, _uid_moved),
    "tariff-dangling": (False, _dangling),
}
_TARIFFS: dict[str, Spoil] = {
    "lower-case-party": _lower_case,
    "tariff-no-vat": _no_vat,
    "tariff-restriction": _restriction,
}


def _set_time(document: Document, moment: datetime) -> None:
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    _each_time(document, lambda _: text)


def _each_time(value: Any, change: Callable[[str], str]) -> None:
    """Change every last_updated of an object and what is inside it."""
    if isinstance(value, list):
        for item in value:
            _each_time(item, change)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name == "last_updated":
                value[name] = change(inner)
            else:
                _each_time(inner, change)
