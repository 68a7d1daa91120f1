"""First contact: address, versions, token, details, endpoints."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from nop_ingest.ocpi.discovery import (
    VersionOffer,
    choose_versions,
    parse_endpoints,
    parse_versions,
    trusted_url,
)
from nop_ingest.ocpi.egress import parse_url
from nop_ingest.ocpi.errors import EgressDenied, NoSupportedVersion, OcpiError, PeerUnreachable
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.probe.scene import CannotGoOn, Scene
from nop_ingest.ocpi.tokens import usual_spelling
from nop_ingest.ocpi.versions import find_version

_OPEN_FEED_VERSION = "2.2.1"


def make_contact(scene: Scene) -> None:
    """Find the version to speak and where its modules are. Raises CannotGoOn."""
    said = _read_versions(scene)
    offers = _look_at_versions(scene, said)
    _look_at_details(scene, offers)


def meet_open_feed(scene: Scene) -> None:
    """An open feed's lists are named by a person: it has no versions, details or tokens (P22)."""
    scene.spoken = scene.observer.version = scene.quirks.get("version") or _OPEN_FEED_VERSION
    scene.version = find_version(scene.spoken)
    for check in ("versions", "version-details", "endpoints", "endpoint-urls", "token-encoding"):
        scene.book.skipped(check, "an open feed: only its lists are known")


def _read_versions(scene: Scene) -> Said:
    book, asker = scene.book, scene.asker
    try:
        url = str(parse_url(scene.versions_url))
        found = _in_some_spelling(scene, url)
    except (EgressDenied, PeerUnreachable) as error:
        book.fail("address", str(error), "give a public https:// URL that answers")
        raise CannotGoOn(str(error)) from None
    if isinstance(found.error, EgressDenied):
        book.fail("address", str(found.error), "give a public https:// URL that answers")
        raise CannotGoOn(str(found.error))
    if url.startswith("https:"):
        book.passed("address", "https, and the certificate is accepted")
    elif asker.is_local:
        book.passed("address", "plain http on this machine, as a test may")
    else:
        book.fail("address", "plain http: anyone on the way can read the token", "offer https only")
    if found.error is not None:
        book.fail(
            "versions", str(found.error),
            "answer GET versions with a list of {version, url} for our token",
        )  # fmt: skip
        raise CannotGoOn(str(found.error))
    return found


def _in_some_spelling(scene: Scene, url: str) -> Said:
    """TR-5: the version is not known yet, so Base64 comes first; an empty list may be a refusal."""
    first: Said | None = None
    for spelling in scene.asker.spellings():
        said = scene.asker.ask(url, spelling=spelling)
        if said.error is None and said.items:
            scene.asker.spelling = spelling
            return said
        first = first or said
    assert first is not None  # noqa: S101 - there is at least one spelling
    return first


def _look_at_versions(scene: Scene, said: Said) -> list[VersionOffer]:
    offers = parse_versions(said.items)
    scene.offered = list(dict.fromkeys(offer.version for offer in offers))
    try:
        chosen = choose_versions(offers, scene.quirks.get("version"))
    except NoSupportedVersion as error:
        scene.book.fail("versions", str(error), "offer OCPI 2.2.1 or 2.3.0 under this URL")
        raise CannotGoOn(str(error)) from None
    unreadable = len(said.items) - len(offers)
    if unreadable:
        scene.book.warn(
            "versions", f"{unreadable} entries have no version or no url",
            "give each entry {version, url}",
        )  # fmt: skip
    scene.book.passed("versions", f"offered: {', '.join(scene.offered)}")
    return chosen


def _look_at_details(scene: Scene, offers: list[VersionOffer]) -> None:
    """Read the details of every offer; the first that can be read is the one to speak (VE-3)."""
    best: tuple[VersionOffer, Said, str] | None = None
    for offer in offers:
        found = _details(scene, offer)
        if found is not None and best is None:
            best = offer, found, scene.asker.spelling
    if best is None:
        raise CannotGoOn("the details of no version could be read")
    offer, said, scene.asker.spelling = best
    scene.spoken = scene.observer.version = offer.version
    scene.version = find_version(offer.version)
    if scene.version is None:
        raise CannotGoOn(f"OCPI {offer.version} is not read here")
    scene.book.passed("version-details", f"OCPI {offer.version} is the best of them")
    _look_at_endpoints(scene, said)


