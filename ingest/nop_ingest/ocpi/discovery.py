"""From the list of versions to the URLs of the modules (ocpi.md section 3)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

import msgspec

from nop_ingest.ocpi.egress import parse_url
from nop_ingest.ocpi.errors import EgressDenied, ModuleMissing, NoSupportedVersion
from nop_ingest.ocpi.links import bring_home

# In order of preference. 2.2 is read as 2.2.1, and only where nothing better is offered.
SUPPORTED = ("2.3.0", "2.2.1", "2.1.1", "2.2")


class VersionOffer(msgspec.Struct, frozen=True):
    """One line of a peer's versions list."""

    version: str
    url: str


class Endpoints(msgspec.Struct, frozen=True):
    """Where a peer's modules are."""

    version: str
    """As the peer calls it, such as 2.2.1 or 2.2."""
    modules: dict[str, str]
    """Module identifier -> URL of its Sender interface."""
    offered: list[str]
    """Every version the peer offers, for the record."""

    def url_of(self, module: str) -> str:
        """Raises ModuleMissing, naming what is offered."""
        if module not in self.modules:
            raise ModuleMissing(
                f"The peer offers no {module!r} module to read in OCPI {self.version}; it offers: "
                f"{', '.join(sorted(self.modules)) or 'none'}. Ask the operator to add it."
            )
        return self.modules[module]


class _Endpoint(msgspec.Struct):
    identifier: str
    url: str
    role: str | None = None


class _Details(msgspec.Struct):
    endpoints: list[msgspec.Raw] = []


def parse_versions(items: Iterable[msgspec.Raw]) -> list[VersionOffer]:
    """The readable lines of a versions list; others are passed over (VE-3)."""
    offers = []
    for item in items:
        with contextlib.suppress(ValueError):
            offers.append(msgspec.json.decode(item, type=VersionOffer))
    return offers


def choose_versions(offers: list[VersionOffer], pinned: str | None = None) -> list[VersionOffer]:
    """The supported offers, best first; only the `pinned` version where a person chose one.

    A version may be listed twice, as some do for their two roles. Raises NoSupportedVersion.
    """
    wanted = (pinned,) if pinned else SUPPORTED
    chosen = [offer for version in wanted for offer in offers if offer.version == version]
    if not chosen:
        raise NoSupportedVersion(list(dict.fromkeys(offer.version for offer in offers)), wanted)
    return list(dict.fromkeys(chosen))


def parse_endpoints(items: Iterable[msgspec.Raw]) -> dict[str, str]:
    """Module -> URL of the Sender interface. An entry without a role counts as that (VE-5)."""
    entries = []
    for item in items:
        with contextlib.suppress(ValueError):
            entries += msgspec.json.decode(item, type=_Details).endpoints
    found: dict[str, tuple[bool, str]] = {}
    for raw in entries:
        with contextlib.suppress(ValueError):  # also text that is not UTF-8
            entry = msgspec.json.decode(raw, type=_Endpoint)
            role = (entry.role or "").strip().upper()
            name = entry.identifier.strip().lower()
            if role not in ("", "SENDER") or (name in found and (found[name][0] or not role)):
                continue
            found[name] = (bool(role), entry.url.strip())
    return {name: url for name, (_, url) in found.items()}


def trusted_url(text: str, home: str, quirks: dict[str, Any]) -> str:
    """A URL that the peer named, if the token may go there; brought home where that is safe.

    Same host: the scheme and port of the versions URL are used (VE-8). Another host: refused,
    unless a person allowed it in the source's quirks: `rewrite_origin` (use the path on our host)
    or `hosts` (a list of further hosts). Raises EgressDenied.
    """
    base = parse_url(home)
    url = parse_url(text, base)
    hosts = quirks.get("hosts")
    if isinstance(hosts, list) and url.host in hosts:
        return str(url)
    found = bring_home(url, base, rewrite=bool(quirks.get("rewrite_origin")))
    if found is None:
        raise EgressDenied(
            "The peer's version details lead to another host. The token was not sent there; ask "
            "the operator, then allow the host for this source."
        )
    return str(found)
