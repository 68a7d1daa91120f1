"""United States: the AFDC's file of stations, one row per station with ports counted by level."""

from __future__ import annotations

from nop_ingest.formats.afdc.stations import COLUMNS, UNIT_COLUMN, find_header, parse
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """The AFDC's column names, without those of charging units."""
    names = find_header(file)
    return names is not None and UNIT_COLUMN not in names


FORMAT = UploadFormat(
    name="afdc_csv",
    title="United States, stations of the Alternative Fuels Data Center (AFDC)",
    sniff=sniff,
    parse=parse,
    columns=COLUMNS,
    lacks=frozenset(
        {"evse-id-missing", "power-missing", "tariff-missing", "time-zone-missing"},
    ),
)
