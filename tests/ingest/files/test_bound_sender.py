"""From its first row to the last a sender's file touches nothing of a party it does not act for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import roll_back, upload_file
from nop_registry.access import SYSTEM, Principal, Role
from nop_registry.database import Connection, connect
from nop_registry.store import source_parties, sources

ABC = Principal(
    kind="account", name="Asha", role=Role.OPERATOR_EDITOR, account_id=7,
    parties=frozenset({"IN*ABC"}),
)  # fmt: skip
HEADER = (
    "country_code,party_id,location_id,lat,lon,evse_uid,evse_id,connector_id,standard,address\n"
)
Send = Callable[..., UploadReport]


@pytest.fixture
def send(database_url: str, connection: Connection, tmp_path: Path) -> Send:
    """Commits a file of ABC's source, in which two stations of XYZ have come by other ways."""
    with connection.transaction():
        source = sources.add_source(connection, name="abc", kind="upload", country_code="IN")
        source_parties.bind_source(connection, source.id, ["IN*ABC"])

    def commit(text: str, actor: Principal = ABC, **more: Any) -> UploadReport:
        path = tmp_path / "a.csv"
        path.write_text(text)
        errand = Errand(country="IN", commit=True, actor=actor, **more)
        with connect(database_url) as own:  # as the worker does
            return upload_file(own, source, path, path.name, errand)

    commit(HEADER + row("ABC", 1) + row("XYZ", 2) + row("XYZ", 3), SYSTEM)
    return commit


def row(party: str, n: int, address: str = "Road") -> str:
    evse = f"E{n},IN{party}E{n}"
    return f"IN,{party},L{n},28.61{n},77.21{n},{evse},1,IEC_62196_T2,{address}\n"


def of_xyz(connection: Connection) -> list[Any]:
    with connection.transaction():
        return connection.execute(
            """SELECT l::text, e::text, s::text FROM location l JOIN evse e ON e.location_id = l.id
               LEFT JOIN evse_status s ON s.evse_id = e.id WHERE l.party_id = 'XYZ' ORDER BY l.id"""
        ).fetchall()


def test_what_a_file_does_not_list_is_retired_if_it_is_the_senders(
    connection: Connection, send: Send
) -> None:
    before = of_xyz(connection)
    for n in (4, 5, 6):  # L1 is missing, then retired
        send(HEADER + row("ABC", n), removal_accepted=True)
    assert of_xyz(connection) == before
    with connection.transaction():
        retired = connection.execute(
            "SELECT ocpi_id FROM location WHERE retired_at IS NOT NULL ORDER BY 1"
        ).fetchall()
    assert retired == [("L1",), ("L4",)]


def test_the_end_of_a_rollback_marks_only_the_senders_rows(
    connection: Connection, send: Send
) -> None:
    send(HEADER + row("ABC", 1), SYSTEM)  # version 2, in which XYZ's are missing
    send(HEADER + row("ABC", 1) + row("XYZ", 2) + row("XYZ", 3), SYSTEM)
    before = of_xyz(connection)
    with connection.transaction():
        source = sources.get_source(connection, "abc")
    assert roll_back(connection, source, 2, Errand(country="IN", actor=ABC)).version == 4
    assert of_xyz(connection) == before


def test_a_status_file_confirms_nothing_of_a_source_that_others_share(
    connection: Connection, send: Send
) -> None:
    """The statuses of XYZ in the hub's source are not as fresh as what ABC says of its own."""
    with connection.transaction():
        hub = sources.add_source(connection, name="hub", kind="upload", country_code="IN")
        source_parties.bind_source(connection, hub.id, ["IN*ABC", "IN*XYZ"])
        connection.execute("UPDATE location SET source_id = %s", (hub.id,))
    send("id_pdc_itinerance,etat_pdc,occupation_pdc,horodatage\n"
         f"INABCE1,en_service,libre,{datetime.now(UTC).isoformat()}\n")  # fmt: skip
    with connection.transaction():
        heard = connection.execute("SELECT name, seen_at FROM source WHERE name = 'hub'").fetchone()
        own = connection.execute(
            """SELECT e.uid FROM evse_status s JOIN evse e ON e.id = s.evse_id
               WHERE s.status = 'AVAILABLE'"""
        ).fetchall()
    assert (heard, own) == (("hub", None), [("E1",)])
