"""First load of a nation against a COPY; a full pull with few changes against bare decoding."""

from __future__ import annotations

import gc
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from nop_ingest.ocpi.wire.location import WireLocation
from nop_ingest.pull import PullReport, pull
from nop_registry.database import Connection, connect
from nop_registry.store import sources

PAGE = 1000
SOURCES = (("bench-a", 0, 9), ("bench-b", 10, 19), ("bench-c", 20, 29))
"""Name, first and last shard of each source: 100,000 locations."""
TABLES = (
    "location", "evse", "connector", "evse_status", "status_event", "object_version",
    "source_object", "site", "location_emission",
)  # fmt: skip


def load(database_url: str, nation: Path) -> dict[str, Any]:
    """Pull the nation by HTTP as three sources; then COPY the same rows, with indexes."""
    memory = Memory()
    started = time.perf_counter()
    with ThreadPoolExecutor(len(SOURCES)) as pulls:  # as a worker pulls several sources at once
        list(pulls.map(lambda source: _load_one(database_url, nation, source, memory), SOURCES))
    pulled = time.perf_counter() - started
    with connect(database_url, autocommit=True) as connection:
        copied, rows = _copy_same_rows(connection)
        connection.execute("VACUUM (ANALYZE)")  # as the registry is at rest, a while later
        connection.execute("CHECKPOINT")
    return {
        "rows": rows,
        "pull_s": round(pulled, 1),
        "copy_s": round(copied, 1),
        "ratio": round(pulled / copied, 2),
        "target": "ratio ≤ 4",
        "worker_mb": memory.story(),
    }


def full_pull(database_url: str, changed_nation: Path) -> dict[str, Any]:
    """100,000 locations again, ≤ 2 % of them changed, into the registry of 300,000."""
    memory = Memory()
    with serving(changed_nation, 0, 9) as url, connect(database_url) as connection:
        before = _writes(database_url)
        started = time.perf_counter()
        report = _pull(connection, "bench-a", url, memory)
        pull_s = time.perf_counter() - started
    after = _writes(database_url)  # a connection that has ended has told its statistics
    pages = [
        b"[" + b",".join(lines[i : i + PAGE]) + b"]"
        for shard in range(10)
        for lines in [Path(changed_nation, f"loc-{shard:04d}.ndjson").read_bytes().splitlines()]
        for i in range(0, len(lines), PAGE)
    ]
    decode_s = min(_decode(pages) for _ in range(3))
    tally = report.modules[0].tally
    return {
        "megabytes": sum(map(len, pages)) // 1_000_000,
        "decode_s": round(decode_s, 2),
        "pull_s": round(pull_s, 2),
        "ratio": round(pull_s / decode_s, 2),
        "target": "ratio ≤ 3",
        "tally": {"objects": tally.objects, "changed": tally.changed, "unchanged": tally.unchanged},
        "n_tup_upd": {t: after[t] - before[t] for t in TABLES if after[t] != before[t]},
        "worker_mb": memory.story(),
    }


def _load_one(
    database_url: str, nation: Path, source: tuple[str, int, int], memory: Memory
) -> None:
    name, first, last = source
    with serving(nation, first, last) as url, connect(database_url) as connection:
        _pull(connection, name, url, memory)


class Memory:
    """Resident megabytes of this process along the way: flat means that nothing piles up."""

    def __init__(self) -> None:
        self.samples: list[int] = []

    def __call__(self, module: str, done: int, total: int | None) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.samples.append(pages * 4096 // 1_000_000)

    def story(self) -> dict[str, int]:
        n = len(self.samples)
        return {
            "after 10 % of the pages": self.samples[n // 10],
            "after half": self.samples[n // 2],
            "at the end": self.samples[-1],
            "peak": max(self.samples),
        }


def _pull(connection: Connection, name: str, url: str, memory: Memory) -> PullReport:
    with connection.transaction():
        connection.execute("UPDATE source SET versions_url = %s WHERE name = %s", (url, name))
        source = sources.add_source(
            connection, name=name, kind="ocpi", country_code="FR", versions_url=url,
            allow_loopback=True,
        )  # fmt: skip
    report = pull(connection, source, key=b"", country="FR", full=True, progress=memory)
    assert not report.failed and report.held is None, report
    return report


@contextmanager
def serving(nation: Path, first: int, last: int) -> Iterator[str]:
    """A page server in a process of its own."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("page_server.py")), str(port), str(PAGE),
         str(nation), str(first), str(last)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[0]
    finally:
        server.terminate()
        server.wait(10)
        assert server.stdout is not None
        server.stdout.close()


def _decode(pages: list[bytes]) -> float:
    decode = msgspec.json.Decoder(list[WireLocation], strict=False).decode
    gc.disable()
    started = time.perf_counter()
    for page in pages:
        decode(page)
    gc.enable()
    return time.perf_counter() - started


def _copy_same_rows(connection: Connection) -> tuple[float, int]:
    row = connection.execute("SELECT current_setting('data_directory')").fetchone()
    assert row
    seconds, rows = 0.0, 0
    for table in TABLES:
        path = Path(row[0], f"bench_{table}.copy")
        # S608: names of our own tables
        connection.execute(f"CREATE TABLE bench_{table} (LIKE {table} INCLUDING ALL)")  # type: ignore[arg-type]
        connection.execute(f"COPY (SELECT * FROM {table}) TO '{path}' (FORMAT binary)")  # type: ignore[arg-type]
        started = time.perf_counter()
        copied = connection.execute(f"COPY bench_{table} FROM '{path}' (FORMAT binary)")  # type: ignore[arg-type]
        seconds += time.perf_counter() - started
        rows += copied.rowcount
        connection.execute(f"DROP TABLE bench_{table}")  # type: ignore[arg-type]
        path.unlink()
    return seconds, rows


def _writes(database_url: str) -> dict[str, int]:
    with connect(database_url) as connection:
        return dict(
            connection.execute("SELECT relname, n_tup_upd FROM pg_stat_user_tables").fetchall()
        )
