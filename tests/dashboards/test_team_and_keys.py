"""Who manages whom, and keys that reach no further than who made them."""

from __future__ import annotations

import re

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from portal_visitor import Visitor
from portal_world import COOKIE, add_file_source, sign_in

from nop_registry.access import NotAuthenticated, Role, Scope
from nop_registry.database import Connection
from nop_registry.store import accounts, api_keys, audit, invitations, source_parties


@pytest.fixture
def visitor(client: TestClient[Litestar], connection: Connection) -> Visitor:
    """The administrator of ABC's team, signed in."""
    made = Visitor(client)
    client.cookies.set(COOKIE, sign_in(connection))
    return made


def a_member(
    connection: Connection, login: str, *parties: str, role: Role = Role.OPERATOR_EDITOR
) -> int:
    made = accounts.add_account(
        connection, login=login, name=login, role=role, parties=parties or ["IN*ABC"]
    )
    connection.commit()
    return made.id


def test_a_team_grows_by_links(visitor: Visitor, connection: Connection) -> None:
    visitor.open("/portal/team")
    visitor.send(
        "/portal/team/invitations", login="ravi@example.in", role="operator_editor",
        party="IN*ABC",
    )  # fmt: skip
    link = visitor.shown_secret()
    found = invitations.find_open(connection, link.rpartition("/")[2])
    assert found is not None and (found.role, found.parties) == ("operator_editor", ["IN*ABC"])
    assert link not in visitor.open("/portal/team").text
    assert "ravi@example.in" in visitor.page.text
    visitor.send(f"/portal/team/invitations/{found.id}/revoke")
    assert "ravi@example.in" not in visitor.page.text
    assert [e.action for e in audit.list_events(connection)] == ["invitation_revoked", "invited"]


def test_nobody_gives_more_than_they_have(visitor: Visitor, connection: Connection) -> None:
    visitor.open("/portal/team")
    for fields in (
        {"role": "admin", "party": "IN*ABC"},
        {"role": "regulator_officer", "party": "IN*ABC"},
        {"role": "operator_editor", "party": "IN*XYZ"},
        {"role": "operator_editor", "party": ["IN*ABC", "IN*XYZ"]},
        {"role": "operator_editor"},
        {"role": "public", "party": "IN*ABC"},
    ):
        visitor.send("/portal/team/invitations", login="ravi@example.in", **fields)
        assert visitor.page.status_code == 400, fields
    assert invitations.list_open(connection) == []


def test_one_who_acts_for_a_country_gives_its_parties_one_by_one(
    client: TestClient[Litestar], connection: Connection
) -> None:
    visitor = Visitor(client)
    client.cookies.set(COOKIE, sign_in(connection, parties=["FR*", "IN*ABC"]))
    assert "administrators only" in visitor.open("/portal/team").text
    for beyond in ("FR*", "DE*XYZ", "FR*S63, IN*XYZ"):
        visitor.send(
            "/portal/team/invitations", login="r@e.in", role="operator_editor", parties=beyond
        )
        assert visitor.page.status_code == 400, beyond
    visitor.send(
        "/portal/team/invitations", login="r@e.in", role="operator_editor", parties="fr*s63",
        party="IN*ABC",
    )  # fmt: skip
    found = invitations.find_open(connection, visitor.shown_secret().rpartition("/")[2])
    assert found is not None and found.parties == ["FR*S63", "IN*ABC"]
    a_member(connection, "s63@e.in", "FR*S63")
    a_member(connection, "de@e.in", "DE*XYZ")
    page = visitor.open("/portal/team").text
    assert "s63@e.in" in page and "de@e.in" not in page
    visitor.open("/portal")
    visitor.send("/portal/sources", way="file", party="FR*")
    assert source_parties.find_owned(connection, "fr-files") is not None
    visitor.open("/portal")
    visitor.send("/portal/sources", way="hand", party="FR*")
    assert "whole country" in visitor.page.text


def test_members_are_changed_locked_and_recovered(visitor: Visitor, connection: Connection) -> None:
    number = a_member(connection, "ravi@example.in")
    visitor.open("/portal/team")
    visitor.send(f"/portal/team/{number}/role", role="operator_viewer")
    visitor.send(f"/portal/team/{number}/disable")
    connection.rollback()
    changed = accounts.get_account(connection, number)
    assert changed.role == "operator_viewer" and changed.disabled_at is not None
    assert "locked" in visitor.page.text
    visitor.send(f"/portal/team/{number}/enable")
    visitor.send(f"/portal/team/{number}/recovery", forget_totp="1")
    connection.rollback()
    found = invitations.find_open(connection, visitor.shown_secret().rpartition("/")[2])
    assert found is not None and found.account_id == number and found.forget_totp


def test_others_teams_are_out_of_reach(visitor: Visitor, connection: Connection) -> None:
    others = [
        a_member(connection, "x@example.in", "IN*XYZ"),
        a_member(connection, "both@example.in", "IN*ABC", "IN*XYZ"),
        accounts.add_account(
            connection, login="r@example.in", name="R", role=Role.REGULATOR_OFFICER, parties=[]
        ).id,
    ]
    invitations.invite(
        connection, login="y@example.in", role=Role.OPERATOR_EDITOR, parties=["IN*XYZ"]
    )
    connection.commit()
    page = visitor.open("/portal/team").text
    assert not re.search(r"\b(x|both|r|y)@example\.in", page)
    own = accounts.find_account(connection, "asha.rao@example.in")
    assert own is not None
    for number in (*others, own.id, 999):
        for act in ("role", "disable", "enable", "recovery"):
            form = {"csrf": visitor.token(), "role": "operator_viewer"}
            answer = visitor.client.post(f"/portal/team/{number}/{act}", data=form)
            assert answer.status_code == 404, (number, act)
    open_link = invitations.list_open(connection)[0].id
    visitor.open("/portal/team")
    assert visitor.send(f"/portal/team/invitations/{open_link}/revoke").status_code == 404


