"""Readers of /events that cost little: `python events_client.py PORT READERS SECONDS`.

Prints a line when all are connected; at the end a JSON line: for each first mention of a location
after the time written in the line before, when it was heard. One reader parses; of the others the
time of each message is kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

PORT, READERS, SECONDS = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
REQUEST = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Reader(asyncio.Protocol):
    """Keeps (time, bytes) of what comes."""

    def __init__(self, story: list[tuple[float, bytes]], ready: asyncio.Semaphore) -> None:
        self.story, self.ready, self.begun = story, ready, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.write(REQUEST)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if not self.begun and b"event: ready" in data:
            self.begun = True
            self.ready.release()
        self.story.append((time.time(), data))


async def main() -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Semaphore(0)
    stories: list[list[tuple[float, bytes]]] = [[] for _ in range(READERS)]
    for story in stories:
        await loop.create_connection(lambda story=story: Reader(story, ready), "127.0.0.1", PORT)  # type: ignore[misc]
    for _ in stories:
        await ready.acquire()
    print("ready", flush=True)
    await asyncio.sleep(SECONDS)
    print(json.dumps([_mentions(story) for story in stories[:: max(1, READERS // 20)]]))


def _mentions(story: list[tuple[float, bytes]]) -> list[tuple[float, list[int]]]:
    """When which locations were told, by one reader."""
    told = []
    rest = b""
    for at, data in story:
        rest += data
        *messages, rest = rest.split(b"\n\n")
        for message in messages:
            start = message.find(b"data: [")
            if start >= 0:
                stations = json.loads(message[start + 6 : message.index(b"]\n", start) + 1])
                told.append((at, [station["id"] for station in stations]))
    return told


if __name__ == "__main__":
    asyncio.run(main())
