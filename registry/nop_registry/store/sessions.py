"""Sessions of people who signed in: kept by the server, known by the digest of a random id.

Nothing of a session is in the cookie but the id, so that to delete the row is to end the session,
in every process at once.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Literal

import msgspec
from psycopg.rows import class_row

from nop_registry.access import NotAuthenticated, Principal, Role
from nop_registry.database import Connection

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
UNFINISHED = timedelta(minutes=10)
"""How long one may take for the second factor."""
Stage = Literal["second_factor", "enrolment", "full"]


class Session(msgspec.Struct, frozen=True):
    """A session that is alive, with its account."""

    digest: bytes
    account_id: int
    stage: Stage
    strong: bool
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str | None
    agent: str | None
    login: str
    name: str
    role: str
    parties: list[str]

    def principal(self, address: str | None = None) -> Principal:
        """Who asks. Raises NotAuthenticated while the sign-in is not finished."""
        if self.stage != "full":
            raise NotAuthenticated("finish signing in")
        role = Role(self.role)
        return Principal(
            kind="account",
            name=self.name,
            role=role,
            account_id=self.account_id,
            parties=frozenset(self.parties) if role.is_operator else None,
            strong=self.strong,
            address=address,
        )


_SELECT = """
SELECT s.digest, s.account_id, s.stage, s.strong, s.created_at, s.seen_at, s.expires_at, s.address,
    s.agent, a.login, a.name, a.role,
    ARRAY(SELECT country_code || '*' || party_id FROM account_party p
          WHERE p.account_id = a.id ORDER BY 1) AS parties
FROM account_session s JOIN account a ON a.id = s.account_id
WHERE s.expires_at > now() AND s.seen_at > now() - %(idle)s AND a.disabled_at IS NULL """


def open_session(
    connection: Connection,
    account_id: int,
    *,
    stage: Stage,
    strong: bool,
    address: str | None,
    agent: str | None,
) -> str:
    """Begin a session; the returned id goes into the cookie and is kept nowhere."""
    session_id = secrets.token_urlsafe(32)
    connection.execute(
        """INSERT INTO account_session (digest, account_id, stage, strong, expires_at, address,
               agent)
           VALUES (%s, %s, %s, %s, now() + %s, %s, %s)""",
        (
            session_digest(session_id), account_id, stage, strong,
            LONGEST if stage == "full" else UNFINISHED, address, agent and agent[:200],
        ),
    )  # fmt: skip
    return session_id


def find_session(connection: Connection, session_id: str) -> Session | None:
    """The live session of that id, which counts as seen now (to the minute)."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        found = cursor.execute(
            _SELECT + "AND s.digest = %(digest)s",
            {"idle": IDLE, "digest": session_digest(session_id)},
        ).fetchone()
    if found is not None:
        connection.execute(
            """UPDATE account_session SET seen_at = now()
               WHERE digest = %s AND seen_at < now() - interval '1 minute'""",
            (found.digest,),
        )
    return found


def principal_of_session(
    connection: Connection, session_id: str, address: str | None = None
) -> Principal:
    """Who signed in. Raises NotAuthenticated."""
    found = find_session(connection, session_id) if session_id else None
    if found is None:
        raise NotAuthenticated("sign in")
    return found.principal(address)


def list_sessions(connection: Connection, account_id: int) -> list[Session]:
    """The live sessions of an account, the newest first."""
    with connection.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(
            _SELECT + "AND s.account_id = %(account)s ORDER BY s.created_at DESC",
            {"idle": IDLE, "account": account_id},
        ).fetchall()


def end_session(connection: Connection, session_id: str) -> None:
    """Sign out."""
    connection.execute(
        "DELETE FROM account_session WHERE digest = %s", (session_digest(session_id),)
    )


def end_sessions(connection: Connection, account_id: int) -> int:
    """Sign an account out everywhere; returns how many sessions it had."""
    return connection.execute(
        "DELETE FROM account_session WHERE account_id = %s", (account_id,)
    ).rowcount


def tidy(connection: Connection) -> None:
    """Forget sessions that are over."""
    connection.execute(
        "DELETE FROM account_session WHERE expires_at < now() OR seen_at < now() - %s", (IDLE,)
    )


def session_digest(session_id: str) -> bytes:
    """What is kept of an id."""
    return sha256(session_id.encode()).digest()
