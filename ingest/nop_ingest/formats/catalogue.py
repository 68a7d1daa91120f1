"""Which formats there are, and which one a file is."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice

import msgspec

from nop_ingest import formats
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import Parsed, ParsedLocation, RefusedRow, UploadFormat
from nop_ingest.report import Rejection
from nop_registry.discovery import find_parts
from nop_registry.errors import InvalidInput

_LOOKED_AT = 300


@cache
def list_formats() -> tuple[UploadFormat, ...]:
    """All formats, by module name."""
    return tuple(find_parts(formats, "FORMAT", in_folders=True))


def recognise(file: ReceivedFile) -> UploadFormat:
    """The format of a file. Raises InvalidInput that names the formats there are."""
    for candidate in list_formats():
        if candidate.sniff(file):
            return candidate
    if file.is_json and not any(item.listed for item in islice(file.json_items(), _LOOKED_AT)):
        raise InvalidInput("the file lists nothing: it needs Locations or Tariffs in a list")
    for broken in file.broken_items.values():
        raise InvalidInput(f"the JSON file cannot be read at line {broken.line}: {broken.what}")
    known = "; ".join(f"{f.title} ({f.name})" for f in list_formats())
    raise InvalidInput(
        "the file is none of the known formats: fill in our own template, or send one of these as "
        f"it was published, with its header row: {known}"
    )


def parse(file: ReceivedFile, found: UploadFormat) -> Iterator[Parsed]:
    """What the file says in that format, and each value of it that is no JSON. Raises InvalidInput.

    A value that no format can read belongs to none: it is one refused row here.
    """
    for said in found.parse(file):
        if isinstance(said, ParsedLocation) and found.in_parts and file.broken_items:
            yield msgspec.structs.replace(said, partial=True)
        else:
            yield said
    for item in file.broken_items.values():
        message = (
            f"This is no proper JSON at line {item.line} ({item.what}): close each quotation mark, "
            "bracket and brace, put a comma between two members and none after the last."
        )
        yield RefusedRow(Rejection("json-unreadable", "", message, item.text, item.number))


def find_format(name: str) -> UploadFormat:
    """The format of that name, as `recognise` found it. Raises InvalidInput."""
    for candidate in list_formats():
        if candidate.name == name:
            return candidate
    raise InvalidInput(f"there is no format {name!r}")
