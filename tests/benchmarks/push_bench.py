"""Status PATCHes over HTTP into one server process: batches against one transaction for each."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from nop_ingest.ocpi.tokens import token_digest
from nop_registry.database import Connection, connect
from nop_registry.identifiers import object_number
from nop_registry.store import peers
from nop_registry.store.sources import get_source

HERE = Path(__file__).parent
CONNECTIONS = 64
SECONDS = 8.0
RATE = 2500
READERS = (1, 1000)
EVENTS_A_SECOND = 20
EVENTS_SECONDS = 8.0


def run(database_url: str) -> dict[str, Any]:
    """PATCHes a second as fast as both ways can, and latency at the promised rate."""
    with tempfile.TemporaryDirectory(prefix="nop-push-") as scratch:
        source_id, token, paths = prepare(database_url, Path(scratch))
        measured = {}
        for way in ("batches", "alone"):
            with serving(database_url, way) as port:
                load(port, token, paths, 16, 2.0, 0)  # warm
                measured[way] = load(port, token, paths, CONNECTIONS, SECONDS, 0)
                if way == "batches":
                    paced = load(port, token, paths, CONNECTIONS, SECONDS, RATE)
                    heard = {
                        f"{n} readers": listen(port, source_id, token, paths, n) for n in READERS
                    }
    return {
        "batches": measured["batches"],
        "one_transaction_each": measured["alone"],
        "ratio": round(measured["batches"]["per_s"] / measured["alone"]["per_s"], 1),
        f"at {RATE} a second": paced,
        f"accepted → event heard, {EVENTS_A_SECOND} a second": heard,
        "target": f"≥ {RATE} a second in one process, p99 ≤ 25 ms at that rate; "
        "events p99 ≤ 250 ms",
    }


def prepare(database_url: str, scratch: Path) -> tuple[int, str, Path]:
    """A supplier that may push all parties of one source: its number, a token, a file of paths."""
    token = "bench-pushes-these"
    with connect(database_url, autocommit=True) as connection:
        source = get_source(connection, "bench-a")
        peer = peers.find_peer_of_source(connection, source.id)
        if peer is None:
            peer = peers.add_peer(
                connection, name="bench-a", purpose="supplier", source_id=source.id
            )
            peers.add_token(connection, peer, token_digest(token), "access")
            connection.execute(
                """INSERT INTO peer_party (peer_id, country_code, party_id, state)
                   SELECT DISTINCT %s::int, country_code, party_id, 'agreed' FROM location
                   WHERE source_id = %s""",
                (peer.id, source.id),
            )
        paths = scratch / "evses"
        paths.write_text("\n".join(_paths(connection, source.id)))
    return source.id, token, paths


def _paths(connection: Connection, source_id: int) -> list[str]:
    rows = connection.execute(
        """SELECT country_code, party_id, ocpi_id, uid FROM location l
           JOIN evse e ON e.location_id = l.id JOIN evse_status s ON s.evse_id = e.id
           WHERE l.source_id = %s AND ocpi_id ~ '^[A-Za-z0-9*-]+$' AND uid ~ '^[A-Za-z0-9*-]+$'
           ORDER BY hashint8(e.id) LIMIT 20000""",
        (source_id,),
    )
    return ["/ocpi/2.2.1/receiver/locations/" + "/".join(row) for row in rows]


@contextmanager
def serving(database_url: str, way: str) -> Iterator[int]:
    """One web process; `alone`: each PATCH in a transaction of its own, over a pool."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = subprocess.Popen(
        [sys.executable, str(HERE / "push_server.py"), str(port), way],
        env=os.environ | {"NOP_DATABASE_URL": database_url},
    )
    try:
        for _ in range(200):
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def load(
    port: int, token: str, paths: Path, connections: int, seconds: float, rate: float
) -> dict[str, Any]:
    """One run of the load client."""
    client = HERE / "push_client.py"
    done = subprocess.run(
        [sys.executable, client, *map(str, (port, token, connections, seconds, rate, paths))],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    measured: dict[str, Any] = json.loads(done.stdout)
    assert not measured.pop("errors"), measured
    measured.pop("first_error")
    return measured


def listen(port: int, source_id: int, token: str, paths: Path, readers: int) -> dict[str, Any]:
    """From the answer to a PATCH until readers of all events have heard of it, in ms."""
    client = subprocess.Popen(
        [sys.executable, str(HERE / "events_client.py"), str(port), str(readers),
         str(EVENTS_SECONDS + 2)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert client.stdout is not None
    client.stdout.readline()
    accepted: dict[int, float] = {}
    connection = http.client.HTTPConnection("127.0.0.1", port)
    places = {path.rpartition("/")[0]: path for path in paths.read_text().split()}
    began = time.perf_counter()
    for n, path in enumerate(list(places.values())[: int(EVENTS_A_SECOND * EVENTS_SECONDS)]):
        time.sleep(max(0.0, began + n / EVENTS_A_SECOND - time.perf_counter()))
        for status in ("AVAILABLE", "BLOCKED"):  # one of them is a change
            body = {"status": status, "last_updated": datetime.now(UTC).isoformat()}
            connection.request("PATCH", path, json.dumps(body), {"Authorization": f"Token {token}"})
            assert connection.getresponse().read()
        number = object_number("location", source_id, *path.split("/")[5:8])
        accepted[number] = time.time()
    waits = sorted(
        max(0.0, at - accepted[number]) * 1000
        for story in json.loads(client.communicate()[0])
        for number, at in {n: at for at, ids in story for n in ids}.items()
        if number in accepted
    )
    return {
        "heard": len(waits),
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p99_ms": round(waits[len(waits) * 99 // 100], 1),
    }


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1]), indent=2, ensure_ascii=False))
