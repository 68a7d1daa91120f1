"""One station's sheet: a page by itself, a fragment for the map, and a record for programs."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from litestar import Request, Response, get
from litestar.params import FromPath

from nop_dashboards import words
from nop_dashboards.answers import ANSWERS
from nop_dashboards.states import STATUS_WORDS, state_of
from nop_dashboards.templating import page, safe_link
from nop_registry.access import Action
from nop_registry.enums import Status
from nop_registry.errors import NotFound
from nop_registry.opening import Opening, join_week, opening_at, read_hours
from nop_registry.pricing import price_text
from nop_registry.queries.stations import get_station
from nop_registry.records import Hours

_NAME = re.compile(r"([1-9][0-9]{0,15})(\.json)?")


@get("/station/{name:str}", exception_handlers=ANSWERS, action=Action.READ_PUBLIC)
async def show_station(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[Any]:
    """The sheet of station `{id}`; `?fragment=1`: without the page around; `{id}.json`: data."""
    found = _NAME.fullmatch(name)
    if not found:
        raise NotFound("There is no such station.")
    async with request.app.state.pool.connection() as connection:
        station = await get_station(connection, int(found[1]))
    if found[2]:
        return Response(_record(station), headers={"Cache-Control": "no-cache"})
    whole = request.query_params.get("fragment") != "1"
    return page(request, "station.html" if whole else "sheet.html", **_sheet(station))


def _sheet(station: dict[str, Any]) -> dict[str, Any]:
    """What the template writes: everything in words, nothing left to decide."""
    now, zone = station["as_of"], station["time_zone"]
    details = station["details"]
    operator = details.get("operator") or {}
    hours = read_hours(details.get("opening_times"))
    return {
        "station": station,
        "title": station["name"] or station["address"] or words.ENGLISH.unnamed,
        "address": _lines(station),
        "operator": station["operator_name"],
        "website": safe_link(operator.get("website")),
        "phone": _phone(details.get("help_phone")),
        "evses": [_row(evse, now, zone) for evse in station["evses"]],
        "hours": _hours(hours),
        "is_always_open": bool(hours and hours.twentyfourseven),
        "exceptions": _exceptions(hours, now, zone),
        "open_now": _open_now(opening_at(hours, zone, now), now, zone),
        "prices_as_of": words.clock(now, zone, now),
        "updated": station["last_updated"] and words.clock(station["last_updated"], zone, now),
        "seen": station["seen_at"]
        and f"{words.clock(station['seen_at'], zone, now)} ({words.age(now - station['seen_at'])})",
    }


def _row(evse: dict[str, Any], now: datetime, zone: str | None) -> dict[str, Any]:
    return {
        "state": state_of(evse["status"]),
        "status": STATUS_WORDS[Status(evse["status"])],
        "freshness": _freshness(evse, now, zone),
        "name": evse["physical_reference"] or evse["evse_id"] or evse["uid"],
        "evse_id": evse["evse_id"],
        "floor_level": evse["floor_level"],
        "connectors": [
            {
                "name": words.connector_name(connector["standard"]),
                "power": words.power(connector["max_electric_power_w"]),
                "power_derived": connector["power_derived"],
                "format": (connector["format"] or "").lower(),
                "price": price_text(connector["price"]),
            }
            for connector in evse["connectors"]
        ],
    }


def _freshness(evse: dict[str, Any], now: datetime, zone: str | None) -> str:
    seen = (
        f"{words.clock(evse['last_seen_at'], zone, now)} ({words.age(now - evse['last_seen_at'])})"
    )
    if evse["status"] != evse["last_known_status"]:
        known = STATUS_WORDS[Status(evse["last_known_status"])].lower()
        return f"last known: {known}, {seen}"
    since = words.clock(evse["changed_at"], zone, now)
    return f"since {since}, confirmed {words.age(now - evse['last_seen_at'])}"


def _lines(station: dict[str, Any]) -> list[str]:
    city = " ".join(part for part in (station["city"], station["postal_code"]) if part)
    region = ", ".join(part for part in (station["district"], station["region"]) if part)
    return [line for line in (station["address"], city, region) if line]


def _phone(text: str | None) -> str | None:
    """Digits with an optional plus, as a `tel:` link needs them; None when it is no number."""
    digits = re.sub(r"[\s().-]", "", text or "")
    return digits if re.fullmatch(r"\+?[0-9]{3,17}", digits) else None


def _hours(hours: Hours | None) -> list[tuple[str, str]]:
    """Day and periods of each day of the week; empty when the hours are unknown."""
    periods = join_week(hours) if hours else {}
    if not periods:
        return []
    return [
        (
            day,
            ", ".join(f"{begin}\u2013{end}" for begin, end in periods.get(n, ()))
            or words.ENGLISH.closed,
        )
        for n, day in enumerate(words.ENGLISH.weekdays, start=1)
    ]


def _open_now(opening: Opening, now: datetime, zone: str | None) -> str:
    """Open or closed, and until when; or that it is not known."""
    if opening.is_open is None:
        return str(words.ENGLISH.open_unknown)
    text = words.ENGLISH
    if opening.is_open:
        told, then, at = text.open_now, text.until, opening.closes_at
    else:
        told, then, at = text.closed_now, text.opens, opening.opens_at
    return f"{told}, {then} {words.clock(at, zone, now)}" if at else str(told)


def _exceptions(hours: Hours | None, now: datetime, zone: str | None) -> list[str]:
    """The next exceptional openings and closings."""
    if hours is None:
        return []
    found = [(period, words.ENGLISH.exception_open) for period in hours.exceptional_openings]
    found += [(period, words.ENGLISH.exception_closed) for period in hours.exceptional_closings]
    coming = sorted(
        (period.period_begin, period.period_end, kind)
        for period, kind in found
        if period.period_end > now
    )
    return [
        f"{words.clock(begin, zone, now)} \u2013 {words.clock(end, zone, now)}: {kind}"
        for begin, end, kind in coming[:_MOST_EXCEPTIONS]
    ]


_MOST_EXCEPTIONS = 5
_LEFT_OUT = {"details", "region", "evses"}


def _record(station: dict[str, Any]) -> dict[str, Any]:
    """The same facts under OCPI's names."""
    hours = station["details"].get("opening_times")
    return {
        **{name: value for name, value in station.items() if name not in _LEFT_OUT},
        "state": station["region"],
        "opening_times": hours,
        "opening": opening_at(read_hours(hours), station["time_zone"], station["as_of"])._asdict(),
        "evses": station["evses"],
    }


ROUTES = [show_station]
