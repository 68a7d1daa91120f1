"""One web process for the push benchmark: `python push_server.py PORT batches|alone`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import uvicorn

import nop_ingest.ocpi_server.receiver as receiver
from nop_ingest.push_statuses import Claim, Verdict, write_claims


class Alone:
    """Instead of StatusBatches: each claim in its own transaction, several at a time."""

    def __init__(self, url: str) -> None:
        self.database: Any = None

    async def submit(self, claim: Claim) -> Verdict:
        def act(connection: Any) -> Verdict:
            lock = "SELECT pg_advisory_xact_lock(7306, %s)"  # wait for it, as store_statuses does
            connection.execute(lock, (claim.source_id,))
            return write_claims(connection, [claim], datetime.now(UTC))[0]

        return await self.database.run(act)  # type: ignore[no-any-return]

    async def close(self) -> None:
        pass


class AloneReceiver(receiver.Receiver):
    def __init__(self, app: Any) -> None:
        super().__init__(app)
        self.statuses.database = app.state.ocpi_database  # type: ignore[attr-defined]


if __name__ == "__main__":
    if sys.argv[2] == "alone":
        receiver.StatusBatches = Alone  # type: ignore[assignment, misc]
        receiver.Receiver = AloneReceiver  # type: ignore[misc]
    uvicorn.run(
        "nop.asgi:create_web", factory=True, port=int(sys.argv[1]), access_log=False,
        log_level="warning", timeout_graceful_shutdown=3,
    )  # fmt: skip