def test_a_role_that_decides_takes_two_administrators(
    client: TestClient[Litestar], connection: Connection
) -> None:
    visitor = Visitor(client)
    first, second = (
        sign_in(connection, Role.ADMIN, [], name=name) for name in ("First Admin", "Second Admin")
    )
    viewer = accounts.add_account(
        connection, login="v@example.in", name="Viewer", role=Role.REGULATOR_VIEWER, parties=[]
    )
    connection.commit()

    def be(session: str) -> None:
        client.cookies.clear()
        client.cookies.set(COOKIE, session)
        visitor.open("/portal/team")

    be(first)
    visitor.send(
        "/portal/team/invitations", login="o@example.in", role="regulator_officer", parties=""
    )
    assert "second administrator has to confirm" in visitor.page.text
    assert 'class="secret"' not in visitor.page.text
    visitor.send(f"/portal/team/{viewer.id}/role", role="admin")
    connection.rollback()
    assert accounts.get_account(connection, viewer.id).role == "regulator_viewer"
    link = invitations.list_open(connection)[0].id
    connection.rollback()
    for path in (f"invitations/{link}/confirm", f"{viewer.id}/role/confirm"):
        assert f'action="/portal/team/{path}"' not in visitor.page.text
        visitor.open("/portal/team")
        assert visitor.send(f"/portal/team/{path}").status_code == 404

    be(second)
    assert "First Admin" in visitor.page.text
    visitor.send(f"/portal/team/invitations/{link}/confirm")
    found = invitations.find_open(connection, visitor.shown_secret().rpartition("/")[2])
    connection.rollback()
    assert found is not None and found.login == "o@example.in"
    visitor.send(f"/portal/team/{viewer.id}/role/confirm")
    assert accounts.get_account(connection, viewer.id).role == "admin"
    actions = [e.action for e in audit.list_events(connection)]
    assert actions == ["role_changed", "invitation_confirmed", "role_asked_for", "invited"]


def test_who_guesses_accounts_by_inviting_them_is_slowed_down_and_written_down(
    visitor: Visitor, connection: Connection
) -> None:
    a_member(connection, "x@example.in", "IN*XYZ")
    fields = {"login": "x@example.in", "role": "operator_editor", "party": "IN*ABC"}
    visitor.open("/portal/team")
    visitor.send("/portal/team/invitations", **fields)
    assert visitor.page.status_code == 400
    assert audit.list_events(connection)[0].action == "invited_in_vain"
    connection.execute("UPDATE rate_bucket SET level = 30 WHERE name LIKE 'invitation:%'")
    connection.commit()
    visitor.send("/portal/team/invitations", **fields)
    assert "Too many tries" in visitor.alert()


def test_a_key_is_shown_once_renewed_and_revoked(visitor: Visitor, connection: Connection) -> None:
    add_file_source(connection)
    visitor.open("/portal/keys")
    visitor.send("/portal/keys", name="prog", scope=["upload", "roll_back"], source="", days="90")
    key = visitor.shown_secret()
    assert key.startswith("nopk_")
    principal = api_keys.principal_of_key(connection, [f"Bearer {key}"])
    connection.commit()
    assert principal.parties == frozenset({"IN*ABC"})
    assert principal.scopes == {Scope.UPLOAD, Scope.ROLL_BACK}
    assert key not in visitor.open("/portal/keys").text and key[:12] in visitor.page.text
    visitor.send(f"/portal/keys/{key[:12]}/rotate", hours="1")
    newer = visitor.shown_secret()
    connection.rollback()
    for valid in (key, newer):
        assert api_keys.principal_of_key(connection, [f"Bearer {valid}"])
    connection.commit()
    visitor.send(f"/portal/keys/{key[:12]}/revoke")
    connection.rollback()
    with pytest.raises(NotAuthenticated):
        api_keys.principal_of_key(connection, [f"Bearer {key}"])
    visitor.send(f"/portal/keys/{key[:12]}/rotate", hours="1")
    assert visitor.page.status_code == 400


def test_a_key_reaches_no_further_than_who_makes_it(
    visitor: Visitor, connection: Connection
) -> None:
    add_file_source(connection, "xyz-files", ["IN*XYZ"])
    made = api_keys.make_key()
    api_keys.add_key(
        connection, name="theirs", prefix=made.prefix, digest=made.digest, scopes=["upload"],
        source_id=None, expires_at=None, parties=["IN*XYZ"],
    )  # fmt: skip
    connection.commit()
    assert "theirs" not in visitor.open("/portal/keys").text
    for path, fields in (
        ("/portal/keys", {"name": "p", "scope": "upload", "source": "xyz-files", "days": "30"}),
        (f"/portal/keys/{made.prefix}/rotate", {"hours": "1"}),
        (f"/portal/keys/{made.prefix}/revoke", {}),
    ):
        visitor.open("/portal/keys")
        assert visitor.send(path, **fields).status_code == 404
    visitor.open("/portal/keys")
    assert visitor.send("/portal/keys", name="p", source="", days="30").status_code == 400
    connection.rollback()
    assert [key.name for key in api_keys.list_keys(connection)] == ["theirs"]
    assert api_keys.list_keys(connection)[0].revoked_at is None
