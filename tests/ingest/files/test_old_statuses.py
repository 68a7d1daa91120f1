"""A status is as fresh as its own time: a file that has lain about shows nothing as live."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry.database import Connection
from nop_registry.store import sources

STATIC = (
    "country_code,party_id,location_id,lat,lon,evse_uid,evse_id,connector_id,standard,address\n"
)
NOW = datetime.now(UTC)
Send = Callable[..., UploadReport]


@pytest.fixture
def send(connection: Connection, tmp_path: Path) -> Send:
    """Commits statuses (number of the EVSE, occupancy, age) of a source with three stations."""
    with connection.transaction():
        source = sources.add_source(connection, name="files", kind="upload", country_code="FR")

    def commit(text: str, name: str = "a.csv", whole: bool = True) -> UploadReport:
        path = tmp_path / name
        path.write_text(text)
        errand = Errand(country="FR", commit=True, whole=whole)
        return upload_file(connection, source, path, path.name, errand)

    rows = [f"FR,S63,L{n},48.8{n}5,2.3{n}5,E{n},FRS63E{n},1,CHADEMO,Road\n" for n in (1, 2, 3)]
    commit(STATIC + "".join(rows))

    def claim(*said: tuple[int, str, timedelta | None]) -> UploadReport:
        lines = [
            f"FRS63E{n},en_service,{word},{'' if ago is None else (NOW - ago).isoformat()}\n"
            for n, word, ago in said
        ]
        return commit("id_pdc_itinerance,etat_pdc,occupation_pdc,horodatage\n" + "".join(lines))

    return claim


def now_of(connection: Connection) -> dict[str, Any]:
    """What is published: of each EVSE, and how many of each station are free."""
    with connection.transaction():
        return {
            uid: (status, known, free)
            for uid, status, known, free in connection.execute(
                """SELECT e.uid, n.status::text, n.last_known_status::text, s.n_available
                   FROM evse e JOIN evse_status_now n ON n.evse_id = e.id
                   JOIN site_now s ON s.location_id = e.location_id"""
            )
        }


def history(connection: Connection, uid: str) -> list[tuple[str, datetime]]:
    with connection.transaction():
        return connection.execute(
            """SELECT v.status::text, v.changed_at FROM status_event v JOIN evse e
               ON e.id = v.evse_id WHERE e.uid = %s ORDER BY v.changed_at""",
            (uid,),
        ).fetchall()


DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def test_a_file_is_as_fresh_as_its_newest_row(connection: Connection, send: Send) -> None:
    """What stands beside a fresh row was confirmed with it, as in a pull."""
    report = send((1, "libre", MINUTE), (2, "occupe", 2 * DAY))
    assert report.findings_by_code == {}
    assert now_of(connection) == {
        "E1": ("AVAILABLE", "AVAILABLE", 1), "E2": ("CHARGING", "CHARGING", 0),
        "E3": ("UNKNOWN", "UNKNOWN", 0),
    }  # fmt: skip


def test_a_file_of_last_week_shows_nothing_as_live(connection: Connection, send: Send) -> None:
    send((1, "libre", 7 * DAY), (2, "occupe", 8 * DAY))
    told = now_of(connection)
    assert told["E1"] == ("UNKNOWN", "AVAILABLE", 0)
    assert told["E2"] == ("UNKNOWN", "CHARGING", 0)
    send((1, "libre", MINUTE))
    assert now_of(connection)["E1"] == ("AVAILABLE", "AVAILABLE", 1)
    send((2, "occupe", 6 * DAY))  # it does not make the source's word older again
    assert now_of(connection)["E1"] == ("AVAILABLE", "AVAILABLE", 1)


def test_how_many_statuses_are_not_live_and_since_when_is_told_once(send: Send) -> None:
    """Until then an UNKNOWN on the map had no reason in the report."""
    first = send((1, "libre", 7 * DAY), (2, "occupe", 8 * DAY), (3, "inconnu", 7 * DAY))
    assert first.findings_by_code == {"statuses-lapsed": 1}
    assert first.findings[0].row is None
    assert first.findings[0].message.startswith("2 statuses are too old to be shown as live")
    assert f"{NOW - 7 * DAY:%Y-%m-%dT%H:%M:%SZ} and this source is believed for 45 minutes" in (
        first.findings[0].message
    )
    assert send((1, "libre", MINUTE), (2, "occupe", 2 * DAY)).findings_by_code == {}
    assert send((2, "libre", DAY)).findings_by_code == {"statuses-lapsed": 1}
    assert "statuses-lapsed" not in send((1, "libre", 60 * DAY)).findings_by_code


def test_a_row_of_months_ago_is_told_kept_in_the_history_and_never_live(
    connection: Connection, send: Send
) -> None:
    report = send((1, "libre", MINUTE), (2, "libre", 90 * DAY))
    assert report.findings_by_code == {"status-old": 1}
    assert "90 days ago" in report.findings[0].message
    told = now_of(connection)
    assert told["E1"] == ("AVAILABLE", "AVAILABLE", 1)
    assert told["E2"] == ("UNKNOWN", "UNKNOWN", 0)
    assert (("AVAILABLE", NOW - 90 * DAY)) in history(connection, "E2")
    n = len(history(connection, "E2"))
    send((1, "libre", timedelta(0)), (2, "libre", 90 * DAY))  # again, and older ones, add nothing
    send((2, "occupe", 91 * DAY))
    assert len(history(connection, "E2")) == n
    send((2, "occupe", 2 * MINUTE))
    assert now_of(connection)["E2"] == ("CHARGING", "CHARGING", 0)


def test_a_status_without_a_time_counts_from_its_receipt_and_that_is_told_once(
    connection: Connection, send: Send
) -> None:
    report = send((1, "libre", None), (2, "libre", None))
    assert report.findings_by_code["status-undated"] == 1
    assert now_of(connection)["E1"] == ("AVAILABLE", "AVAILABLE", 1)


def test_statuses_in_a_file_of_stations_are_as_old_as_their_times(
    connection: Connection, tmp_path: Path
) -> None:
    """An export of last year shows nothing as live, nor what is held of others again."""
    with connection.transaction():
        source = sources.add_source(connection, name="files", kind="upload", country_code="FR")

    def take(*said: tuple[int, str, timedelta | None], commit: bool = True) -> UploadReport:
        path = tmp_path / "stations.csv"
        rows = [
            f"FR,S63,L{n},48.8{n}5,2.3{n}5,E{n},FRS63E{n},1,CHADEMO,Road,{word},"
            f"{'' if ago is None else (NOW - ago).isoformat()}\n"
            for n, word, ago in said
        ]
        header = STATIC.replace(",address", ",address,status,evse_last_updated")
        path.write_text(header + "".join(rows))
        errand = Errand(country="FR", commit=commit)
        return upload_file(connection, source, path, path.name, errand)

    take((1, "UNKNOWN", None), (2, "UNKNOWN", None))  # in contact, no word on statuses
    for commit in (False, True):  # the preview foretells it
        report = take((1, "AVAILABLE", 300 * DAY), (2, "CHARGING", 300 * DAY), commit=commit)
        assert report.findings_by_code["statuses-lapsed"] == 1
    assert now_of(connection) == {
        "E1": ("UNKNOWN", "AVAILABLE", 0), "E2": ("UNKNOWN", "CHARGING", 0),
    }  # fmt: skip
    take((1, "AVAILABLE", MINUTE), (2, "CHARGING", 300 * DAY))  # a snapshot: true of both
    assert now_of(connection) == {
        "E1": ("AVAILABLE", "AVAILABLE", 1), "E2": ("CHARGING", "CHARGING", 0),
    }  # fmt: skip
    take((1, "AVAILABLE", None), (2, "PLANNED", 300 * DAY))
    assert now_of(connection)["E1"] == ("AVAILABLE", "AVAILABLE", 1)
