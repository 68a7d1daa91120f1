"""Versions of a source: list, compare any two, return to one."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from nop_dashboards.portal.doorkeeper import in_database, require_principal
from nop_dashboards.portal.view import PROBLEMS, AnyRequest, see, show
from nop_registry.access import Action
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import audit, source_versions, sources

_OBJECTS = 50
_VERSIONS = 50


@get("/portal/sources/{name:str}/history", action=Action.READ_UPLOADS, exception_handlers=PROBLEMS)
async def list_versions(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """Who made which version when, and what it changed."""
    await require_principal(request, Action.READ_UPLOADS, name)
    before = _number(request.query_params.get("before"))

    def read(connection: Connection) -> list[source_versions.SourceVersion]:
        source = sources.get_source(connection, name)
        return source_versions.list_versions(
            connection, source.id, before=before, limit=_VERSIONS + 1
        )

    found = await in_database(request, read)
    return await show(
        request,
        "history.html",
        source_name=name,
        versions=found[:_VERSIONS],
        next_before=found[_VERSIONS - 1].number if len(found) > _VERSIONS else None,
        is_newest=before is None,
    )


@get("/portal/sources/{name:str}/diff", action=Action.READ_UPLOADS, exception_handlers=PROBLEMS)
async def show_diff(request: AnyRequest, name: FromPath[str]) -> Response[Any]:
    """What is different from version `a` to version `b`, field by field."""
    await require_principal(request, Action.READ_UPLOADS, name)
    query = request.query_params
    a, b = _number(query.get("a")), _number(query.get("b"))
    after = _number(query.get("after")) or 0
    if a is None or b is None:
        raise InvalidInput("say which versions: ?a=1&b=2")

    def read(connection: Connection) -> list[source_versions.ObjectChange]:
        source = sources.get_source(connection, name)
        return source_versions.diff_versions(connection, source.id, a, b, after, _OBJECTS + 1)

    found = await in_database(request, read)
    return await show(
        request,
        "diff.html",
        source_name=name,
        a=a,
        b=b,
        changes=found[:_OBJECTS],
        next_after=found[_OBJECTS - 1].number if len(found) > _OBJECTS else None,
    )


@get(
    "/portal/sources/{name:str}/roll-back/{number:int}",
    action=Action.ROLL_BACK,
    exception_handlers=PROBLEMS,
)
async def ask_roll_back(
    request: AnyRequest, name: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Ask once more before returning."""
    await require_principal(request, Action.ROLL_BACK, name)
    return await show(request, "roll_back.html", source_name=name, number=number)


@post(
    "/portal/sources/{name:str}/roll-back/{number:int}",
    action=Action.ROLL_BACK,
    exception_handlers=PROBLEMS,
)
async def roll_back(
    request: AnyRequest, name: FromPath[str], number: FromPath[int]
) -> Response[Any]:
    """Return to a version; the result is a new one."""
    principal = await require_principal(request, Action.ROLL_BACK, name)

    def act(connection: Connection) -> int:
        source = sources.get_source(connection, name)
        upload_id = source_versions.roll_back(connection, source.id, number, principal)
        audit.record(connection, principal, "roll_back", f"source {name}", version=number)
        return upload_id

    return see(f"/portal/uploads/{await in_database(request, act)}")


def _number(text: str | None) -> int | None:
    if not text or not text.isascii() or not text.isdigit() or len(text) > 18:
        return None
    return int(text)


ROUTES = [list_versions, show_diff, ask_roll_back, roll_back]
