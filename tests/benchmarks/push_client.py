"""A load of status PATCHes that costs next to nothing: one thread, plain sockets, ready-made bytes.

python push_client.py PORT TOKEN CONNECTIONS SECONDS RATE EVSES

RATE is PATCHes a second over all connections; 0: each connection sends as soon as it is answered.
EVSES is a file with a URL path a line. Prints one JSON line. Latency counts from when a PATCH was
due, so that a server that falls behind cannot hide it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

PORT, TOKEN = int(sys.argv[1]), sys.argv[2]
CONNECTIONS, SECONDS, RATE = int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
PATHS = Path(sys.argv[6]).read_text().split()
STATES = [
    f'{{"status":"{word}"{" " * (11 - len(word))},"last_updated":"'
    for word in ("AVAILABLE", "CHARGING", "OUTOFORDER", "BLOCKED", "INOPERATIVE")
]
LENGTH = len(STATES[0]) + len('2026-11-20T10:00:00.000000Z"}')


class Talk(asyncio.Protocol):
    """One keep-alive connection; one PATCH at a time on it."""

    def __init__(self, results: list[float], errors: list[bytes]) -> None:
        self.results, self.errors = results, errors
        self.due: deque[float] = deque()
        self.sent: float | None = None
        self.heads = [
            (
                f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Token {TOKEN}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {LENGTH}\r\n\r\n"
            ).encode()
            for path in random.sample(PATHS, min(len(PATHS), 2000))
        ]
        self.turn = 0
        self.heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.WriteTransport = transport  # type: ignore[assignment]

    def push(self, due: float) -> None:
        """Send now, or after what is under way."""
        self.due.append(due)
        if self.sent is None:
            self._send()

    def _send(self) -> None:
        self.sent = self.due.popleft()
        self.turn += 1
        at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        body = f'{random.choice(STATES)}{at}Z"}}'.encode()
        self.transport.write(self.heads[self.turn % len(self.heads)] + body)

    def data_received(self, data: bytes) -> None:
        self.heard += data
        if not self.heard.endswith(b"}"):  # the head comes before the body
            return
        data, self.heard = self.heard, b""
        now = time.perf_counter()
        assert self.sent is not None
        self.results.append(now - self.sent)
        if not data.startswith(b"HTTP/1.1 200") or b'"status_code":1000' not in data:
            self.errors.append(data[-200:])
        self.sent = None
        if RATE == 0 and now < DEADLINE[0]:
            self.push(now)
        elif self.due:
            self._send()


DEADLINE = [0.0]


async def main() -> None:
    loop = asyncio.get_running_loop()
    results: list[float] = []
    errors: list[bytes] = []
    talks = []
    for _ in range(CONNECTIONS):
        _, talk = await loop.create_connection(lambda: Talk(results, errors), "127.0.0.1", PORT)
        talks.append(talk)
    started = time.perf_counter()
    DEADLINE[0] = started + SECONDS
    if RATE == 0:
        for talk in talks:
            talk.push(time.perf_counter())
        await asyncio.sleep(SECONDS)
    else:
        n = 0
        while (now := time.perf_counter()) < DEADLINE[0]:
            while started + n / RATE <= now:
                talks[n % CONNECTIONS].push(started + n / RATE)
                n += 1
            await asyncio.sleep(0.001)
    took = time.perf_counter() - started
    done = len(results)
    while any(talk.sent is not None for talk in talks):  # noqa: ASYNC110 - the last answers
        await asyncio.sleep(0.01)
    results.sort()
    print(
        json.dumps(
            {
                "per_s": round(done / took),
                "p50_ms": round(results[len(results) // 2] * 1000, 1),
                "p99_ms": round(results[len(results) * 99 // 100] * 1000, 1),
                "errors": len(errors),
                "first_error": errors[0].decode() if errors else None,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main())
