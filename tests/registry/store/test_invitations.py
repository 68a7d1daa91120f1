from __future__ import annotations

from collections.abc import Callable

import pytest
from psycopg.errors import CheckViolation

from nop_registry.access import Role, covers
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store import accounts, invitations, role_wishes


def make(connection: Connection, login: str = "ravi@example.in") -> str:
    secret = invitations.invite(
        connection, login=login, role=Role.OPERATOR_ADMIN, parties=["in-abc", "IN*XYZ"]
    )
    assert secret is not None
    return secret


def an_admin(connection: Connection, name: str, role: Role = Role.ADMIN) -> int:
    return accounts.add_account(
        connection, login=f"{name}@nap.example", name=name, role=role, parties=[]
    ).id


def test_a_link_makes_an_account_once(connection: Connection) -> None:
    secret = make(connection, " Ravi@Example.in ")
    found = invitations.find_open(connection, secret)
    assert found is not None
    account = invitations.accept(connection, found.id, "Ravi")
    assert (account.login, account.role) == ("ravi@example.in", "operator_admin")
    assert account.parties == ["IN*ABC", "IN*XYZ"]
    assert invitations.find_open(connection, secret) is None
    with pytest.raises(NotFound):
        invitations.accept(connection, found.id, "Ravi again")
    kept = connection.execute("SELECT invitation::text FROM invitation").fetchall()
    assert secret not in str(kept)


def test_a_link_that_is_over_opens_nothing(connection: Connection) -> None:
    ends: tuple[Callable[[int], object], ...] = (
        lambda number: connection.execute("UPDATE invitation SET expires_at = now()"),
        lambda number: invitations.revoke(connection, number),
        lambda number: make(connection),  # another one for the same login
    )
    for end in ends:
        secret = make(connection)
        found = invitations.find_open(connection, secret)
        assert found is not None
        end(found.id)
        assert invitations.find_open(connection, secret) is None
        with pytest.raises(NotFound):
            invitations.accept(connection, found.id, "Ravi")
        with pytest.raises(NotFound):
            invitations.revoke(connection, found.id)


def test_a_link_for_recovery_may_forget_the_second_factor(connection: Connection) -> None:
    found = invitations.find_open(connection, make(connection))
    assert found is not None
    account = invitations.accept(connection, found.id, "Ravi")
    accounts.renew_recovery_codes(connection, account.id)
    connection.execute("UPDATE account SET totp_sealed = 'x', totp_step = 1")
    for forget, left in ((False, 10), (True, 0)):
        current = accounts.get_account(connection, account.id)
        secret = invitations.offer_recovery(connection, current, forget_totp=forget)
        assert secret is not None
        link = invitations.find_open(connection, secret)
        assert link is not None and link.account_id == account.id
        assert invitations.accept(connection, link.id, "ignored").name == "Ravi"
        assert accounts.count_recovery_codes(connection, account.id) == left
    assert accounts.get_account(connection, account.id).totp_sealed is None


def test_role_and_parties_must_go_together(connection: Connection) -> None:
    for role, parties in ((Role.OPERATOR_EDITOR, []), (Role.ADMIN, ["IN*ABC"]), (Role.APP, [])):
        with pytest.raises(InvalidInput):
            invitations.invite(connection, login="r@e.in", role=role, parties=parties)
    with pytest.raises(InvalidInput, match="e-mail"):
        invitations.invite(connection, login="ravi", role=Role.ADMIN)
    accounts.add_account(connection, login="r@e.in", name="R", role=Role.ADMIN, parties=[])
    with pytest.raises(InvalidInput, match="already"):
        invitations.invite(connection, login="R@e.in", role=Role.ADMIN)


def test_a_team_sees_only_links_for_its_own_parties(connection: Connection) -> None:
    make(connection)
    invitations.invite(connection, login="b@e.in", role=Role.ADMIN)
    assert len(invitations.list_open(connection)) == 2
    both = {"IN*ABC", "IN*XYZ"}
    assert [i.login for i in invitations.list_open(connection, both)] == ["ravi@example.in"]
    assert invitations.list_open(connection, {"IN*ABC"}) == []


def test_a_party_does_not_end_anothers_invitation_of_the_same_person(
    connection: Connection,
) -> None:
    def invite(party: str) -> str:
        secret = invitations.invite(
            connection, login="r@e.in", role=Role.OPERATOR_EDITOR, parties=[party]
        )
        assert secret is not None
        return secret

    abc, xyz = invite("IN*ABC"), invite("IN*XYZ")
    again = invite("IN*XYZ")
    opens = [invitations.find_open(connection, secret) is not None for secret in (abc, xyz, again)]
    assert opens == [True, False, True]


