"""Our own template as CSV: one row per connector. See `row_reader` for how rows are taken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nop_ingest.formats.nop.connector_rows import NAMING, UNSAID_BY_HAND, column_of_path
from nop_ingest.formats.nop.row_reader import fold, parse_table
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import Parsed, UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """A text with the ids of Location and EVSE in its header row."""
    return not file.is_zip and file.find_table(_is_header) is not None


def parse(file: ReceivedFile) -> Iterator[Parsed]:
    """Raises InvalidInput when required columns are missing."""
    return parse_table(lambda: file.find_table(_is_header))


def _is_header(cells: Sequence[str]) -> bool:
    return set(map(fold, cells)) >= NAMING


FORMAT = UploadFormat(
    name="nop_csv",
    title="the platform's own CSV template, one row per connector",
    sniff=sniff,
    parse=parse,
    columns=column_of_path(),
    lacks=UNSAID_BY_HAND,
)
