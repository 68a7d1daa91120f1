"""The Receiver: operators push Locations, EVSEs, Connectors and Tariffs (ocpi.md section 6).

One plain ASGI application for all versions: a status PATCH comes thousands of times a second, and
ids are percent-decoded once, segment by segment (RE-18), which a router's parameters are not.
"""

from __future__ import annotations

import asyncio
import re
import time
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import msgspec
import psycopg
import structlog
from litestar import Litestar
from litestar.types import Receive, Scope, Send
from prometheus_client import Histogram

from nop_ingest import push as door
from nop_ingest.documents import Unreadable
from nop_ingest.ocpi.versions import VERSIONS
from nop_ingest.ocpi_server.envelope import (
    INVALID,
    SERVER_ERROR,
    UNKNOWN_LOCATION,
    OcpiRefusal,
)
from nop_ingest.ocpi_server.receiver_callers import Caller, Callers
from nop_ingest.ocpi_server.receiver_http import (
    TAKEN,
    Exchange,
    Reply,
    Target,
    read_body,
    respond,
)
from nop_ingest.ocpi_server.status_batches import StatusBatches
from nop_ingest.push_rules import Address, Outcome, Push
from nop_ingest.push_statuses import Claim
from nop_ingest.report import Finding
from nop_registry.database import Connection
from nop_registry.database_threads import DatabaseThreads
from nop_registry.enums import Status
from nop_registry.store.quarantine import note_quarantined

_MOST_UNKNOWN_PARTIES = 100
_ASK_AGAIN_S = 300.0
_MOST_ASKED = 10_000
_STATUS_BYTES = 300  # a PATCH of a status alone is never longer
_log = structlog.get_logger(__name__)
_versions = {version.number: version for version in VERSIONS}

