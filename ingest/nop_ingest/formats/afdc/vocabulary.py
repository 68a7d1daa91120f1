"""The codes of the Alternative Fuels Data Center (AFDC) of the United States."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nop_ingest.reading.point_plugs import Plug
from nop_registry.enums import ConnectorFormat, Status

_SOCKET, _CABLE = ConnectorFormat.SOCKET, ConnectorFormat.CABLE
PLUGS = {
    "NEMA515": Plug("NEMA515", "DOMESTIC_B", _SOCKET),
    "NEMA520": Plug("NEMA520", "NEMA_5_20", _SOCKET),
    "NEMA1450": Plug("NEMA1450", "NEMA_14_50", _SOCKET),
    "J1772": Plug("J1772", "IEC_62196_T1", _CABLE),
    "J1772COMBO": Plug("J1772COMBO", "IEC_62196_T1_COMBO", _CABLE),
    "CHADEMO": Plug("CHADEMO", "CHADEMO", _CABLE),
    "TESLA": Plug("J3400", "SAE_J3400", _CABLE),  # AFDC's older name of NACS
    "J3400": Plug("J3400", "SAE_J3400", _CABLE),
    "J3271": Plug("J3271", "MCS", _CABLE),
}
"""Connector types by their codes."""
UNIT_PLUGS = {"j1772": "J1772", "ccs": "J1772COMBO", "chademo": "CHADEMO", "j3400": "J3400",
              "j3271": "J3271"}  # fmt: skip
"""Connector types of the file of charging units, by the word in its columns."""
LEVELS = {
    "1": ("NEMA515", "NEMA520", "J1772"),
    "2": ("J1772", "NEMA1450"),
    "DC": ("J1772COMBO", "CHADEMO", "J3271"),
}
"""What ports of a level can have. J3400 is at home at level 2 and at DC."""
STATUSES = {"E": Status.UNKNOWN, "P": Status.PLANNED, "T": Status.INOPERATIVE}
"""Open, planned, temporarily unavailable. Open says nothing of whether a port is free."""
COUNTRIES = {"US": "USA", "CA": "CAN", "PR": "PRI", "": "USA"}
CREDIT_CARDS = {"A", "D", "M", "V"}
CREDIT, DEBIT = "CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE"
FACILITIES = {
    "AIRPORT": "AIRPORT",
    "ARENA": "SPORT",
    "B_AND_B": "HOTEL",
    "CAMPGROUND": "RECREATION_AREA",
    "CONVENIENCE_STORE": "FUEL_STATION",
    "GAS_STATION": "FUEL_STATION",
    "GROCERY": "SUPERMARKET",
    "HOTEL": "HOTEL",
    "INN": "HOTEL",
    "MUSEUM": "MUSEUM",
    "NATL_PARK": "NATURE",
    "PARK": "RECREATION_AREA",
    "PARKING_LOT": "PARKING_LOT",
    "PAY_LOT": "PARKING_LOT",
    "REC_SPORTS_FACILITY": "SPORT",
    "RESTAURANT": "RESTAURANT",
    "SHOPPING_CENTER": "MALL",
    "SHOPPING_MALL": "MALL",
    "STADIUM": "SPORT",
    "TRAVEL_CENTER": "FUEL_STATION",
    "TRUCK_STOP": "FUEL_STATION",
}
PARKING_TYPES = {
    "PARKING_GARAGE": "PARKING_GARAGE",
    "PAY_GARAGE": "PARKING_GARAGE",
    "PARKING_LOT": "PARKING_LOT",
    "PAY_LOT": "PARKING_LOT",
    "STREET_PARKING": "ON_STREET",
    "REST_STOP": "ALONG_MOTORWAY",
}
NO_NETWORK = {"", "non-networked"}
PRIVATE = re.compile(r"\bprivate\b", re.IGNORECASE)

READ = {
    "fuel_type_code", "station_name", "street_address", "intersection_directions", "city", "state",
    "zip", "plus4", "station_phone", "status_code", "groups_with_access_code", "access_days_time",
    "cards_accepted", "ev_level1_evse_num", "ev_level2_evse_num", "ev_dc_fast_count",
    "ev_network", "ev_network_web", "latitude", "longitude", "id", "updated_at",
    "federal_agency_name", "ev_connector_types", "country", "intersection_directions_french",
    "access_code", "facility_type", "ev_pricing", "restricted_access",
} | {
    f"ev_{word}_{what}" for word in UNIT_PLUGS for what in ("connector_count", "power_output_kw")
}  # fmt: skip
UNHELD = {
    "access_detail_code", "date_last_confirmed", "ev_on_site_renewable_source", "ev_other_info",
    "ev_pricing_french", "ev_workplace_charging", "expected_date", "funding_sources",
    "geocode_status", "maximum_vehicle_class", "nps_unit_name", "open_date", "owner_type_code",
    "federal_agency_code", "federal_agency_id", "access_days_time_french",
    "groups_with_access_code_french", "ev_network_ids", "snapshot_date",
}  # fmt: skip
"""Columns about chargers that the registry has no field for."""
_OTHER_FUELS = re.compile(r"(?:bd|cng|e85|hydrogen|hy|lng|lpg|ng|rd)_.*")
_ALIASES = {"ev_dc_fast_num": "ev_dc_fast_count", "zip_code": "zip", "state_code": "state"}


def name_columns(header: Sequence[str]) -> list[str]:
    """The columns as the AFDC's API names them.

    >>> name_columns(["EV DC Fast Count", "EV J1772 Power Output (kW)", "ZIP"])
    ['ev_dc_fast_count', 'ev_j1772_power_output_kw', 'zip']
    """
    names = [re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_") for text in header]
    return [_ALIASES.get(name, name) for name in names]


def is_of_other_fuels(name: str) -> bool:
    """Whether a column is about stations that sell no electricity."""
    return _OTHER_FUELS.fullmatch(name) is not None


def plugs_at(level: str, codes: Sequence[str], *, levels: frozenset[str]) -> tuple[Plug, ...]:
    """Which of a station's connector types its ports of a level have. `levels`: those it has.

    >>> both = frozenset({"2", "DC"})
    >>> [plug.id for plug in plugs_at("DC", ["CHADEMO", "J1772", "TESLA"], levels=both)]
    ['CHADEMO', 'J3400']
    """
    usual = LEVELS[level]
    wanted = [code for code in codes if code in usual]
    if {"TESLA", "J3400"} & set(codes):
        at_home = level == "DC" or (level == "2" and ("DC" not in levels or not wanted))
        wanted += ["J3400"] if at_home else []
    if not wanted and len(levels) == 1:  # one level only, so they are all its own
        wanted = [code for code in codes if code in PLUGS]
    return tuple(dict.fromkeys(PLUGS[code] for code in wanted))
