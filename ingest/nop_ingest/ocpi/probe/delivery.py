"""The dry run: what a pull would make of the objects that were read, without a database."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from nop_ingest.context import Context
from nop_ingest.ocpi.probe.reading import parts
from nop_ingest.ocpi.probe.scene import Sample, Scene
from nop_ingest.ocpi.routing import Party
from nop_ingest.report import Finding, Rejection
from nop_registry.enums import Severity
from nop_registry.records import LocationRecord, TariffRecord

_OF_A_PARTY = "evse-id-other-operator"
_NOBODY = "ZZZ"
"""Party of 2.1.1 objects while nobody has said whose they are."""


class CodeCount(msgspec.Struct):
    """How often one finding came, with the first example."""

    code: str
    severity: Severity
    """ERROR: something was not taken."""
    count: int
    object: str
    """Id of the first object."""
    path: str
    message: str


class Delivery(msgspec.Struct):
    """What became of one list. `accepted` + `flagged` + `rejected` = `objects`."""

    module: str
    objects: int = 0
    accepted: int = 0
    """Taken without remark."""
    flagged: int = 0
    """Taken with a remark."""
    rejected: int = 0
    """Not taken."""
    evses: int = 0
    """In the locations that were taken."""
    evses_rejected: int = 0
    """Refused by themselves, or with their location."""
    total: int | None = None
    """What the peer says it has."""
    complete: bool = False
    codes: list[CodeCount] = []

    def add_finding(self, found: Finding, object_id: str) -> None:
        """Count a finding."""
        severity = Severity.ERROR if isinstance(found, Rejection) else found.severity
        for known in self.codes:
            if (known.code, known.severity) == (found.code, severity):
                known.count += 1
                return
        self.codes.append(CodeCount(found.code, severity, 1, object_id, found.path, found.message))


def rehearse(
    scene: Scene, module: str, sample: Sample, country: str, owner: Party | None
) -> Delivery:
    """Decode, normalise and check every object, and conclude the check of that module.

    `owner`: of objects that name no party.
    """
    version = scene.version
    assert version is not None  # noqa: S101 - there are objects, so a version is spoken
    country_code, party_id = owner or (country, _NOBODY)
    context = Context(
        country=country,
        received_at=datetime.now(UTC),
        default_country_code=country_code,
        default_party_id=party_id,
    )
    delivery = Delivery(module, total=sample.total, complete=sample.complete, codes=[])
    record: LocationRecord | TariffRecord | None
    for raw in sample.raws:
        if module == "locations":
            record, findings = version.to_location(raw, context)
            key = version.peek_location(raw)
        else:
            record, findings = version.to_tariff(raw, context)
            key = version.peek_tariff(raw)
        if owner is None and scene.is_older:
            findings = [f for f in findings if f.code != _OF_A_PARTY]
        delivery.objects += 1
        delivery.evses_rejected += _evses_refused(record, raw, findings)
        if record is None:
            delivery.rejected += 1
        elif findings:
            delivery.flagged += 1
        else:
            delivery.accepted += 1
        if isinstance(record, LocationRecord):
            delivery.evses += len(record.evses)
        for found in findings:
            delivery.add_finding(found, key.id or "(no id)")
    delivery.codes.sort(key=lambda code: (_RANK[code.severity], -code.count))
    _conclude(scene, delivery)
    return delivery


def _evses_refused(
    record: LocationRecord | TariffRecord | None, raw: msgspec.Raw, findings: list[Finding]
) -> int:
    if record is not None:
        return sum(isinstance(f, Rejection) and bool(_EVSE.fullmatch(f.path)) for f in findings)
    try:
        document = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return 0
    return len(list(parts(document, "evses"))) if isinstance(document, dict) else 0


_EVSE = re.compile(r"evses\[\d+\]")
_RANK = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_SHOWN = 5


def _conclude(scene: Scene, delivery: Delivery) -> None:
    book, module = scene.book, delivery.module
    weighty = [code for code in delivery.codes if code.severity is not Severity.INFO][:_SHOWN]
    for code in weighty:
        said = f"{code.code} ({code.count:,}): {code.object} {code.path}".rstrip()
        note = book.fail if code.severity is Severity.ERROR else book.warn
        note(module, said, code.message)
    if not delivery.objects:
        book.skipped(module, f"no {module} were read")
    else:
        book.passed(module, f"{delivery.objects:,} would be taken")
