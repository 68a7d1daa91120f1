"""What a driver needs of a location, as conditions on its search row.

"CCS, at least 150 kW and free now" is one condition: one EVSE with one such connector. The mask and
counters of `site` narrow the search; the connectors and statuses themselves decide.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

import msgspec
import pycountry
from psycopg.types.numeric import Int8

from nop_registry.classes import class_mask
from nop_registry.enums import AVAILABILITY_OF, Availability, PowerType, Status
from nop_registry.errors import InvalidIdentifier, InvalidInput
from nop_registry.identifiers import PartyId

_MOST_LISTED = 50
_LONGEST_TEXT = 100
_MOST_POWER_W = 100_000_000


class Current(StrEnum):
    """How a connector gives power."""

    AC = "AC"
    DC = "DC"


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted. What is None (or empty) does not restrict."""

    connector_types: tuple[str, ...] = ()
    """OCPI ConnectorType: one of these."""
    min_power_w: int | None = None
    current: Current | None = None
    statuses: tuple[Status, ...] = ()
    """Published status, which is UNKNOWN when it is too old to be believed: one of these."""
    operator: str | None = None
    """Part of the operator's name, or a party such as IN-TPC or TPC."""
    country: str | None = None
    """ISO 3166 alpha-2 or alpha-3."""

    def checked(self) -> Offer:
        """Itself, or InvalidInput that says what cannot be used."""
        if max(len(self.connector_types), len(self.statuses)) > _MOST_LISTED:
            raise InvalidInput(f"a filter may list at most {_MOST_LISTED} values")
        texts = [*self.connector_types, self.operator or "", self.country or ""]
        if any(len(text) > _LONGEST_TEXT or "\0" in text for text in texts):
            raise InvalidInput(f"a filter's text may have at most {_LONGEST_TEXT} characters")
        if self.min_power_w is not None and not 0 <= self.min_power_w <= _MOST_POWER_W:
            raise InvalidInput(f"minPowerW must be 0 to {_MOST_POWER_W} watts")
        return self


def offer_conditions(offer: Offer, put: Callable[[str, object], str]) -> list[str]:
    """Conditions on `site s`; `put` keeps a value and gives its placeholder.

    Raises InvalidInput.
    """
    offer.checked()
    conditions = []
    if offer.country:
        conditions.append(f"s.country = {put('country', _alpha_3(offer.country))}")
    if offer.operator:
        conditions.append(_operator_condition(offer.operator, put))
    counters = {_COUNTER[AVAILABILITY_OF[status]] for status in offer.statuses}
    if counters and None not in counters:  # any may have become UNKNOWN, then no counter tells
        conditions.append(f"({' OR '.join(f's.{c} > 0' for c in sorted(filter(None, counters)))})")
    wanted = _evse_conditions(offer, put)
    if offer.connector_types or offer.min_power_w is not None:
        mask = put("mask", Int8(class_mask(offer.connector_types or None, offer.min_power_w)))
        conditions.append(f"s.class_mask & {mask} <> 0")
        wanted.insert(0, f"e.class_mask & {mask} <> 0")
    if wanted:
        conditions.append(f"({_LIVE_CONNECTORS} AND {' AND '.join(wanted)} LIMIT 1)")
    return conditions


_COUNTER: dict[Availability | None, str | None] = {
    Availability.AVAILABLE: "n_available",
    Availability.BUSY: "n_busy",
    Availability.OUT: "n_out",
    Availability.PLANNED: "n_planned",
    Availability.UNKNOWN: None,
    None: None,
}

# Not EXISTS: the planner would turn it into a join with the statuses of the whole nation.
_LIVE_CONNECTORS = """
SELECT true FROM evse e
JOIN evse_status_now n ON n.evse_id = e.id AND n.location_id = e.location_id
LEFT JOIN connector c ON c.evse_id = e.id
WHERE e.location_id = s.location_id AND e.retired_at IS NULL AND n.last_known_status <> 'REMOVED'"""


def _evse_conditions(offer: Offer, put: Callable[[str, object], str]) -> list[str]:
    conditions = []
    if offer.statuses:
        statuses = put("statuses", [status.value for status in offer.statuses])
        conditions.append(f"n.status = ANY({statuses}::ocpi_status[])")
    if offer.connector_types:
        conditions.append(f"c.standard = ANY({put('standards', list(offer.connector_types))})")
    if offer.min_power_w is not None:
        conditions.append(
            f"c.max_electric_power_w >= {put('min_power_w', Int8(offer.min_power_w))}"
        )
    if offer.current is not None:
        types = [t.value for t in PowerType if (t is PowerType.DC) == (offer.current is Current.DC)]
        conditions.append(f"c.power_type = ANY({put('power_types', types)})")
    return conditions


def _operator_condition(text: str, put: Callable[[str, object], str]) -> str:
    escaped = text.translate({ord(c): f"\\{c}" for c in r"\%_"})
    by_name = f"s.operator_name ILIKE {put('operator', f'%{escaped}%')}"
    country, party = _party(text)
    if party is None:
        return by_name
    same = f"p.party_id = {put('party', party)}"
    if country:
        same += f" AND p.country_code = {put('party_country', country)}"
    return f"({by_name} OR EXISTS (SELECT FROM location p WHERE p.id = s.location_id AND {same}))"


def _party(text: str) -> tuple[str | None, str | None]:
    try:
        return PartyId.parse(text)
    except InvalidIdentifier:
        bare = text.strip().upper()
        is_party = len(bare) == 3 and bare.isascii() and bare.isalnum()
        return None, bare if is_party else None


def _alpha_3(country: str) -> str:
    code = country.strip().upper()
    if len(code) == 3:
        return code
    found = pycountry.countries.get(alpha_2=code) if len(code) == 2 else None
    if found is None:
        raise InvalidInput(f"{country!r} is not an ISO 3166 country code such as IN or IND")
    return str(found.alpha_3)
