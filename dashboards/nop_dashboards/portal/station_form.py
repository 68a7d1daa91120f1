"""The fields of a station that a small operator keeps by hand, from a record and back to it.

What the form does not show stays as it is in the record.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from nop_registry.enums import ConnectorFormat, PowerType, Status
from nop_registry.records import (
    BusinessDetails,
    ConnectorRecord,
    EvseRecord,
    Hours,
    LocationRecord,
    RegularHours,
)

TEXT_FIELDS = ("name", "address", "city", "postal_code", "state", "help_phone")
STANDARDS = (
    "IEC_62196_T2_COMBO", "IEC_62196_T2", "CHADEMO", "GBT_DC", "GBT_AC", "IEC_62196_T1",
    "IEC_62196_T1_COMBO", "IEC_60309_2_single_16", "IEC_60309_2_three_16", "DOMESTIC_D",
    "DOMESTIC_C", "DOMESTIC_F", "DOMESTIC_G", "DOMESTIC_M", "SAE_J3400", "MCS",
)  # fmt: skip
MOST_EVSES = 200
_LONGEST = 255
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,12})?")
_ID = re.compile(r"[A-Za-z0-9._*-]{1,36}")

Form = Mapping[str, str]
Errors = dict[str, str]
"""Key of a text, by the field's name."""


def values_of(record: LocationRecord) -> dict[str, str]:
    """The form's fields filled from a record."""
    values = {name: getattr(record, name) or "" for name in TEXT_FIELDS}
    hours = record.opening_times
    values |= {
        "id": record.id,
        "lat": f"{record.lat:.6f}".rstrip("0"),
        "lon": f"{record.lon:.6f}".rstrip("0"),
        "operator": record.operator.name if record.operator else "",
        "time_zone": record.time_zone or "",
        "publish": "yes" if record.publish else "",
        "hours": "unknown" if hours is None else "always" if hours.twentyfourseven else "weekly",
    }
    for period in hours.regular_hours if hours else ():
        values.setdefault(f"open-{period.weekday}", period.period_begin)
        values.setdefault(f"shut-{period.weekday}", period.period_end)
    for n, evse in enumerate(record.evses):
        values |= _values_of_evse(n, evse)
    return values


def _values_of_evse(n: int, evse: EvseRecord) -> dict[str, str]:
    values = {
        f"evse-{n}-uid": evse.uid,
        f"evse-{n}-evse_id": evse.evse_id or "",
        f"evse-{n}-physical_reference": evse.physical_reference or "",
        f"evse-{n}-status": evse.status.value,
    }
    for m, plug in enumerate(evse.connectors):
        watts = plug.max_electric_power_w
        values |= {
            f"evse-{n}-plug-{m}-id": plug.id,
            f"evse-{n}-plug-{m}-standard": plug.standard,
            f"evse-{n}-plug-{m}-format": plug.format.value if plug.format else "",
            f"evse-{n}-plug-{m}-power_type": plug.power_type.value if plug.power_type else "",
            f"evse-{n}-plug-{m}-kw": "" if watts is None else f"{Decimal(watts) / 1000:f}",
            f"evse-{n}-plug-{m}-tariff": plug.tariff_ids[0] if plug.tariff_ids else "",
        }
    return values


def blank(party: str, operator: str, time_zone: str, country: str) -> LocationRecord:
    """A new station before anything was typed."""
    country_code, party_id = party.split("*")
    return LocationRecord(
        country_code=country_code, party_id=party_id, id=f"L-{secrets.token_hex(3).upper()}",
        lat=0.0, lon=0.0, country=country, time_zone=time_zone,
        operator=BusinessDetails(name=operator) if operator else None,
        opening_times=Hours(twentyfourseven=True),
    )  # fmt: skip


def read(form: Form, before: LocationRecord, *, is_new: bool) -> tuple[LocationRecord, Errors]:
    """The record with what was typed, and what cannot be read at all."""
    errors: Errors = {}
    now = datetime.now(UTC)
    changes: dict[str, Any] = {name: _text(form, name) for name in TEXT_FIELDS}
    for name in ("name", "address", "city"):
        if changes[name] is None:
            errors[name] = "station.missing"
    operator = _text(form, "operator")
    if operator is None:
        changes["operator"] = None
    elif before.operator is None or before.operator.name != operator:
        changes["operator"] = BusinessDetails(name=operator)
    changes["time_zone"] = _text(form, "time_zone")
    changes["publish"] = form.get("publish") == "yes"
    for name, most in (("lat", 90), ("lon", 180)):
        number = _number(form.get(name, ""))
        if number is None or abs(number) > most:
            errors[name] = "station.not_a_coordinate"
        else:
            changes[name] = float(number)
    if is_new and not _ID.fullmatch(wanted := form.get("id", "").strip()):
        errors["id"] = "station.not_an_id"
    elif is_new:
        changes["id"] = wanted
    changes["opening_times"] = _hours(form, before.opening_times, errors)
    changes["evses"] = _evses(form, before, errors, now, changes.get("id", before.id))
    return msgspec.structs.replace(before, **changes, last_updated=now), errors


