"""Connect by OCPI: test a server, then register, be invited, or agree on tokens by hand.

The page writes down what is asked; the worker does it. A run's page shows it live: what is being
done, the transcript of the handshake with tokens masked, then the outcome with rule and cure.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.sources import find_or_add, own_party
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show
from nop_registry.access import Action, Principal
from nop_registry.database import Connection
from nop_registry.queries import source_health
from nop_registry.sealing import load_key
from nop_registry.store import audit, connect_runs, handshakes, peers, sources
from nop_registry.store.connect_runs import Act, ConnectRun
from nop_registry.store.handshakes import KeptStep
from nop_registry.store.source_parties import list_reachable

_ACTS: tuple[Act, ...] = ("probe", "register", "invite", "static")
_LONGEST_URL, _LONGEST_TOKEN = 2000, 2000
_STEPS = 40


@get("/portal/connect", action=Action.CONNECT_SOURCE, exception_handlers=PROBLEMS)
async def show_wizard(request: AnyRequest) -> Response[Any]:
    """What there is, and the ways to connect."""
    principal = await require_principal(request, Action.CONNECT_SOURCE)

    def read(connection: Connection) -> tuple[list[Any], list[ConnectRun]]:
        ids = [source.id for source in list_reachable(connection, principal)]
        health = source_health.list_health(connection, ids)
        return [s for s in health if s.kind == "ocpi"], connect_runs.list_runs(connection, ids)

    found, runs = await in_database(request, read)
    return await show(
        request, "connect.html", sources=found, runs=runs, parties=principal.named_parties,
        ours=_our_versions_url(request),
    )  # fmt: skip


@post("/portal/connect", action=Action.CONNECT_SOURCE, exception_handlers=PROBLEMS)
async def begin(request: AnyRequest) -> Response[Any]:
    """Have it done; go and watch."""
    principal = await require_principal(request, Action.CONNECT_SOURCE)
    form = {key: str(value).strip() for key, value in (await request.form()).items()}
    act = next((act for act in _ACTS if act == form.get("act")), None)
    if act is None:
        raise Said("connect.choose_way")
    party = own_party(principal, form.get("party", ""))
    address = form.get("versions_url", "")[:_LONGEST_URL] or None
    if act != "invite" and not _is_address(address):
        raise Said("connect.bad_url")
    token = form.get("token", "")[:_LONGEST_TOKEN] or None
    key = load_key(request.app.state.settings)

    def ask(connection: Connection) -> int:
        name = find_or_add(connection, principal, party, "ocpi", "ocpi")
        source = sources.get_source(connection, name)
        if source.versions_url is None and source.state == "active":
            handshakes.disable_source(connection, source.id, "not registered yet")
        return _ask(
            connection, principal, source, act,
            versions_url=address, parties=[party], token=token, key=key,
        )  # fmt: skip

    return see(f"/portal/connect/runs/{await in_database(request, ask)}")


@get("/portal/connect/{name:str}", action=Action.CONNECT_SOURCE, exception_handlers=PROBLEMS)
async def show_connection(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """One connection: state, what was said in its handshakes, what was tried."""
    await require_principal(request, Action.CONNECT_SOURCE, name)

    def read(connection: Connection) -> dict[str, Any]:
        source_id = sources.get_source(connection, name).id
        return {
            "source": source_health.list_health(connection, [source_id])[0],
            "steps": _steps(connection, source_id, None),
            "runs": connect_runs.list_runs(connection, [source_id]),
        }

    found = await in_database(request, read)
    part = request.query_params.get("part") == "1"
    return await show(
        request, "transcript_part.html" if part else "connection.html",
        ours=_our_versions_url(request), is_finished=False, **found,
    )  # fmt: skip


@post("/portal/connect/{name:str}/probe", action=Action.CONNECT_SOURCE, exception_handlers=PROBLEMS)
async def probe_again(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Test a connection as it is, with its own token."""
    principal = await require_principal(request, Action.CONNECT_SOURCE, name)

    def ask(connection: Connection) -> int:
        return _ask(connection, principal, sources.get_source(connection, name), "probe")

    return see(f"/portal/connect/runs/{await in_database(request, ask)}")


@get("/portal/connect/runs/{run_id:int}", action=Action.CONNECT_SOURCE, exception_handlers=PROBLEMS)
async def show_run(request: AnyRequest, run_id: FromPath[int]) -> Response[Any]:
    """How far it is, and what came of it. A token of ours is shown once."""
    run, _ = await _own(request, run_id)
    is_finished = run.state in ("done", "failed")
    part = request.query_params.get("part") == "1"
    secret = None
    if is_finished and run.has_secret and not part:  # a poll must not use the only showing up
        key = load_key(request.app.state.settings)
        secret = await in_database(request, lambda c: connect_runs.take_secret(c, run_id, key))

    def read(connection: Connection) -> list[KeptStep]:
        return _steps(connection, run.source_id, run)

    return await show(
        request,
        "run_part.html" if part else "run.html",
        run=run,
        steps=await in_database(request, read),
        is_finished=is_finished,
        secret=secret,
        report=run.report or {},
    )


@post(
    "/portal/connect/runs/{run_id:int}/connect",
    action=Action.CONNECT_SOURCE,
    exception_handlers=PROBLEMS,
)
async def connect_after_probe(request: AnyRequest, run_id: FromPath[int]) -> Response[Any]:
    """The probe's address and token are to be the connection: no handshake, or one."""
    run, principal = await _own(request, run_id)
    act: Act = "register" if (await request.form()).get("act") == "register" else "static"
    key = load_key(request.app.state.settings)

    def ask(connection: Connection) -> int:
        token = connect_runs.read_token(connection, run, key)
        source = sources.get_source(connection, run.source)
        return _ask(
            connection, principal, source, act,
            versions_url=run.versions_url, parties=run.parties, token=token, key=key,
        )  # fmt: skip

    return see(f"/portal/connect/runs/{await in_database(request, ask)}")


async def _own(request: AnyRequest, run_id: int) -> tuple[ConnectRun, Principal]:
    run = await in_database(request, lambda c: connect_runs.get_run(c, min(run_id, (1 << 63) - 1)))
    return run, await require_principal(request, Action.CONNECT_SOURCE, run.source)


def _ask(
    connection: Connection, principal: Principal, source: sources.Source, act: Act, **more: Any
) -> int:
    run_id = connect_runs.ask(
        connection, source_id=source.id, act=act, asked_by=principal.name, **more
    )
    audit.record(connection, principal, "connect_source", f"source {source.name}", act=act)
    return run_id


def _steps(connection: Connection, source_id: int, run: ConnectRun | None) -> list[KeptStep]:
    """Of the source's handshakes; with `run`, those since it was asked for, newest at the end."""
    peer = peers.find_peer_of_source(connection, source_id)
    if peer is None:
        return []
    steps = handshakes.list_steps(connection, peer, last=_STEPS)
    if run is None:
        return steps
    until = run.finished_at
    return [s for s in steps if run.asked_at <= s.at and (until is None or s.at <= until)]


def _is_address(text: str | None) -> bool:
    try:
        parts = urlsplit(text or "")
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _our_versions_url(request: AnyRequest) -> str:
    return f"{request.app.state.settings.public_url}/ocpi/versions"


ROUTES = [
    show_wizard, begin, show_connection, probe_again, show_run, connect_after_probe,
]  # fmt: skip
