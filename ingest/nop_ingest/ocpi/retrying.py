"""Ask again when it may help, and never faster than is polite (TR-14, PU-10)."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import msgspec

from nop_ingest.ocpi.errors import Cancelled, OcpiError, PeerBusy

T = TypeVar("T")


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How a failing or busy peer is treated."""

    attempts: int = 5
    first_wait_s: float = 0.3
    factor: float = 4.0
    """Each further wait is this many times longer: 0.3, 1.2, 4.8, 19 s."""
    longest_wait_s: float = 60.0
    """Whoever asks for more by Retry-After is left alone: the error says until when."""
    spacing_s: float = 0.5
    """Between two requests to a peer that is not on this machine."""


class Pacer:
    """Waits between the requests to one peer. A wait ends at once when `stop` is set."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._last_at = float("-inf")

    def space(self, stop: threading.Event) -> None:
        """Wait until the next request is polite. Raises Cancelled."""
        wait_s = self._last_at + self._patience.spacing_s - time.monotonic()
        self._wait(wait_s, stop)
        self._last_at = time.monotonic()

    def retry(self, attempt: Callable[[], T], stop: threading.Event, attempts: int) -> T:
        """Call until it succeeds or fails for good. Raises its last OcpiError, or Cancelled."""
        patience = self._patience
        wait_s = patience.first_wait_s
        for _ in range(attempts - 1):
            try:
                return attempt()
            except OcpiError as error:
                if not error.retriable:
                    raise
                asked_s = error.retry_after_s if isinstance(error, PeerBusy) else None
                if asked_s is not None and asked_s > patience.longest_wait_s:
                    raise
            jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, guards nothing
            self._wait(min(asked_s or wait_s * jitter, patience.longest_wait_s), stop)
            wait_s *= patience.factor
        return attempt()

    def _wait(self, seconds: float, stop: threading.Event) -> None:
        if stop.wait(max(0.0, seconds)):
            raise Cancelled("The request was ended because its result is no longer wanted.")
