"""The credentials module: a peer registers with us, renews its tokens, leaves (CR-10 to CR-15).

Nothing is kept before our call-back has succeeded; then everything in one transaction. A peer has
one handshake at a time and few a minute: each costs a thread for seconds, and is written down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, NamedTuple

import msgspec
import psycopg
import structlog
from litestar import Litestar, Response
from litestar.params import FromPath

from nop_ingest.ocpi.callback import UNUSABLE_API, CallbackFailed, CalledBack, ask_back
from nop_ingest.ocpi.credentials_object import Theirs, our_party, read_credentials
from nop_ingest.ocpi.egress import parse_url
from nop_ingest.ocpi.errors import EgressDenied
from nop_ingest.ocpi.tokens import new_token, token_digest
from nop_ingest.ocpi.transcript import Exchange, Step, Transcript
from nop_ingest.ocpi_server.doorkeeper import in_database, presented_token, require_admission
from nop_ingest.ocpi_server.envelope import (
    CLIENT_ERROR,
    INVALID,
    AnyRequest,
    OcpiRefusal,
    answer,
    refuse,
)
from nop_ingest.ocpi_server.pace import Pace
from nop_ingest.ocpi_server.routes import ocpi_route
from nop_ingest.ocpi_server.versions import require_method, require_version
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.sealing import load_key
from nop_registry.store import handshakes, peer_parties
from nop_registry.store.handshakes import Settled
from nop_registry.store.peers import Admission, Peer, admit, note_token_use

_MOST_BYTES = 1 << 20  # a hub of 2.3.0 names each of its parties
_CHANGES_PER_MINUTE = 20  # and process, of one peer
_CALL_BACKS = 8  # at once: threads of their own, so that slow peers hold up only one another
log = structlog.get_logger()


class _Handshakes:
    """Those that this process serves now."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(_CALL_BACKS, thread_name_prefix="ocpi-call-back")
        self._pace = Pace()
        self._under_way: set[int] = set()

    @contextmanager
    def only(self, peer: Peer) -> Iterator[None]:
        """The only handshake of this peer. Raises OcpiRefusal 429."""
        turn = self._pace.take(peer.id, _CHANGES_PER_MINUTE)
        if not turn.allowed:
            raise OcpiRefusal(
                429, CLIENT_ERROR, "too many handshakes in this minute: wait",
                retry_after=str(turn.reset_s),
            )  # fmt: skip
        if peer.id in self._under_way:
            raise OcpiRefusal(
                429, CLIENT_ERROR, "your last handshake is still under way: wait for its answer",
                retry_after="10",
            )  # fmt: skip
        self._under_way.add(peer.id)
        try:
            yield
        finally:
            self._under_way.discard(peer.id)


class _Visit(NamedTuple):
    """Who calls, with the token in clear: only to be repeated to it or masked."""

    admission: Admission
    token: str
    quirks: Mapping[str, Any]

    def __repr__(self) -> str:
        return f"_Visit({self.peer.name!r})"

    @property
    def peer(self) -> Peer:
        return self.admission.peer


