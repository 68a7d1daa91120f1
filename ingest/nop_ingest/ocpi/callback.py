"""We are asked: while a peer's POST or PUT waits, see whether its server can be used (CR-10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from nop_ingest.ocpi.conversation import CALLBACK_LIMITS, Conversation, Endpoint, find_endpoint
from nop_ingest.ocpi.credentials_object import Theirs
from nop_ingest.ocpi.egress import Guard
from nop_ingest.ocpi.errors import OcpiError
from nop_ingest.ocpi.transcript import Transcript
from nop_registry.store.peers import Peer

UNUSABLE_API, UNSUPPORTED_VERSION, NO_ENDPOINTS = 3001, 3002, 3003


class CallbackFailed(OcpiError):
    """The peer cannot be registered; `code` is the OCPI status that tells it why."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class CalledBack(NamedTuple):
    """What the peer's server answered."""

    endpoints: list[Endpoint]
    quirks: dict[str, Any]
    """How it wants tokens spelled."""


def ask_back(
    peer: Peer, theirs: Theirs, version: str, quirks: Mapping[str, Any], transcript: Transcript
) -> CalledBack:
    """The peer's endpoints for the version in which it registers. Raises CallbackFailed.

    A few seconds a request, one MiB an answer, public addresses only (CR-12).
    """
    guard = Guard(allow_loopback=peer.allow_loopback, limits=CALLBACK_LIMITS)
    talk = Conversation(guard, transcript, theirs.url, dict(quirks))
    try:
        endpoints = _ask(talk, theirs, version)
    except CallbackFailed:
        raise
    except OcpiError as error:
        text = transcript.mask.text(str(error))
        raise CallbackFailed(UNUSABLE_API, f"we called {theirs.url} back: {text}") from None
    finally:
        guard.close()
    _require(peer, version, endpoints, transcript)
    return CalledBack(endpoints, {"token_encoding": talk.spelling} if talk.spelling else {})


def _ask(talk: Conversation, theirs: Theirs, version: str) -> list[Endpoint]:
    offers = talk.read_versions(theirs.token, version, "CR-10")
    offer = next((offer for offer in offers if offer.version == version), None)
    if offer is None:
        names = ", ".join(dict.fromkeys(offer.version for offer in offers)) or "none at all"
        raise CallbackFailed(
            UNSUPPORTED_VERSION, f"your versions endpoint does not offer {version}; it has {names}"
        )
    return talk.read_endpoints(offer, theirs.token, "CR-10")


def _require(peer: Peer, version: str, endpoints: list[Endpoint], transcript: Transcript) -> None:
    with transcript.step("See that all needed modules are offered", "CR-10"):
        if peer.supplies and find_endpoint(endpoints, "locations", "SENDER") is None:
            role = "" if version == "2.1.1" else " with role SENDER"
            raise CallbackFailed(
                NO_ENDPOINTS, f"your details of {version} list no `locations`{role}, so nothing "
                "can be pulled from you"
            )  # fmt: skip
