"""Checks of a Location."""

from __future__ import annotations

from nop_ingest.checks.check import Flaw, check
from nop_ingest.context import Context
from nop_registry.enums import Severity
from nop_registry.records import LocationRecord


@check("operator-missing", Severity.WARNING)
def operator_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """Drivers must see whom to call and pay (AFIR: name of the operator)."""
    if location.operator is not None:
        return None
    return Flaw("operator", "no operator is named: send operator.name")


@check("address-missing", Severity.WARNING)
def address_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """Street and town are required by OCPI."""
    missing = [name for name in ("address", "city") if getattr(location, name) is None]
    if not missing:
        return None
    what = " and no ".join(missing)
    return Flaw(missing[0], f"no {what} is given: send address and city, as OCPI requires")


@check("country-missing", Severity.INFO)
def country_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """Required by OCPI; the nation served is assumed for the coordinate check."""
    if location.country:
        return None
    return Flaw("country", "no country is given: send its ISO 3166 code of three letters")


@check("evses-missing", Severity.WARNING)
def evses_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """A location without an EVSE is kept, but not shown to the public (RE-10)."""
    if location.evses:
        return None
    return Flaw("evses", "no EVSE is listed, so the location is not shown: list its EVSEs")


@check("opening-times-missing", Severity.WARNING)
def opening_times_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """C03. Missing hours are unknown, not "always open" (HO-5)."""
    if location.opening_times is not None:
        return None
    return Flaw("opening_times", "no hours are given, so nobody knows when it is open: send them")


@check("time-zone-missing", Severity.INFO)
def time_zone_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """Hours and tariffs are in local time; required since OCPI 2.2."""
    if location.time_zone is not None:
        return None
    return Flaw("time_zone", "no time zone is given: send an IANA name such as Asia/Kolkata")


@check("last-updated-missing", Severity.WARNING)
def last_updated_missing(location: LocationRecord, context: Context) -> Flaw | None:
    """Without it, nobody can tell an old version from a new one; the time of receipt counts."""
    if location.last_updated is not None:
        return None
    return Flaw("last_updated", "no usable last_updated: send when the location last changed")
