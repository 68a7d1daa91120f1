"""Every route and every GraphQL field against the one permission table (nop_registry.access).

What is open to everybody is listed here and in graphql_fields.txt: to open something new is a
change of this list. All else is asked for by nobody, by every role, and by keys of every scope.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from application import client_of
from graphql import GraphQLInterfaceType, GraphQLObjectType
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from portal_world import COOKIE, add_file_source

from nop.asgi import create_app
from nop_graphql.schema import SCHEMA
from nop_registry.access import PERMISSIONS, SCOPES, Action, Role, Scope, make_key
from nop_registry.database import Connection
from nop_registry.errors import SettingsError
from nop_registry.store import accounts, api_keys, sessions

PUBLIC = {
    "/", "/audit/seals", "/audit/seals.json", "/coverage", "/coverage.csv", "/coverage/{code:str}",
    "/events", "/graphql", "/graphql/static/{file_path:path}", "/health/live", "/health/ready",
    "/metrics", "/openapi.json", "/places", "/station/{name:str}", "/stations",
    "/static/{version:str}/{path:path}", "/tiles/locations/{z:str}/{x:str}/{name:str}",
    "/uploads/fields.html", "/uploads/fields.md", "/uploads/schema.json", "/uploads/template.csv",
    "/uploads/template.geojson", "/uploads/template.json", "/uploads/template.xlsx",
}  # fmt: skip
SIGNING_IN = {
    "/portal/invitation/{secret:str}", "/portal/sign-in", "/portal/sign-in/second-factor",
    "/portal/sign-in/set-up", "/portal/sign-in/with/{name:str}",
    "/portal/sign-in/with/{name:str}/callback", "/portal/sign-out",
}  # fmt: skip
_OPEN = {Action.READ_PUBLIC: PUBLIC, Action.SIGN_IN: SIGNING_IN}
_ENDS_THE_SESSION = ("/portal/account/sign-out-everywhere",)


class Door(NamedTuple):
    """A route and what it lets somebody do."""

    path: str
    method: str
    action: Action

    @property
    def address(self) -> str:
        """With something in place of its parameters that is nobody's."""
        return re.sub(r"\{\w+:(\w+)\}", lambda m: "7" if m[1] == "int" else "nobodys", self.path)


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Litestar]]:
    """The application."""
    with client_of(database_url, raise_server_exceptions=False) as opened:
        yield opened


def doors(app: Litestar) -> list[Door]:
    """Every route with each method that it answers."""
    found = []
    for route in app.routes:
        handlers = route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        for handler in handlers:
            methods = handler.http_methods if isinstance(handler, HTTPRouteHandler) else {"GET"}
            action = handler.opt.get("action")
            found += [Door(route.path, m, action) for m in sorted(methods) if m != "OPTIONS"]
    return found


def test_what_is_open_to_everybody_is_listed(client: TestClient[Litestar]) -> None:
    every = doors(client.app)
    assert all(door.action in PERMISSIONS for door in every)
    for action, listed in _OPEN.items():
        assert {door.path for door in every if door.action is action} == listed
    others = [door for door in every if door.action not in _OPEN]
    assert {door.path.split("/")[1] for door in others if door.action is Action.EXCHANGE_OCPI} == {
        "ocpi"
    }
    assert len(others) > 50


def test_a_route_that_declares_nothing_is_not_served(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nop_dashboards import stations

    monkeypatch.setattr(stations.ROUTES[0], "opt", {})
    with pytest.raises(SettingsError, match="GET /station/"):
        create_app(database_url)


def test_nobody_opens_a_door_that_is_not_for_everybody(client: TestClient[Litestar]) -> None:
    for door in doors(client.app):
        if door.action in (*_OPEN, Action.EXCHANGE_OCPI):
            continue
        answer = client.request(
            door.method, door.address, params={"from": 1, "to": 2}, follow_redirects=False
        )
        if door.path.startswith("/portal"):
            assert answer.status_code == 303, door
            assert answer.headers["location"].startswith("/portal/sign-in"), door
        else:
            assert answer.status_code == 401, door
            assert answer.headers["www-authenticate"] == "Bearer", door


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PUBLIC, Role.APP)])
def test_a_role_opens_the_portals_doors_that_the_table_gives_it(
    client: TestClient[Litestar], connection: Connection, role: Role
) -> None:
    parties = ["IN*ABC"] if role.is_operator else []
    account = accounts.add_account(connection, login="a@b.in", name="A", role=role, parties=parties)

    def enter() -> str:
        connection.execute("TRUNCATE rate_bucket")
        session = sessions.open_session(
            connection, account.id, stage="full", strong=True, address=None, agent=None
        )
        connection.commit()
        client.cookies.clear()
        client.cookies.set(COOKIE, session)
        page = client.get("/portal/account").text
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
        assert found, page
        return found[1]

    token = enter()
    for door in doors(client.app):
        if not door.path.startswith("/portal") or door.action is Action.SIGN_IN:
            continue
        answer = client.request(
            door.method, door.address, headers={"X-CSRF-Token": token}, follow_redirects=False
        )
        if role in PERMISSIONS[door.action]:
            assert answer.status_code not in (401, 403) and answer.status_code < 500, door
            ended = "/sign-in" in answer.headers.get("location", "")
            assert ended is (door.path in _ENDS_THE_SESSION), door
        else:
            assert answer.status_code == 403, door
        if door.path in _ENDS_THE_SESSION:
            token = enter()
    refused = connection.execute(
        "SELECT count(*) FROM audit_event WHERE action = 'refused' AND account_id = %s",
        (account.id,),
    ).fetchone()
    assert refused and refused[0] > 0


def test_a_key_opens_the_doors_of_its_scopes(
    client: TestClient[Litestar], connection: Connection
) -> None:
    add_file_source(connection)
    keys = {}
    for scope in Scope:
        made = make_key()
        keys[scope] = made.key
        api_keys.add_key(
            connection, name=scope.value, prefix=made.prefix, digest=made.digest,
            scopes=[scope.value], source_id=None, expires_at=None, parties=["IN*ABC"],
        )  # fmt: skip
    connection.commit()
    for door in doors(client.app):
        if door.path.startswith("/portal") or door.action in (*_OPEN, Action.EXCHANGE_OCPI):
            continue
        for scope, key in keys.items():
            answer = client.request(
                door.method, door.address, headers={"Authorization": f"Bearer {key}"}
            )
            if door.action in SCOPES[scope]:
                assert answer.status_code not in (401, 403), (door, scope, answer.text)
                assert answer.status_code < 500, (door, scope, answer.text)
            else:
                assert answer.status_code == 403, (door, scope, answer.text)


def test_every_graphql_field_is_listed_as_public_and_nothing_is_written_by_it() -> None:
    listed = Path(__file__).with_name("graphql_fields.txt").read_text("utf-8").split()
    core = SCHEMA._schema
    assert core.mutation_type is None
    found = sorted(
        f"{name}.{field}"
        for name, kind in core.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for field in kind.fields
    )
    assert found == listed, "graphql_fields.txt lists what everybody may read: change it knowingly"
