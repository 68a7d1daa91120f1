"""Files that wait for the worker: cut off, withdrawn, wanted or held meanwhile, forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from small_files import DYNAMIC, HEADER, row, status, take

from nop import upload_jobs
from nop_ingest.files import passes
from nop_ingest.upload_report import UploadReport
from nop_registry import settings
from nop_registry.access import SYSTEM
from nop_registry.database import Connection, connect
from nop_registry.store import sources, upload_files, upload_work
from nop_registry.store.sources import Source


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


def cut_at_the_third_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stations a batch; once, the worker is stopped in the third."""
    monkeypatch.setattr("nop_ingest.files.reading._BATCH_WEIGHT", 20)
    real, calls = passes.commit.commit_locations, []

    def commit(*words: Any) -> list[int]:
        calls.append(words)
        if len(calls) == 3:
            raise upload_jobs.Interrupted
        return real(*words)

    monkeypatch.setattr(passes.commit, "commit_locations", commit)


def test_a_commit_that_was_cut_off_goes_on_and_counts_each_row_once(
    database_url: str, connection: Connection, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEADER + "".join(row(n) for n in range(1, 8)) + row(8).replace("48.8", "?")
    upload_id = send(connection, source, text)
    cut_at_the_third_batch(monkeypatch)
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


def test_a_refused_file_that_was_cut_off_was_never_sent_either(
    database_url: str, connection: Connection, source: Source, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Its successor is compared with what was sent before all of its batches."""
    good = HEADER + "".join(row(n) for n in range(1, 7))
    take(connection, source, tmp_path / "a.csv", good)
    before = sent(connection)
    bad = [row(n).replace(f"48.8{n:02},2.3{n:02}", "0,0") for n in (*range(1, 6), 9)]
    upload_id = send(connection, source, HEADER + "".join(bad))
    cut_at_the_third_batch(monkeypatch)
    with pytest.raises(upload_jobs.Interrupted):
        upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    assert sent(connection) != before
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)

    assert found(connection, upload_id).state == "refused"
    assert sent(connection) == before
    again = take(connection, source, tmp_path / "c.csv", good + "\n")
    assert (again.locations.unchanged, again.locations.changed) == (6, 0)


def sent(connection: Connection) -> list[tuple[Any, ...]]:
    with connection.transaction():
        return connection.execute(
            "SELECT id, digest, rejected FROM source_object ORDER BY id"
        ).fetchall()


@pytest.mark.parametrize("wanted", [False, True])
def test_a_nul_in_a_cell_costs_its_row_and_not_the_file(
    database_url: str, connection: Connection, source: Source, wanted: bool
) -> None:
    text = HEADER + row(1) + row(2).replace("L2", "L\x002")
    upload_id = send(connection, source, text, commit=wanted)
    upload_jobs.work_off_source(database_url, settings.load({}), source.id)
    done = upload_files.find_upload(connection, upload_id)

    assert done is not None and done.report is not None, done
    assert done.state == ("committed" if wanted else "previewed")
    assert done.report["rejected"] == 1
    assert done.report["findings"][0]["value"] == "L\ufffd2"


def test_a_commit_wanted_while_it_is_checked_follows_at_once(
    database_url: str, connection: Connection, source: Source
) -> None:
    upload_id = send(connection, source, HEADER + row(1), commit=False)
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
    upload_id = send(connection, source, HEADER + row(1) + row(30))
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
