"""What a file may and may not do to what is held: statuses, parts, refused rows, removals."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from small_files import DYNAMIC, HEADER, row, status, take

from nop_ingest.files import passes
from nop_registry.database import Connection
from nop_registry.store import sources
from nop_registry.store.sources import Source


def statuses(connection: Connection) -> dict[str, str]:
    with connection.transaction():
        return dict(
            connection.execute(
                "SELECT uid, status::text FROM evse e JOIN evse_status s ON s.evse_id = e.id"
            ).fetchall()
        )


def test_a_dynamic_file_sets_statuses_and_nothing_else(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    take(connection, source, path, HEADER + row(1) + row(2))
    twice = status("11", "libre", timedelta(hours=1))
    text = DYNAMIC + status("11") + status("21", "libre") + status("99") + twice
    preview = take(connection, source, path, text, commit=False)
    before = statuses(connection)
    done = take(connection, source, path, text)
    again = take(connection, source, path, text + "\n")

    assert preview.statuses == done.statuses and set(before.values()) == {"UNKNOWN"}
    assert (done.statuses.changed, done.statuses.unknown, done.version) == (2, 1, None)
    assert done.statuses.older == 1
    assert done.rejected_by_code == {"evse-unknown": 1}
    assert (again.statuses.changed, again.statuses.unchanged) == (0, 2)
    assert statuses(connection) == {"E11": "CHARGING", "E21": "AVAILABLE"}
    with connection.transaction():
        live = connection.execute(
            "SELECT count(*) FROM location WHERE retired_at IS NULL AND missing_since IS NULL"
        ).fetchone()
    assert live == (2,)


def test_an_older_status_does_not_apply_and_a_static_file_claims_none(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    take(connection, source, path, HEADER + row(1))
    take(connection, source, path, DYNAMIC + status("11"))
    older = take(connection, source, path, DYNAMIC + status("11", "libre", timedelta(hours=1)))
    take(connection, source, path, HEADER + row(1, address="Street"))

    assert (older.statuses.older, older.findings[0].code) == (1, "status-older-than-held")
    assert statuses(connection) == {"E11": "CHARGING"}


def test_a_part_leaves_what_it_does_not_list(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    take(connection, source, path, HEADER + "".join(row(n) for n in range(1, 30)))
    for n in (1, 2, 3):
        report = take(connection, source, path, HEADER + row(1, address=f"Street {n}"), whole=False)
        assert (report.state, report.locations.missing) == ("committed", 0)
    with connection.transaction():
        assert connection.execute("SELECT count(*) FROM site").fetchone() == (29,)


def test_a_preview_foretells_a_mass_removal_and_a_person_may_accept_it(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    take(connection, source, path, HEADER + "".join(row(n) for n in range(1, 30)))
    preview = take(connection, source, path, HEADER + row(1), commit=False)
    accepted = take(connection, source, path, HEADER + row(1), removal_accepted=True)

    assert preview.removal_held and "28 of 29 Locations" in (preview.message or "")
    assert accepted.state == "committed" and not accepted.removal_held
    with connection.transaction():
        assert connection.execute("SELECT count(*) FROM site").fetchone() == (1,)


def test_who_accepts_a_removal_has_seen_the_rows_that_name_no_station(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    nameless = row(2).replace(",L2,", ",,").replace("48.8", "x")
    take(connection, source, path, HEADER + "".join(row(n) for n in range(1, 30)))
    held = take(connection, source, path, HEADER + row(1) + nameless)
    with connection.transaction():
        source = sources.get_source(connection, "files")
    accepted = take(connection, source, path, HEADER + row(1) + nameless, removal_accepted=True)

    assert (held.state, held.rejected) == ("held", 1)
    assert accepted.state == "committed" and not accepted.removal_held
    with connection.transaction():
        assert connection.execute("SELECT count(*) FROM site").fetchone() == (1,)
        assert sources.get_source(connection, "files").state == "active"


def test_a_connector_whose_row_turned_bad_stays_until_its_row_is_good_or_gone(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    good = row(1) + row(1, plug=2) + row(1, evse=2)
    bad = row(1) + row(1, plug=2).replace("CHADEMO", "") + row(1, evse=2)
    take(connection, source, path, HEADER + good)
    report = take(connection, source, path, HEADER + bad)
    held = plugs(connection)
    take(connection, source, path, HEADER + row(1) + row(1, evse=2))

    assert report.rejected == 1 and report.evses.missing == 0
    assert held == [("E11", "1"), ("E11", "2"), ("E12", "1")]
    assert plugs(connection) == [("E11", "1"), ("E12", "1")]


def plugs(connection: Connection) -> list[tuple[Any, ...]]:
    with connection.transaction():
        return connection.execute(
            """SELECT e.uid, c.id FROM evse e JOIN connector c ON c.evse_id = e.id
               WHERE e.retired_at IS NULL ORDER BY 1, 2"""
        ).fetchall()


def test_the_same_id_twice_in_a_file_is_refused_by_row(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    station = {
        "country_code": "FR", "party_id": "S63", "id": "L1", "coordinates":
        {"latitude": "48.81", "longitude": "2.31"}, "address": "Road", "city": "Paris",
        "country": "FRA", "last_updated": "2026-01-01T00:00:00Z",
        "evses": [{"uid": "E1", "status": "AVAILABLE", "last_updated": "2026-01-01T00:00:00Z",
                   "connectors": [{"id": "1", "standard": "CHADEMO", "format": "CABLE",
                                   "power_type": "DC", "max_voltage": 400, "max_amperage": 100,
                                   "last_updated": "2026-01-01T00:00:00Z"}]}],
    }  # fmt: skip
    text = msgspec.json.encode([station, station | {"address": "Street"}]).decode()
    path = tmp_path / "a.json"
    preview = take(connection, source, path, text, commit=False)
    done = take(connection, source, path, text)

    assert preview.rejected_by_code == done.rejected_by_code == {"duplicate-id": 1}
    assert preview.locations == done.locations and done.locations.new == 1


def test_a_nul_in_an_id_does_not_cost_its_neighbours(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    moment = "2026-01-01T00:00:00Z"
    tariffs = [
        {
            "country_code": "FR", "party_id": "S63", "id": name, "currency": "EUR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}]}],
            "last_updated": moment,
        }
        for name in ("T1", "T\x002")
    ]  # fmt: skip
    report = take(connection, source, tmp_path / "a.json", msgspec.json.encode(tariffs).decode())
    assert (report.state, report.tariffs.new) == ("committed", 2)
    assert ("T1",) in connection.execute("SELECT ocpi_id FROM tariff").fetchall()


def test_after_a_commit_that_broke_the_file_before_it_is_taken_again(
    connection: Connection, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, path = HEADER + row(1) + row(2), tmp_path / "a.csv"
    take(connection, source, path, good)

    def break_down(*words: object, **more: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(passes.Ending, "finish_commit", break_down)
    with pytest.raises(RuntimeError):
        take(connection, source, path, HEADER + row(1, address="Elsewhere") + row(2))
    monkeypatch.undo()
    again = take(connection, source, path, good)

    assert (again.state, again.locations.changed) == ("committed", 1)
    assert connection.execute("SELECT array_agg(DISTINCT address) FROM location").fetchone() == (
        ["Road"],
    )


@pytest.mark.parametrize("uid", ["", " ", "\x00", None])
def test_an_evse_that_lost_its_uid_takes_none_that_is_held_with_it(
    connection: Connection, source: Source, tmp_path: Path, uid: str | None
) -> None:
    def file_with(*uids: str | None) -> str:
        plug = {"id": "1", "standard": "CHADEMO"}
        location = {
            "country_code": "FR", "party_id": "S63", "id": "L1", "lat": 48.8, "lon": 2.3,
            "evses": [{"uid": uid, "connectors": [plug]} for uid in uids],
        }  # fmt: skip
        return json.dumps({"format": "nop-1", "locations": [location]})

    path = tmp_path / "a.json"
    take(connection, source, path, file_with("E1", "E2"))
    for commit in (False, True):
        told = take(connection, source, path, file_with("E1", uid), commit=commit)
        assert (told.evses.unchanged, told.evses.missing) == (2, 0)
    with connection.transaction():
        live = connection.execute("SELECT uid FROM evse WHERE retired_at IS NULL ORDER BY uid")
        assert live.fetchall() == [("E1",), ("E2",)]
    assert take(connection, source, path, file_with("E1", "e1")).evses.missing == 1


def test_a_station_whose_file_names_no_time_zone_is_open_by_the_clock_of_its_place(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    take(connection, source, tmp_path / "a.csv", HEADER + row(1))
    with connection.transaction():
        zone = connection.execute("SELECT time_zone FROM location").fetchone()
    assert zone == ("Europe/Paris",)
