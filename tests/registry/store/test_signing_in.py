"""Passwords, second factors and sessions in the registry."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from nop_registry.access import NotAuthenticated, Role
from nop_registry.database import Connection, connect
from nop_registry.errors import InvalidInput
from nop_registry.store import accounts, audit, sessions, signing_in
from nop_registry.store.accounts import Account
from nop_registry.store.rates import Rate, TooMany, forget, network_of, take
from nop_registry.store.signing_in import Begun, Caller

KEY = bytes(range(32))
PASSWORD = "saffron kettle violin"
HERE = Caller("192.0.2.7", "browser")
NOW = datetime.now(UTC)


def make(
    connection: Connection, role: Role = Role.OPERATOR_EDITOR, login: str = "a@b.in"
) -> Account:
    parties = ["IN*ABC"] if role.is_operator else []
    account = accounts.add_account(connection, login=login, name="Asha", role=role, parties=parties)
    accounts.set_password(connection, account, PASSWORD)
    return accounts.get_account(connection, account.id)


def sign_in(
    connection: Connection, password: str = PASSWORD, login: str = "a@b.in"
) -> Begun | None:
    return signing_in.by_password(connection, login, password, HERE)


def session_of(connection: Connection, begun: Begun | None) -> sessions.Session:
    assert begun is not None
    found = sessions.find_session(connection, begun.session_id)
    assert found is not None
    return found


def test_a_password_opens_a_session_for_the_accounts_parties(connection: Connection) -> None:
    make(connection)
    session = session_of(connection, sign_in(connection, login=" A@B.in "))
    principal = session.principal("192.0.2.7")
    assert (principal.role, principal.parties) == (Role.OPERATOR_EDITOR, frozenset({"IN*ABC"}))
    assert not principal.strong
    assert sign_in(connection, "saffron kettle violins") is None
    assert sign_in(connection, login="nobody@b.in") is None
    actions = [event.action for event in audit.list_events(connection)]
    assert actions == ["sign_in_failed", "sign_in_failed", "signed_in"]


def test_the_database_holds_no_password_session_or_totp_secret(connection: Connection) -> None:
    account = make(connection, Role.ADMIN)
    begun = sign_in(connection)
    assert begun is not None
    secret = accounts.propose_totp(
        connection, sessions.session_digest(begun.session_id), account, KEY
    )
    rows = [
        connection.execute(statement).fetchall()
        for statement in ("SELECT a::text FROM account a", "SELECT s::text FROM account_session s")
    ]
    for kept_secret in (PASSWORD, begun.session_id, secret, secret.encode().hex()):
        assert kept_secret not in str(rows)


def test_a_role_that_decides_signs_in_with_a_second_factor_only(connection: Connection) -> None:
    account = make(connection, Role.REGULATOR_OFFICER)
    first = session_of(connection, sign_in(connection))
    assert first.stage == "enrolment"
    with pytest.raises(NotAuthenticated):
        first.principal()
    secret = accounts.propose_totp(connection, first.digest, account, KEY)
    assert accounts.propose_totp(connection, first.digest, account, KEY) == secret
    assert signing_in.enrol(connection, first, "000000", HERE, NOW, KEY) is None
    enrolled = signing_in.enrol(connection, first, pyotp.TOTP(secret).at(NOW), HERE, NOW, KEY)
    assert enrolled is not None
    assert session_of(connection, enrolled[0]).principal().strong
    assert sessions.list_sessions(connection, account.id)[0].digest != first.digest

    second = session_of(connection, sign_in(connection))
    assert second.stage == "second_factor"
    replayed = pyotp.TOTP(secret).at(NOW)
    assert signing_in.by_second_factor(connection, second, replayed, HERE, NOW, KEY) is None
    later = NOW + timedelta(seconds=30)
    code = pyotp.TOTP(secret).at(later)
    begun = signing_in.by_second_factor(connection, second, code, HERE, later, KEY)
    assert session_of(connection, begun).principal().strong
    assert sessions.find_session(connection, "x") is None

    recovery = enrolled[1][0]
    for expected in (True, False):  # a recovery code opens once
        third = session_of(connection, sign_in(connection))
        done = signing_in.by_second_factor(connection, third, recovery, HERE, NOW, KEY)
        assert (done is not None) is expected


def test_a_session_ends_when_idle_when_old_and_when_the_account_is_locked(
    connection: Connection,
) -> None:
    account = make(connection)

    def alive(change: str) -> bool:
        begun = sign_in(connection)
        assert begun is not None
        connection.execute(f"UPDATE account_session SET {change}".encode())
        return sessions.find_session(connection, begun.session_id) is not None

    assert alive("seen_at = now() - interval '29 minutes'")
    assert not alive("seen_at = now() - interval '31 minutes'")
    assert alive("expires_at = now() + interval '1 second'")
    assert not alive("expires_at = now()")
    begun = sign_in(connection)
    accounts.disable(connection, account.id)
    assert begun is not None and sessions.find_session(connection, begun.session_id) is None
    assert sign_in(connection) is None


def test_a_new_password_or_role_signs_out_everywhere(connection: Connection) -> None:
    account = make(connection)
    for change in (
        lambda: accounts.set_password(connection, account, "violin kettle saffron"),
        lambda: accounts.change_role(connection, account.id, Role.OPERATOR_VIEWER, ["IN*ABC"]),
    ):
        begun = signing_in.begin(connection, account, HERE, strong=False, how="test")
        change()
        assert sessions.find_session(connection, begun.session_id) is None


def test_operators_have_parties_and_others_none(connection: Connection) -> None:
    for role, parties in ((Role.OPERATOR_ADMIN, []), (Role.ADMIN, ["IN*ABC"])):
        with pytest.raises(InvalidInput):
            accounts.add_account(connection, login="c@d.in", name="C", role=role, parties=parties)
    with pytest.raises(InvalidInput):
        accounts.add_account(connection, login="c@d.in", name="C", role=Role.APP, parties=[])
    make(connection)
    with pytest.raises(InvalidInput, match="already"):
        make(connection)


def test_tries_are_counted_for_all_processes_and_drain_with_time(
    connection: Connection, database_url: str
) -> None:
    rates = (Rate("test", 3, 300),)
    with connect(database_url, autocommit=True) as other:
        for caller in (connection, other, connection):
            take(caller, rates, "asha")
            connection.commit()
        for caller in (connection, other):
            with pytest.raises(TooMany, match="wait 2 min"):
                take(caller, rates, "asha")
            connection.rollback()
    take(connection, rates, "ravi")
    connection.execute("UPDATE rate_bucket SET moved_at = moved_at - interval '101 seconds'")
    take(connection, rates, "asha")
    with pytest.raises(TooMany):
        take(connection, rates, "asha")
    forget(connection, rates, "asha")
    take(connection, rates, "asha")


def test_sign_ins_are_limited_by_login_and_by_network(connection: Connection) -> None:
    for number in range(10):
        signing_in.count_sign_in(connection, "a@b.in", Caller(f"192.0.2.{number}", None))
    with pytest.raises(TooMany):
        signing_in.count_sign_in(connection, "A@b.in ", Caller("192.0.2.99", None))
    for number in range(10):
        signing_in.count_sign_in(connection, f"{number}@b.in", Caller(f"2001:db8::{number}", None))
    with pytest.raises(TooMany):
        signing_in.count_sign_in(connection, "x@b.in", Caller("2001:db8::ffff", None))
    assert network_of("2001:db8:0:0:1::1") == network_of("2001:db8::ffff")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
