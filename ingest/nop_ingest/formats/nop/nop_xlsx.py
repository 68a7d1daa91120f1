"""Our own template as a workbook: the rows of the CSV template on any visible sheet."""

from __future__ import annotations

from nop_ingest.formats.nop.connector_rows import UNSAID_BY_HAND, column_of_path
from nop_ingest.formats.nop.row_reader import find_table, parse_table
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """A workbook with the ids of Location and EVSE in a header row."""
    return file.is_zip and find_table(file) is not None


FORMAT = UploadFormat(
    name="nop_xlsx",
    title="the platform's own workbook template, one row per connector",
    sniff=sniff,
    parse=parse_table,
    columns=column_of_path(),
    lacks=UNSAID_BY_HAND,
)
