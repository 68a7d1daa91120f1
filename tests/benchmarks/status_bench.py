"""Status batches: newest wins, history, search row, change log; against raw statements."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from operator import truediv
from typing import Any

from nop_registry.database import Connection, connect
from nop_registry.enums import Status
from nop_registry.store.staging import number_array
from nop_registry.store.statuses import StatusWrite, store_statuses

BATCH = 1000
WARM_UP = 20  # after a checkpoint each page is logged whole when first touched: in both
ROUNDS = 60
SOURCE = 1
STATES = ("AVAILABLE", "CHARGING", "OUTOFORDER", "UNKNOWN")

RAW = """
WITH incoming AS (
    SELECT * FROM unnest(%(evses)s::bigint[], %(statuses)s::ocpi_status[]) AS t (evse_id, status)
), written AS (
    UPDATE evse_status s SET status = i.status, changed_at = %(at)s, claimed_at = %(at)s,
        received_at = %(at)s
    FROM incoming i WHERE s.evse_id = i.evse_id RETURNING s.evse_id, s.status
)
INSERT INTO status_event (evse_id, status, changed_at, received_at)
SELECT evse_id, status, %(at)s, %(at)s FROM written"""


def run(database_url: str) -> dict[str, Any]:
    """Updates a second of both, and their ratio; 80 % of the updates fall on 20 % of the EVSEs."""
    rnd = random.Random(7)
    with connect(database_url) as connection:
        found = connection.execute("SELECT evse_id, location_id, status::text FROM evse_status")
        current = {(evse, location): status for evse, location, status in found}
        evses = list(current)
        connection.commit()
        rnd.shuffle(evses)
        hot, cold = evses[: len(evses) // 5], evses[len(evses) // 5 :]
        rates: dict[str, list[float]] = {"raw": [], "ours": []}
        acts: dict[str, Callable[[Connection, list[StatusWrite]], None]] = {
            "raw": _raw,
            "ours": _ours,
        }
        for turn in range(WARM_UP + ROUNDS):
            for name, act in acts.items():
                picked = rnd.sample(hot, BATCH * 4 // 5) + rnd.sample(cold, BATCH // 5)
                now = datetime.now(UTC)
                for evse in picked:  # each update is a change of status
                    current[evse] = rnd.choice([s for s in STATES if s != current[evse]])
                writes = [StatusWrite(*evse, Status(current[evse]), now) for evse in picked]
                started = time.perf_counter()
                with connection.transaction():
                    act(connection, writes)
                if turn >= WARM_UP:
                    rates[name].append(BATCH / (time.perf_counter() - started))
        median = {name: statistics.median(values) for name, values in rates.items()}
    return {
        "raw_per_s": round(median["raw"]),
        "ours_per_s": round(median["ours"]),
        "ratio": round(statistics.median(map(truediv, rates["ours"], rates["raw"])), 2),
        "target": "ratio ≥ 0.5",
    }


def _raw(connection: Connection, writes: list[StatusWrite]) -> None:
    writes = sorted(writes)
    connection.execute(
        RAW,
        {
            "evses": number_array(w.evse_number for w in writes),
            "statuses": "{" + ",".join(w.status.value for w in writes) + "}",
            "at": writes[0].at,
        },
    )


def _ours(connection: Connection, writes: list[StatusWrite]) -> None:
    store_statuses(connection, SOURCE, writes, datetime.now(UTC))
