"""Pushes to a platform's Receiver: statuses at a steady rate, objects where needed."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from nop.mock.platform import Document, Platform
from nop.mock.server import MockCpo
from nop.mock.stations import COUNTRY, MOCK, Change
from nop_registry.errors import NopError

_LATE = timedelta(hours=1)


class Pusher:
    """Pushes what the mock changes to one platform. `sent` counts what became of it."""

    def __init__(self, mock: MockCpo, platform: Platform, *, per_second: float) -> None:
        self._mock = mock
        self._platform = platform
        self._pause_s = 1 / per_second
        self.sent: Counter[str] = Counter()
        self.last_error: str | None = None

    async def run(self) -> None:
        """Push every tariff, then change and push one status after the other, until cancelled."""
        await self._guarded(self.push_tariffs)
        while True:
            await asyncio.sleep(self._pause_s)
            await self._guarded(self.push_status)

    def push_tariffs(self) -> None:
        """PUT every tariff. Raises an OcpiError, or InvalidInput without a Receiver."""
        now = self._mock.clock()
        for listed in self._mock.stations.listed("tariffs", now):
            tariff = self._mock.stations.write(listed, self._version, now)
            self._send("PUT", "tariffs", [listed.document["id"]], tariff)

    def push_status(self) -> None:
        """PATCH the status of an EVSE that changes now; PUT its location where that is unknown.

        Raises an OcpiError, or InvalidInput when the platform offers no Receiver.
        """
        change = self._mock.stations.change_status(self._mock.clock())
        patch: Document = {"status": change.status, "last_updated": change.last_updated}
        if "patch-no-time" in self._mock.switches:
            del patch["last_updated"]
        elif self._mock.switches.due("push-late"):
            moment = datetime.fromisoformat(change.last_updated) - _LATE
            patch["last_updated"] = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        location_id = change.listed.document["id"]
        http = self._send("PATCH", "locations", [location_id, change.evse_uid], patch)
        if http == 404 and "patch-only" not in self._mock.switches:
            self._put_location(change)

    def _put_location(self, change: Change) -> None:
        location = self._mock.stations.write(change.listed, self._version, self._mock.clock())
        self._send("PUT", "locations", [change.listed.document["id"]], location)

    def _send(self, method: str, module: str, ids: list[str], document: Document) -> int:
        """Below the endpoint stand country, party and ids, each percent-encoded once (RE-18)."""
        raw = "push-raw-token" in self._mock.switches
        self._platform.send_raw(raw)
        path = "/".join(quote(part, safe="") for part in (COUNTRY, MOCK.party_id, *ids))
        url = f"{self._platform.endpoint(module, 'RECEIVER')}/{path}"
        http, code, _ = self._platform.send(method, url, document)
        self.sent[f"{method} {module} HTTP {http} status {code}"] += 1
        return http

    @property
    def _version(self) -> str:
        assert self._platform.version is not None  # noqa: S101 - it was discovered
        return self._platform.version

    async def _guarded(self, act: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(act)
        except NopError as error:
            self.last_error = str(error)
            self.sent["failed"] += 1
