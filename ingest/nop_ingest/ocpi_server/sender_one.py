"""One Location, EVSE or Connector for a consumer (ocpi.md SE-1, SE-2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nop_ingest.ocpi_server.envelope import INVALID, UNKNOWN_LOCATION, OcpiRefusal
from nop_ingest.ocpi_server.routing import Party
from nop_ingest.ocpi_server.sender_lists import take_snapshot
from nop_ingest.ocpi_server.sender_objects import Speaker, say_locations
from nop_registry.database import Connection
from nop_registry.queries.emissions import find_locations, is_party


def read_one(
    connection: Connection, speaker: Speaker, names: Sequence[str], addressed: Party | None
) -> dict[str, Any]:
    """The object under these names: location id, then EVSE uid, then connector id.

    Ids are unique for one owner only. The one addressed counts, if it is an owner; a 2.1.1 consumer
    may have ids that name the owner. Raises OcpiRefusal: 404, or 2001 when the id is ambiguous.
    """
    take_snapshot(connection)
    location_id, party = names[0], addressed
    if speaker.prefixes:
        country, _, rest = location_id.partition("*")
        party_id, _, location_id = rest.partition("*")
        party = (country.upper(), party_id.upper())
    elif party is not None and not is_party(connection, *party):
        party = None  # some clients put their own party there (SE-10)
    found = find_locations(connection, speaker.scope, location_id, party, dated=speaker.dated)
    if len(found) > 1:
        raise OcpiRefusal(
            200, INVALID, f"{len(found)} owners have a location of this id: name one of them in "
            "OCPI-to-country-code and OCPI-to-party-id",
        )  # fmt: skip
    said = say_locations(connection, speaker, found)
    document = said[0].document if said else None
    if document is None:
        reason = said[0].dropped[-1] if said and said[0].dropped else "no such location"
        raise OcpiRefusal(404, UNKNOWN_LOCATION, reason)
    for key, members, name in zip(("uid", "id"), ("evses", "connectors"), names[1:], strict=False):
        inside: list[dict[str, Any]] = document.get(members) or []
        document = next((one for one in inside if one[key].casefold() == name.casefold()), None)
        if document is None:
            raise OcpiRefusal(404, UNKNOWN_LOCATION, f"none of its {members} has this {key}")
    return document
