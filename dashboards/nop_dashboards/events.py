"""Live changes as server-sent events: `/events`.

One task per process follows the change log and reads the new states once; every subscriber gets the
same bytes, or those rows that lie in its box. At most ten messages a second, each with the present
states, so that a lost or repeated message does no harm. Messages:

    event: ready    data: {}     the stream has begun
    event: message  data: [...]  stations that changed (`id`, `lon`, `lat`, `state`, counters; that
                                 of `?location=` also `evses`); empty when one left the map
    event: reset    data: {}     too much has changed to tell: load again what is shown

`id:` is the cursor in the change log; `Last-Event-ID` or `?since=` resumes after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import msgspec
import psycopg
import structlog
from litestar import Litestar, Request, asgi
from litestar.types import Receive, Scope, Send
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from nop_registry.access import Action
from nop_registry.changes import Changes, Cursor, list_changes, watch
from nop_registry.errors import InvalidInput
from nop_registry.geo import BBox
from nop_registry.queries.stations import list_evse_states, list_states

MOST_SUBSCRIBERS = 2000
MOST_ROWS = 1000
"""More changed stations than these are told as `reset`."""
HEARTBEAT_S = 15.0

_QUEUE = 100  # messages, at most ten a second, that a reader may lag before it is let go
_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_log = structlog.get_logger(__name__)
_encode = msgspec.json.Encoder().encode


class Subscriber:
    """One reader: what it wants, and the messages it has not yet taken."""

    def __init__(self, bbox: BBox | None, location_id: int | None) -> None:
        self.bbox = bbox
        self.location_id = location_id
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(_QUEUE)
        self.dropped = asyncio.Event()

    def offer(self, message: bytes) -> None:
        """Queue a message; a reader that does not keep up is let go and may resume."""
        try:
            self.queue.put_nowait(message)
        except asyncio.QueueFull:
            self.dropped.set()


class Frame:
    """The states after some changes, encoded once."""

    def __init__(self, cursor: Cursor, rows: Sequence[dict[str, Any]], *, left: bool) -> None:
        self._id = f"id: {cursor}\n".encode()
        self._rows = [(row, _encode(row)) for row in rows]
        self._left = left
        self._whole = self._message([encoded for _, encoded in self._rows])

    def message_for(self, subscriber: Subscriber) -> bytes | None:
        """The message; None when nothing of it concerns this subscriber."""
        box = subscriber.bbox
        if box is None:
            return self._whole if self._rows or self._left else None
        mine = [
            encoded
            for row, encoded in self._rows
            if (box.west <= row["lon"] <= box.east and box.south <= row["lat"] <= box.north)
            or row["id"] == subscriber.location_id
        ]
        return self._message(mine) if mine or self._left else None

    def _message(self, encoded: Sequence[bytes]) -> bytes:
        return b"data: [" + b",".join(encoded) + b"]\n" + self._id + b"\n"


class Hub:
    """The subscribers of this process and the one task that serves them."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._conninfo = cast(str, pool.conninfo)  # database.open_pool gives the URL itself
        self.subscribers: set[Subscriber] = set()
        self.cursor: Cursor | None = None

    async def run(self) -> None:
        """Follow the change log for ever."""
        while True:
            try:
                async for changes in watch(self._conninfo):
                    self.cursor = changes.cursor
                    await self._publish(changes)
            except Exception:  # the stream must outlive any fault in one message
                _log.exception("events_failed")
                await asyncio.sleep(1)

    async def _publish(self, changes: Changes) -> None:
        if not self.subscribers or not (changes.location_ids or changes.cells):
            return
        frame = await self.describe(changes)
        for subscriber in list(self.subscribers):
            message = frame.message_for(subscriber) if frame else reset(changes.cursor)
            if message:
                subscriber.offer(message)

    async def describe(self, changes: Changes) -> Frame | None:
        """The present states of what changed; None when that is too much or cannot be read."""
        if len(changes.location_ids) > MOST_ROWS or not changes.complete:
            return None
        try:
            async with self._pool.connection() as connection:
                rows = await list_states(connection, changes.location_ids)
                asked = {s.location_id for s in self.subscribers if s.location_id is not None}
                watched = asked & changes.location_ids
                evses = await list_evse_states(connection, watched) if watched else []
        except (psycopg.OperationalError, PoolTimeout):
            return None
        for row in rows:
            if row["id"] in watched:
                row["evses"] = [evse for evse in evses if evse["location_id"] == row["id"]]
        return Frame(changes.cursor, rows, left=bool(changes.cells))

    async def replay(self, subscriber: Subscriber, since: Cursor) -> bytes | None:
        """What the subscriber missed since its cursor, as one message."""
        try:
            async with self._pool.connection() as connection:
                missed = await list_changes(connection, since)
        except (psycopg.OperationalError, PoolTimeout):
            missed = None
        frame = await self.describe(missed) if missed else None
        if missed is None or frame is None:
            return reset(self.cursor or since)
        return frame.message_for(subscriber)


