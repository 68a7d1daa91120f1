"""Germany: the register of charging devices until 2023, without EVSE-IDs and hours."""

from __future__ import annotations

from nop_ingest.formats.bnetza.register import COLUMNS, find_header, parse
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """The register's German words in a header, none of them for EVSE-IDs."""
    names = find_header(file)
    return names is not None and "evse_id1" not in names


FORMAT = UploadFormat(
    name="bnetza_until_2023",
    title="Germany, the same register, editions until 2023 (without EVSE-IDs)",
    sniff=sniff,
    parse=parse,
    columns=COLUMNS,
    lacks=frozenset(
        {
            "evse-id-missing",
            "last-updated-missing",
            "opening-times-missing",
            "tariff-missing",
            "time-zone-missing",
        }
    ),
)
