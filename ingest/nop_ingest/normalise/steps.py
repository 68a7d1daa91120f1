"""The order in which a record is put right, whatever door it came through.

A step takes a record, where it stands and the findings so far, and returns the record, mended where
needed, or None when it cannot be taken (it has then said why). Order matters: texts are cleaned
before anything is read from them, the country is known before the point is held against it, and
checks see only what normalising left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from nop_ingest.checks import evse as evse_checks
from nop_ingest.checks import location as location_checks
from nop_ingest.checks import tariff as tariff_checks
from nop_ingest.checks.check import apply_checks, checks_in
from nop_ingest.context import Context
from nop_ingest.normalise import (
    additions,
    connectors,
    coordinates,
    countries,
    evse_ids,
    hours,
    links,
    mojibake,
    parties,
    power,
    text,
    timestamps,
)
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Status
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, Record, TariffRecord

R = TypeVar("R", bound=Record)
Step = Callable[[R, Context, str, list[Finding]], R | None]

LOCATION_STEPS: tuple[Step[LocationRecord], ...] = (
    text.settle_location,
    mojibake.settle_location,
    parties.settle_party,
    countries.settle_location,
    coordinates.settle_location,
    hours.settle_location,
    links.settle_location,
    timestamps.settle_last_updated,
    additions.settle_location,
)
EVSE_STEPS: tuple[Step[EvseRecord], ...] = (
    text.settle_evse,
    coordinates.settle_evse,
    links.settle_evse,
    timestamps.settle_last_updated,
    additions.settle_evse,
)
CONNECTOR_STEPS: tuple[Step[ConnectorRecord], ...] = (
    connectors.settle_connector,
    power.settle_connector,
    links.settle_connector,
    timestamps.settle_last_updated,
    additions.settle_connector,
)
TARIFF_STEPS: tuple[Step[TariffRecord], ...] = (
    text.settle_tariff,
    mojibake.settle_tariff,
    parties.settle_party,
    links.settle_tariff,
    timestamps.settle_tariff,
    additions.settle_tariff,
)
LOCATION_CHECKS = checks_in(location_checks)
EVSE_CHECKS = checks_in(evse_checks)
TARIFF_CHECKS = checks_in(tariff_checks)


def normalise_location(
    record: LocationRecord, context: Context
) -> tuple[LocationRecord | None, list[Finding]]:
    """Put a location with its EVSEs and connectors right, then check it.

    None: it cannot be taken, and a Rejection says why. A bad EVSE or connector is left out with a
    Rejection of its own. In the record given, a missing coordinate is NaN and a missing id, uid or
    standard is "".
    """
    findings: list[Finding] = []
    location = _take_steps(LOCATION_STEPS, record, context, "", findings)
    if location is None:
        return None, findings
    placed = []
    for number, evse in enumerate(location.evses):
        path = f"evses[{number}]"
        settled = _normalise_evse(evse, context, path, findings)
        if settled is not None:
            placed.append((path, settled))
    placed = evse_ids.drop_repeated(placed, findings)
    evses = tuple(evse for _, evse in placed)
    if evses != location.evses:
        location = msgspec.structs.replace(location, evses=evses)
    evse_ids.report_ids(location, placed, findings)
    apply_checks(LOCATION_CHECKS, location, context, "", findings)
    for path, evse in placed:
        if evse.status is not Status.REMOVED:  # a tombstone: nobody will mend it
            apply_checks(EVSE_CHECKS, evse, context, path, findings)
    return location, findings


def normalise_tariff(
    record: TariffRecord, context: Context
) -> tuple[TariffRecord | None, list[Finding]]:
    """Put a tariff right, then check it. None: it cannot be taken, and a Rejection says why."""
    findings: list[Finding] = []
    tariff = _take_steps(TARIFF_STEPS, record, context, "", findings)
    if tariff is not None:
        apply_checks(TARIFF_CHECKS, tariff, context, "", findings)
    return tariff, findings


def _normalise_evse(
    evse: EvseRecord, context: Context, path: str, findings: list[Finding]
) -> EvseRecord | None:
    found: list[Finding] = []
    settled = _take_steps(EVSE_STEPS, evse, context, path, found)
    if settled is None or not settled.uid:
        findings.append(
            Rejection(
                "evse-no-uid", path,
                "an EVSE without a uid cannot be told from its neighbours: give it one that never "
                "changes",
            )
        )  # fmt: skip
        return None
    kept = []
    for number, connector in enumerate(settled.connectors):
        place = f"{path}.connectors[{number}]"
        plug = _take_steps(CONNECTOR_STEPS, connector, context, place, found)
        if plug is not None:
            kept.append(plug)
    connectors_now = tuple(kept)
    if found:
        findings += _once_each(found)
    if connectors_now == settled.connectors:
        return settled
    return msgspec.structs.replace(settled, connectors=connectors_now)


def _take_steps(
    steps: tuple[Step[R], ...], record: R, context: Context, path: str, findings: list[Finding]
) -> R | None:
    now: R | None = record
    for step in steps:
        if now is None:
            return None
        now = step(now, context, path, findings)
    return now


def _once_each(found: list[Finding]) -> list[Finding]:
    """Every rejection, and of the notices the first of each code: four plugs, one remark."""
    first: dict[str, Finding] = {}
    kept: list[Finding] = []
    for item in found:
        if isinstance(item, Notice) and first.setdefault(item.code, item) is not item:
            continue
        kept.append(item)
    return kept
