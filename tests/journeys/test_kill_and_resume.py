"""Kill -9 in the middle of a pull, start again: the registry is as if nothing had happened."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from operator_server import KEY, TOKEN, Operator, a_location

from nop_registry.database import Connection, connect
from nop_registry.store import sources

LOCATIONS = 400

PULL = """
import sys
from nop_ingest import module_pull
from nop_ingest import pull as door
from nop_registry.database import connect
from nop_registry.store import sources
module_pull.BATCH_OBJECTS = 1
with connect(sys.argv[1]) as connection:
    source = sources.get_source(connection, "tpc")
    connection.commit()
    report = door.pull(connection, source, key=bytes(32), country="IN", full=True,
        progress=lambda module, done, total: print(module, done, flush=True))
    sys.exit(report.failed)
"""


def test_a_pull_killed_again_and_again_ends_in_the_same_registry(
    database_url: str, connection: Connection, operator: Operator, tmp_path: Path
) -> None:
    operator.locations = [a_location(n) for n in range(LOCATIONS)]
    sources.add_source(
        connection, name="tpc", kind="ocpi", country_code="IN", versions_url=operator.url,
        token=TOKEN, key=KEY, allow_loopback=True,
    )  # fmt: skip
    connection.commit()
    for kill_after in (3, 9, 5):
        operator.hold_after = operator.pages_served + kill_after + 5  # it must not end before
        run = start(database_url)
        assert run.stdout is not None
        for _ in range(kill_after):
            assert run.stdout.readline()
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        run.stdout.close()
        check_whole(database_url)
        wait_for_lock(database_url)
    operator.hold_after, before = None, operator.pages_served
    last = start(database_url)
    out, _ = last.communicate(timeout=240)
    assert last.returncode == 0, out
    assert operator.pages_served - before < LOCATIONS / operator.page_size  # it went on, not anew
    check_whole(database_url)
    with connect(database_url) as fresh:
        assert fresh.execute(
            """SELECT (SELECT count(*) FROM location), (SELECT count(*) FROM evse),
                   (SELECT count(*) FROM connector), (SELECT count(*) FROM status_event),
                   (SELECT count(*) FROM object_version WHERE kind = 'location'),
                   (SELECT count(*) FROM site),
                   (SELECT count(*) FROM location WHERE missing_since IS NOT NULL)"""
        ).fetchone() == (LOCATIONS, *[2 * LOCATIONS] * 3, LOCATIONS, LOCATIONS, 0)


def start(database_url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PULL, database_url], stdout=subprocess.PIPE, text=True
    )


def check_whole(database_url: str) -> None:
    """No reader ever sees a location without its EVSEs, connectors, statuses and version."""
    with connect(database_url) as reader:
        partial = reader.execute(
            """SELECT count(*) FROM location l WHERE
                   (SELECT count(*) FROM evse e WHERE e.location_id = l.id) <> 2
                OR (SELECT count(*) FROM evse_status s WHERE s.location_id = l.id) <> 2
                OR NOT EXISTS (SELECT FROM object_version v WHERE v.object_id = l.id)
                OR NOT EXISTS (SELECT FROM site t WHERE t.location_id = l.id)
                OR NOT EXISTS (SELECT FROM source_object o WHERE o.id = l.id)"""
        ).fetchone()
    assert partial == (0,)


def wait_for_lock(database_url: str) -> None:
    """The server notices a moment later that a killed client is gone."""
    with connect(database_url, autocommit=True) as watcher:
        for _ in range(1200):
            row = watcher.execute(
                """SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                   AND database = (SELECT oid FROM pg_database
                                   WHERE datname = current_database())"""
            ).fetchone()
            if row == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("the killed pull still holds its lock")
