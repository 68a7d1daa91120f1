"""Which formats there are, and which one a file is."""

from __future__ import annotations

from functools import cache
from itertools import islice

from nop_ingest import formats
from nop_ingest.formats.received_file import ReceivedFile
from nop_ingest.formats.upload_format import UploadFormat
from nop_registry.discovery import find_parts
from nop_registry.errors import InvalidInput

_LOOKED_AT = 300


@cache
def list_formats() -> tuple[UploadFormat, ...]:
    """All formats, by module name."""
    return tuple(find_parts(formats, "FORMAT"))


def recognise(file: ReceivedFile) -> UploadFormat:
    """The format of a file. Raises InvalidInput that names the formats there are."""
    for candidate in list_formats():
        if candidate.sniff(file):
            return candidate
    if file.is_json and not any(item.listed for item in islice(file.json_items(), _LOOKED_AT)):
        raise InvalidInput("the file lists nothing: it needs Locations or Tariffs in a list")
    known = "; ".join(f"{f.title} ({f.name})" for f in list_formats())
    raise InvalidInput(
        "the file is none of the known formats: fill in our own template, or send one of these as "
        f"it was published, with its header row: {known}"
    )


def find_format(name: str) -> UploadFormat:
    """The format of that name, as `recognise` found it. Raises InvalidInput."""
    for candidate in list_formats():
        if candidate.name == name:
            return candidate
    raise InvalidInput(f"there is no format {name!r}")
