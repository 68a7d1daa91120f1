"""How often a connection may ask (ocpi.md SE-9): so many requests a minute, in each process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

WINDOW_S = 60


class Turn(NamedTuple):
    """What is left of a connection's minute."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    """Seconds until a new minute begins for it."""

    def headers(self) -> dict[str, str]:
        """X-RateLimit-*, for every answer; Retry-After too once nothing is left."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_s),
        }
        return told if self.allowed else {"Retry-After": str(self.reset_s), **told}


class Pace:
    """Counts requests by connection. A minute begins with the first request after the last one.

    Connections are few; each costs one entry.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minutes: dict[int, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def is_new_minute(self, peer_id: int) -> bool:
        """The next request of this connection begins its minute."""
        with self._lock:
            began = self._minutes.get(peer_id)
        return began is None or self._clock() - began[0] >= WINDOW_S

    def take(self, peer_id: int, per_minute: int) -> Turn:
        """Count one request of this connection."""
        now = self._clock()
        with self._lock:
            began, count = self._minutes.get(peer_id, (now, 0))
            if now - began >= WINDOW_S:
                began, count = now, 0
            allowed = count < per_minute
            if allowed:
                count += 1
            self._minutes[peer_id] = began, count
        reset_s = max(1, round(began + WINDOW_S - now))
        return Turn(allowed, per_minute, per_minute - count, reset_s)
