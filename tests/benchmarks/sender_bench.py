"""Our OCPI Sender: a page at the end of the nation against the first one, over the web application.

    python tests/benchmarks/sender_bench.py DATABASE_URL

`deep` follows a Link, which holds a cursor; `deep_by_offset` has only the offset of such a Link.
`changed` asks for what changed in the last second: few match, so all recent statuses are read.
`past` is the second page, and `past_first` the first one, of a window from long ago until a moment
that one status in a hundred is older than: few match; all statuses are read once, for the total.
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar.testing import TestClient

from nop.asgi import create_app
from nop_ingest.ocpi.tokens import new_token, token_digest
from nop_registry.database import connect
from nop_registry.store import peers

LIMIT = 500
DEPTH = 290_000
ROUNDS = 25


def run(database_url: str) -> dict[str, Any]:
    """Milliseconds of each page (medians), and the ratio promised."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    token = new_token()
    with connect(database_url) as connection:
        name = f"bench-{datetime.now(UTC):%H%M%S}"
        peer = peers.add_peer(
            connection, name=name, purpose="consumer", requests_per_minute=1_000_000
        )
        peers.add_token(connection, peer, token_digest(token), "access")
        row = connection.execute("SELECT sum(listed) FROM emission_count").fetchone()
        until = connection.execute(
            "SELECT percentile_disc(0.01) WITHIN GROUP (ORDER BY claimed_at) FROM evse_status"
        ).fetchone()
    listed = int(row[0]) if row and row[0] else 0
    depth = min(DEPTH, max(0, listed - 2 * LIMIT))
    with TestClient(create_app(database_url)) as client:
        client.headers["Authorization"] = f"Token {token}"
        first = f"/ocpi/2.2.1/sender/locations?limit={LIMIT}"
        by_offset = f"{first}&offset={depth}"
        deep = _following(client.get(f"{first}&offset={depth - LIMIT}"))
        since = datetime.now(UTC) - timedelta(seconds=1)
        changed = f"{first}&date_from={since:%Y-%m-%dT%H:%M:%SZ}"
        urls = {"first": first, "deep": deep, "deep_by_offset": by_offset, "changed": changed}
        if until and until[0]:
            past = f"/ocpi/2.2.1/sender/locations?limit=50&date_to={until[0]:%Y-%m-%dT%H:%M:%SZ}"
            urls |= {"past_first": past, "past": _following(client.get(past))}
        taken: dict[str, list[float]] = {name: [] for name in urls}
        for turn in range(ROUNDS + 3):
            for name, url in urls.items():
                started = time.perf_counter()
                answer = client.get(url)
                seconds = time.perf_counter() - started
                assert answer.json()["status_code"] == 1000, answer.text[:500]
                if turn >= 3:
                    taken[name].append(seconds)
    median = {name: statistics.median(values) for name, values in taken.items()}
    return {
        "locations_listed": listed,
        "depth": depth,
        **{f"{name}_ms": round(1000 * seconds, 1) for name, seconds in median.items()},
        "pages_per_s": round(1 / median["deep"], 1),
        "locations_per_s": round(LIMIT / median["deep"]),
        "deep_over_first": round(median["deep"] / median["first"], 2),
        "target": "deep_over_first ≤ 1.3",
    }


def _following(answer: Any) -> str:
    link: str = answer.headers["link"]
    return "/ocpi/" + link.split(">")[0].split("/ocpi/", 1)[1]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    for key, value in run(sys.argv[1]).items():
        print(f"{key:20} {value}")
