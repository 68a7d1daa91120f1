"""EVSE-IDs: format, operator and repetition (DM-2, K10, K11); and one EVSE per uid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Severity, Status
from nop_registry.identifiers import canonical_evse_id
from nop_registry.records import EvseRecord, LocationRecord

Placed = tuple[str, EvseRecord]
"""An EVSE and where it stood in the object: `evses[2]`."""

_DIN = re.compile(r"\+?[0-9]{1,3}\*[0-9]{3,6}\*[0-9*]{1,32}", re.ASCII)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def drop_repeated(placed: list[Placed], findings: list[Finding]) -> list[Placed]:
    """Keep of each uid (compared without case) the EVSE updated last, the first of equal ones."""
    best: dict[str, int] = {}
    dropped: set[int] = set()
    for number, (_, evse) in enumerate(placed):
        other = best.setdefault(evse.uid.casefold(), number)
        if other == number:
            continue
        held = placed[other][1].last_updated or _LONG_AGO
        if (evse.last_updated or _LONG_AGO) > held:
            best[evse.uid.casefold()] = number
            dropped.add(other)
        else:
            dropped.add(number)
    for number in sorted(dropped):
        path, evse = placed[number]
        findings.append(
            Rejection(
                "evse-uid-duplicate", path,
                "another EVSE of this location has the same uid and was updated later or stands "
                "first: give each EVSE its own uid", evse.uid[:200],
            )
        )  # fmt: skip
    return [item for number, item in enumerate(placed) if number not in dropped]


def report_ids(location: LocationRecord, placed: Sequence[Placed], findings: list[Finding]) -> None:
    """Report odd EVSE-IDs: not eMI3, twice in the location, or another operator's.

    The id stays as published. An operator's own prefix is usual but not required (K11), and a
    whole location mostly deviates alike, so that is said once.
    """
    owner = location.country_code + location.party_id
    seen: set[str] = set()
    foreign = 0
    first_foreign = ""
    for path, evse in placed:
        given = evse.evse_id
        if given is None or evse.status is Status.REMOVED:
            continue
        canonical = canonical_evse_id(given)
        if canonical is None:
            if not _DIN.fullmatch(given):
                findings.append(
                    Notice(
                        "evse-id-format", Severity.WARNING, f"{path}.evse_id",
                        "not an eMI3 id such as IN*TPC*E12345: drivers and roaming partners cannot "
                        "use it", given,
                    )
                )  # fmt: skip
            canonical = given.upper()
        elif not canonical.startswith(owner):
            foreign += 1
            first_foreign = first_foreign or f"{path}.evse_id|{given}"
        if canonical in seen:
            findings.append(
                Notice(
                    "evse-id-duplicate", Severity.WARNING, f"{path}.evse_id",
                    "another EVSE of this location has the same evse_id: give each its own", given,
                )
            )  # fmt: skip
        seen.add(canonical)
    if foreign:
        path, _, given = first_foreign.partition("|")
        findings.append(
            Notice(
                "evse-id-other-operator", Severity.INFO, path,
                f"{foreign} EVSE-ID(s) here do not begin with {location.country_code}*"
                f"{location.party_id}: right if the charger is operated for another party", given,
            )
        )  # fmt: skip
