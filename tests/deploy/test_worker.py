from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest
from operator_server import KEY, TOKEN, Operator, a_location

from nop.worker import create_jobs
from nop_registry import settings
from nop_registry.access import SYSTEM
from nop_registry.database import Connection, connect
from nop_registry.store import peer_parties, peers, sources, upload_files

# The real worker; a dead one is noticed after three seconds instead of thirty.
WORK = """
import asyncio, sys
from nop import worker
from nop_registry import settings
worker.STALLED_AFTER_S = 3.0
roll_up, failures = worker.tiles.roll_up, int(sys.argv[2])
def roll_up_or_fail(connection):
    global failures
    failures -= 1
    if failures >= 0:
        raise ValueError("a fault that is not the database's")
    return roll_up(connection)
worker.tiles.roll_up = roll_up_or_fail
asyncio.run(worker.run(sys.argv[1], settings.load()))
"""


@pytest.fixture
def start_worker(
    database_url: str, tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts a worker process whose upkeep fails so often at first; killed at the end."""
    workers: list[subprocess.Popen[bytes]] = []
    secret = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    def start(failures: int = 0) -> subprocess.Popen[bytes]:
        environment = os.environ | {"NOP_HOME": str(tmp_path), "NOP_SECRET_KEY": secret}
        workers.append(
            subprocess.Popen(
                [sys.executable, "-c", WORK, database_url, str(failures)], env=environment
            )
        )
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()


@pytest.fixture
def source(connection: Connection, operator: Operator) -> Operator:
    """The operator as a source that is pulled every second."""
    sources.add_source(
        connection, name="tpc", kind="ocpi", country_code="IN", versions_url=operator.url,
        token=TOKEN, key=KEY, allow_loopback=True, pull_every_s=1, full_every_s=1,
    )  # fmt: skip
    connection.commit()
    return operator


def wait_for(database_url: str, question: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    with closing(connect(database_url, autocommit=True)) as asker:
        while time.monotonic() < until:
            if asker.execute(question).fetchone() == (True,):  # type: ignore[arg-type]
                return
            time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {question}")


def test_a_due_source_is_pulled_again_and_again_and_the_map_cells_follow(
    database_url: str,
    source: Operator,
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    worker = start_worker()
    wait_for(database_url, "SELECT count(*) = 3 FROM site")
    wait_for(database_url, "SELECT sum(n_available) = 6 FROM tile_cell WHERE z = 0")
    later = "2026-11-20T11:00:00Z"
    source.locations[0]["evses"][0] |= {"status": "CHARGING", "last_updated": later}
    source.locations[0]["last_updated"] = later
    wait_for(database_url, "SELECT sum(n_busy) = 1 FROM tile_cell WHERE z = 0")
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0


def test_a_file_is_worked_off_as_soon_as_it_is_there(
    database_url: str, connection: Connection, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    golden = Path(__file__).parents[1] / "golden" / "nop_csv" / "stations.csv"
    source = sources.add_source(connection, name="files", kind="upload", country_code="IN")
    connection.commit()
    worker = start_worker()
    for commit in (False, True):
        upload_id = upload_files.create_upload(
            connection, source_id=source.id, filename="a.csv", whole=True, actor=SYSTEM
        )
        upload_files.append_chunk(connection, upload_id, 0, golden.read_bytes())
        upload_files.finish_receiving(connection, upload_id, commit=commit)
        connection.commit()
    wait_for(
        database_url,
        "SELECT array_agg(state ORDER BY id) = '{previewed,committed}' FROM upload",
    )
    wait_for(database_url, "SELECT count(*) > 0 FROM tile_cell")
    assert worker.poll() is None


def test_a_worker_whose_tables_became_a_newer_programs_stops_and_leaves_its_job_to_others(
    database_url: str,
    connection: Connection,
    source: Operator,
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    worker = start_worker()
    wait_for(database_url, "SELECT count(*) = 3 FROM site")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    assert worker.wait(60) == 1
    jobs = "SELECT status::text FROM procrastinate_jobs WHERE task_name = 'pull' AND status <> %s"
    assert connection.execute(jobs, ("succeeded",)).fetchall() == [("todo",)]
    assert start_worker().wait(60) == 1


def test_a_fault_in_the_upkeep_does_not_end_schedule_and_upkeep(
    database_url: str,
    source: Operator,
    start_worker: Callable[[int], subprocess.Popen[bytes]],
) -> None:
    worker = start_worker(1)
    wait_for(database_url, "SELECT sum(n_available) = 6 FROM tile_cell WHERE z = 0")
    with connect(database_url) as reader:
        pulled = reader.execute("SELECT last_success_at, failures FROM source").fetchone()
    assert pulled is not None and pulled[0] is not None and pulled[1] == 0
    source.locations.append(a_location(9))  # what comes after the fault is on the map too
    wait_for(database_url, "SELECT sum(n_available) > 6 FROM tile_cell WHERE z = 0")
    assert worker.poll() is None


def test_a_fault_of_the_platform_in_a_pull_is_told_at_the_source(
    database_url: str, source: Operator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("nop.worker.pull", fail)
    jobs = create_jobs(database_url, settings.load({"NOP_HOME": str(tmp_path)}), Event())
    with pytest.raises(ValueError, match="ours"):
        jobs.tasks["pull"](name="tpc")
    with connect(database_url) as reader:
        told = reader.execute("SELECT failures, last_error FROM source").fetchone()
    assert told == (1, "The platform itself failed while it pulled; the worker's log says why.")


def test_the_job_of_a_killed_worker_starts_again_in_another(
    database_url: str,
    source: Operator,
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    source.locations = [a_location(n) for n in range(30)]
    source.delay_s = 0.5  # three pages of locations: the pull is under way when it dies
    worker = start_worker()
    wait_for(database_url, "SELECT count(*) > 0 FROM procrastinate_jobs WHERE status = 'doing'")
    worker.kill()
    worker.wait()
    source.delay_s = 0
    start_worker()
    wait_for(database_url, "SELECT count(*) = 30 FROM site")
    wait_for(
        database_url,
        "SELECT count(*) > 1 FROM procrastinate_jobs WHERE status = 'succeeded'",
    )
    with connect(database_url) as reader:
        versions = reader.execute("SELECT max(version) FROM object_version").fetchone()
    assert versions == (1,)  # what came twice was written once


def test_a_job_that_fails_while_its_twin_waits_keeps_nobody_from_the_source(
    database_url: str,
    source: Operator,
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """The queue cannot write down that it is to be tried again; its lock would be held for ever."""
    source.delay_s = 1.0
    start_worker()
    wait_for(
        database_url, "SELECT count(*) = 2 FROM procrastinate_jobs WHERE status <> 'succeeded'"
    )
    with connect(database_url, autocommit=True) as breaker:
        lost = breaker.execute(
            "SELECT id FROM procrastinate_jobs WHERE status = 'doing' ORDER BY id LIMIT 1"
        ).fetchone()
        ended = breaker.execute(  # the pull's session: it holds the source's lock
            """SELECT pg_terminate_backend(pid) FROM pg_locks
               WHERE locktype = 'advisory' AND classid = (SELECT id FROM source)
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        ).fetchall()
    assert lost and ended
    source.delay_s = 0
    wait_for(database_url, "SELECT count(*) = 3 FROM site")
    wait_for(
        database_url,
        f"""SELECT count(*) > 1 FROM procrastinate_jobs
            WHERE status = 'succeeded' AND id > {lost[0]}""",
    )


def test_the_worker_shows_a_name_that_a_party_gave_itself_later(
    database_url: str,
    connection: Connection,
    source: Operator,
    start_worker: Callable[[], subprocess.Popen[bytes]],
) -> None:
    """DM-5: the stations came before the credentials."""
    for location in source.locations:
        del location["operator"]
    worker = start_worker()
    wait_for(database_url, "SELECT count(*) = 3 FROM site WHERE operator_name = 'IN-TPC'")
    with connection.transaction():
        feed = sources.get_source(connection, "tpc")
        peer = peers.add_peer(connection, name="tpc", purpose="supplier", source_id=feed.id)
        peer_parties.agree(connection, peer, [("IN", "TPC")])
        named = peer_parties.NamedParty("IN", "TPC", "CPO", "Tata Power")
        peer_parties.note_parties(connection, peer, [named])
    wait_for(database_url, "SELECT count(*) = 3 FROM site WHERE operator_name = 'Tata Power'")
    wait_for(database_url, "SELECT count(*) = 3 FROM site_document WHERE place LIKE '%Tata Power%'")
    assert worker.poll() is None
