"""Roles that one administrator wants to give to an account, until a second one confirms."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from psycopg.rows import class_row

from nop_registry.access import Role
from nop_registry.database import Connection
from nop_registry.errors import NotFound
from nop_registry.store import accounts

VALID_FOR = timedelta(days=7)


class RoleWish(msgspec.Struct, frozen=True):
    """What one administrator asked for."""

    account_id: int
    role: str
    asked_by: int
    asked_at: datetime


_COLUMNS = ", ".join(RoleWish.__struct_fields__)


def ask(connection: Connection, account_id: int, role: Role, asked_by: int) -> None:
    """Ask for it; an earlier wish for the same account ends."""
    connection.execute("DELETE FROM role_wish WHERE account_id = %s", (account_id,))
    connection.execute(
        "INSERT INTO role_wish (account_id, role, asked_by) VALUES (%s, %s, %s)",
        (account_id, role, asked_by),
    )


def list_open(connection: Connection) -> list[RoleWish]:
    """Those that wait, the newest first."""
    with connection.cursor(row_factory=class_row(RoleWish)) as cursor:
        return cursor.execute(
            f"""SELECT {_COLUMNS} FROM role_wish WHERE asked_at > now() - %s
                ORDER BY asked_at DESC""",  # noqa: S608 - our own column names
            (VALID_FOR,),
        ).fetchall()


def confirm(connection: Connection, account_id: int, confirmed_by: int) -> RoleWish:
    """A second administrator agrees: the account has the role, and is signed out.

    Raises NotFound when none waits, or when that one asked for it (or is whom it is about).
    """
    with connection.cursor(row_factory=class_row(RoleWish)) as cursor:
        found = cursor.execute(
            f"""DELETE FROM role_wish
                WHERE account_id = %(account)s AND asked_at > now() - %(valid)s
                  AND %(by)s NOT IN (asked_by, account_id)
                RETURNING {_COLUMNS}""",  # noqa: S608 - our own column names
            {"account": account_id, "valid": VALID_FOR, "by": confirmed_by},
        ).fetchone()
    if found is None:
        raise NotFound("there is no such wish that you may confirm")
    accounts.change_role(connection, account_id, Role(found.role), ())
    return found


def withdraw(connection: Connection, account_id: int) -> bool:
    """Nobody wants it any more. False: there was none."""
    done = connection.execute("DELETE FROM role_wish WHERE account_id = %s", (account_id,))
    return done.rowcount > 0
