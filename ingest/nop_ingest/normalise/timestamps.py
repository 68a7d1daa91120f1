"""Timestamps: any spelling to UTC; a clock that runs ahead does not make data younger (TR-30)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from nop_ingest.context import Context
from nop_ingest.report import Finding, Notice
from nop_registry.enums import Severity
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, TariffRecord

R = TypeVar("R", LocationRecord, EvseRecord, ConnectorRecord)

AHEAD = timedelta(minutes=5)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before it: a default of some software, no fact
_LATEST_EPOCH_S = 32503680000  # the year 3000; larger numbers are milliseconds
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[T ]+(\d{2}:\d{2})(?::(\d{2}))?(?:[.,](\d+))?)?"
    r" ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)


def parse(value: object) -> datetime | None:
    """A moment in UTC from any spelling seen in feeds, None if it is not certain what it means.

    ISO 8601 with T or blank, Z, an offset or none (= UTC), any number of decimals; a date alone is
    its midnight; a number is seconds or milliseconds since 1970. "01/03/2026" could be March or
    January: not certain.
    """
    if isinstance(value, bool):
        return None
    try:
        if isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdecimal()):
            seconds = float(value)
            seconds = seconds / 1000 if abs(seconds) > _LATEST_EPOCH_S else seconds
            return datetime.fromtimestamp(seconds, UTC)
        found = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None:
            return None
        day, minute, second, fraction, zone = found.groups()
        # A leap second (:60) is the last one before it.
        text = f"{day}T{minute or '00:00'}:{min(second or '00', '59')}.{(fraction or '0')[:6]:0<6}"
        offset = "+00:00" if zone is None or zone.upper() in {"Z", "UTC"} else zone
        return datetime.fromisoformat(text + offset).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def settle(
    value: datetime | None, context: Context, path: str, findings: list[Finding]
) -> datetime | None:
    """A publisher's claim of when something changed, in UTC and not in the future."""
    if value is None or (value.tzinfo is UTC and _EARLIEST <= value <= context.received_at):
        return value
    moment = in_utc(value)
    if moment is None or moment < _EARLIEST:
        findings.append(
            Notice(
                "timestamp-implausible", Severity.WARNING, path,
                "left out: a timestamp before the year 2000 is a default value, not a fact",
                str(value),
            )
        )  # fmt: skip
        return None
    if moment > context.received_at + AHEAD:
        findings.append(
            Notice(
                "timestamp-future", Severity.WARNING, path,
                "the timestamp is in the future and counts as the time of receipt: check the clock "
                "and send UTC", str(value),
            )
        )  # fmt: skip
        return context.received_at
    return moment


def settle_last_updated(record: R, context: Context, path: str, findings: list[Finding]) -> R:
    """Settle `last_updated` of a location, an EVSE or a connector."""
    place = f"{path}.last_updated" if path else "last_updated"
    moment = settle(record.last_updated, context, place, findings)
    if moment is record.last_updated:
        return record
    return msgspec.structs.replace(record, last_updated=moment)


def settle_tariff(
    tariff: TariffRecord, context: Context, path: str, findings: list[Finding]
) -> TariffRecord:
    """Settle `last_updated`, and bring the validity to UTC (which may well be in the future)."""
    moment = settle(tariff.last_updated, context, "last_updated", findings)
    start = in_utc(tariff.start_date_time)
    end = in_utc(tariff.end_date_time)
    return msgspec.structs.replace(
        tariff, last_updated=moment, start_date_time=start, end_date_time=end
    )


def in_utc(value: datetime | None) -> datetime | None:
    """The same moment in UTC (no zone given = UTC); None if it is outside the calendar."""
    if value is None or value.tzinfo is UTC:
        return value
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return None
