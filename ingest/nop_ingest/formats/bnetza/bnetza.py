"""Germany: the register of charging devices since 2024, with EVSE-IDs and opening hours."""

from __future__ import annotations

from nop_ingest.formats.bnetza.register import COLUMNS, find_header, parse
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """The register's German words in a header, one of them for EVSE-IDs."""
    return "evse_id1" in (find_header(file) or ())


FORMAT = UploadFormat(
    name="bnetza",
    title="Germany, register of charging devices of the Bundesnetzagentur (CSV or XLSX)",
    sniff=sniff,
    parse=parse,
    columns={**COLUMNS, "evses.connectors.max_electric_power": "Nennleistung Stecker{point}"},
    lacks=frozenset({"last-updated-missing", "tariff-missing", "time-zone-missing"}),
)