Act = Callable[[Connection, Push, Address, bytes], Outcome]
_WRITES: dict[tuple[str, str], Act] = {
    ("locations", "PUT"): door.put_location,
    ("locations", "PATCH"): door.patch_location,
    ("tariffs", "PUT"): door.put_tariff,
    ("tariffs", "PATCH"): door.patch_tariff,
    ("tariffs", "DELETE"): lambda connection, push, address, _: door.delete_tariff(
        connection, push, address
    ),
}
_METHODS = frozenset({"GET", *(method for _, method in _WRITES)})
_seconds = Histogram(
    "nop_push_seconds", "Requests to the Receiver interfaces: until answered",
    ("module", "method", "status"), buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
_STALE = Reply(message="not applied: last_updated is not newer than what is known here")
_READS = {"locations": door.read_location, "tariffs": door.read_tariff}


class _StatusPatch(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The PATCH that says nothing but a status, well spelt; any other goes the long way."""

    status: Status
    last_updated: datetime | None = None


_status_patch = msgspec.json.Decoder(_StatusPatch)
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Receiver:
    """What the requests of one process share."""

    def __init__(self, app: Litestar) -> None:
        self._database: DatabaseThreads = app.state.ocpi_database
        self._country: str = app.state.settings.country
        self._callers = Callers(self._database)
        self._asked: dict[str, float] = {}
        self.statuses = StatusBatches(str(app.state.pool.conninfo))

    async def answer(self, exchange: Exchange, scope: Scope, receive: Receive) -> Reply:
        """Do what the request asks. Raises OcpiRefusal, Unreadable or psycopg.Error."""
        caller = await self._callers.find(exchange.header(b"authorization"), scope)
        target = exchange.target()
        address = target.address
        try:
            caller.require(address.country_code, address.party_id)
        except OcpiRefusal:
            await self._note_stranger(caller, address)
            raise
        if exchange.method == "GET":
            return await self._read(caller, target)
        body = await read_body(exchange, receive)
        if exchange.method == "PATCH" and address.uid and address.connector_id is None:
            claim = _as_claim(caller, target, body)
            if claim is not None:
                return await self._take_status(caller, target, claim)
        return await self._write(exchange.method, caller, target, body)

    async def _take_status(self, caller: Caller, target: Target, claim: Claim) -> Reply:
        verdict = await self.statuses.submit(claim)
        if verdict == "unknown":
            await self._ask_for(caller, target)
            return _absent(target, "PATCH")
        return _STALE if verdict == "stale" else TAKEN

    async def _write(self, method: str, caller: Caller, target: Target, body: bytes) -> Reply:
        act = _WRITES[target.module, method]
        push = self._push(caller, target)
        outcome = await self._database.run(
            lambda connection: act(connection, push, target.address, body)
        )
        if outcome.what == "unknown":
            await self._ask_for(caller, target)
            return _absent(target, method)
        if outcome.what == "too large":
            raise OcpiRefusal(
                413, INVALID, "too many EVSEs in a Location, or Connectors in an EVSE"
            )
        if outcome.what == "refused":
            return Reply(code=INVALID, message=_told(outcome.findings), data=_listed(outcome))
        if outcome.what == "stale":
            return _STALE
        http = 201 if outcome.created else 200
        left_out = f"taken, except: {_told(outcome.findings)}" if outcome.findings else None
        return Reply(http=http, message=left_out)

    async def _read(self, caller: Caller, target: Target) -> Reply:
        read, push = _READS[target.module], self._push(caller, target)
        data = await self._database.run(lambda connection: read(connection, push, target.address))
        return _absent(target, "GET") if data is None else Reply(data=data)

    def _push(self, caller: Caller, target: Target) -> Push:
        return Push(
            caller.source_id, caller.source_name, _versions[target.version], self._country,
            datetime.now(UTC),
        )  # fmt: skip

    async def _ask_for(self, caller: Caller, target: Target) -> None:
        """RE-12: have what we lack fetched, once in a while."""
        if target.module != "locations" or not caller.can_be_asked:
            return
        key = f"{caller.source_id} {'*'.join(target.address[:3])}".casefold()
        now = time.monotonic()
        if now - self._asked.get(key, -_ASK_AGAIN_S) < _ASK_AGAIN_S:
            return
        if len(self._asked) >= _MOST_ASKED:
            self._asked.clear()
        self._asked[key] = now
        push = self._push(caller, target)
        await self._database.run(lambda connection: door.ask_for(connection, push, target.address))

    async def _note_stranger(self, caller: Caller, address: Address) -> None:
        """Count what a party in quarantine tries, and remember one that is new."""
        party = (address.country_code, address.party_id)
        if party in caller.parties or (
            len(caller.parties) < _MOST_UNKNOWN_PARTIES and address.names_a_party
        ):
            await self._database.run(
                lambda connection: note_quarantined(connection, caller.peer, {"*".join(party): 1})
            )


def _as_claim(caller: Caller, target: Target, body: bytes) -> Claim | None:
    if len(body) > _STATUS_BYTES:
        return None
    try:
        patch = _status_patch.decode(body)
    except ValueError:
        return None
    at = patch.last_updated
    if at is None:
        if target.version != "2.1.1" or b"last_updated" in body:
            return None
        at = datetime.now(UTC)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if at < _EARLIEST:
        return None
    return Claim(caller.source_id, target.version, target.address, patch.status, at)


def _absent(target: Target, method: str) -> Reply:
    code = UNKNOWN_LOCATION if target.module == "locations" else INVALID
    what = {3: "Location", 4: "EVSE or its Location", 5: "Connector, EVSE or Location"}
    name = "Tariff" if target.module == "tariffs" else what[target.depth]
    advice = {"GET": "", "DELETE": ", so nothing was deleted"}.get(method, ": PUT it first")
    return Reply(http=404, code=code, message=f"there is no such {name} here{advice}")


def _told(findings: list[Finding]) -> str:
    return "; ".join(f"{f.path or 'the object'}: {f.message}" for f in findings[:5])


def _listed(outcome: Outcome) -> bytes:
    return msgspec.json.encode(
        [{"field": f.path, "code": f.code, "message": f.message} for f in outcome.findings]
    )


async def serve_receiver(scope: Scope, receive: Receive, send: Send) -> None:
    """Every request to our Receiver interfaces."""
    app: Litestar = scope["litestar_app"]
    began = time.perf_counter()
    exchange = Exchange(scope)
    receiver: Receiver = app.state.ocpi_receiver
    try:
        reply = await receiver.answer(exchange, scope, receive)
    except OcpiRefusal as refusal:
        reply = Reply(refusal.http, refusal.code, refusal.message, headers=refusal.headers)
    except Unreadable as error:
        reply = Reply(400, INVALID, str(error))
    except psycopg.OperationalError:
        away = "the registry cannot be reached now"
        reply = Reply(503, SERVER_ERROR, away, headers={"Retry-After": "10"})
    except Exception:
        # As text: a renderer that shows local variables would show the token.
        _log.error("push_failed", path=scope["path"], traceback=traceback.format_exc())
        reply = Reply(500, SERVER_ERROR, "the request failed on our side")
    await respond(send, exchange, reply)
    module = "tariffs" if "/receiver/tariffs" in scope["path"] else "locations"
    method = exchange.method if exchange.method in _METHODS else "other"
    _seconds.labels(module, method, reply.http).observe(time.perf_counter() - began)


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.ocpi_receiver` while the application runs; what waits at its end is written."""
    app.state.ocpi_receiver = Receiver(app)
    try:
        yield
    finally:
        await asyncio.shield(app.state.ocpi_receiver.statuses.close())


DIRECT = (re.compile(r"/ocpi/[^/]+/receiver/(locations|tariffs)(/|$)"), serve_receiver)
"""Served before the router: it would cost more than all the rest, and knows no raw path."""
