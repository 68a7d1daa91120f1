"""The Credentials object: as the three versions have it, and as servers send it (CR-1 to CR-5)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from nop_ingest.normalise.text import clean
from nop_registry.errors import InvalidInput
from nop_registry.settings import Settings
from nop_registry.store.peer_parties import NamedParty, parse_party

_LONGEST_TOKEN = 4000  # JWTs occur (TR-6)
_LONGEST_URL = 2000
_LONGEST_NAME = 100
_MOST_ROLES = 5000


class OurParty(msgspec.Struct, frozen=True):
    """Who we are, as every peer is told."""

    public_url: str
    """Where we are reached, without a last slash."""
    country_code: str
    party_id: str
    name: str

    @property
    def versions_url(self) -> str:
        """Where every peer begins. What it then finds depends on its token (RO-2)."""
        return f"{self.public_url}/ocpi/versions"

    def credentials(self, version: str, token: str, role: str) -> dict[str, Any]:
        """Our Credentials object for one peer (CR-1, CR-2), with website and logo (CR-5)."""
        business = {
            "name": self.name,
            "website": self.public_url,
            "logo": {
                "url": f"{self.public_url}/static/current/mark.svg",
                "category": "OWNER",
                "type": "svg",
            },
        }
        party = {"party_id": self.party_id, "country_code": self.country_code}
        about: dict[str, Any] = {"token": token, "url": self.versions_url}
        if version == "2.1.1":
            return about | {"business_details": business} | party
        return about | {"roles": [{"role": role, "business_details": business} | party]}


def our_party(settings: Settings) -> OurParty:
    """Who this installation is."""
    return OurParty(settings.public_url, settings.country, settings.party_id, settings.party_name)


class Theirs(msgspec.Struct, frozen=True):
    """A peer's Credentials object, read tolerantly."""

    token: str
    url: str
    roles: list[dict[str, Any]]
    """role, country_code, party_id, name, website; what could not be read is left out."""
    deviations: list[str]
    """What was unusual about it, for the transcript."""

    def __repr__(self) -> str:
        return f"Theirs(url={self.url!r}, roles={self.roles!r})"  # never the token

    def parties(self) -> list[NamedParty]:
        """Those whose objects it may deliver: all that it names but a hub itself (CR-3, CR-4)."""
        return [
            NamedParty(r["country_code"], r["party_id"], r.get("role"), r.get("name"))
            for r in self.roles
            if r.get("role") != "HUB"
        ]


def read_credentials(data: object) -> Theirs:
    """Read a Credentials object of any version. Raises InvalidInput, naming what is missing."""
    deviations: list[str] = []
    if isinstance(data, list) and len(data) == 1:
        deviations.append("the object came as a list of one (CR-22)")
        data = data[0]
    if not isinstance(data, dict):
        raise InvalidInput("the credentials must be a JSON object with token and url")
    return Theirs(
        token=_token(data.get("token"), deviations),
        url=_url(data.get("url")),
        roles=list(_roles(data, deviations)),
        deviations=deviations,
    )


def _token(value: object, deviations: list[str]) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidInput("the credentials have no token: give the token that we shall send")
    token = value.strip()
    if token != value:
        deviations.append("blanks around the token were removed (CR-22)")
    if token.lower().startswith("token "):
        token = token[6:].strip()
        deviations.append('the word "Token" inside the token was removed (CR-23)')
    if not token or len(token) > _LONGEST_TOKEN:
        raise InvalidInput(f"the token must have 1 to {_LONGEST_TOKEN} characters")
    if not token.isprintable():
        raise InvalidInput("the token has characters that cannot be sent: use printable ASCII")
    if len(token) > 64:
        deviations.append("the token is longer than 64 characters (TR-6)")
    return token


def _url(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_URL:
        raise InvalidInput("the credentials have no url: give that of your versions endpoint")
    if not value.strip().isprintable():
        raise InvalidInput("the url has characters that no URL has")
    return value.strip()


def _roles(data: dict[str, Any], deviations: list[str]) -> Iterator[dict[str, Any]]:
    """One role object instead of a list, fields of 2.1.1, lower case: all are read (CR-5)."""
    roles = data.get("roles")
    if isinstance(roles, dict):
        deviations.append("roles is one object instead of a list (CR-5)")
        roles = [roles]
    listed = roles if isinstance(roles, list) else []
    if not listed and data.get("party_id"):
        listed = [data]  # 2.1.1 says it in the object itself, and names no role
    elif not listed:
        deviations.append("no roles: whose objects these are is not said (CR-22)")
    if isinstance(hub := data.get("hub_party_id"), str):  # 2.3.0, whose roles have no HUB (CR-4)
        listed = [{"role": "HUB", "country_code": hub[:2], "party_id": hub[2:]}, *listed]
    known: set[tuple[object, ...]] = set()
    for role in listed[:_MOST_ROLES]:
        found = _role(role)
        if found is None:
            deviations.append("a role without a usable country_code and party_id was passed over")
        elif (key := (found.get("role"), found["country_code"], found["party_id"])) not in known:
            known.add(key)
            yield found


def _role(role: object) -> dict[str, Any] | None:
    if not isinstance(role, dict):
        return None
    try:
        country, party = parse_party(f"{role.get('country_code')}*{role.get('party_id')}")
    except InvalidInput:
        return None
    found: dict[str, Any] = {"country_code": country, "party_id": party}
    if isinstance(name := role.get("role"), str) and name.strip().isprintable():
        found["role"] = name.strip().upper()[:20]
    business = role.get("business_details")
    for field in ("name", "website"):
        value = business.get(field) if isinstance(business, dict) else None
        if isinstance(value, str) and (plain := clean(value)):
            found[field] = plain[:_LONGEST_NAME] if field == "name" else plain[:255]
    return found
