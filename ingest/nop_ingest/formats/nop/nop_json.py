"""Our own JSON: Locations with every field of the records, and Tariffs.

    {"format": "nop-1", "locations": [{…}], "tariffs": [{…}]}

A list of objects with the columns of our table is read too: one object per connector.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from nop_ingest.formats.nop.connector_rows import NAMING
from nop_ingest.formats.nop.record_reader import Unusable, read_record, read_value
from nop_ingest.formats.nop.row_reader import CellRow, cell_row, check_columns, fold, parse_rows
from nop_ingest.formats.nop.whole_locations import parse_location
from nop_ingest.reading.json_items import JsonItem
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import (
    FileNotice,
    Parsed,
    ParsedTariff,
    UploadFormat,
)
from nop_ingest.report import Notice
from nop_registry.enums import Severity
from nop_registry.records import TariffRecord

MARK = "nop-1"
"""What the member `format` says."""
_LOOKED_AT = 5


def sniff(file: ReceivedFile) -> bool:
    """By its mark, by Locations with our `lat` and `lon`, or by rows with our columns' names."""
    for item in islice(file.json_items() if file.is_json else (), _LOOKED_AT):
        if item.list_name == "format" and not item.listed:
            return item.text == f'"{MARK}"'
        if item.listed and _is_row(item) | _is_location(item):
            return True
    return False


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """Raises InvalidInput where it is no JSON."""
    first = next((i for i in islice(file.json_items(), _LOOKED_AT) if i.listed), None)
    if first is not None and _is_row(first):
        yield from _parse_rows(file)
        return
    told: set[str] = set()
    for item in file.json_items():
        if not item.listed:
            continue
        if item.list_name == "tariffs":
            yield _tariff(item)
        elif item.list_name in ("", "locations"):
            yield from _location(item, told)
        elif item.list_name not in told:
            told.add(item.list_name)
            message = "There is no such list; it was not read. There are locations and tariffs."
            yield FileNotice(Notice("column-unknown", Severity.WARNING, item.list_name, message))


def _is_row(item: JsonItem) -> bool:
    value = _value(item)
    return isinstance(value, dict) and set(map(fold, value)) >= NAMING


def _is_location(item: JsonItem) -> bool:
    value = _value(item)
    return isinstance(value, dict) and {"id", "lat", "lon", "party_id"} <= value.keys()


def _value(item: JsonItem) -> object:
    try:
        return read_value(item.text)
    except Unusable:
        return None


def _location(item: JsonItem, told: set[str]) -> Iterator[Parsed]:
    try:
        value = read_value(item.text)
    except Unusable as why:
        yield why.refusal(item.number, None, "location")
        return
    yield from parse_location(item.number, item.raw(), value, told)


def _tariff(item: JsonItem) -> Parsed:
    notices: list[Notice] = []
    value = None
    try:
        value = read_value(item.text)
        record = read_record(TariffRecord, value, item.number, notices)
        if notices:  # a price of which a part is left out is another price
            first = notices[0]
            message = "A price with a part missing is another price, so nothing was taken: mend it."
            raise Unusable(first.code, first.path, message, first.value)
    except Unusable as why:
        return why.refusal(item.number, value, "tariff")
    return ParsedTariff(record, item.raw(), (item.number,))


def _parse_rows(file: ReceivedFile) -> Iterator[Parsed]:
    names: dict[str, None] = {}

    def rows() -> Iterator[CellRow]:
        for item in file.json_items():
            if item.listed:
                yield cell_row(item.number, _value(item))

    for row in rows():
        names |= dict.fromkeys(row.cells)
    yield from check_columns(list(names))
    yield from parse_rows(rows)


FORMAT = UploadFormat(
    name="nop_json",
    title="the platform's own JSON of Locations and Tariffs",
    sniff=sniff,
    parse=parse,
    in_parts=True,
)
