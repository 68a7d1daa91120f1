"""Every English text of the map's pages and how figures are written; a language is one table."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

from nop_registry.pricing.headline import find_zone

ENGLISH = SimpleNamespace(
    site="EV charging map",
    tagline="National register of public charging stations",
    skip_to_list="Skip to the list of stations",
    skip_to_map="Skip to the map",
    simulated_title="Simulated data.",
    simulated="Stations marked so are made up to show the platform: plan no journey with them.",
    simulated_label="simulated",
    map_label="Map of charging stations",
    map_help="Arrow keys move the map, plus and minus zoom. The list of stations beside the map "
    "holds the same stations and works without it.",
    no_script="The map needs JavaScript. The list shows the same stations.",
    no_webgl="This browser cannot draw the map (no WebGL). The list shows the same stations.",
    search="Search place, station or EVSE-ID",
    search_button="Search",
    search_none="Nothing begins with",
    filters="Filters",
    filters_clear="Clear filters",
    filters_apply="Show",
    connector="Connector",
    any="Any",
    min_power="Minimum power",
    available_now="Available now",
    operator="Operator",
    all_operators="All operators",
    stations="stations",
    station="station",
    points="charging points",
    point="charging point",
    in_view="in this view",
    free="available",
    none_in_view="No station matches in this view. Zoom out, move the map or clear filters.",
    next_page="More stations",
    first_page="Back to the first",
    legend="Legend",
    legend_cluster="Ring: several stations, with the shares by state and the number of their "
    "charging points.",
    as_of="Data as of",
    no_data_yet="No data received yet",
    source_one="source",
    sources="sources",
    silent="silent: their statuses are shown as unknown",
    unnamed="Charging station",
    directions="Directions",
    website="Operator's website",
    helpdesk="Helpdesk",
    points_title="Charging points",
    opening="Opening hours",
    always_open="Open 24 hours, every day",
    opening_unknown="Opening hours unknown",
    closed="closed",
    open_now="Open now",
    closed_now="Closed now",
    until="until",
    opens="opens",
    open_unknown="Whether it is open now is not known",
    exceptions="Exceptions",
    exception_open="open",
    exception_closed="closed",
    source="Source",
    record_updated="Record updated by the operator",
    record_json="This record as JSON",
    back="Back to the map",
    close="Close",
    expand="Enlarge",
    reduce="Reduce",
    no_evse_id="no public EVSE-ID",
    power_unknown="power unknown",
    power_derived="computed from voltage and current",
    price_as_of="Prices for paying on the spot, as of",
    not_found="Not found",
    live_on="live",
    live_off="not live: reconnecting",
    nav_map="Map",
    nav_coverage="Coverage",
    nav_graphql="GraphQL API",
    nav_portal="Operators",
    weekdays=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)

CONNECTOR_GROUPS = {
    "T2": "Type 2",
    "CCS2": "CCS2",
    "CHADEMO": "CHAdeMO",
    "GBT": "GB/T",
    "T1": "Type 1",
    "OTHER": "Other",
}
"""classes.GROUPS in words."""

_CONNECTORS = {
    "IEC_62196_T2": "Type 2",
    "IEC_62196_T2_COMBO": "CCS2",
    "IEC_62196_T1": "Type 1",
    "IEC_62196_T1_COMBO": "CCS1",
    "IEC_62196_T3A": "Type 3A",
    "IEC_62196_T3C": "Type 3C",
    "CHADEMO": "CHAdeMO",
    "CHAOJI": "ChaoJi",
    "GBT_AC": "GB/T AC",
    "GBT_DC": "GB/T DC",
    "IEC_60309_2_single_16": "IEC 60309, 1-phase 16 A",
    "IEC_60309_2_three_16": "IEC 60309, 3-phase 16 A",
    "IEC_60309_2_three_32": "IEC 60309, 3-phase 32 A",
    "IEC_60309_2_three_64": "IEC 60309, 3-phase 64 A",
    "MCS": "MCS",
    "SAE_J3400": "NACS",
    "TESLA_R": "Tesla Roadster",
    "TESLA_S": "Tesla",
}


def connector_name(standard: str) -> str:
    """A plug's everyday name; an unknown one as the publisher wrote it.

    >>> connector_name("IEC_62196_T2_COMBO"), connector_name("DOMESTIC_D")
    ('CCS2', 'Household socket D')
    """
    if standard.startswith("DOMESTIC_"):
        return f"Household socket {standard.removeprefix('DOMESTIC_')}"
    return _CONNECTORS.get(standard, standard.replace("_", " "))


def power(watts: int | None) -> str:
    """Kilowatts with at most one decimal.

    >>> power(7400), power(150000)
    ('7.4 kW', '150 kW')
    """
    return ENGLISH.power_unknown if watts is None else f"{round(watts / 1000, 1):g} kW"


def number(value: int) -> str:
    """Digits in groups.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,}"


def clock(at: datetime, time_zone: str | None, now: datetime) -> str:
    """An instant in the station's own time (else UTC), with the day if that is not today."""
    zone = find_zone(time_zone)
    local, today = (at.astimezone(zone), now.astimezone(zone)) if zone else (at, now)
    text = f"{local:%H:%M}" if local.date() == today.date() else f"{local.day} {local:%b %Y %H:%M}"
    return f"{text} {local.tzname()}"


def age(since: timedelta) -> str:
    """How long ago, in the largest unit that fits.

    >>> age(timedelta(seconds=40)), age(timedelta(minutes=130)), age(timedelta(days=3))
    ('just now', '2 h ago', '3 days ago')
    """
    minutes = int(since.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // 1440} days ago"
