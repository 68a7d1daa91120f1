"""What an upload format is, and what it makes of a file.

A new format is one new file in this folder that defines `FORMAT = UploadFormat(...)`.
Parsing is pure: no database, no network. It runs in a child process (`nop_ingest.sandbox`),
so everything it yields can be encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from nop_ingest.formats.received_file import ReceivedFile
from nop_ingest.report import Notice, Rejection
from nop_registry.records import LocationRecord


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


class RefusedRow(msgspec.Struct, frozen=True, tag="refused"):
    """A row of which nothing was taken."""

    rejection: Rejection
    location: tuple[str, str, str] | None = None
    """Country code, party id and id of its Location, where they could be read."""


class FileNotice(msgspec.Struct, frozen=True, tag="file"):
    """Something about the file as a whole."""

    notice: Notice


Parsed = ParsedLocation | RefusedRow | FileNotice
"""Each row that is not blank is in exactly one ParsedLocation or is one RefusedRow."""


class UploadFormat(msgspec.Struct, frozen=True):
    """One kind of file that operators send."""

    name: str
    title: str
    sniff: Callable[[ReceivedFile], bool]
    """Whether a file is of this kind, by its name, first bytes or header row."""
    parse: Callable[[ReceivedFile], Iterator[Parsed]]
    """Raises InvalidInput when the file as a whole cannot be used."""
    columns: dict[str, str] = {}
    """Column of each field, by the field's path without indexes: `evses.connectors.standard`."""
    lacks: frozenset[str] = frozenset()
    """Codes of findings about fields that files of this kind never have: told once for the file."""
