"""Accounts of people: whom they act for, their passwords and second factors."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

import msgspec
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from nop_registry.access import Role, covers
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import seal, unseal
from nop_registry.sign_in import passwords, second_factor
from nop_registry.store import sessions
from nop_registry.store.peer_parties import parse_binding


class Account(msgspec.Struct, frozen=True):
    """A person who may sign in."""

    id: int
    login: str
    """Their e-mail address, in lower case."""
    name: str
    role: str
    password_hash: str | None
    totp_sealed: bytes | None
    totp_step: int | None
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None
    parties: list[str]
    """Texts such as `IN*ABC` or `FR*`; of regulators and admins none, they see every party's."""


_SELECT = """
SELECT id, login, name, role, password_hash, totp_sealed, totp_step, created_at, disabled_at,
    last_sign_in_at,
    ARRAY(SELECT country_code || '*' || party_id FROM account_party p
          WHERE p.account_id = a.id ORDER BY 1) AS parties
FROM account a """


def add_account(
    connection: Connection,
    *,
    login: str,
    name: str,
    role: Role,
    parties: Iterable[str],
    created_by: int | None = None,
) -> Account:
    """An account without any way to sign in yet. Raises InvalidInput: the login is taken, …"""
    try:
        with connection.transaction():
            row = connection.execute(
                """INSERT INTO account (login, name, role, created_by) VALUES (%s, %s, %s, %s)
                   RETURNING id""",
                (plain_login(login), _name(name, login), role, created_by),
            ).fetchone()
            assert row is not None  # noqa: S101 - INSERT … RETURNING
            _set_parties(connection, row[0], role, parties)
    except UniqueViolation:
        raise InvalidInput(f"there is an account {login!r} already") from None
    except CheckViolation:
        raise InvalidInput(f"an account cannot have the role {role!r}") from None
    return get_account(connection, row[0])


def find_account(connection: Connection, login: str) -> Account | None:
    """The account with that login, disabled or not."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(_SELECT + "WHERE login = %s", (plain_login(login),)).fetchone()


def get_account(connection: Connection, number: int) -> Account:
    """The account of that number. Raises NotFound."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        found = cursor.execute(_SELECT + "WHERE id = %s", (number,)).fetchone()
    if found is None:
        raise NotFound(f"there is no account {number}; `nop account list` shows those there are")
    return found


def list_accounts(connection: Connection, parties: Collection[str] | None = None) -> list[Account]:
    """All accounts by login. `parties`: operators' that act for these and for no other."""
    with connection.cursor(row_factory=class_row(Account)) as cursor:
        every = cursor.execute(_SELECT + "ORDER BY login").fetchall()
    return [a for a in every if parties is None or is_within(a, parties)]


def is_within(account: Account, parties: Collection[str]) -> bool:
    """Whether the account acts for some of these parties, and for no other."""
    return (
        Role(account.role).is_operator
        and bool(account.parties)
        and covers(parties, account.parties)
    )


def check_password(connection: Connection, login: str, password: str) -> Account | None:
    """The account, if the password is its own; it takes as long when there is no such account."""
    found = find_account(connection, login)
    usable = found is not None and found.disabled_at is None
    kept = found.password_hash if found is not None and usable else None
    return found if passwords.matches(kept, password) else None


def set_password(connection: Connection, account: Account, password: str) -> None:
    """Choose a password. Everybody who is signed in to the account is signed out.

    Raises WeakPassword.
    """
    passwords.check_new(password, account.login, account.name)
    connection.execute(
        "UPDATE account SET password_hash = %s WHERE id = %s",
        (passwords.make_hash(password), account.id),
    )
    sessions.end_sessions(connection, account.id)


def rename(connection: Connection, account_id: int, name: str) -> None:
    """What the account is called."""
    connection.execute(
        "UPDATE account SET name = %s WHERE id = %s", (name.strip()[:200], account_id)
    )


def note_sign_in(connection: Connection, account_id: int) -> None:
    """It signed in now."""
    connection.execute("UPDATE account SET last_sign_in_at = now() WHERE id = %s", (account_id,))


def change_role(
    connection: Connection, account_id: int, role: Role, parties: Iterable[str]
) -> None:
    """What the account may do, and for whom. It is signed out, and what it offered ends.

    Raises InvalidInput.
    """
    with connection.transaction():
        connection.execute("UPDATE account SET role = %s WHERE id = %s", (role, account_id))
        _set_parties(connection, account_id, role, parties)
        _end_offers(connection, account_id)
        sessions.end_sessions(connection, account_id)


def disable(connection: Connection, account_id: int) -> None:
    """Let the account sign in no more; its sessions end now, and so do links by it and to it."""
    connection.execute(
        "UPDATE account SET disabled_at = coalesce(disabled_at, now()) WHERE id = %s",
        (account_id,),
    )
    _end_offers(connection, account_id)
    sessions.end_sessions(connection, account_id)


def enable(connection: Connection, account_id: int) -> None:
    """Let it sign in again."""
    connection.execute("UPDATE account SET disabled_at = NULL WHERE id = %s", (account_id,))


