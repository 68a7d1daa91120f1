"""Locations that stand in a file as one object with the fields of our records."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from nop_ingest.formats.nop.example_rows import remarks_on_examples
from nop_ingest.formats.nop.record_reader import Unusable, read_record
from nop_ingest.reading.upload_format import FileNotice, Parsed, ParsedLocation
from nop_ingest.report import Notice
from nop_registry.enums import Severity
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord, Record

_EVSE = re.compile(r"evses\[\d+\]")
_LEVELS: tuple[tuple[str, type[Record]], ...] = (
    ("", LocationRecord), ("evses", EvseRecord), ("connectors", ConnectorRecord),
)  # fmt: skip


def parse_location(row: int, raw: msgspec.Raw, value: Any, told: set[str]) -> Iterator[Parsed]:
    """The Location of an object, or its refusal; names that records do not have are told once."""
    notices: list[Notice] = []
    for name, meant in _unknown_fields(value) if isinstance(value, dict) else ():
        if name not in told:
            told.add(name)
            advice = f" Did you mean {meant!r}?" if meant else ""
            message = f"There is no such field; it was not read.{advice}"
            yield FileNotice(Notice("column-unknown", Severity.WARNING, name, message))
    try:
        record = without_ours(read_record(LocationRecord, value, row, notices))
    except Unusable as why:
        yield why.refusal(row, value, "location")
        return
    partial = any(_EVSE.fullmatch(notice.path) for notice in notices)
    said = (*notices, *remarks_on_examples(record, (row,)))
    yield ParsedLocation(record, raw, (row,), ((row,),) * len(record.evses), said, partial)


def without_ours(location: LocationRecord) -> LocationRecord:
    """Without what only the platform says: coming back it would be an operator's claim."""
    if not any(c.power_derived for e in location.evses for c in e.connectors):
        return location
    evses = tuple(
        msgspec.structs.replace(
            evse,
            connectors=tuple(
                msgspec.structs.replace(plug, max_electric_power_w=None, power_derived=False)
                if plug.power_derived
                else plug
                for plug in evse.connectors
            ),
        )
        for evse in location.evses
    )
    return msgspec.structs.replace(location, evses=evses)


def _unknown_fields(location: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Names that a Location, its EVSEs or connectors have and records do not; what was meant."""
    objects = [location]
    for name, record in _LEVELS:
        if name:
            lists = [o.get(name) for o in objects]
            objects = [i for found in lists if isinstance(found, list) for i in found]
            objects = [i for i in objects if isinstance(i, dict)]
        known = set(record.__struct_fields__)
        for field in {field for o in objects for field in o} - known:
            close = difflib.get_close_matches(str(field), known, n=1, cutoff=0.75)
            yield str(field)[:60], close[0] if close else ""
