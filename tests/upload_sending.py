"""What is sent to the upload API, and how: for its tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from psycopg import sql

from nop_registry.database import Connection

GOLDEN = Path(__file__).parent / "golden"
LIST = (GOLDEN / "bee_xlsx" / "list.xlsx").read_bytes()
STATIONS = (GOLDEN / "nop_csv" / "stations.csv").read_bytes()
CSV = {"Content-Type": "text/csv"}
PIECE = {"Content-Type": "application/partial-upload"}
HEADER = "country_code,party_id,location_id,lat,lon,evse_uid,connector_id,standard,address\n"
Client = TestClient[Litestar]
MakeHeader = Callable[..., dict[str, str]]
Work = Callable[[], None]


def count(connection: Connection, table: str) -> int:
    with connection.transaction():
        row = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        ).fetchone()
    return row[0] if row else 0


def row(location: int, standard: str = "IEC_62196_T2", party: str = "ABC") -> str:
    return f"IN,{party},L{location},28.61{location},77.21{location},E1,1,{standard},Road\n"


def send(client: Client, key: dict[str, str], text: str | bytes, query: str = "") -> Any:
    url = f"/uploads?source=files&filename=stations.csv{query}"
    answer = client.post(url, headers=key | CSV, content=text)
    assert answer.status_code == 202, answer.text
    return answer.json()
