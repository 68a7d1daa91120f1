"""What an upload format is, and what it makes of a file.

A new format is one new file in this folder that defines `FORMAT = UploadFormat(...)`.
Parsing is pure: no database, no network. It runs in a child process (`nop_ingest.sandbox`),
so everything it yields can be encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.report import Notice, Rejection
from nop_registry.enums import Status
from nop_registry.records import LocationRecord, TariffRecord


class ParsedLocation(msgspec.Struct, frozen=True, tag="location"):
    """A Location gathered from one or more rows."""

    record: LocationRecord
    raw: msgspec.Raw
    """The rows as JSON, column by column, as they were in the file; without row numbers."""
    rows: tuple[int, ...]
    """Every row that the Location was made of."""
    evse_rows: tuple[tuple[int, ...], ...]
    """The rows of each EVSE, in the order of `record.evses`."""
    notices: tuple[Notice, ...] = ()
    partial: bool = False
    """Some rows of this Location were refused: what they said before stays published."""
    evse_points: tuple[int, ...] | msgspec.UnsetType = msgspec.UNSET
    """Which of its row's points each EVSE is, where a row may have several."""


class ParsedTariff(msgspec.Struct, frozen=True, tag="tariff"):
    """A Tariff gathered from one or more rows."""

    record: TariffRecord
    raw: msgspec.Raw
    """As JSON what the file says of it; without row numbers."""
    rows: tuple[int, ...]
    """Empty: rows of Locations tell the price in passing; other Tariffs stay as they are."""
    notices: tuple[Notice, ...] = ()


class ParsedStatus(msgspec.Struct, frozen=True, tag="status", kw_only=True):
    """What a row of a dynamic file says of one EVSE. It neither creates nor removes anything."""

    row: int
    evse_id: str
    """Public id as in the file: found by its canonical form among the source's EVSEs and, when
    the source has none, among those of the parties that it may write."""
    uid: str | None = None
    """Technical id, where the file has one: it finds the EVSE when the public id does not."""
    status: Status
    changed_at: datetime | None = None
    """The publisher's claim of since when; None: as of the file's arrival."""
    notices: tuple[Notice, ...] = ()


class RefusedRow(msgspec.Struct, frozen=True, tag="refused"):
    """A row of which nothing was taken."""

    rejection: Rejection
    location: tuple[str, str, str] | None = None
    """Country code, party id and id of its Location, where they could be read."""
    tariff: tuple[str, str, str] | None = None
    """The same of its Tariff, where the row is one of a Tariff."""


class FileNotice(msgspec.Struct, frozen=True, tag="file"):
    """Something about the file as a whole."""

    notice: Notice


Parsed = ParsedLocation | ParsedTariff | ParsedStatus | RefusedRow | FileNotice
"""Each row that is not blank is in exactly one ParsedLocation, ParsedTariff or ParsedStatus, or is
one RefusedRow. A file of Locations leaves Tariffs as they are, and the other way round."""


class UploadFormat(msgspec.Struct, frozen=True):
    """One kind of file that operators send."""

    name: str
    title: str
    sniff: Callable[[ReceivedFile], bool]
    """Whether a file is of this kind, by its name, first bytes or header row."""
    parse: Callable[[ReceivedFile], Iterator[Parsed]]
    """Raises InvalidInput when the file as a whole cannot be used."""
    columns: dict[str, str] = {}
    """Column of each field, by the field's path without indexes: `evses.connectors.standard`.
    `{point}` in it stands for the number of `ParsedLocation.evse_points`."""
    in_parts: bool = False
    """A Location may be gathered from several JSON values: one that is lost may be a part of it."""
    lacks: frozenset[str] = frozenset()
    """Codes of findings about fields that files of this kind never have: told once for the file."""
