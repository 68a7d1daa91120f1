"""HubClientInfo, Receiver: a hub tells which parties it reaches (ocpi.md RT-4, RT-5)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath

from nop_ingest.ocpi.client_info import read_client_info
from nop_ingest.ocpi_server.doorkeeper import in_database, require_admission
from nop_ingest.ocpi_server.envelope import CLIENT_ERROR, INVALID, AnyRequest, OcpiRefusal, answer
from nop_ingest.ocpi_server.routes import ocpi_route
from nop_ingest.ocpi_server.versions import require_method, require_version
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import peer_parties
from nop_registry.store.peers import Peer, note_token_use

_MOST_BYTES = 64 << 10


@ocpi_route(
    "/ocpi/{version:str}/receiver/clientinfo/{country:str}/{party:str}",
    request_max_body_size=_MOST_BYTES,
)
async def serve_client_info(
    request: AnyRequest, version: FromPath[str], country: FromPath[str], party: FromPath[str]
) -> Response[bytes]:
    """GET and PUT of one party. There is no DELETE: a hub says SUSPENDED."""
    peer = await in_database(request, lambda connection: _admit(connection, request))
    require_version(version)
    if version == "2.1.1" or not peer.is_hub:
        raise OcpiRefusal(404, CLIENT_ERROR, "this connection has no module hubclientinfo")
    require_method(request, "GET", "PUT")
    named = _party(country, party)
    if request.method == "GET":
        found = await in_database(request, lambda connection: _find(connection, peer, named))
        return answer(request, msgspec.json.encode(found))
    info = read_client_info(await request.body(), datetime.now(UTC))
    if (info.party.country_code, info.party.party_id) != named:
        raise OcpiRefusal(200, INVALID, "country_code and party_id differ from those in the URL")
    new = await in_database(
        request,
        lambda connection: peer_parties.note_client_info(
            connection, peer, info.party, info.status, info.last_updated
        ),
    )
    return answer(request, http=201 if new is peer_parties.Noted.NEW else 200)


def _admit(connection: Connection, request: AnyRequest) -> Peer:
    admission = require_admission(connection, request)
    if admission.fresh:
        note_token_use(connection, admission)
    return admission.peer


def _party(country: str, party: str) -> tuple[str, str]:
    try:
        return peer_parties.parse_party(f"{country}*{party}")
    except InvalidInput as error:
        raise OcpiRefusal(404, INVALID, str(error)) from None


def _find(connection: Connection, peer: Peer, named: tuple[str, str]) -> dict[str, Any]:
    for known in peer_parties.list_parties(connection, peer):
        if (known.country_code, known.party_id) == named and known.connection:
            at = known.last_updated or datetime.now(UTC)
            return {
                "party_id": known.party_id,
                "country_code": known.country_code,
                "role": known.role or "CPO",
                "status": known.connection,
                "last_updated": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            }
    raise OcpiRefusal(404, CLIENT_ERROR, f"nothing is known of {'*'.join(named)}")


ROUTES = [serve_client_info]
