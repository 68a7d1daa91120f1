"""What a file may and may not do to what is held: statuses, parts, refused rows, cuts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from nop import upload_jobs
from nop_ingest.files import passes
from nop_ingest.files.errand import Errand
from nop_ingest.upload_report import UploadReport
from nop_ingest.uploads import upload_file
from nop_registry import settings
from nop_registry.access import SYSTEM
from nop_registry.database import Connection, connect
from nop_registry.store import sources, upload_files, upload_work
from nop_registry.store.sources import Source

HEADER = (
    "country_code,party_id,location_id,lat,lon,evse_uid,evse_id,connector_id,standard,address\n"
)
DYNAMIC = "id_pdc_itinerance,etat_pdc,occupation_pdc,horodatage\n"


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        return sources.add_source(connection, name="files", kind="upload", country_code="FR")


def row(location: int, evse: int = 1, plug: int = 1, address: str = "Road") -> str:
    place = f"48.8{location:02},2.3{location:02}"
    name = f"E{location}{evse}"
    return f"FR,S63,L{location},{place},{name},FRS63{name},{plug},CHADEMO,{address}\n"


NOW = datetime.now(UTC).replace(microsecond=0)


def status(evse: str, occupied: str = "occupe", ago: timedelta = timedelta(minutes=1)) -> str:
    at = (NOW - ago).astimezone(timezone(timedelta(hours=2))).isoformat()
    return f"FRS63E{evse},en_service,{occupied},{at}\n"


def take(
    connection: Connection, source: Source, path: Path, text: str, commit: bool = True, **more: Any
) -> UploadReport:
    path.write_text(text)
    errand = Errand(country="FR", commit=commit, **more)
    return upload_file(connection, source, path, path.name, errand)


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


def test_a_commit_that_was_cut_off_goes_on_and_counts_each_row_once(
    database_url: str, connection: Connection, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEADER + "".join(row(n) for n in range(1, 8)) + row(8).replace("48.8", "?")
    with connection.transaction():
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, text.encode())
        upload_files.finish_receiving(connection, upload_id, commit=True)
    monkeypatch.setattr("nop_ingest.files.reading._BATCH_WEIGHT", 20)
    real, calls = passes.commit.commit_locations, []

    def cut_at_the_third(*words: Any) -> list[int]:
        calls.append(words)
        if len(calls) == 3:
            raise upload_jobs.Interrupted
        return real(*words)

    monkeypatch.setattr(passes.commit, "commit_locations", cut_at_the_third)
    with pytest.raises(upload_jobs.Interrupted):
        upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    cut = upload_files.find_upload(connection, upload_id)
    held = connection.execute("SELECT count(*) FROM location").fetchone()
    connection.commit()
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = upload_files.find_upload(connection, upload_id)

    assert cut is not None and (cut.state, held) == ("committing", (4,))
    assert done is not None and (done.state, done.version) == ("committed", 1)
    report = msgspec.convert(done.report, UploadReport)
    assert (report.rows, report.rejected, report.locations.new, report.evses.new) == (8, 1, 7, 7)
    assert connection.execute("SELECT max(version) FROM object_version").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM delivery").fetchone() == (1,)


@pytest.mark.parametrize("wanted", [False, True])
def test_a_nul_in_a_cell_costs_its_row_and_not_the_file(
    database_url: str, connection: Connection, source: Source, wanted: bool
) -> None:
    text = HEADER + row(1) + row(2).replace("L2", "L\x002")
    with connection.transaction():
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, text.encode())
        upload_files.finish_receiving(connection, upload_id, commit=wanted)
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = upload_files.find_upload(connection, upload_id)

    assert done is not None and done.report is not None, done
    assert done.state == ("committed" if wanted else "previewed")
    assert done.report["rejected"] == 1
    assert done.report["findings"][0]["value"] == "L\ufffd2"


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


def test_a_commit_wanted_while_it_is_checked_follows_at_once(
    database_url: str, connection: Connection, source: Source
) -> None:
    with connection.transaction():
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, (HEADER + row(1)).encode())
        upload_files.finish_receiving(connection, upload_id, commit=False)
    upload = upload_files.find_upload(connection, upload_id)
    connection.commit()
    assert upload is not None

    def want(stage: str, done: int, total: int | None) -> None:
        if stage == "checking":
            with connection.transaction():
                upload_files.want_commit(connection, upload_id, SYSTEM)

    with connect(database_url) as worker:
        upload_jobs.process(worker, upload, country="FR", progress=want)
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = upload_files.find_upload(connection, upload_id)

    assert done is not None and (done.state, done.accepted_by) == ("committed", "nop")
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'upload'"
    assert connection.execute(jobs).fetchone() == (1,)


def test_a_held_removal_is_accepted_without_sending_the_file_again(
    database_url: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    take(connection, source, tmp_path / "a.csv", HEADER + "".join(row(n) for n in range(1, 30)))
    with connection.transaction():
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, (HEADER + row(1) + row(30)).encode())
        upload_files.finish_receiving(connection, upload_id, commit=True)
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    held = upload_files.find_upload(connection, upload_id)
    shown = connection.execute("SELECT count(*) FROM site").fetchone()
    upload_files.want_commit(connection, upload_id, SYSTEM, accept_removal=True)
    connection.commit()
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = upload_files.find_upload(connection, upload_id)

    assert held is not None and (held.state, held.version, shown) == ("held", 2, (30,))
    assert done is not None and (done.state, done.version) == ("committed", 3)
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (2,)
    assert sources.get_source(connection, "files").state == "active"


def send(connection: Connection, source: Source, text: str, *, commit: bool = True) -> int:
    """A file that waits for the worker; returns the upload's number."""
    with connection.transaction():
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, text.encode())
        upload_files.finish_receiving(connection, upload_id, commit=commit)
    return upload_id


