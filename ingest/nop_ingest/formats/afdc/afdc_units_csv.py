"""United States: the AFDC's file of charging units, a row per unit with its plugs and their kW."""

from __future__ import annotations

from nop_ingest.formats.afdc.stations import COLUMNS, UNIT_COLUMN, find_header, parse
from nop_ingest.reading.received_file import ReceivedFile
from nop_ingest.reading.upload_format import UploadFormat


def sniff(file: ReceivedFile) -> bool:
    """The AFDC's column names, those of charging units among them."""
    return UNIT_COLUMN in (find_header(file) or ())


FORMAT = UploadFormat(
    name="afdc_units_csv",
    title="United States, charging units of the Alternative Fuels Data Center (AFDC)",
    sniff=sniff,
    parse=parse,
    columns={**COLUMNS, "evses.connectors.max_electric_power": "EV CCS Power Output (kW)"},
    lacks=frozenset({"evse-id-missing", "tariff-missing", "time-zone-missing"}),
)
