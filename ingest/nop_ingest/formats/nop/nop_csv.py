"""Our own template as CSV: one row per connector. See `row_reader` for how rows are taken."""

from __future__ import annotations

from nop_ingest.formats.nop.connector_rows import UNSAID_BY_HAND, column_of_path
from nop_ingest.formats.nop.row_reader import find_table, parse_table
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """A text with the ids of Location and EVSE in its header row."""
    return not file.is_zip and find_table(file) is not None


FORMAT = UploadFormat(
    name="nop_csv",
    title="the platform's own CSV template, one row per connector",
    sniff=sniff,
    parse=parse_table,
    columns=column_of_path(),
    lacks=UNSAID_BY_HAND,
)
