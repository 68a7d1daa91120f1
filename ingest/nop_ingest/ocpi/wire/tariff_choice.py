"""Which of a connector's tariffs a version that has room for one only should name (ocpi.md §13)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from nop_registry.pricing.selection import choose
from nop_registry.records import ConnectorRecord, LocationRecord, TariffRecord


def put_chosen_first(
    location: LocationRecord, find: Callable[[str], TariffRecord | None], at: datetime
) -> LocationRecord:
    """The location with the tariff that holds at the instant (UTC) first at every connector.

    For 2.1.1, whose connector names the first one that may be referred to. `find` gives a tariff
    of the location's party by its id.
    """
    evses = tuple(
        msgspec.structs.replace(evse, connectors=connectors)
        for evse in location.evses
        for connectors in [tuple(_reorder(c, find, at) for c in evse.connectors)]
    )
    return location if evses == location.evses else msgspec.structs.replace(location, evses=evses)


def _reorder(
    connector: ConnectorRecord, find: Callable[[str], TariffRecord | None], at: datetime
) -> ConnectorRecord:
    if len(connector.tariff_ids) < 2:
        return connector
    found = {label: tariff for label in connector.tariff_ids if (tariff := find(label)) is not None}
    choice = choose(found.values(), at)
    if choice is None:
        return connector
    ids = sorted(connector.tariff_ids, key=lambda label: found.get(label) is not choice.tariff)
    return msgspec.structs.replace(connector, tariff_ids=tuple(ids))
