"""One request at a time to a peer in a handshake, each written down in the transcript."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.body import Limits
from nop_ingest.ocpi.discovery import VersionOffer, parse_versions, trusted_url
from nop_ingest.ocpi.egress import Answer, Guard
from nop_ingest.ocpi.envelope import Envelope
from nop_ingest.ocpi.errors import AuthFailed, NotOcpi, OcpiError, PeerError
from nop_ingest.ocpi.tokens import spelled, usual_spelling
from nop_ingest.ocpi.transcript import Exchange, Step, Transcript

LIMITS = Limits(call_s=30.0, wire_bytes=1 << 20, decoded_bytes=1 << 20)
CALLBACK_LIMITS = Limits(
    call_s=5.0, connect_s=5.0, read_s=5.0, wire_bytes=1 << 20, decoded_bytes=1 << 20
)
"""For calls while the peer waits for our answer (CR-12)."""
_MOST_ENDPOINTS = 200

Endpoint = dict[str, str]
"""identifier, url, and role where one was given; spelt in one way."""


class Conversation:
    """Talks to the peer whose versions endpoint is `home`."""

    def __init__(
        self, guard: Guard, transcript: Transcript, home: str, quirks: dict[str, Any]
    ) -> None:
        self._guard = guard
        self._transcript = transcript
        self._home = home
        self._quirks = quirks
        self._correlation_id = str(uuid.uuid4())
        self.spelling: str | None = None
        """How the peer wants tokens spelled: known after the first answer (TR-5)."""

    def read_versions(self, token: str, version: str | None, rule: str) -> list[VersionOffer]:
        """What the peer offers. Its own details instead of a list are an offer of one (CR-22).

        `version`: the one that is spoken, if known. Raises an OcpiError.
        """
        with self._transcript.step("Ask which versions the peer offers", rule) as step:
            found = self._get(step, self._home, token, version, first=True)
            offers = parse_versions(found.items)
            if not offers and (details := _details(found)) and "endpoints" in details:
                offers = [VersionOffer(str(details.get("version") or version), self._home)]
                step.warn("The URL is that of version details, not of the versions list (CR-22).")
            names = ", ".join(dict.fromkeys(offer.version for offer in offers))
            step.says.append(f"Offered: {names or 'nothing'}.")
            return offers

    def read_endpoints(self, offer: VersionOffer, token: str, rule: str) -> list[Endpoint]:
        """The modules of one version, readable entries only (VE-4, VE-5). Raises an OcpiError."""
        with self._transcript.step(f"Ask for the modules of {offer.version}", rule) as step:
            url = self.trusted(offer.url)
            if url != offer.url:
                step.warn(f"The URL {offer.url} was taken as {url} (VE-8).")
            found = self._get(step, url, token, offer.version)
            details = _details(found) or {}
            if str(details.get("version", offer.version)) != offer.version:
                step.warn(f"The details call themselves version {details.get('version')}.")
            endpoints = _endpoints(details.get("endpoints"))
            names = ", ".join(f"{e['identifier']} {e.get('role', '')}".strip() for e in endpoints)
            step.says.append(f"Modules: {names or 'none'}.")
            return endpoints

    def send(
        self, step: Step, method: str, url: str, token: str, version: str, body: Any = None
    ) -> tuple[Answer, Envelope]:
        """POST, PUT or DELETE to the peer's credentials endpoint.

        A refused token is spelled the other way once: nothing was done then (TR-5). Raises an
        OcpiError.
        """
        encoded = None if body is None else msgspec.json.encode(body)
        failure: OcpiError | None = None
        for spelling, header in self._headers(token, version):
            answer = self._exchange(step, method, self.trusted(url), header, encoded)
            try:
                envelope = _opened(answer, self._transcript)
            except AuthFailed as error:
                failure = failure or error
                continue
            self.spelling = spelling
            return answer, envelope
        assert failure is not None  # noqa: S101 - there is always one spelling
        raise failure

    def trusted(self, url: str) -> str:
        """A URL that the peer named, if the token may go there (VE-8). Raises EgressDenied."""
        return trusted_url(url, self._home, self._quirks)

    def _get(
        self, step: Step, url: str, token: str, version: str | None, *, first: bool = False
    ) -> Envelope:
        """On first contact an error or an empty list may hide a refused token (TR-5)."""
        failures: list[OcpiError] = []
        empty: Envelope | None = None
        for spelling, header in self._headers(token, version):
            answer = self._exchange(step, "GET", url, header, None)
            try:
                found = _opened(answer, self._transcript)
            except AuthFailed as error:
                failures.insert(0, error)
                continue
            except PeerError as error:
                if not first:
                    raise
                failures.append(error)
                continue
            if first and not found.items:
                empty = found
                continue
            if failures or empty:
                step.warn(f"The peer takes the token only when it is sent as {spelling} (TR-5).")
            self.spelling = spelling
            return found
        if empty is not None:
            return empty
        raise failures[0]

    def _headers(self, token: str, version: str | None) -> list[tuple[str, str]]:
        preferred = self.spelling or usual_spelling(version)
        return sorted(spelled(token).items(), key=lambda item: item[0] != preferred)

    def _exchange(
        self, step: Step, method: str, url: str, authorization: str, body: bytes | None
    ) -> Answer:
        headers = {
            "Authorization": authorization,
            "Accept": "application/json",
            "User-Agent": "nop-ingest",
            "X-Request-ID": str(uuid.uuid4()),
            "X-Correlation-ID": self._correlation_id,
        }
        if body is not None:
            headers["Content-Type"] = "application/json"
        mask = self._transcript.mask
        exchange = Exchange(method, mask.text(url), mask.headers(headers), mask.body(body))
        step.exchanges.append(exchange)
        if method == "GET":
            answer = self._guard.get(url, headers)
        else:
            answer = self._guard.request(method, url, headers, body)
        exchange.status = answer.status
        exchange.answer_headers = mask.headers(answer.headers)
        # The tokens in a credentials answer are not known yet: fields named token are masked.
        exchange.answer_body = mask.body(answer.body)
        return answer


def find_endpoint(endpoints: list[Endpoint], module: str, role: str | None) -> str | None:
    """The URL of a module; a given role is preferred, one without a role will do (VE-4, VE-5).

    `role` None: whichever it has (the role of credentials means nothing, VE-6).
    """
    named = [e for e in endpoints if e["identifier"] == module]
    if role is None:
        named.sort(key=lambda e: e.get("role") != "SENDER")
    else:
        named = sorted(
            (e for e in named if e.get("role", role) == role), key=lambda e: "role" not in e
        )
    return named[0]["url"] if named else None


def _opened(answer: Answer, transcript: Transcript) -> Envelope:
    if answer.status == 405:
        raise PeerError(
            "The peer does not allow this in the state in which it sees the connection (HTTP 405).",
            status_code=None,
            http_status=405,
        )
    return open_answer(answer, transcript.mask.text)


def _details(envelope: Envelope) -> dict[str, Any] | None:
    if len(envelope.items) != 1:
        return None
    try:
        found = msgspec.json.decode(envelope.items[0])
    except (msgspec.DecodeError, RecursionError):
        raise NotOcpi("The peer's version details cannot be read.", retriable=False) from None
    return found if isinstance(found, dict) else None


def _endpoints(entries: object) -> list[Endpoint]:
    found: list[Endpoint] = []
    for entry in entries[:_MOST_ENDPOINTS] if isinstance(entries, list) else []:
        if not isinstance(entry, dict):
            continue
        name, url, role = entry.get("identifier"), entry.get("url"), entry.get("role")
        if not (isinstance(name, str) and isinstance(url, str)):
            continue
        if url.strip() and (name.strip() + url.strip()).isprintable():
            one = {"identifier": name.strip().lower()[:64], "url": url.strip()[:2000]}
            if isinstance(role, str) and role.strip() and role.strip().isprintable():
                one["role"] = role.strip().upper()[:20]
            found.append(one)
    return found
