"""One call of a place that means harm, with limits that end it soon."""

from __future__ import annotations

import time
from typing import Any

from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.egress import Guard

HEADERS = {"Authorization": "Token czNjcmV0LXRva2Vu"}
OK = b"HTTP/1.1 200 OK\r\n"
SHORT = Limits(call_s=1.0, read_s=0.6, connect_s=0.6, grace_s=0.4, wire_bytes=300_000,
               decoded_bytes=3_000_000)  # fmt: skip
SOON_S = 6.0  # a hanging test machine included


def call(url: str, **options: Any) -> Any:
    """One GET; it must end soon whatever happens."""
    guard = Guard(**{"allow_loopback": True, "limits": SHORT, **options})
    began = time.monotonic()
    try:
        return guard.get(url, HEADERS)
    finally:
        guard.close()
        assert time.monotonic() - began < SOON_S
