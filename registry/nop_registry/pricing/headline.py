"""The price components of a connector that are in force now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from nop_registry.pricing import components as parts
from nop_registry.pricing.price import PriceNow, SessionLimit, TaxStatus, UnitPrice
from nop_registry.pricing.restrictions import (
    MIDNIGHT,
    Moment,
    kinds_of,
    parse_clock,
    wall_instant,
)
from nop_registry.pricing.selection import choose
from nop_registry.records import PriceLimit, TariffRecord

_HORIZON_DAYS = 8  # every weekly pattern shows itself within it


def headline(
    tariffs: Sequence[TariffRecord],
    at: datetime,
    time_zone: str | None,
    max_power_w: int | None,
) -> PriceNow:
    """The price components in force at the instant `at`, at the start of a session.

    `tariffs` are those the connector refers to, of its own party, in any order; `time_zone` is the
    location's IANA zone; `max_power_w` the connector's power in watts. Amounts are rounded to six
    decimals, half up. A price that cannot be known is `is_known=False`, never 0.
    """
    zone = find_zone(time_zone)
    power_kw = None if max_power_w is None else Fraction(max_power_w, 1000)
    price = _price_at(tariffs, at, zone, power_kw)
    now = _shown(price)
    changed = (
        instant
        for instant in _candidates(tariffs, at, zone)
        if _shown(_price_at(tariffs, instant, zone, power_kw)) != now
    )
    return msgspec.structs.replace(price, next_change_at=next(changed, None), time_zone=time_zone)


@lru_cache(maxsize=512)
def find_zone(name: str | None) -> ZoneInfo | None:
    """The time zone of that IANA name; None when there is no such zone."""
    try:
        return ZoneInfo(name) if name else None
    except (KeyError, ValueError, OSError):  # not found, not a name, a folder of zones
        return None


def _price_at(
    tariffs: Sequence[TariffRecord], at: datetime, zone: ZoneInfo | None, power_kw: Fraction | None
) -> PriceNow:
    choice = choose(tariffs, at)
    if choice is None:
        return PriceNow(is_known=False, at=at, flags=("no-tariff",))
    tariff = choice.tariff
    charging = Moment(at=at, zone=zone, power_kw=power_kw)
    parked = Moment(at=at, zone=zone, power_kw=Fraction(0), current_a=Fraction(0))
    energy = _find(tariff, parts.ENERGY, charging)
    time = _find_per_minute(tariff, parts.TIME, charging)
    parking = _find_per_minute(tariff, parts.PARKING_TIME, parked)
    flat = _find(tariff, parts.FLAT, charging)
    found = [one for one in (energy, time, parking, flat) if one is not None]

    flags = set(parts.flags_of(tariff)).union(*(one.flags for one in found))
    flags |= {"overlap"} if choice.overlap else set()
    flags |= set() if found else {"no-price"}
    is_known = bool(found) and "time-zone-unknown" not in flags
    price = PriceNow(
        is_known=is_known,
        at=at,
        tariff_id=tariff.id,
        country_code=tariff.country_code,
        currency=tariff.currency,
        basis=choice.basis,
        depends_on=parts.depends_on(tariff),
        flags=tuple(sorted(flags)),
    )
    if not is_known:
        return price
    return msgspec.structs.replace(
        price,
        per_kwh=energy and energy.price,
        per_minute_charging=time and time.price,
        per_minute_parked=parking and parking.price,
        per_session=flat and flat.price,
        min_price=_limit(tariff.min_price),
        max_price=_limit(tariff.max_price),
        is_free=_is_free(tariff),
    )


class _Found(NamedTuple):
    price: UnitPrice
    flags: frozenset[str]


_FLAG_OF = {
    "zone": "time-zone-unknown",
    "power": "power-unknown",
    "current": "current-unknown",
}


def _find(
    tariff: TariffRecord, dimension: str, moment: Moment, *, units: int = 1, after_s: int = 0
) -> _Found | None:
    active = parts.find_active(tariff, dimension, moment)
    if active is None:
        return None
    taxed = parts.with_tax(active.component, tariff.tax_included)
    unknown = taxed.status is TaxStatus.UNKNOWN
    price = UnitPrice(
        excl_tax=None if taxed.excl is None else _tidy(taxed.excl / units),
        incl_tax=None if taxed.incl is None or unknown else _tidy(taxed.incl / units),
        tax=taxed.status,
        vat_percent=active.component.vat,
        after_minutes=after_s // 60,
    )
    flags = {_FLAG_OF[name] for name in active.undecided} | ({taxed.flag} if taxed.flag else set())
    return _Found(price, frozenset(flags))


def _find_per_minute(tariff: TariffRecord, dimension: str, moment: Moment) -> _Found | None:
    """The price from the first minute that costs something: before it lies the grace period."""
    limits = {0}
    for element in tariff.elements:
        if element.restrictions and parts.component_of(element, dimension):
            limits |= {
                element.restrictions.min_duration or 0,
                element.restrictions.max_duration or 0,
            }
    at_start = None
    for after_s in sorted(limits):
        later = msgspec.structs.replace(moment, duration_s=Fraction(after_s))
        found = _find(tariff, dimension, later, units=60, after_s=after_s)
        if found and found.price.shown:
            return found
        at_start = at_start or found
    return at_start


def _is_free(tariff: TariffRecord) -> bool:
    minimum = tariff.min_price.before_taxes if tariff.min_price else 0
    prices = [c.price for element in tariff.elements for c in element.price_components]
    hidden = parts.flags_of(tariff) & {"unknown-restriction", "unknown-dimension"}
    return bool(prices) and not any(prices) and not minimum and not hidden


def _limit(limit: PriceLimit | None) -> SessionLimit | None:
    if limit is None:
        return None
    return SessionLimit(excl_tax=limit.before_taxes, incl_tax=limit.after_taxes)


def _tidy(amount: Decimal) -> Decimal:
    """Six decimals at most, two at least: no 28-digit thirds on a web page."""
    rounded = amount.quantize(Decimal("0.000001"), ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:f}".partition(".")
    return Decimal(f"{whole}.{decimals.rstrip('0'):0<2}")


def _shown(price: PriceNow) -> tuple[object, ...]:
    return (
        price.is_known,
        price.currency,
        price.basis,
        price.per_kwh,
        price.per_minute_charging,
        price.per_minute_parked,
        price.per_session,
        price.min_price,
        price.max_price,
    )


def _candidates(
    tariffs: Sequence[TariffRecord], at: datetime, zone: ZoneInfo | None
) -> Iterator[datetime]:
    """Instants after `at`, in order, at which another tariff or element may come into force."""
    instants = {i for t in tariffs for i in (t.start_date_time, t.end_date_time) if i is not None}
    restrictions = [e.restrictions for t in tariffs for e in t.elements if e.restrictions]
    local = [r for r in restrictions if kinds_of(r) & {"time", "day", "date"}]
    if zone is not None and local:
        clocks = {MIDNIGHT}
        for text in (t for r in local for t in (r.start_time, r.end_time) if t):
            clocks.add(parse_clock(text) or MIDNIGHT)
        today = at.astimezone(zone).date()
        days = {today + timedelta(days=n) for n in range(_HORIZON_DAYS + 1)}
        instants |= {wall_instant(day, clock, zone) for day in days for clock in clocks}
    return iter(sorted(instant for instant in instants if instant > at))