@ocpi_route("/ocpi/{version:str}/credentials", request_max_body_size=_MOST_BYTES)
async def serve_credentials(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """GET, POST, PUT and DELETE of credentials."""
    visit = await in_database(request, lambda connection: _admit(connection, request))
    require_version(version)
    require_method(request, "GET", "POST", "PUT", "DELETE")
    if request.method == "GET":
        return _ours(request, visit, version, visit.token)
    with _handshakes(request).only(visit.peer):
        return await _serve_and_record(request, visit, version)


def _handshakes(request: AnyRequest) -> _Handshakes:
    handshakes_now: _Handshakes = request.app.state.ocpi_handshakes
    return handshakes_now


async def _serve_and_record(request: AnyRequest, visit: _Visit, version: str) -> Response[bytes]:
    steps: list[Step] = []
    transcript = Transcript(steps.append)
    first = visit.admission.kind == "registration"
    transcript.mask.add("token A" if first else "their token until now", visit.token)
    try:
        return await _serve_change(request, visit, version, transcript)
    finally:
        try:
            await in_database(request, lambda connection: _record(connection, visit.peer, steps))
        except psycopg.Error as error:  # the handshake itself stands
            log.warning(
                "a handshake's transcript was lost", peer=visit.peer.name, reason=str(error)
            )


def _ours(request: AnyRequest, visit: _Visit, version: str, token: str) -> Response[bytes]:
    """Our credentials; on GET with the token that the caller uses now (CR-15)."""
    us = our_party(request.app.state.settings)
    data = us.credentials(version, token, visit.peer.our_role)
    return answer(request, msgspec.json.encode(data))


async def _serve_change(
    request: AnyRequest, visit: _Visit, version: str, transcript: Transcript
) -> Response[bytes]:
    """The answer, and in the transcript what was asked and why it was answered so."""
    mask, method = transcript.mask, request.method
    with transcript.step(f"The peer sends {method} credentials", "CR-11", "received") as step:
        exchange = Exchange(method, mask.text(request.url.path), mask.headers(request.headers))
        step.exchanges.append(exchange)
        body = await request.body()
        exchange.request_body = mask.body(body)
        try:
            response = await _change(request, visit, version, body, transcript)
        except OcpiRefusal as refusal:
            step.verdict, step.rule = "failed", "CR-10, CR-14, TR-13"
            step.says.append(mask.text(refusal.message))
            response = refuse(request, refusal)
        exchange.request_body = mask.body(body)  # again: its tokens have names now
        exchange.status, exchange.answer_body = response.status_code, mask.body(response.content)
    return response


async def _change(
    request: AnyRequest, visit: _Visit, version: str, body: bytes, transcript: Transcript
) -> Response[bytes]:
    _require_state(request, visit)
    if request.method == "DELETE":
        await in_database(request, lambda connection: _end(connection, visit))
        return answer(request)
    theirs = _read(body)
    transcript.mask.add("token B, theirs", theirs.token)
    found = CalledBack([], {})
    if visit.peer.deferred_callback:
        _require_callable(theirs.url)
    else:
        try:
            found = await asyncio.get_running_loop().run_in_executor(
                _handshakes(request).threads,
                ask_back, visit.peer, theirs, version, visit.quirks, transcript,
            )  # fmt: skip
        except CallbackFailed as error:  # nothing is stored, and token A stays valid
            raise OcpiRefusal(200, error.code, str(error)) from None
    ours = new_token()
    transcript.mask.add("token C, ours", ours)
    key = await asyncio.to_thread(load_key, request.app.state.settings)
    settled = Settled(
        version=version,
        versions_url=theirs.url,
        endpoints=found.endpoints,
        roles=theirs.roles,
        quirks=found.quirks,
        callback_due=visit.peer.deferred_callback,
    )
    quarantined = await in_database(
        request, lambda connection: _settle(connection, visit, settled, theirs, ours, key)
    )
    _remark(transcript, theirs, quarantined)
    return _ours(request, visit, version, ours)


def _admit(connection: Connection, request: AnyRequest) -> _Visit:
    admission = require_admission(connection, request, registration=True)
    if admission.fresh:
        note_token_use(connection, admission)
    quirks = handshakes.peer_quirks(connection, admission.peer)
    return _Visit(admission, presented_token(request, admission), quirks)


def _require_state(request: AnyRequest, visit: _Visit) -> None:
    """POST is for those who are not registered, PUT and DELETE for those who are (CR-14)."""
    if request.method == "POST":
        if visit.admission.kind != "registration":
            raise OcpiRefusal(
                405, CLIENT_ERROR, "you are registered already: send PUT to renew the tokens",
                allow="GET, PUT, DELETE",
            )  # fmt: skip
    elif visit.admission.kind != "access" or visit.peer.state != "registered":
        raise OcpiRefusal(
            405, CLIENT_ERROR, "you are not registered: send POST with your registration token",
            allow="GET, POST",
        )  # fmt: skip


def _read(body: bytes) -> Theirs:
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise OcpiRefusal(400, INVALID, "the body must be a credentials object in JSON")
    try:
        return read_credentials(data)
    except InvalidInput as error:
        raise OcpiRefusal(200, INVALID, str(error)) from None


def _require_callable(url: str) -> None:
    """At least a URL, if it is not called now."""
    try:
        parse_url(url)
    except EgressDenied as error:
        raise OcpiRefusal(200, UNUSABLE_API, f"url: {error}") from None


def _settle(
    connection: Connection, visit: _Visit, settled: Settled, theirs: Theirs, ours: str, key: bytes
) -> list[str]:
    """All of it in this transaction, if the token that asked is still valid (CR-11)."""
    peer = _still_admitted(connection, visit)
    first = visit.admission.kind == "registration"
    handshakes.settle(
        connection, peer, settled, sends=theirs.token, accepted=token_digest(ours), key=key,
        overlap=None if first else handshakes.OVERLAP,
    )  # fmt: skip
    return peer_parties.note_parties(connection, peer, theirs.parties())


def _end(connection: Connection, visit: _Visit) -> None:
    handshakes.end(connection, _still_admitted(connection, visit), "the peer ended it")


def _still_admitted(connection: Connection, visit: _Visit) -> Peer:
    """The peer, locked. Raises OcpiRefusal when its token has ended since it came."""
    peer = handshakes.lock_peer(connection, visit.peer)
    now = admit(connection, [visit.admission.digest])
    if now is None or now.kind != visit.admission.kind:
        raise OcpiRefusal(
            405, CLIENT_ERROR, "another request with this token came first", allow="GET"
        )
    return peer


def _remark(transcript: Transcript, theirs: Theirs, quarantined: list[str]) -> None:
    """What a person should know about a registration that was accepted."""
    with transcript.step("Compare the parties with those agreed on", "CR-13", "received") as step:
        for deviation in theirs.deviations:
            step.warn(f"In the credentials, {deviation}.")
        if quarantined:
            step.warn(f"Not agreed on, and refused until approved: {', '.join(quarantined)}.")


def _record(connection: Connection, peer: Peer, steps: list[Step]) -> None:
    for step in steps:
        handshakes.record_step(connection, peer, step.direction, msgspec.to_builtins(step))


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """`app.state.ocpi_handshakes`: those that this process serves now."""
    app.state.ocpi_handshakes = _Handshakes()
    try:
        yield
    finally:
        app.state.ocpi_handshakes.threads.shutdown(wait=False, cancel_futures=True)


ROUTES = [serve_credentials]
