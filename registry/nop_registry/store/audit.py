"""The log of who did what: written in the transaction of the deed, never changed (T30).

Every hour the events since the last seal are sealed: a digest over them and over the seal before,
signed with a key that is not in the database. Who rewrites history there breaks the chain.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import class_row

from nop_registry.access import Principal
from nop_registry.database import Connection
from nop_registry.store.rates import Rate, TooMany, network_of, take

_REFUSALS = (Rate("refusal", 120, 3600),)
"""Of one caller, that are written down: nobody fills the log by being refused."""


class Event(msgspec.Struct, frozen=True):
    """One deed."""

    id: int
    at: datetime
    actor_kind: str
    account_id: int | None
    key_id: int | None
    actor: str
    acting_for: list[str] | None
    address: str | None
    action: str
    object: str
    detail: dict[str, Any]


COLUMNS = ", ".join(Event.__struct_fields__)


def record(
    connection: Connection,
    principal: Principal,
    action: str,
    object_: str,
    **detail: Any,
) -> None:
    """Write down what `principal` did to `object_`, such as `source:bee` or `account:7`.

    No secrets, and no text that a person wrote.
    """
    connection.execute(
        """INSERT INTO audit_event (actor_kind, account_id, key_id, actor, acting_for, address,
               action, object, detail)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb)""",
        (
            principal.kind, principal.account_id, principal.key_id, principal.name[:200],
            None if principal.parties is None else sorted(principal.parties),
            principal.address, action, object_.replace("\x00", "")[:300],
            msgspec.json.encode(detail, enc_hook=str).decode(),
        ),
    )  # fmt: skip


def record_refusal(
    connection: Connection, principal: Principal, object_: str, **detail: Any
) -> None:
    """Write down that `principal` was refused; of one caller not more than 120 in an hour.

    Commits: what was tried stays known, whatever becomes of the request.
    """
    who = principal.account_id or principal.key_id or network_of(principal.address)
    try:
        take(connection, _REFUSALS, f"{principal.kind}:{who}")
    except TooMany:
        connection.rollback()
        return
    record(connection, principal, "refused", object_, **detail)
    connection.commit()


def list_events(
    connection: Connection,
    *,
    parties: Collection[str] | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[Event]:
    """The newest events first. `parties`: only what was done for some of these."""
    with connection.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(
            f"""SELECT {COLUMNS} FROM audit_event
                WHERE (%(before)s::bigint IS NULL OR id < %(before)s)
                  AND (%(parties)s::text[] IS NULL OR acting_for && %(parties)s)
                ORDER BY id DESC LIMIT %(limit)s""",  # noqa: S608 - our own column names
            {
                "before": before,
                "parties": None if parties is None else sorted(parties),
                "limit": limit,
            },
        ).fetchall()