def _details(scene: Scene, offer: VersionOffer) -> Said | None:
    """The details in the version's own spelling of the token, else in the other one (TR-1)."""
    try:
        url = trusted_url(offer.url, scene.versions_url, scene.quirks)
    except EgressDenied as error:
        scene.book.fail(
            "version-details", f"the URL of {offer.version} leads to another host: {error}",
            "give URLs on the host of the versions URL",
        )  # fmt: skip
        return None
    said: Said | None = None
    usual = usual_spelling(offer.version) if scene.asker.has_token else scene.asker.spelling
    spellings = sorted(scene.asker.spellings(), key=lambda name: name != usual)
    for spelling in spellings:
        attempt = scene.asker.ask(url, spelling=spelling)
        if attempt.error is None and attempt.items:
            scene.asker.spelling = spelling
            _judge_spelling(scene, offer.version, spelling, usual)
            return attempt
        said = said or attempt
    reason = "it is empty" if said is None or said.error is None else str(said.error)
    scene.book.warn(
        "version-details", f"the details of {offer.version} cannot be read: {reason}",
        "take the version out of the list, or mend its URL",
    )  # fmt: skip
    return None


def _judge_spelling(scene: Scene, version: str, spelling: str, usual: str) -> None:
    if not scene.asker.has_token:
        scene.book.skipped("token-encoding", "there is no token")
    elif spelling == usual:
        words = "as it is" if usual == "raw" else "in Base64"
        scene.book.passed("token-encoding", f"{words}, as OCPI {version} has it")
    else:
        scene.book.warn(
            "token-encoding", f"OCPI {version}: the token is taken only as {spelling}, not {usual}",
            "accept it raw in 2.1.1 and in Base64 since 2.2, and better in both spellings",
        )  # fmt: skip


def _look_at_endpoints(scene: Scene, said: Said) -> None:
    book = scene.book
    entries = _entries(said)
    for module, url in parse_endpoints(said.items).items():
        _look_at_url(scene, module, url)
    names = ", ".join(sorted(scene.endpoints)) or "none"
    for entry in entries:
        name = str(entry.get("identifier"))
        if name != name.lower():
            book.warn("endpoints", f"the identifier {name} is not in lower case",
                      "write identifiers as OCPI does, such as locations")  # fmt: skip
        if not scene.is_older and not entry.get("role"):
            book.warn("endpoints", f"{name.lower()} is listed without a role",
                      "give every endpoint its role, SENDER or RECEIVER")  # fmt: skip
    for module in ("tariffs", "locations"):
        if module not in parse_endpoints(said.items):
            book.fail(
                "endpoints", f"{module} is not offered as SENDER; offered: {names}",
                f"offer the module {module} with the role SENDER",
            )  # fmt: skip
    book.passed("endpoints", f"offered: {names}")
    if "locations" not in scene.endpoints:
        raise CannotGoOn("there is no locations list that may be read")


def _look_at_url(scene: Scene, module: str, url: str) -> None:
    mend = "build URLs from the public address, not from the Host header behind the proxy"
    base = parse_url(scene.versions_url)
    try:
        trusted = trusted_url(url, scene.versions_url, scene.quirks)
    except EgressDenied:
        with contextlib.suppress(OcpiError):
            host = parse_url(url, base).host
            scene.book.fail("endpoint-urls", f"{module} is said to be on {host}", mend)
            return
        scene.book.fail("endpoint-urls", f"the URL of {module} is not usable", mend)
        return
    if trusted.rstrip("/") != str(parse_url(url, base)).rstrip("/"):
        scene.book.warn("endpoint-urls", f"{module} is said to be at {url[:100]}", mend)
    scene.book.passed("endpoint-urls", "on the address of the versions URL")
    scene.endpoints[module] = trusted


def _entries(said: Said) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in said.items:
        with contextlib.suppress(msgspec.MsgspecError, UnicodeDecodeError):
            details = msgspec.json.decode(item)
            listed = details.get("endpoints") if isinstance(details, dict) else None
            if isinstance(listed, list):
                found += [e for e in listed if isinstance(e, dict)]
    return found
