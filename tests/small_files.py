"""Small CSV files: stations in our own template's columns, statuses in those of IRVE (France)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.store.sources import Source

HEADER = (
    "country_code,party_id,location_id,lat,lon,evse_uid,evse_id,connector_id,standard,address\n"
)
DYNAMIC = "id_pdc_itinerance,etat_pdc,occupation_pdc,horodatage\n"


NOW = datetime.now(UTC).replace(microsecond=0)


def row(location: int, evse: int = 1, plug: int = 1, address: str = "Road") -> str:
    """A connector of station `L{location}`; one to nine EVSEs a station."""
    place = f"48.8{location:02},2.3{location:02}"
    name = f"E{location}{evse}"
    return f"FR,S63,L{location},{place},{name},FRS63{name},{plug},CHADEMO,{address}\n"


def status(evse: str, occupied: str = "occupe", ago: timedelta = timedelta(minutes=1)) -> str:
    """What EVSE `E{evse}` was, said with a French clock."""
    at = (NOW - ago).astimezone(timezone(timedelta(hours=2))).isoformat()
    return f"FRS63E{evse},en_service,{occupied},{at}\n"


def take(
    connection: Connection, source: Source, path: Path, text: str, commit: bool = True, **more: Any
) -> UploadReport:
    """Send that text as a file of the source. `more`: of the Errand."""
    path.write_text(text)
    errand = Errand(country="FR", commit=commit, **more)
    return upload_file(connection, source, path, path.name, errand)