def found(connection: Connection, upload_id: int) -> upload_files.Upload:
    with connection.transaction():
        upload = upload_files.find_upload(connection, upload_id)
    assert upload is not None
    return upload


def test_a_commit_cut_off_at_its_end_counts_an_absence_once_and_makes_one_version(
    database_url: str, connection: Connection, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_jobs_settings = settings.load({})
    send(connection, source, HEADER + row(1) + row(2) + row(3))
    upload_jobs.work_off_source(database_url, upload_jobs_settings, source.id)
    upload_id = send(connection, source, HEADER + row(1) + row(2))
    real = sources.note_file

    def cut(*words: Any) -> None:
        monkeypatch.setattr(sources, "note_file", real)
        raise upload_jobs.Interrupted

    monkeypatch.setattr(sources, "note_file", cut)
    with pytest.raises(upload_jobs.Interrupted):
        upload_jobs.work_off_source(database_url, upload_jobs_settings, source.id)
    upload_jobs.work_off_source(database_url, upload_jobs_settings, source.id)
    done = found(connection, upload_id)

    assert (done.state, done.version) == ("committed", 2)
    assert connection.execute("SELECT max(missing_pulls) FROM source_object").fetchone() == (1,)
    assert connection.execute(
        "SELECT count(*) FROM location WHERE retired_at IS NULL"
    ).fetchone() == (3,)


def test_what_became_of_a_file_is_noted_with_its_version(
    database_url: str, connection: Connection, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*words: object) -> None:
        raise upload_jobs.Interrupted

    upload_id = send(connection, source, HEADER + row(1))
    monkeypatch.setattr(upload_jobs, "_settle", killed)
    with pytest.raises(upload_jobs.Interrupted):
        upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = found(connection, upload_id)

    assert (done.state, done.version, done.progress) == ("committed", 1, 100)
    assert done.report is not None and done.report["locations"]["new"] == 1


def test_a_file_that_was_withdrawn_before_the_worker_came_stays_withdrawn(
    database_url: str, connection: Connection, source: Source
) -> None:
    upload = found(connection, send(connection, source, HEADER + row(1)))
    with connection.transaction():
        upload_files.withdraw(connection, upload.id)
    with connect(database_url) as worker:
        assert upload_jobs.process(worker, upload, country="FR") is None

    assert found(connection, upload.id).state == "withdrawn"
    assert connection.execute("SELECT count(*) FROM location").fetchone() == (0,)


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


def test_a_removal_accepted_while_the_file_waits_is_accepted(
    database_url: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    take(connection, source, tmp_path / "a.csv", HEADER + "".join(row(n) for n in range(1, 30)))
    upload_id = send(connection, source, HEADER + row(1))
    upload_files.want_commit(connection, upload_id, SYSTEM, accept_removal=True)
    connection.commit()
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)

    assert found(connection, upload_id).state == "committed"
    assert connection.execute("SELECT count(*) FROM site").fetchone() == (1,)


def test_a_held_removal_is_not_accepted_after_a_newer_file(
    database_url: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    every = HEADER + "".join(row(n) for n in range(1, 30))
    take(connection, source, tmp_path / "a.csv", every)
    upload_id = send(connection, source, HEADER + row(1))
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    take(connection, source, tmp_path / "a.csv", every + row(31))

    assert found(connection, upload_id).state == "held"
    with pytest.raises(upload_files.WrongState, match="newer version"):
        upload_files.want_commit(connection, upload_id, SYSTEM, accept_removal=True)


def test_findings_of_statuses_are_those_of_the_commit_not_of_an_older_preview(
    database_url: str, connection: Connection, source: Source, tmp_path: Path
) -> None:
    upload_id = send(connection, source, DYNAMIC + status("11"), commit=False)
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    before = upload_files.list_row_findings(connection, upload_id, 0, 10)
    connection.commit()
    take(connection, source, tmp_path / "a.csv", HEADER + row(1))
    upload_files.want_commit(connection, upload_id, SYSTEM)
    connection.commit()
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)

    assert [finding.code for finding in before] == ["evse-unknown"]
    assert found(connection, upload_id).state == "committed"
    assert upload_files.list_row_findings(connection, upload_id, 0, 10) == []


def test_a_file_that_no_job_knows_of_is_gone_on_with(
    connection: Connection, source: Source
) -> None:
    upload_id = send(connection, source, HEADER + row(1))
    with connection.transaction():
        connection.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'upload'")
        upload_work.wake_for_idle(connection)
        fresh = connection.execute("SELECT count(*) FROM procrastinate_jobs").fetchone()
        connection.execute(
            "UPDATE upload SET changed_at = now() - interval '2 minutes' WHERE id = %s",
            (upload_id,),
        )
        upload_work.wake_for_idle(connection)
        upload_work.wake_for_idle(connection)
    jobs = "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'upload'"

    assert (fresh, connection.execute(jobs).fetchone()) == ((0,), (1,))