def reset(cursor: Cursor) -> bytes:
    """The message that asks to load again what is shown."""
    return f"event: reset\ndata: {{}}\nid: {cursor}\n\n".encode()


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Run the hub while the application runs."""
    app.state.events = Hub(app.state.pool)
    task = asyncio.create_task(app.state.events.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asgi("/events", copy_scope=True, action=Action.READ_PUBLIC)
async def serve_events(scope: Scope, receive: Receive, send: Send) -> None:
    """The stream. `?bbox=west,south,east,north` limits it, `?location=ID` adds that one's EVSEs."""
    request: Request[Any, Any, Any] = Request(scope, receive)
    hub: Hub = request.app.state.events
    if request.method != "GET":
        return await _refuse(send, 405, "Only GET.", (b"allow", b"GET"))
    if len(hub.subscribers) >= MOST_SUBSCRIBERS:
        return await _refuse(send, 503, "Too many readers.", (b"retry-after", b"5"))
    try:
        subscriber, since = _parse(request)
    except InvalidInput as error:
        return await _refuse(send, 400, str(error))
    await _start(send, 200, _HEADERS)
    hub.subscribers.add(subscriber)
    ends = [
        asyncio.create_task(_stream(hub, subscriber, since, send)),
        asyncio.create_task(_until_gone(receive)),
        asyncio.create_task(subscriber.dropped.wait()),
    ]
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        hub.subscribers.discard(subscriber)
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    with suppress(TimeoutError):  # a reader that was let go may never take it
        await asyncio.wait_for(_write(send, b"", is_last=True), 1)


def _parse(request: Request[Any, Any, Any]) -> tuple[Subscriber, Cursor | None]:
    query = request.query_params
    bbox, location = query.get("bbox"), query.get("location")
    if location is not None and not (location.isascii() and location.isdigit()):
        raise InvalidInput("location must be the number of a station")
    since = request.headers.get("last-event-id") or query.get("since")
    return (
        Subscriber(BBox.parse(bbox) if bbox else None, int(location[:17]) if location else None),
        Cursor.parse(since) if since else None,
    )


async def _stream(hub: Hub, subscriber: Subscriber, since: Cursor | None, send: Send) -> None:
    beginning = f"id: {hub.cursor}\n" if hub.cursor else ""
    if since is None:
        await _write(send, f"retry: 3000\nevent: ready\ndata: {{}}\n{beginning}\n".encode())
    else:
        # Subscribed before the log is read: what changes meanwhile comes twice, never not at all.
        await _write(send, b"retry: 3000\nevent: ready\ndata: {}\n\n")
        missed = await hub.replay(subscriber, since)
        if missed:
            await _write(send, missed)
    while True:
        try:
            message = await asyncio.wait_for(subscriber.queue.get(), HEARTBEAT_S)
        except TimeoutError:
            message = b": still here\n\n"
        await _write(send, message)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    kind = (b"content-type", b"text/plain; charset=utf-8")
    await _start(send, status, [kind, *headers])
    await _write(send, text.encode(), is_last=True)


async def _start(send: Send, status: int, headers: list[tuple[bytes, bytes]]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})


async def _write(send: Send, body: bytes, *, is_last: bool = False) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": not is_last})


ROUTES = [serve_events]