def propose_totp(
    connection: Connection, session_digest: bytes, account: Account, key: bytes
) -> str:
    """A fresh secret that becomes the second factor once a code of it was given; in clear.

    Asked again in the same session it is the same one. `key` seals it.
    """
    purpose = f"totp proposed:{account.id}"
    row = connection.execute(
        "SELECT totp_sealed FROM account_session WHERE digest = %s", (session_digest,)
    ).fetchone()
    if row and row[0] is not None:
        return unseal(row[0], key=key, purpose=purpose)
    secret = second_factor.new_secret()
    connection.execute(
        "UPDATE account_session SET totp_sealed = %s WHERE digest = %s",
        (seal(secret, key=key, purpose=purpose), session_digest),
    )
    return secret


def confirm_totp(
    connection: Connection,
    session_digest: bytes,
    account: Account,
    code: str,
    now: datetime,
    key: bytes,
) -> list[str] | None:
    """Keep the proposed secret if the code is of it; fresh recovery codes, or None: wrong code."""
    secret = propose_totp(connection, session_digest, account, key)
    step = second_factor.matching_step(secret, code, now, None)
    if step is None:
        return None
    connection.execute(
        "UPDATE account SET totp_sealed = %s, totp_step = %s WHERE id = %s",
        (seal(secret, key=key, purpose=_totp_purpose(account.id)), step, account.id),
    )
    connection.execute(
        "UPDATE account_session SET totp_sealed = NULL WHERE digest = %s", (session_digest,)
    )
    return renew_recovery_codes(connection, account.id)


def use_second_factor(
    connection: Connection, account: Account, code: str, now: datetime, key: bytes
) -> bool:
    """Whether the code opens: of the authenticator, or a recovery code. Each opens once."""
    if account.totp_sealed is not None:
        secret = unseal(account.totp_sealed, key=key, purpose=_totp_purpose(account.id))
        step = second_factor.matching_step(secret, code, now, account.totp_step)
        if step is not None:
            done = connection.execute(
                """UPDATE account SET totp_step = %(step)s
                   WHERE id = %(id)s AND coalesce(totp_step, -1) < %(step)s""",
                {"step": step, "id": account.id},
            )
            return done.rowcount == 1  # of two at once, one
    done = connection.execute(
        """UPDATE recovery_code SET used_at = now()
           WHERE account_id = %s AND digest = %s AND used_at IS NULL""",
        (account.id, second_factor.recovery_digest(account.id, code)),
    )
    return done.rowcount == 1


def renew_recovery_codes(connection: Connection, account_id: int) -> list[str]:
    """Ten fresh codes in place of those before, shown now and never again."""
    codes = second_factor.new_recovery_codes()
    connection.execute("DELETE FROM recovery_code WHERE account_id = %s", (account_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO recovery_code (account_id, digest) VALUES (%s, %s)",
            [(account_id, second_factor.recovery_digest(account_id, code)) for code in codes],
        )
    return codes


def count_recovery_codes(connection: Connection, account_id: int) -> int:
    """How many are left."""
    row = connection.execute(
        "SELECT count(*) FROM recovery_code WHERE account_id = %s AND used_at IS NULL",
        (account_id,),
    ).fetchone()
    return int(row[0]) if row else 0


def forget_totp(connection: Connection, account_id: int) -> None:
    """The second factor is lost: a new one is asked for at the next sign-in."""
    connection.execute(
        "UPDATE account SET totp_sealed = NULL, totp_step = NULL WHERE id = %s", (account_id,)
    )
    connection.execute("DELETE FROM recovery_code WHERE account_id = %s", (account_id,))


def plain_login(login: str) -> str:
    """A login as it is kept. Raises InvalidInput unless it can be an e-mail address.

    >>> plain_login(" Asha@Example.in ")
    'asha@example.in'
    """
    plain = login.strip().lower()
    user, at, host = plain.partition("@")
    if not (user and at and host) or len(plain) > 254 or not plain.isprintable() or " " in plain:
        raise InvalidInput(f"{login[:80]!r} is not an e-mail address")
    return plain


def _name(name: str, login: str) -> str:
    return name.strip()[:200] or plain_login(login).partition("@")[0]


def _end_offers(connection: Connection, account_id: int) -> None:
    """Nobody comes in by a link of one who no longer may give it; nor does that one."""
    connection.execute(
        """UPDATE invitation SET revoked_at = now()
           WHERE %s IN (created_by, account_id) AND used_at IS NULL AND revoked_at IS NULL""",
        (account_id,),
    )
    connection.execute("DELETE FROM role_wish WHERE %s IN (account_id, asked_by)", (account_id,))


def _totp_purpose(account_id: int) -> str:
    return f"totp:{account_id}"


def _set_parties(
    connection: Connection, account_id: int, role: Role, parties: Iterable[str]
) -> None:
    split = [parse_binding(party) for party in parties]
    if role.is_operator and not split:
        raise InvalidInput("say for which parties it acts, such as IN*ABC")
    if split and not role.is_operator:
        raise InvalidInput(f"the role {role.value} sees every party: name none")
    connection.execute("DELETE FROM account_party WHERE account_id = %s", (account_id,))
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO account_party (account_id, country_code, party_id) VALUES (%s, %s, %s)
               ON CONFLICT DO NOTHING""",
            [(account_id, country, party) for country, party in split],
        )
