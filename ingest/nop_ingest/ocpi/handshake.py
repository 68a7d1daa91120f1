"""We ask: register with a peer, renew the tokens, end the connection (CR-20 to CR-32).

Each function commits by itself, before and after every word to the peer: the connection must not
be in a transaction. Whatever happens in between, the tables hold the old state or the new one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from psycopg.pq import TransactionStatus

from nop_ingest.ocpi.conversation import LIMITS, Conversation, Endpoint, find_endpoint
from nop_ingest.ocpi.credentials_object import OurParty, Theirs, read_credentials
from nop_ingest.ocpi.discovery import VersionOffer
from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EgressDenied,
    EndpointMissing,
    ModuleMissing,
    NoSupportedVersion,
    NotOcpi,
    OcpiError,
    PeerBusy,
    PeerError,
    PeerFailing,
)
from nop_ingest.ocpi.tokens import new_token, token_digest
from nop_ingest.ocpi.transcript import Step, Transcript
from nop_ingest.ocpi.versions import VERSIONS
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, SettingsError
from nop_registry.store import handshakes, peer_parties
from nop_registry.store.handshakes import Settled
from nop_registry.store.peers import Peer

SPOKEN = tuple(version.number for version in VERSIONS)
"""The versions of our credentials module, best first (VE-3)."""

_REFUSALS = (AuthFailed, EndpointMissing, PeerError, PeerBusy, EgressDenied)
"""After these the peer has certainly not done what we asked."""
_DEAD = (EndpointMissing, PeerError, PeerFailing, NotOcpi, EgressDenied)
"""After these the next best version is tried (VE-3)."""


class AnswerLost(OcpiError):
    """The peer may have agreed, but its answer did not arrive or cannot be used (CR-21)."""


class Outcome(msgspec.Struct, frozen=True):
    """What a handshake of ours brought."""

    peer: str
    version: str | None
    quarantined: list[str]
    """Parties that the peer named and nobody agreed on, such as IN*ABC."""
    warnings: list[str]


def register(
    connection: Connection,
    peer: Peer,
    *,
    versions_url: str,
    token: str | None,
    us: OurParty,
    key: bytes,
    version: str | None = None,
) -> Outcome:
    """Register with a peer that gave us its versions URL and token A (CR-20).

    `token` None: use the token A of an attempt whose answer was lost (CR-21). `version`: insist on
    one. Raises AnswerLost, or an OcpiError or InvalidInput after which nothing has changed.
    """
    if peer.state in ("registered", "static"):
        raise InvalidInput(f"{peer.name} is {peer.state}: rotate or unregister it instead")
    token = token or handshakes.find_registration_token(connection, peer, key)
    connection.rollback()  # it only read
    if token is None:
        raise InvalidInput(f"give the token that {peer.name} handed out: --token A")
    with _talk(connection, peer, versions_url) as (talk, transcript):
        transcript.mask.add("token A", token)
        offer, endpoints = _choose(talk, transcript, peer, token, version)
        job = _Job(connection, peer, us, key, talk, transcript)
        return job.agree("POST", offer.version, endpoints, versions_url, token)


def rotate(
    connection: Connection, peer: Peer, *, us: OurParty, key: bytes, version: str | None = None
) -> Outcome:
    """Renew both tokens by PUT (CR-30); with a better or another `version`, move to it.

    The token they send is accepted for a minute more. Raises as `register`.
    """
    token, url = peer.token(key), peer.versions_url
    if peer.state != "registered" or token is None or url is None:
        raise InvalidInput(f"{peer.name} is {peer.state}: only a registered connection is renewed")
    with _talk(connection, peer, url) as (talk, transcript):
        transcript.mask.add("our token until now", token)
        offer, endpoints = _choose(talk, transcript, peer, token, version)
        job = _Job(connection, peer, us, key, talk, transcript)
        return job.agree("PUT", offer.version, endpoints, url, token)


def unregister(connection: Connection, peer: Peer, *, key: bytes) -> Outcome:
    """End the connection: tell the peer by DELETE, then accept and send nothing more (CR-32).

    It ends on our side whatever the peer says; what went wrong is among the warnings.
    """
    token, url = None, peer.versions_url
    warnings: list[str] = []
    try:
        token = peer.token(key)
    except SettingsError as error:  # a connection must be ended without the key, too
        warnings.append(f"The peer was not told: {error}")
    if token and url and peer.state == "registered":
        with _talk(connection, peer, url) as (talk, transcript):
            transcript.mask.add("our token", token)
            warnings = _say_goodbye(talk, transcript, peer, token)
    with connection.transaction():
        handshakes.end(connection, handshakes.lock_peer(connection, peer), "we ended it")
    return Outcome(peer.name, None, [], warnings)


def call_back(connection: Connection, peer: Peer, *, key: bytes) -> None:
    """Ask for the endpoints of a peer whose call-back was put off (CR-12). Raises an OcpiError."""
    token, url = peer.token(key), peer.versions_url
    if token is None or url is None or peer.version is None:
        raise InvalidInput(f"{peer.name} is {peer.state}: there is nobody to call back")
    with _talk(connection, peer, url) as (talk, transcript):
        transcript.mask.add("our token", token)
        _, endpoints = _choose(talk, transcript, peer, token, peer.version)
    with connection.transaction():
        handshakes.settle_callback(connection, peer, endpoints)


@contextmanager
def _talk(
    connection: Connection, peer: Peer, versions_url: str
) -> Iterator[tuple[Conversation, Transcript]]:
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise RuntimeError("a handshake commits by itself: end the open transaction first")

    def record(step: Step) -> None:
        with connection.transaction():
            handshakes.record_step(connection, peer, "sent", msgspec.to_builtins(step))

    with connection.transaction():
        alone = handshakes.try_lock(connection, peer)
        quirks = handshakes.peer_quirks(connection, peer)
    if not alone:
        raise InvalidInput(f"another handshake with {peer.name} is under way; wait for its end")
    guard = Guard(allow_loopback=peer.allow_loopback, limits=LIMITS)
    transcript = Transcript(record)
    try:
        yield Conversation(guard, transcript, versions_url, quirks), transcript
    finally:
        guard.close()
        with connection.transaction():
            handshakes.unlock(connection, peer)


def _choose(
    talk: Conversation, transcript: Transcript, peer: Peer, token: str, wanted: str | None
) -> tuple[VersionOffer, list[Endpoint]]:
    """The best version that both speak and whose details can be read (VE-3)."""
    offers = talk.read_versions(token, None, "CR-20, VE-1")
    names = SPOKEN if wanted is None else (wanted,)
    usable = [offer for name in names for offer in offers if offer.version == name]
    with transcript.step("Choose a version", "VE-3") as step:
        if not usable:
            raise NoSupportedVersion(list(dict.fromkeys(o.version for o in offers)), names)
        step.says.append(f"Chosen: {usable[0].version}.")
    for number, offer in enumerate(usable, start=1):
        try:
            endpoints = talk.read_endpoints(offer, token, "CR-20, VE-4")
            break
        except _DEAD:
            if number == len(usable):
                raise
    _require_modules(transcript, peer, offer.version, endpoints)
    return offer, endpoints


def _require_modules(
    transcript: Transcript, peer: Peer, version: str, endpoints: list[Endpoint]
) -> None:
    """Without what we need there is no POST (CR-20)."""
    with transcript.step("See that all needed modules are offered", "CR-20"):
        needed: list[tuple[str, str | None]] = [("credentials", None)]
        if peer.supplies:
            needed.append(("locations", "SENDER"))
        for module, role in needed:
            if find_endpoint(endpoints, module, role) is None:
                raise ModuleMissing(
                    f"The peer offers no {module!r} module"
                    + (f" as {role}" if role and version != "2.1.1" else "")
                    + f" in OCPI {version}. Nothing was sent to it; ask the operator to add it."
                )


class _Job:
    """A POST or PUT of our credentials, and what follows from its answer."""

    def __init__(
        self,
        connection: Connection,
        peer: Peer,
        us: OurParty,
        key: bytes,
        talk: Conversation,
        transcript: Transcript,
    ) -> None:
        self.connection, self.peer, self.us, self.key = connection, peer, us, key
        self.talk, self.transcript = talk, transcript
        self.ours = new_token()
        transcript.mask.add("token B, ours", self.ours)

    def agree(
        self, method: str, version: str, endpoints: list[Endpoint], versions_url: str, token: str
    ) -> Outcome:
        first = method == "POST"
        offered = token_digest(self.ours)
        with self.connection.transaction():  # before the POST: the peer calls us back during it
            handshakes.begin(
                self.connection, self.peer, versions_url=versions_url, offered=offered,
                registration_token=token if first else None, key=self.key,
            )  # fmt: skip
        url = find_endpoint(endpoints, "credentials", None) or ""
        rule = "CR-20, CR-22" if first else "CR-30"
        try:
            with self.transcript.step(f"{method} our credentials", rule) as step:
                theirs = self._send(step, method, url, version, token)
        except _REFUSALS as error:
            with self.connection.transaction():
                handshakes.abandon(self.connection, self.peer, offered)
            raise self._explained(error) from None
        except (OcpiError, InvalidInput) as error:
            raise self._lost(error) from error
        settled = Settled(
            version=version, versions_url=versions_url, endpoints=endpoints, roles=theirs.roles,
            quirks={"token_encoding": self.talk.spelling} if self.talk.spelling else {},
        )  # fmt: skip
        with self.connection.transaction():
            now = handshakes.lock_peer(self.connection, self.peer)
            if now.state not in ("registering", "registered"):  # and our offer opens nothing
                raise AnswerLost(f"{self.peer.name} ended the connection while we renewed it.")
            handshakes.settle(
                self.connection, self.peer, settled, sends=theirs.token, accepted=offered,
                key=self.key, overlap=None if first else handshakes.OVERLAP,
            )  # fmt: skip
            quarantined = peer_parties.note_parties(self.connection, self.peer, theirs.parties())
        return Outcome(self.peer.name, version, quarantined, [*step.says, *self._confirm(theirs)])

    def _send(self, step: Step, method: str, url: str, version: str, token: str) -> Theirs:
        body = self.us.credentials(version, self.ours, self.peer.our_role)
        try:
            answer, envelope = self.talk.send(step, method, url, token, version, body)
        except PeerError as error:
            if error.http_status != 422:
                raise
            step.warn("HTTP 422: sent again with explicit nulls in business_details (CR-5).")
            answer, envelope = self.talk.send(step, method, url, token, version, _with_nulls(body))
        if len(envelope.items) != 1:
            raise InvalidInput("the peer's answer holds no credentials object")
        theirs = read_credentials(msgspec.json.decode(envelope.items[0]))
        mask = self.transcript.mask
        mask.add("token C, theirs", theirs.token)  # shown as token A or B if it is that
        step.exchanges[-1].answer_body = mask.body(answer.body)
        for deviation in theirs.deviations:
            step.warn(f"In the answer, {deviation}.")
        if theirs.token == self.ours:
            raise InvalidInput(
                "the peer's answer holds the token that we gave it, instead of one for us (CR-23)"
            )
        if theirs.token == token and method == "POST":
            step.warn("The peer gave us its token A again (CR-22).")
        return theirs

    def _confirm(self, theirs: Theirs) -> list[str]:
        """See whether the new token opens the peer's door: tells swapped tokens early (CR-23)."""
        try:
            self.talk.read_versions(theirs.token, None, "CR-23")
        except OcpiError as error:
            return [f"The new token does not open the peer's versions endpoint: {error}"]
        return []

    def _explained(self, error: OcpiError) -> OcpiError:
        """A 401 or 405 means that the peer sees the connection in another state (CR-14)."""
        in_state = isinstance(error, AuthFailed) or (
            isinstance(error, PeerError) and error.http_status == 405
        )
        if not in_state:
            return error
        if self.peer.state == "registering":
            return AnswerLost(
                f"{error} It seems to have registered us the last time, when its answer was lost: "
                "ask the operator to reset the connection and to send a new token A (CR-21)."
            )
        return error

    def _lost(self, error: Exception) -> AnswerLost:
        with self.connection.transaction():
            used = handshakes.offer_was_used(self.connection, self.peer)
        came = "It called us back, so our request arrived. " if used else ""
        return AnswerLost(
            f"{error} {came}The peer may have agreed; both states are kept ready. Try again: "
            f"`nop peer {'rotate' if self.peer.state == 'registered' else 'register'} "
            f"{self.peer.name} …` (CR-21)."
        )


