"""Signing in, step by step: password, second factor, provider. Each step makes a new session id."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from nop_registry.access import NOBODY, Principal, Role
from nop_registry.database import Connection
from nop_registry.store import accounts, audit, sessions
from nop_registry.store.accounts import Account
from nop_registry.store.rates import Rate, network_of, take
from nop_registry.store.sessions import Session, Stage

_PER_LOGIN = (Rate("sign-in-login", 10, 300),)
_PER_NETWORK = (Rate("sign-in-network", 10, 300),)
_OF_ALL = (Rate("sign-in", 1000, 300),)
_CODES = (Rate("code-5min", 5, 300), Rate("code-hour", 20, 3600), Rate("code-day", 50, 86_400))
_LINKS = (Rate("link", 20, 300),)


class Caller(NamedTuple):
    """Where a request came from."""

    address: str | None
    agent: str | None


class Begun(NamedTuple):
    """A session that began. `stage` says what is still to be done."""

    session_id: str
    stage: Stage


def count_sign_in(connection: Connection, login: str, caller: Caller) -> None:
    """Count a try, before the password is looked at. Raises TooMany. Commit it."""
    take(connection, _OF_ALL, "all")
    take(connection, _PER_NETWORK, network_of(caller.address))
    take(connection, _PER_LOGIN, login.strip().lower().replace("\x00", "")[:254])


def count_code(connection: Connection, account_id: int) -> None:
    """Count a try of a second factor. Raises TooMany. Commit it."""
    take(connection, _CODES, str(account_id))


def count_link(connection: Connection, caller: Caller) -> None:
    """Count a try of an invitation or of an answer from a provider. Raises TooMany. Commit it."""
    take(connection, _LINKS, network_of(caller.address))


def by_password(connection: Connection, login: str, password: str, caller: Caller) -> Begun | None:
    """Begin a session with a password; None: it does not open (nobody learns why)."""
    found = accounts.check_password(connection, login, password)
    if found is None:
        known = accounts.find_account(connection, login)
        nobody = _principal_of(known, caller) if known else _nobody(caller)
        name = f"account:{known.id}" if known else "account:unknown"
        audit.record(connection, nobody, "sign_in_failed", name, factor="password")
        return None
    return begin(connection, found, caller, strong=False, how="password")


def by_second_factor(
    connection: Connection, session: Session, code: str, caller: Caller, now: datetime, key: bytes
) -> Begun | None:
    """Finish a session that has its password; None: wrong code."""
    found = accounts.get_account(connection, session.account_id)
    if not accounts.use_second_factor(connection, found, code, now, key):
        audit.record(
            connection, _principal_of(found, caller), "sign_in_failed", f"account:{found.id}",
            factor="second",
        )  # fmt: skip
        return None
    _end(connection, session)
    return begin(connection, found, caller, strong=True, how="second_factor")


def begin(
    connection: Connection, account: Account, caller: Caller, *, strong: bool, how: str
) -> Begun:
    """A session of someone who proved who they are. `strong`: by a second factor too."""
    stage: Stage = "full"
    if not strong and account.totp_sealed is not None:
        stage = "second_factor"
    elif not strong and Role(account.role).needs_second_factor:
        stage = "enrolment"
    session_id = sessions.open_session(
        connection, account.id, stage=stage, strong=strong, address=caller.address,
        agent=caller.agent,
    )  # fmt: skip
    if stage == "full":
        accounts.note_sign_in(connection, account.id)
        audit.record(
            connection, _principal_of(account, caller), "signed_in", f"account:{account.id}",
            how=how,
        )  # fmt: skip
    return Begun(session_id, stage)


def enrol(
    connection: Connection, session: Session, code: str, caller: Caller, now: datetime, key: bytes
) -> tuple[Begun, list[str]] | None:
    """Take on the second factor that was proposed; the new session and recovery codes, or None."""
    account = accounts.get_account(connection, session.account_id)
    codes = accounts.confirm_totp(connection, session.digest, account, code, now, key)
    if codes is None:
        return None
    audit.record(
        connection, _principal_of(account, caller), "second_factor_enrolled",
        f"account:{account.id}",
    )  # fmt: skip
    sessions.end_sessions(connection, account.id)
    return begin(connection, account, caller, strong=True, how="enrolment"), codes


def _end(connection: Connection, session: Session) -> None:
    connection.execute("DELETE FROM account_session WHERE digest = %s", (session.digest,))


def _nobody(caller: Caller) -> Principal:
    return Principal(kind="public", name=NOBODY.name, role=Role.PUBLIC, address=caller.address)


def _principal_of(account: Account, caller: Caller) -> Principal:
    role = Role(account.role)
    return Principal(
        kind="account", name=account.name, role=role, account_id=account.id,
        parties=frozenset(account.parties) if role.is_operator else None, address=caller.address,
    )  # fmt: skip
