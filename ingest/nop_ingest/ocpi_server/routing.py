"""OCPI-from-* and OCPI-to-* on functional modules since 2.2 (ocpi.md RT-1, RT-2, SE-10)."""

from __future__ import annotations

import re

from nop_ingest.ocpi_server.envelope import AnyRequest

_COUNTRY, _PARTY = re.compile(r"[A-Za-z]{2}"), re.compile(r"[A-Za-z0-9]{3}")
Party = tuple[str, str]
"""Country code and party id."""


def named_party(request: AnyRequest, side: str) -> Party | None:
    """The party that a request names as `from` or `to`, in upper case; None: none, or no party.

    Values that nobody knows are no reason to refuse: some clients name themselves as `to`.
    """
    country = request.headers.get(f"ocpi-{side}-country-code", "").strip()
    party = request.headers.get(f"ocpi-{side}-party-id", "").strip()
    if not (_COUNTRY.fullmatch(country) and _PARTY.fullmatch(party)):
        return None
    return country.upper(), party.upper()


def routing_headers(request: AnyRequest, version: str, us: Party) -> dict[str, str]:
    """Those of the answer: back to who asked, from whom they addressed, else from us.

    None in 2.1.1, which has no such headers, and none for who sends none.
    """
    sender, addressed = named_party(request, "from"), named_party(request, "to")
    if version == "2.1.1" or (sender is None and addressed is None):
        return {}
    headers = _headers("from", addressed or us)
    return headers | (_headers("to", sender) if sender else {})


def _headers(side: str, party: Party) -> dict[str, str]:
    return {f"OCPI-{side}-country-code": party[0], f"OCPI-{side}-party-id": party[1]}
