"""Links that make an account, or let its owner in again. Each opens once, for some days.

To an account that decides (Role.needs_second_admin), or that acts for all parties of a country, an
administrator cannot make a link alone: one asks (the link exists, and nobody knows its secret),
another confirms, and only that one sees it.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec
from psycopg.rows import class_row

from nop_registry.access import Role, covers, names_country
from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.store import accounts
from nop_registry.store.accounts import Account
from nop_registry.store.peer_parties import parse_binding

VALID_FOR = timedelta(days=7)
RECOVERY_VALID_FOR = timedelta(hours=24)


class Invitation(msgspec.Struct, frozen=True):
    """A link that was given to somebody."""

    id: int
    account_id: int | None
    """Whose account it recovers; None: it makes a new one."""
    login: str
    role: str
    parties: list[str]
    forget_totp: bool
    created_by: int | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    needs_second: bool
    confirmed_by: int | None

    @property
    def waits(self) -> bool:
        """It opens nothing before a second administrator confirms it."""
        return self.needs_second and self.confirmed_by is None


_COLUMNS = ", ".join(Invitation.__struct_fields__)
_STANDS = "used_at IS NULL AND revoked_at IS NULL AND expires_at > now()"
_OPEN = f"{_STANDS} AND (NOT needs_second OR confirmed_by IS NOT NULL)"


def invite(
    connection: Connection,
    *,
    login: str,
    role: Role,
    parties: Collection[str] = (),
    created_by: int | None = None,
    valid_for: timedelta = VALID_FOR,
) -> str | None:
    """A link's secret: who has it makes the account. None: a second administrator confirms first.

    Earlier links for the same login end, those for other parties excepted. `created_by` None: made
    on the server itself. Raises InvalidInput: the login has an account, or role and parties do not
    go together.
    """
    plain = accounts.plain_login(login)
    if accounts.find_account(connection, plain) is not None:
        raise InvalidInput(f"there is an account {plain!r} already")
    if role in (Role.PUBLIC, Role.APP):
        raise InvalidInput(f"the role {role.value} is no person's")
    named = sorted({"*".join(parse_binding(party)) for party in parties})
    if role.is_operator != bool(named):
        raise InvalidInput(
            "an operator's role needs a party such as IN*ABC; the other roles have none"
        )
    return _make(connection, None, plain, role, named, False, created_by, valid_for)


def offer_recovery(
    connection: Connection,
    account: Account,
    *,
    forget_totp: bool,
    created_by: int | None = None,
    valid_for: timedelta = RECOVERY_VALID_FOR,
) -> str | None:
    """A link's secret with which the owner chooses a new password.

    `forget_totp`: and a new second factor, for one who lost it and its recovery codes. With that a
    link is all that it takes: for an account that decides, or acts for a country, None until a
    second one confirms. One that has no second factor of ours is recovered so in any case.
    """
    forget_totp = forget_totp or account.totp_sealed is None
    return _make(
        connection, account.id, account.login, Role(account.role), account.parties, forget_totp,
        created_by, valid_for,
    )  # fmt: skip


def find_open(connection: Connection, secret: str) -> Invitation | None:
    """What the link opens, if it still does."""
    with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM invitation WHERE digest = %s AND {_OPEN}",  # noqa: S608 - our own column names
            (_digest(secret),),
        ).fetchone()


def list_open(connection: Connection, parties: Collection[str] | None = None) -> list[Invitation]:
    """Links that still open or wait, newest first. `parties`: for these parties and no other."""
    with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        every = cursor.execute(
            f"SELECT {_COLUMNS} FROM invitation WHERE {_STANDS} ORDER BY id DESC"  # noqa: S608 - our own column names
        ).fetchall()
    return [i for i in every if parties is None or (i.parties and covers(parties, i.parties))]


def accept(connection: Connection, number: int, name: str) -> Account:
    """Use the link: a new account, or the one that it recovers. Of two at once, one.

    Raises NotFound when it no longer opens.
    """
    with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        used = cursor.execute(
            f"UPDATE invitation SET used_at = now() WHERE id = %s AND {_OPEN} "  # noqa: S608 - our own column names
            f"RETURNING {_COLUMNS}",
            (number,),
        ).fetchone()
    if used is None:
        raise NotFound("this link was used, taken back or is too old: ask for another one")
    if used.account_id is None:
        return accounts.add_account(
            connection, login=used.login, name=name, role=Role(used.role), parties=used.parties,
            created_by=used.created_by,
        )  # fmt: skip
    if used.forget_totp:
        accounts.forget_totp(connection, used.account_id)
    return accounts.get_account(connection, used.account_id)


def confirm(connection: Connection, number: int, confirmed_by: int) -> tuple[Invitation, str]:
    """A second administrator agrees: the link and its secret, which only that one sees.

    Raises NotFound when none waits, or when that one asked for it (or is whom it is about).
    """
    secret = secrets.token_urlsafe(32)
    with connection.cursor(row_factory=class_row(Invitation)) as cursor:
        found = cursor.execute(
            f"""UPDATE invitation SET confirmed_by = %(by)s, digest = %(digest)s
                WHERE id = %(id)s AND {_STANDS} AND needs_second AND confirmed_by IS NULL
                  AND created_by <> %(by)s AND account_id IS DISTINCT FROM %(by)s
                RETURNING {_COLUMNS}""",  # noqa: S608 - our own column names
            {"by": confirmed_by, "digest": _digest(secret), "id": number},
        ).fetchone()
    if found is None:
        raise NotFound("there is no such invitation that you may confirm")
    return found, secret


def revoke(connection: Connection, number: int) -> None:
    """Take a link back. Raises NotFound when it no longer opens."""
    done = connection.execute(
        f"UPDATE invitation SET revoked_at = now() WHERE id = %s AND {_STANDS}",  # noqa: S608 - our own column names
        (number,),
    )
    if done.rowcount == 0:
        raise NotFound("there is no such invitation, or it is no longer open")


def _make(
    connection: Connection,
    account_id: int | None,
    login: str,
    role: Role,
    parties: Collection[str],
    forget_totp: bool,
    created_by: int | None,
    valid_for: timedelta,
) -> str | None:
    secret = secrets.token_urlsafe(32)
    takes_two = role.needs_second_admin or names_country(parties)
    waits = created_by is not None and takes_two and (account_id is None or forget_totp)
    # Another party's invitation of the same person is not this caller's to end.
    connection.execute(
        f"""UPDATE invitation SET revoked_at = now()
            WHERE login = %s AND {_STANDS}
              AND account_id IS NOT DISTINCT FROM %s AND covers(%s, parties)""",  # noqa: S608 - our own column names
        (login, account_id, list(parties)),
    )
    connection.execute(
        """INSERT INTO invitation (digest, account_id, login, role, parties, forget_totp,
               created_by, expires_at, needs_second)
           VALUES (%s, %s, %s, %s, %s, %s, %s, now() + %s, %s)""",
        (_digest(secret), account_id, login, role, list(parties), forget_totp, created_by,
         valid_for, waits),
    )  # fmt: skip
    return None if waits else secret


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
