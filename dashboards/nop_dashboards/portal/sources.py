"""My sources and their health: `/portal`, `/portal/sources/{name}`, and what was sent."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.language import Said
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show
from nop_registry.access import Action, Principal, names_country
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.queries import source_health
from nop_registry.queries.source_health import SourceHealth
from nop_registry.store import audit, sources
from nop_registry.store.quality import grade
from nop_registry.store.refused import find_refused
from nop_registry.store.source_parties import bind_source, find_owned, list_reachable

_TROUBLES = 10
_DELIVERIES = 10
_LONGEST_NAME = 63


@get("/portal", action=Action.READ_SOURCES, exception_handlers=PROBLEMS)
async def list_sources(request: AnyRequest) -> Response[Any]:
    """All sources with their health; an empty portal tells the next step."""
    principal = await require_principal(request, Action.READ_SOURCES)

    def read(connection: Connection) -> list[SourceHealth]:
        owned = list_reachable(connection, principal)
        return source_health.list_health(connection, [source.id for source in owned])

    found = [source for source in await in_database(request, read) if source.withdrawn_at is None]
    return await show(
        request,
        "sources.html",
        sources=found,
        advice={source.id: advice(source) for source in found},
        grade=grade,
        steps=_steps(found),
        parties=sorted(principal.parties or ()),
    )


@get("/portal/sources/{name:str}", action=Action.READ_SOURCES, exception_handlers=PROBLEMS)
async def show_source(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """One source: contact, freshness, counts, what to do, and the error log."""
    await require_principal(request, Action.READ_SOURCES, name)

    def read(connection: Connection) -> dict[str, Any]:
        source_id = sources.get_source(connection, name).id
        return {
            "source": source_health.list_health(connection, [source_id])[0],
            "troubles": source_health.list_events(
                connection, source_id, troubled=True, limit=_TROUBLES
            ),
            "deliveries": source_health.list_events(connection, source_id, limit=_DELIVERIES),
            "codes": source_health.count_findings(connection, [source_id])[:_TROUBLES],
        }

    found = await in_database(request, read)
    return await show(
        request, "source.html", advice=advice(found["source"]), grade=grade,
        accepted="accepted" in request.query_params, **found,
    )  # fmt: skip


@get(
    "/portal/sources/{name:str}/objects/{object_id:int}",
    action=Action.READ_FINDINGS,
    exception_handlers=PROBLEMS,
)
async def show_payload(
    request: AnyRequest, name: FromPath[str], object_id: FromPath[int]
) -> Response[Any]:
    """What was sent for one object, with what is said of it."""
    await require_principal(request, Action.READ_FINDINGS, name)

    def read(connection: Connection) -> dict[str, Any]:
        source_id = sources.get_source(connection, name).id
        findings = source_health.list_findings(connection, [source_id], object_id=object_id)
        refused = find_refused(connection, source_id, object_id)
        good = source_health.find_payload(connection, source_id, object_id)
        if not findings and refused is None and good is None:
            raise NotFound("There is no such object.")
        return {"findings": findings, "refused": _laid_out(refused), "good": _laid_out(good)}

    found = await in_database(request, read)
    key = found["findings"][0].object_key if found["findings"] else str(object_id)
    return await show(request, "payload.html", source_name=name, object_key=key, **found)


@post("/portal/sources", action=Action.UPLOAD, exception_handlers=PROBLEMS)
async def add_source(request: AnyRequest) -> Response[Any]:
    """A source for files (or for what is typed in) of one of the person's parties."""
    principal = await require_principal(request, Action.UPLOAD)
    form = await request.form()
    by_hand = form.get("way") == "hand"
    party = own_party(principal, str(form.get("party", "")), country=not by_hand)
    name = await in_database(request, lambda c: find_or_add(c, principal, party, "upload", "files"))
    return see("/portal/stations/new" if by_hand else f"/portal/sources/{name}/uploads")


