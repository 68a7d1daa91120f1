"""Names, addresses, points, hours and companies out of DATEX II elements."""

from __future__ import annotations

import re
from typing import NamedTuple

from nop_ingest.formats.datex2 import vocabulary as words
from nop_ingest.formats.datex2.elements import Node
from nop_ingest.normalise.countries import alpha_3
from nop_ingest.reading.tables import parse_number
from nop_registry.records import BusinessDetails, Hours, RegularHours

# Spain writes the parts of an address as labelled lines of general text.
_LABELLED = re.compile(r"\s*(direcci[oó]n|municipio|provincia|comunidad)\s*:\s*(.*)", re.IGNORECASE)
_LABELS = {"municipio": "town", "provincia": "region"}
_STREETS = ("street", "houseNumber", "building", "unit")


class Address(NamedTuple):
    """The parts of an address that OCPI has."""

    street: str | None
    city: str | None
    postal_code: str | None
    district: str | None
    state: str | None
    country: str | None


def text_in(node: Node | None, language: str) -> str | None:
    """A multilingual text in the file's own language, else in the first that it has."""
    if node is None:
        return None
    found = [(v.attributes.get("lang", ""), v.text.strip()) for v in node.within("value")]
    texts = [(lang, text) for lang, text in found if text]
    own = next((text for lang, text in texts if lang.casefold() == language.casefold()), None)
    return own or (texts[0][1] if texts else node.text.strip() or None)


def point_of(node: Node) -> tuple[float, float] | None:
    """Latitude and longitude of a site, station or point; those for display come first."""
    for reference in ("locationReference", "siteLocation"):
        for place in node.all(reference):
            shown = [*place.within("coordinatesForDisplay"), *place.within("pointCoordinates")]
            for coordinates in shown:
                lat = parse_number(coordinates.value("latitude") or "")
                lon = parse_number(coordinates.value("longitude") or "")
                if lat is not None and lon is not None:
                    return float(lat), float(lon)
    return None


def address_of(node: Node, language: str) -> Address | None:
    """The address in a location reference's extension, wherever a version puts it."""
    address = _within_reference(node, "address")
    if address is None:
        return None
    parts: dict[str, str] = {}
    general: list[str] = []
    lines = sorted(address.all("addressLine"), key=lambda a: a.attributes.get("order", "").zfill(4))
    for line in lines:
        kind, text = line.value("type") or "", text_in(line.find("text"), language)
        labelled = _LABELLED.fullmatch(text or "")
        if labelled:
            kind = _LABELS.get(labelled[1].casefold(), "street")
            text = labelled[2].strip() or None
        if text and kind == "generalTextLine":
            general.append(text)
        elif text:
            parts.setdefault(kind, text)
    street = " ".join(parts[kind] for kind in _STREETS if kind in parts)
    return Address(
        street or ", ".join(general) or None,
        text_in(address.find("city"), language) or parts.get("town"),
        address.value("postcode"),
        parts.get("districtTerritory"),
        parts.get("region"),
        address.value("countryCode"),
    )


def time_zone_of(node: Node) -> str | None:
    """An IANA zone; some write an offset, which names none."""
    zone = _within_reference(node, "timeZone")
    return zone.text.strip() if zone and "/" in zone.text else None


def _within_reference(node: Node, name: str) -> Node | None:
    found = (
        inner
        for reference in ("locationReference", "siteLocation")
        for place in node.all(reference)
        for inner in place.within(name)
    )
    return next(found, None)


def country_of(given: str | None, publishers: str | None) -> str | None:
    """ISO 3166 alpha-3; DATEX II has alpha-2."""
    text = given or publishers
    return (alpha_3(text) or text) if text else None


def operator_of(node: Node, role: str, language: str) -> BusinessDetails | None:
    """A company in the role of `operator` or `owner`."""
    company = node.find(role)
    name = text_in(company.find("name"), language) if company else None
    if company is None or name is None:
        return None
    return BusinessDetails(name=name, website=company.value("linkToGeneralInformation"))


def phone_of(node: Node) -> str | None:
    """The telephone number of the helpdesk, else of the operator."""
    for role in ("helpdesk", "operator"):
        for company in node.all(role):
            number = next(company.within("telephoneNumber"), None)
            if number and number.text.strip():
                return number.text.strip()
    return None


def hours_of(node: Node) -> Hours | None:
    """The regular opening hours, where they are written out or open at all hours."""
    hours = node.find("operatingHours")
    if hours is None:
        return None
    kind = hours.attributes.get("type", "").rpartition(":")[2]
    label = f"{hours.attributes.get('id', '')} {hours.value('label') or ''}"
    if kind == "OpenAllHours" or "24/7" in label:
        return Hours(twentyfourseven=True)
    regular = [p for period in hours.all("overallPeriod", "validPeriod") for p in _periods(period)]
    always = {p.weekday for p in regular if _is_whole_day(p)} == set(range(1, 8))
    if always:
        return Hours(twentyfourseven=True)
    return Hours(twentyfourseven=False, regular_hours=tuple(regular)) if regular else None


def _is_whole_day(period: RegularHours) -> bool:
    return period.period_begin == "00:00" and period.period_end in ("23:59", "24:00", "00:00")


def _periods(period: Node) -> list[RegularHours]:
    named = [
        day
        for recurring in period.all("recurringDayWeekMonthPeriod")
        for node in recurring.all("applicableDay")
        if (day := words.find(words.WEEKDAYS, node.text))
    ]
    made = []
    for times in period.all("recurringTimePeriodOfDay"):
        begin, end = times.value("startTimeOfPeriod"), times.value("endTimeOfPeriod")
        if begin and end:  # local time, whatever offset stands behind it
            for day in named or range(1, 8):
                made.append(RegularHours(weekday=day, period_begin=begin[:5], period_end=end[:5]))
    return made
