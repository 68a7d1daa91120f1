"""Versions of a source: list them, compare two, restore one."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from nop_ingest.upload_api import told
from nop_ingest.upload_api.callers import in_database, own_source
from nop_ingest.upload_api.problems import PROBLEMS, AnyRequest
from nop_ingest.upload_api.states import answer, settled
from nop_registry.access import Action
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput
from nop_registry.store import audit, source_versions, sources

_PAGE = 100
Limit = Annotated[int, QueryParameter(ge=1, le=_PAGE)]


@get("/sources/{name:str}/versions", exception_handlers=PROBLEMS, action=Action.READ_UPLOADS)
async def list_versions(
    request: AnyRequest,
    name: FromPath[str],
    before: FromQuery[int | None] = None,
    limit: Limit = _PAGE,
) -> Response[bytes]:
    """What the source said after each commit, the newest first: who, when, how much changed."""

    def read(connection: Connection) -> list[source_versions.SourceVersion]:
        _, owned = own_source(connection, request, Action.READ_UPLOADS, name)
        return source_versions.list_versions(connection, owned.id, before=before, limit=limit)

    found = await in_database(request, read)
    return answer(told.VersionList([told.version(one) for one in found]), 200)


@get("/sources/{name:str}/versions/diff", exception_handlers=PROBLEMS, action=Action.READ_UPLOADS)
async def diff_versions(
    request: AnyRequest,
    name: FromPath[str],
    from_: Annotated[int, QueryParameter(name="from")],
    to: FromQuery[int],
    after: FromQuery[int] = 0,
    limit: Limit = _PAGE,
) -> Response[bytes]:
    """What is different at version `to` from version `from`, object by object, field by field."""

    def read(connection: Connection) -> list[source_versions.ObjectChange]:
        _, owned = own_source(connection, request, Action.READ_UPLOADS, name)
        return source_versions.diff_versions(connection, owned.id, from_, to, after, limit)

    found = await in_database(request, read)
    next_after = found[-1].number if len(found) == limit else None
    return answer(told.Differences([told.difference(one) for one in found], next_after), 200)


@post(
    "/sources/{name:str}/versions/{number:int}/restore", exception_handlers=PROBLEMS,
    action=Action.ROLL_BACK, status_code=202,
)  # fmt: skip
async def restore_version(
    request: AnyRequest, name: FromPath[str], number: FromPath[int]
) -> Response[bytes]:
    """Bring the source back to what it said at that version. The result is a new version."""

    def act(connection: Connection) -> int:
        principal, owned = own_source(connection, request, Action.ROLL_BACK, name)
        if sources.get_source(connection, name).kind != "upload":
            raise InvalidInput(f"{name} is an OCPI source: it has no versions")
        upload_id = source_versions.roll_back(connection, owned.id, number, principal)
        audit.record(connection, principal, "roll_back", f"upload {upload_id}", version=number)
        return upload_id

    return await settled(request, await in_database(request, act))


ROUTES = [list_versions, diff_versions, restore_version]
