"""Two transactions that meet: the second waits for what the first has not committed yet."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from nop_registry.database import Connection, connect

_WAIT_S = 10.0
_WAITS = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"


def at_once(
    database_url: str,
    first: Callable[[Connection], object],
    second: Callable[[Connection], object],
) -> None:
    """Run both; `first` commits once `second` waits for a lock of it. What they raise is raised."""
    with (
        connect(database_url) as one,
        connect(database_url) as other,
        connect(database_url, autocommit=True) as onlooker,
        ThreadPoolExecutor(1) as thread,
    ):
        first(one)
        running = thread.submit(second, other)
        until = time.monotonic() + _WAIT_S
        while onlooker.execute(_WAITS, (other.info.backend_pid,)).fetchone() != (True,):
            assert time.monotonic() < until and not running.done(), "they do not meet"
            time.sleep(0.01)
        one.commit()
        running.result(_WAIT_S)