@post(
    "/portal/sources/{name:str}/accept-removal",
    action=Action.ACCEPT_REMOVAL,
    exception_handlers=PROBLEMS,
)
async def accept_removal(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """A person says that what the last delivery did not list is really gone."""
    principal = await require_principal(request, Action.ACCEPT_REMOVAL, name)

    def act(connection: Connection) -> None:
        sources.accept_removal(connection, name)
        audit.record(connection, principal, "accept_removal", f"source {name}")

    await in_database(request, act)
    return see(f"/portal/sources/{name}?accepted=1")


def own_party(principal: Principal, wanted: str, *, country: bool = False) -> str:
    """The party that the person chose, or the only one there is. Raises Said.

    `country`: every party of a country (`FR*`) will do, as for files.
    """
    own = sorted(principal.parties or ())
    chosen = own[0] if len(own) == 1 and not wanted else wanted
    if chosen not in own:
        raise Said("start.party" if own else "start.no_party")
    if names_country([chosen]) and not country:
        raise Said("start.country")
    return chosen


def first_party(principal: Principal) -> str:
    """What a form begins with: one of the person's parties, or nothing."""
    return next(iter(principal.named_parties), "")


def find_or_add(
    connection: Connection, principal: Principal, party: str, kind: str, ending: str
) -> str:
    """Name of the person's source of that kind for the party; made if there is none."""
    for owned in list_reachable(connection, principal):
        if owned.parties != {party}:
            continue
        known = sources.get_source(connection, owned.name)
        if known.withdrawn_at is not None:  # a new source would bring back what a person took out
            raise Said("start.withdrawn", source=owned.name)
        if known.kind == kind:
            return owned.name
    name = _free_name(connection, f"{party.rstrip('*').replace('*', '-').lower()}-{ending}")
    added = sources.add_source(connection, name=name, kind=kind, country_code=party[:2])
    bind_source(connection, added.id, [party])
    audit.record(connection, principal, "add_source", f"source {name}", kind=kind, party=party)
    return name


def _free_name(connection: Connection, wanted: str) -> str:
    base = re.sub(r"[^a-z0-9._-]", "-", wanted)[: _LONGEST_NAME - 4]
    names = [base, *(f"{base}-{n}" for n in range(2, 100))]
    return next(name for name in names if find_owned(connection, name) is None)


def advice(source: SourceHealth) -> list[tuple[str, dict[str, Any]]]:
    """What to do about a source: keys of texts with their values, the weightiest first."""
    said: list[tuple[str, dict[str, Any]]] = []
    if source.state in ("auth_failed", "held", "disabled"):
        said.append((f"advice.{source.state}", {}))
    elif source.kind == "ocpi" and source.is_stale:
        said.append(("advice.stale", {}))
    elif source.kind == "upload" and not source.locations:
        said.append(("advice.empty_file", {}))
    if source.errors:
        said.append(("advice.errors", {"number": source.errors}))
    elif source.warnings:
        said.append(("advice.warnings", {"number": source.warnings}))
    return said or [("advice.well", {})]


def _steps(found: list[SourceHealth]) -> list[tuple[str, str]]:
    """The way of a new operator: each step with done, next or later."""
    done = [
        ("start.step_account", True),
        ("start.step_source", bool(found)),
        ("start.step_data", any(source.locations for source in found)),
        ("start.step_published", any(source.published for source in found)),
    ]
    first = next((n for n, (_, is_done) in enumerate(done) if not is_done), len(done))
    return [
        (key, "done" if n < first else "next" if n == first else "later")
        for n, (key, _) in enumerate(done)
    ]


def _laid_out(raw: bytes | None) -> str | None:
    """JSON with a line for each member; what is no JSON (or was cut) as it is."""
    if raw is None:
        return None
    try:
        return msgspec.json.format(raw, indent=2).decode("utf-8", "replace")
    except msgspec.DecodeError:
        return raw.decode("utf-8", "replace")


ROUTES = [list_sources, show_source, show_payload, add_source, accept_removal]
