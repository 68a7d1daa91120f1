"""Versions and version details (ocpi.md section 3): which modules a connection finds with us."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from litestar import Response
from litestar.params import FromPath

from nop_ingest.ocpi.credentials_object import our_party
from nop_ingest.ocpi.versions import VERSIONS
from nop_ingest.ocpi_server.doorkeeper import in_database, require_admission
from nop_ingest.ocpi_server.envelope import (
    CLIENT_ERROR,
    UNSUPPORTED_VERSION,
    AnyRequest,
    OcpiRefusal,
    answer,
)
from nop_ingest.ocpi_server.routes import ocpi_route
from nop_registry.database import Connection
from nop_registry.store.peers import Admission, Peer, note_token_use

Side = Literal["cpo", "emsp"]
"""2.1.1 lists a module once: `cpo` is where others read us, `emsp` where they push (RO-2)."""

SERVED = tuple(version.number for version in VERSIONS)
"""The versions we offer, best first."""


def require_version(version: str) -> None:
    """Raises OcpiRefusal 404/3002 for a version that we do not serve."""
    if version not in SERVED:
        raise OcpiRefusal(
            404, UNSUPPORTED_VERSION, f"OCPI {version} is not served: {', '.join(SERVED)} are"
        )


def require_method(request: AnyRequest, *allowed: str) -> None:
    """Raises OcpiRefusal 405."""
    if request.method not in allowed:
        raise OcpiRefusal(
            405, CLIENT_ERROR, f"{request.method} is not defined here", allow=", ".join(allowed)
        )


def list_versions(public_url: str, side: Side | None) -> list[dict[str, str]]:
    """What `versions` answers (VE-1)."""

    def path(version: str) -> str:
        return f"{side}/{version}" if side and version == "2.1.1" else version

    return [{"version": v, "url": f"{public_url}/ocpi/{path(v)}"} for v in SERVED]


def list_endpoints(
    public_url: str, peer: Peer, version: str, side: Side | None = None
) -> list[dict[str, str]]:
    """The modules that this connection may use, with roles since 2.2 (RO-2, VE-4, VE-6).

    What is pushed to ends in a slash: some peers append the object's path without one (VE-7).
    """
    base = f"{public_url}/ocpi/{version}"
    modules = []
    if peer.state != "static":
        modules.append(("credentials", "SENDER", "credentials"))
    if version == "2.1.1" and peer.purpose == "both":
        side = side or "emsp"
    for name in ("locations", "tariffs"):
        if peer.supplies and side != "cpo":
            modules.append((name, "RECEIVER", f"receiver/{name}/"))
        if peer.consumes and side != "emsp":
            modules.append((name, "SENDER", f"sender/{name}"))
    if peer.is_hub and version != "2.1.1":
        modules.append(("hubclientinfo", "RECEIVER", "receiver/clientinfo/"))
    if version == "2.1.1":
        return [{"identifier": name, "url": f"{base}/{path}"} for name, _, path in modules]
    return [
        {"identifier": name, "role": role, "url": f"{base}/{path}"} for name, role, path in modules
    ]


def _admit(connection: Connection, request: AnyRequest) -> Admission:
    """Token A is enough. Nothing is written but a token's first use (VE-10)."""
    admission = require_admission(connection, request, registration=True)
    if admission.fresh:
        note_token_use(connection, admission)
    return admission


async def _answer_versions(request: AnyRequest, side: Side | None) -> Response[bytes]:
    await in_database(request, lambda connection: _admit(connection, request))
    require_method(request, "GET")
    public_url = request.app.state.settings.public_url
    return answer(request, msgspec.json.encode(list_versions(public_url, side)))


async def _answer_details(request: AnyRequest, version: str, side: Side | None) -> Response[bytes]:
    admission = await in_database(request, lambda connection: _admit(connection, request))
    require_version(version)
    require_method(request, "GET")
    us = our_party(request.app.state.settings)
    endpoints = list_endpoints(us.public_url, admission.peer, version, side)
    details: dict[str, Any] = {"version": version, "endpoints": endpoints}
    return answer(request, msgspec.json.encode(details))


@ocpi_route("/ocpi/versions")
async def serve_versions(request: AnyRequest) -> Response[bytes]:
    """What we offer."""
    return await _answer_versions(request, None)


@ocpi_route("/ocpi/cpo/versions")
async def serve_cpo_versions(request: AnyRequest) -> Response[bytes]:
    """The same, where 2.1.1 shows us as Sender."""
    return await _answer_versions(request, "cpo")


@ocpi_route("/ocpi/emsp/versions")
async def serve_emsp_versions(request: AnyRequest) -> Response[bytes]:
    """The same, where 2.1.1 shows us as Receiver."""
    return await _answer_versions(request, "emsp")


@ocpi_route("/ocpi/{version:str}")
async def serve_details(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """The modules of a version."""
    return await _answer_details(request, version, None)


@ocpi_route("/ocpi/cpo/{version:str}")
async def serve_cpo_details(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """Those that others read."""
    return await _answer_details(request, version, "cpo")


@ocpi_route("/ocpi/emsp/{version:str}")
async def serve_emsp_details(request: AnyRequest, version: FromPath[str]) -> Response[bytes]:
    """Those that others push to."""
    return await _answer_details(request, version, "emsp")


ROUTES = [
    serve_versions,
    serve_cpo_versions,
    serve_emsp_versions,
    serve_details,
    serve_cpo_details,
    serve_emsp_details,
]