def _hours(form: Form, before: Hours | None, errors: Errors) -> Hours | None:
    kind = form.get("hours", "unknown")
    exceptional = before or Hours()
    if kind == "always":
        return msgspec.structs.replace(exceptional, twentyfourseven=True, regular_hours=())
    if kind != "weekly":
        return None
    periods = []
    for day in range(1, 8):
        begin, end = form.get(f"open-{day}", "").strip(), form.get(f"shut-{day}", "").strip()
        if not begin and not end:
            continue
        if not _CLOCK.fullmatch(begin) or not _CLOCK.fullmatch(end):
            errors[f"open-{day}"] = "station.not_a_time"
            continue
        periods.append(RegularHours(weekday=day, period_begin=begin, period_end=end))
        # The form shows one period a day; further ones of that day stay while it is unchanged.
        old = [p for p in exceptional.regular_hours if p.weekday == day]
        if old and (old[0].period_begin, old[0].period_end) == (begin, end):
            periods += old[1:]
    return msgspec.structs.replace(exceptional, twentyfourseven=False, regular_hours=tuple(periods))


def _evses(
    form: Form, before: LocationRecord, errors: Errors, now: datetime, location_id: str
) -> tuple[EvseRecord, ...]:
    evses = []
    for n in range(MOST_EVSES):
        known = before.evses[n] if n < len(before.evses) else None
        place = f"evse-{n}-"
        if known is None and not form.get(f"{place}plug-0-standard"):
            break
        uid = known.uid if known else f"{location_id}-{n + 1}"[:36]
        evse = known or EvseRecord(uid=uid, last_updated=now)
        status = _member(Status, form.get(f"{place}status", ""), evse.status)
        plugs = _plugs(form, place, evse, errors, now)
        if status is Status.REMOVED:
            continue  # gone from the list, so from the registry; history stays
        evses.append(
            msgspec.structs.replace(
                evse,
                evse_id=_text(form, f"{place}evse_id"),
                physical_reference=_text(form, f"{place}physical_reference"),
                status=status,
                last_updated=evse.last_updated if status == evse.status and known else now,
                connectors=plugs,
            )
        )
    return tuple(evses)


def _plugs(
    form: Form, place: str, evse: EvseRecord, errors: Errors, now: datetime
) -> tuple[ConnectorRecord, ...]:
    plugs = []
    for m in range(20):
        known = evse.connectors[m] if m < len(evse.connectors) else None
        at = f"{place}plug-{m}-"
        standard = form.get(f"{at}standard", "")
        if not standard:
            if known is None:
                break
            continue  # taken away
        plug = known or ConnectorRecord(id=str(m + 1), standard=standard)
        typed, watts = form.get(f"{at}kw", "").strip(), plug.max_electric_power_w
        derived = plug.power_derived
        if typed != ("" if watts is None else f"{Decimal(watts) / 1000:f}"):
            number, derived = _number(typed), False
            if number is None or not 0 < number < 100_000:
                errors[f"{at}kw"] = "station.not_a_power"
            watts = None if number is None else int(number * 1000)
        tariff = form.get(f"{at}tariff", "")
        others = plug.tariff_ids[1:]
        changed = msgspec.structs.replace(
            plug,
            standard=standard[:_LONGEST],
            format=_member(ConnectorFormat, form.get(f"{at}format", ""), None),
            power_type=_member(PowerType, form.get(f"{at}power_type", ""), None),
            max_electric_power_w=watts,
            power_derived=derived,
            tariff_ids=(tariff, *others) if tariff else others,
        )
        is_same = known is not None and changed == known
        plugs.append(changed if is_same else msgspec.structs.replace(changed, last_updated=now))
    return tuple(plugs)


def _text(form: Form, name: str) -> str | None:
    return " ".join(form.get(name, "").split())[:_LONGEST] or None


def _number(text: str) -> Decimal | None:
    """A decimal number; a comma is read as a point."""
    plain = text.strip().replace(",", ".")
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None


def _member(members: Any, text: str, otherwise: Any) -> Any:
    try:
        return members(text)
    except ValueError:
        return otherwise
