"""Items of a file put right and checked, without a word to the tables.

What becomes of each row is written into the book here. What follows is only whether an object is
new, changed or the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from nop_ingest.context import Context
from nop_ingest.files.row_book import RowBook
from nop_ingest.normalise.steps import normalise_location, normalise_tariff
from nop_ingest.normalise.text import clean
from nop_ingest.normalise.time_zones import zone_at
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedLocation,
    ParsedStatus,
    ParsedTariff,
    RefusedRow,
)
from nop_ingest.report import Finding, Rejection
from nop_registry.access import covers
from nop_registry.enums import ObjectKind
from nop_registry.identifiers import object_number
from nop_registry.records import LocationRecord, TariffRecord

_BATCH_WEIGHT = 10_000
_OBJECT_WEIGHT = 10  # a Location costs as much as ten rows that are only a status or refused
_UNIT_BYTES = 4096  # of a large one, so that a batch stays within some 40 MB


class SettledLocation(NamedTuple):
    """A Location before and after the steps; no record: it was refused."""

    number: int
    given: LocationRecord
    raw: bytes
    partial: bool
    record: LocationRecord | None
    findings: list[Finding]


class SettledTariff(NamedTuple):
    """A Tariff before and after the steps; no record: it was refused."""

    number: int
    given: TariffRecord
    raw: bytes
    record: TariffRecord | None
    findings: list[Finding]
    in_passing: bool
    """Rows of Locations tell it; the file is none of Tariffs."""


class Batch(NamedTuple):
    """A part of a file, ready to be foretold or stored."""

    items: int
    locations: list[SettledLocation]
    tariffs: list[SettledTariff]
    statuses: list[ParsedStatus]
    refused: list[RefusedRow]
    listed: list[int]
    """Numbers of objects that are in the file and of which nothing is taken."""
    unnamed: int
    """Refused rows of which nobody can say to which object they belong."""

    @property
    def numbers(self) -> list[int]:
        """Of its Locations and Tariffs."""
        return [item.number for item in self.locations] + [item.number for item in self.tariffs]


def _weight_of(item: Parsed) -> int:
    if isinstance(item, ParsedLocation | ParsedTariff):
        return max(_OBJECT_WEIGHT, memoryview(item.raw).nbytes // _UNIT_BYTES)
    return 1


class FileReader:
    """Reads the items of one file, in batches."""

    def __init__(
        self,
        source_id: int,
        context: Context,
        book: RowBook,
        parties: frozenset[str] | None,
        sender: str,
    ) -> None:
        """`parties`: whose objects the file may bring: `IN*ABC`, `FR*` …; None: anybody's."""
        self._source_id = source_id
        self._context = context
        self._book = book
        self._parties = parties
        self._sender = sender
        self._claims: dict[int, datetime | None] = {}

    def batches(self, items: Iterable[Parsed]) -> Iterator[Batch]:
        """The file part by part; the same file gives the same parts."""
        taken: list[Parsed] = []
        weight = 0
        for item in items:
            taken.append(item)
            weight += _weight_of(item)
            if weight >= _BATCH_WEIGHT:
                yield self._settle(taken)
                taken, weight = [], 0
        if taken:
            yield self._settle(taken)

    def _settle(self, items: list[Parsed]) -> Batch:
        batch = Batch(len(items), [], [], [], [], [], 0)
        unnamed = 0
        for item in items:
            if isinstance(item, ParsedLocation):
                self._location(item, batch)
            elif isinstance(item, ParsedTariff):
                self._tariff(item, batch)
            elif isinstance(item, ParsedStatus):
                batch.statuses.append(item)
            elif isinstance(item, RefusedRow):
                self._book.add_refused(item)
                batch.refused.append(item)
                unnamed += not (item.location or item.tariff)
                if item.location:
                    batch.listed.append(self._number(ObjectKind.LOCATION, *item.location))
                if item.tariff:
                    batch.listed.append(self._number(ObjectKind.TARIFF, *item.tariff))
            elif isinstance(item, FileNotice):
                self._book.add_file_notice(item.notice)
        return batch._replace(unnamed=unnamed)

    def _location(self, item: ParsedLocation, batch: Batch) -> None:
        given = item.record
        number = self._number(ObjectKind.LOCATION, given.country_code, given.party_id, given.id)
        record, findings = normalise_location(given, self._context)
        record = record and _with_time_zone(record)
        refusal = self._refusal(number, record)
        if refusal is not None:
            self._book.add_location(item, None, [refusal])
            batch.listed.append(number)
            return
        placed = self._book.add_location(item, record, findings)
        partial = item.partial or (record is not None and _is_any_lost(given, record))
        # A blank, so that the same rows without the refused ones are not taken for the same bytes.
        raw = bytes(item.raw) + b" " * partial
        batch.locations.append(SettledLocation(number, given, raw, partial, record, placed))

    def _tariff(self, item: ParsedTariff, batch: Batch) -> None:
        given = item.record
        number = self._number(ObjectKind.TARIFF, given.country_code, given.party_id, given.id)
        record, findings = normalise_tariff(given, self._context)
        refusal = self._refusal(number, record)
        if refusal is not None:
            self._book.add_tariff(item, taken=False, findings=[refusal])
            batch.listed.append(number)
            return
        placed = self._book.add_tariff(item, taken=record is not None, findings=findings)
        batch.tariffs.append(
            SettledTariff(number, given, bytes(item.raw), record, placed, in_passing=not item.rows)
        )

    def _refusal(
        self, number: int, record: LocationRecord | TariffRecord | None
    ) -> Rejection | None:
        """Why nothing is taken of an object that can be read."""
        if record is None:
            return None
        owner = f"{record.country_code}*{record.party_id}"
        if self._parties is not None and not covers(self._parties, [owner]):
            whose = ", ".join(sorted(self._parties)) or "nobody"
            return Rejection(
                "foreign-party", "party_id",
                f"it belongs to {owner}, and {self._sender} may bring objects of {whose} only: "
                "correct country code and party id, or leave it out",
                owner,
            )  # fmt: skip
        if number not in self._claims:
            self._claims[number] = record.last_updated
            return None
        before, claimed = self._claims[number], record.last_updated
        if before is not None and claimed is not None and claimed > before:
            self._claims[number] = claimed
            return None
        return Rejection(
            "duplicate-id", "id",
            "the same id came twice in this file and this one is not newer: give each object its "
            "own id, and list it once",
            record.id,
        )  # fmt: skip

    def _number(self, kind: ObjectKind, country_code: str, party_id: str, object_id: str) -> int:
        country = country_code or self._context.default_country_code or ""
        party = party_id or self._context.default_party_id or ""
        return object_number(kind, self._source_id, country, party, object_id)


def _with_time_zone(location: LocationRecord) -> LocationRecord:
    """Hours and prices are in local time, and few files can say which that is."""
    if location.time_zone is not None:
        return location
    zone = zone_at(location.country or location.country_code, location.lat, location.lon)
    return msgspec.structs.replace(location, time_zone=zone)


def _is_any_lost(given: LocationRecord, taken: LocationRecord) -> bool:
    """Whether an EVSE was refused, which may be one that is held: as where it has no uid."""
    if len(given.evses) == len(taken.evses):
        return False
    kept = {evse.uid.casefold() for evse in taken.evses}
    return any((clean(evse.uid) or "").casefold() not in kept for evse in given.evses)