def test_links_of_and_to_one_who_is_locked_or_changed_open_nothing(connection: Connection) -> None:
    for number, end in enumerate(
        (
            lambda who: accounts.disable(connection, who),
            lambda who: accounts.change_role(connection, who, Role.OPERATOR_VIEWER, ["IN*ABC"]),
        )
    ):
        admin = accounts.add_account(
            connection, login=f"{number}@e.in", name="N", role=Role.OPERATOR_ADMIN,
            parties=["IN*ABC"],
        )  # fmt: skip
        by = invitations.invite(
            connection, login=f"friend{number}@e.in", role=Role.OPERATOR_ADMIN, parties=["IN*ABC"],
            created_by=admin.id,
        )  # fmt: skip
        to = invitations.offer_recovery(connection, admin, forget_totp=True)
        assert by and to and invitations.find_open(connection, by)
        end(admin.id)
        assert invitations.find_open(connection, by) is None
        assert invitations.find_open(connection, to) is None


def test_a_role_that_decides_is_given_by_two_administrators(connection: Connection) -> None:
    asha, ravi = an_admin(connection, "asha"), an_admin(connection, "ravi")
    for role in (Role.ADMIN, Role.REGULATOR_OFFICER):
        assert invitations.invite(connection, login="n@e.in", role=role, created_by=asha) is None
        (link,) = invitations.list_open(connection)
        assert link.waits
        with pytest.raises(NotFound):
            invitations.accept(connection, link.id, "N")
        with pytest.raises(NotFound):
            invitations.confirm(connection, link.id, asha)
        confirmed, secret = invitations.confirm(connection, link.id, ravi)
        assert confirmed.confirmed_by == ravi and invitations.find_open(connection, secret)
        with pytest.raises(NotFound):
            invitations.confirm(connection, link.id, ravi)
    # The table itself refuses one that skips it.
    with pytest.raises(CheckViolation), connection.transaction():
        connection.execute("UPDATE invitation SET needs_second = false, confirmed_by = NULL")
    assert invitations.invite(connection, login="c@e.in", role=Role.ADMIN)  # on the server itself
    viewer = Role.REGULATOR_VIEWER
    assert invitations.invite(connection, login="v@e.in", role=viewer, created_by=asha)


def test_a_whole_country_is_given_by_two_administrators(connection: Connection) -> None:
    asha, ravi = an_admin(connection, "asha"), an_admin(connection, "ravi")
    wanted = {"login": "fr@e.in", "role": Role.OPERATOR_EDITOR, "parties": ["fr*", "IN*ABC"]}
    assert invitations.invite(connection, **wanted, created_by=asha) is None
    (link,) = invitations.list_open(connection)
    assert link.waits and link.parties == ["FR*", "IN*ABC"]
    with pytest.raises(CheckViolation), connection.transaction():
        connection.execute("UPDATE invitation SET needs_second = false")
    invitations.confirm(connection, link.id, ravi)
    account = invitations.accept(connection, link.id, "National file")
    assert account.parties == ["FR*", "IN*ABC"]
    assert covers(account.parties, ["FR*S63", "IN*ABC"])
    assert not covers(account.parties, ["IN*XYZ"])
    # Who could take the account over needs two as well.
    assert (
        invitations.offer_recovery(connection, account, forget_totp=True, created_by=asha) is None
    )


def test_an_account_that_decides_is_not_taken_over_by_one_administrator(
    connection: Connection,
) -> None:
    asha, ravi = an_admin(connection, "asha"), an_admin(connection, "ravi")
    officer = an_admin(connection, "officer", Role.REGULATOR_OFFICER)

    def offer(forget: bool) -> str | None:
        account = accounts.get_account(connection, officer)
        return invitations.offer_recovery(connection, account, forget_totp=forget, created_by=asha)

    assert offer(False) is None  # it has no second factor yet: who opens the link sets it up
    connection.execute("UPDATE account SET totp_sealed = 'x' WHERE id = %s", (officer,))
    assert offer(False) is not None
    assert offer(True) is None
    (link,) = invitations.list_open(connection)
    for not_them in (asha, officer):
        with pytest.raises(NotFound):
            invitations.confirm(connection, link.id, not_them)
    assert invitations.confirm(connection, link.id, ravi)


def test_a_wish_for_a_role_is_granted_by_another_administrator(connection: Connection) -> None:
    asha, ravi = an_admin(connection, "asha"), an_admin(connection, "ravi")
    viewer = an_admin(connection, "viewer", Role.REGULATOR_VIEWER)
    role_wishes.ask(connection, viewer, Role.REGULATOR_OFFICER, asha)
    assert [wish.account_id for wish in role_wishes.list_open(connection)] == [viewer]
    for not_them in (asha, viewer):
        with pytest.raises(NotFound):
            role_wishes.confirm(connection, viewer, not_them)
    assert accounts.get_account(connection, viewer).role == "regulator_viewer"
    role_wishes.confirm(connection, viewer, ravi)
    assert accounts.get_account(connection, viewer).role == "regulator_officer"
    role_wishes.ask(connection, viewer, Role.ADMIN, asha)
    accounts.disable(connection, asha)  # what she wished goes with her
    assert role_wishes.list_open(connection) == []
    assert not role_wishes.withdraw(connection, viewer)