def _with_nulls(body: dict[str, Any]) -> dict[str, Any]:
    """The same object with its optional fields as nulls: one family of servers insists (CR-5)."""
    nulls = {"thumbnail": None, "width": None, "height": None}
    found: dict[str, Any] = copy.deepcopy(body)
    for holder in found.get("roles", [found]):
        holder["business_details"]["logo"] |= nulls
    return found


def _say_goodbye(talk: Conversation, transcript: Transcript, peer: Peer, token: str) -> list[str]:
    """DELETE at the peer; 401, 404 and 405 mean that it has forgotten us already (CR-14)."""
    version = peer.version or SPOKEN[0]
    url = find_endpoint(peer.endpoints, "credentials", None)
    try:
        with transcript.step("DELETE our credentials", "CR-32") as step:
            if url is None:
                raise ModuleMissing("The peer's credentials endpoint is not known.")
            try:
                talk.send(step, "DELETE", url, token, version)
            except (AuthFailed, EndpointMissing) as error:
                step.warn(f"{error} It has ended the connection already (CR-14).")
            except PeerError as error:
                if error.http_status != 405:
                    raise
                step.warn(f"{error} It has ended the connection already (CR-14).")
    except OcpiError as error:
        return [f"The peer was not told: {error}"]
    return step.says
