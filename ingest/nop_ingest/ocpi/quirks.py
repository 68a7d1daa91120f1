"""How a peer deviates from OCPI: what was found by itself, and what a person may set.

They are kept in `source.quirks` and listed for a person by `nop source quirks`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from nop_ingest.ocpi.discovery import SUPPORTED
from nop_ingest.ocpi.routing import HUB, NONE, PARTY
from nop_registry.errors import InvalidInput

_PARTY = re.compile(r"[A-Z]{2}\*[A-Z0-9]{3}")


class Quirk(NamedTuple):
    """One thing in which peers differ."""

    meaning: str
    """A sentence for the person who runs the source."""
    found: bool
    """We find it by ourselves; setting it only saves the trial."""
    choices: tuple[Any, ...] = ()
    """The values it may have; empty: see `_checked`."""


class Deviation(NamedTuple):
    """A quirk of one source, for display."""

    name: str
    value: Any
    found: bool
    meaning: str


_FLAG = (True, False)
QUIRKS = {
    "token_encoding": Quirk(
        "How the token is spelt in the Authorization header (TR-1, TR-5).", True, ("base64", "raw")
    ),
    "date_format": Quirk("The spelling of date_from that the peer accepts (PU-6).", True),
    "ignores_date_from": Quirk(
        "The peer sends everything whatever date_from says: each pull is a full one (PU-6).",
        True, _FLAG,
    ),
    "no_incremental": Quirk(
        "The peer refuses date_from in every spelling: each pull is a full one (PU-6).",
        True, _FLAG,
    ),
    "page_limit": Quirk(
        "The page size that is asked for instead of ours; null: none may be asked for.", True
    ),
    "trailing_slash": Quirk(
        "The URLs of lists end with a slash, whatever the version details say (VE-7).", True, _FLAG
    ),
    "routing": Quirk(
        "Whom the OCPI-to headers name: nobody, the peer's first CPO, or the hub (RT-3).",
        True, (NONE, PARTY, HUB),
    ),
    "clock_ahead_s": Quirk("Seconds that the peer's clock is ahead of ours (PU-5).", True),
    "advertised_origin": Quirk(
        "The peer names its URLs with this origin; we call that of its versions URL (VE-8).", True
    ),
    "version": Quirk("Read this OCPI version only, not the best one (VE-3).", False, SUPPORTED),
    "party": Quirk("Owner of objects that name none, such as IN*TPC (OCPI 2.1.1).", False),
    "hub": Quirk("Party of the hub that the peer is, such as NL*HUB (RT-3).", False),
    "rewrite_origin": Quirk(
        "Use the paths of the peer's URLs on the host of its versions URL (VE-8).", False, _FLAG
    ),
    "hosts": Quirk("Further hosts to which the token may be sent (VE-8).", False),
    "ignore_total": Quirk("X-Total-Count is wrong and not believed (PU-9).", False, _FLAG),
    "date_to": Quirk("Send date_to = now, for peers that freeze its default (PU-7).", False, _FLAG),
}  # fmt: skip


def describe(quirks: Mapping[str, Any]) -> list[Deviation]:
    """What is known of a source, those found by themselves first. A clock in step is none."""
    known = [
        Deviation(name, value, quirk.found, quirk.meaning)
        for name, value in quirks.items()
        if (quirk := QUIRKS.get(name)) and not (name == "clock_ahead_s" and not value)
    ]
    return sorted(known, key=lambda deviation: (not deviation.found, deviation.name))


def parse_quirk(text: str) -> tuple[str, Any]:
    """`name=value` as a person types it; the value is JSON or a word. Raises InvalidInput."""
    name, _, typed = text.partition("=")
    try:
        value = json.loads(typed)
    except ValueError:
        value = typed
    if name == "version":
        value = typed
    quirk = QUIRKS.get(name)
    if quirk is None:
        raise InvalidInput(f"no quirk named {name!r}; there are: {', '.join(QUIRKS)}")
    if not _accepts(name, quirk, value):
        choices = " or ".join(map(str, quirk.choices)).lower()
        raise InvalidInput(
            f"{name} cannot be {typed!r}. " + (f"It is {choices}." if choices else quirk.meaning)
        )
    return name, value


def _accepts(name: str, quirk: Quirk, value: Any) -> bool:
    if quirk.choices:
        return value in quirk.choices and isinstance(value, type(quirk.choices[0]))
    match name:
        case "party" | "hub":
            return isinstance(value, str) and _PARTY.fullmatch(value) is not None
        case "hosts":
            return isinstance(value, list) and all(isinstance(host, str) for host in value)
        case "page_limit":
            return value is None or (type(value) is int and value > 0)
        case "date_format":
            return isinstance(value, str) and value.startswith("%Y")
        case _:  # measured, not set
            return False


def party_in(quirks: Mapping[str, Any], name: str) -> tuple[str, str] | None:
    """The party that a person named as `party` or `hub`."""
    text = quirks.get(name)
    if not isinstance(text, str) or not _PARTY.fullmatch(text):
        return None
    country_code, party_id = text.split("*")
    return country_code, party_id
