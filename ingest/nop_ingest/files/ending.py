"""How a file ends: what it does not list, what a person must look at, the version it becomes."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any

import msgspec

from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_registry.access import acting_as
from nop_registry.changes import announce
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.store import deliveries, sources, upload_work, uploads
from nop_registry.store.deliveries import Delivery
from nop_registry.store.emissions import emit_references
from nop_registry.store.retirement import Absence, needs_a_person, settle_absences
from nop_registry.store.sites import refresh_sites
from nop_registry.store.source_versions import add_version
from nop_registry.store.sources import Source
from nop_registry.store.upload_files import State

_STATES: dict[str, State] = {"committed": "committed", "held": "held", "refused": "refused"}


class Ending:
    """The end of one file. `kinds`: what it is about; the others it leaves as they are."""

    def __init__(
        self,
        connection: Connection,
        source: Source,
        report: UploadReport,
        errand: Errand,
        kinds: frozenset[ObjectKind],
        unnamed: int,
    ) -> None:
        """`unnamed`: refused rows of which nobody can say to which object they belong."""
        self._connection = connection
        self._source = source
        self._report = report
        self._errand = errand
        self._kinds = kinds if errand.whole else frozenset()
        self._is_static = bool(kinds)
        self._unnamed = unnamed
        self._approved = source.removal_approved or errand.removal_accepted

    def count_missing(self, listed: Set[int]) -> None:
        """Tell what the file does not list, and whether that is too much to retire unseen."""
        report = self._report
        for kind in self._kinds:
            absent = uploads.count_absent(self._connection, self._source.id, kind, listed)
            counts = report.locations if kind is ObjectKind.LOCATION else report.tariffs
            counts.missing = absent.objects
            report.evses.missing += absent.evses
            if not self._approved and needs_a_person(absent.known, absent.objects):
                report.removal_held = True
                report.message = _too_much(absent.objects, absent.known, kind)

    def refuse(self, delivery: Delivery) -> None:
        """No row was good."""
        self._report.state = "refused"
        self._report.message = "No row can be used, so nothing was changed: mend the rows as told."
        deliveries.finish_delivery(
            self._connection, delivery, "failed", self._kept(), total=self._report.rows
        )
        note_outcome(self._connection, self._report)

    def finish_commit(
        self, delivery: Delivery, at: datetime, *, as_of: datetime, confirmed: Set[int]
    ) -> None:
        """What is missing, the version, the upload's end: all or nothing, so each counts once.

        `confirmed`: sources whose statuses hold, `as_of` when. Of these, a bound sender's word
        counts for sources that are all its own.
        """
        with acting_as(self._connection, self._errand.actor):
            self._settle_absences(delivery, at)
            self._close(delivery, at, as_of, confirmed)
            note_outcome(self._connection, self._report)

    def _settle_absences(self, delivery: Delivery, at: datetime) -> None:
        """Retire what is gone for good, and nothing that a person should look at first."""
        report = self._report
        report.removal_held, report.message = False, None
        for kind in sorted(self._kinds):
            absence = settle_absences(
                self._connection, delivery, kind, approved=self._approved, at=at,
                # Who says of this very file that they are gone has seen its refused rows.
                nameless=0 if self._errand.removal_accepted else self._unnamed,
            )  # fmt: skip
            self._announce(kind, absence)
            if absence.unsure:
                report.message = (
                    f"{self._unnamed} refused rows name no object that can be read. They may "
                    f"belong to the {absence.missing} that the file does not list, so nothing was "
                    "retired."
                )
            if absence.held:
                report.state, report.removal_held = "held", True
                report.message = _too_much(absence.missing, absence.known, kind) + (
                    " If they are really gone: accept the removal in the portal, or "
                    f"nop source release {self._source.name} --accept-removal, then upload again."
                )

    def _announce(self, kind: ObjectKind, absence: Absence) -> None:
        if kind is ObjectKind.TARIFF:
            emit_references(self._connection, absence.retired)
        elif moved := sorted({*absence.turned, *absence.retired}):
            announce(self._connection, moved, (), refresh_sites(self._connection, moved))

    def _close(
        self, delivery: Delivery, at: datetime, as_of: datetime, confirmed: Set[int]
    ) -> None:
        connection, source, report, errand = (
            self._connection, self._source, self._report, self._errand,
        )  # fmt: skip
        held = report.state == "held"
        uploads.forget_refused_rows(connection, delivery)
        deliveries.finish_delivery(
            connection, delivery, "held" if held else "complete", self._kept(), total=report.rows
        )
        if self._is_static:
            report.version = add_version(
                connection, delivery, kind="edit" if errand.is_edit else "commit",
                actor=errand.actor, counts=_counts(report), upload_id=errand.upload_id,
            )  # fmt: skip
        sources.note_file(connection, source, at, confirmed, as_of)
        if held:
            sources.hold_source(connection, source, report.message or "")
        elif self._kinds:
            sources.settle_removal(connection, source)

    def _kept(self) -> dict[str, Any]:
        """The report for the delivery. All findings are with the upload, if it has a number."""
        few = self._report.shortened(0) if self._errand.upload_id else self._report
        kept: dict[str, Any] = msgspec.to_builtins(few)
        return kept


def note_outcome(connection: Connection, report: UploadReport) -> None:
    """What became of the upload, in the transaction that did it: a cut tells nothing twice."""
    if report.upload_id is not None:
        upload_work.note_state(
            connection, report.upload_id, _STATES[report.state], report=msgspec.json.encode(report),
            format=report.format, version=report.version,
        )  # fmt: skip


def _too_much(missing: int, known: int, kind: ObjectKind) -> str:
    what = "Locations" if kind is ObjectKind.LOCATION else "Tariffs"
    return f"{missing} of {known} {what} are not in the file. Nothing was retired."


def _counts(report: UploadReport) -> dict[str, Any]:
    counts: dict[str, Any] = msgspec.to_builtins(
        {"locations": report.locations, "evses": report.evses, "tariffs": report.tariffs}
    )
    return counts
