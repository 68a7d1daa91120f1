"""Sources: who publishes, how we reach them, and how the last contact went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import seal, unseal


class Source(msgspec.Struct, frozen=True):
    """A publisher's feed as the doors need it."""

    id: int
    name: str
    kind: str
    country_code: str
    versions_url: str | None
    token_sealed: bytes | None
    allow_loopback: bool
    simulated: bool
    state: str
    pull_every_s: int
    full_every_s: int
    quirks: dict[str, Any]
    removal_approved: bool
    last_success_at: datetime | None
    last_full_at: datetime | None

    def token(self, key: bytes) -> str | None:
        """The token we send, in clear."""
        if self.token_sealed is None:
            return None
        return unseal(self.token_sealed, key=key, purpose=f"source-token:{self.name}")


_COLUMNS = ", ".join(Source.__struct_fields__)


def add_source(
    connection: Connection,
    *,
    name: str,
    kind: str,
    country_code: str,
    versions_url: str | None = None,
    token: str | None = None,
    key: bytes = b"",
    allow_loopback: bool = False,
    simulated: bool = False,
    pull_every_s: int = 900,
    full_every_s: int = 86_400,
    status_ttl_s: int | None = None,
) -> Source:
    """Register a feed. `key` seals the token.

    A status is believed for `status_ttl_s` seconds after the last word on it; by default three
    pull intervals, and at least 15 minutes. Adding the same feed again changes nothing.
    Raises InvalidInput when the name is taken by another feed or cannot be used.
    """
    sealed = seal(token, key=key, purpose=f"source-token:{name}") if token else None
    ttl_s = status_ttl_s or max(3 * pull_every_s, 900)
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO source (name, kind, country_code, versions_url, token_sealed,
                       allow_loopback, simulated, pull_every_s, full_every_s, status_ttl_s)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
                (name, kind, country_code, versions_url, sealed, allow_loopback, simulated,
                 pull_every_s, full_every_s, ttl_s),
            )  # fmt: skip
    except UniqueViolation:
        known = get_source(connection, name)
        if (known.kind, known.versions_url) != (kind, versions_url):
            raise InvalidInput(
                f"a source named {name!r} exists with another address; choose another name"
            ) from None
    except CheckViolation as error:
        raise InvalidInput(f"source {name!r} cannot be added: {_broken_rule(error)}") from None
    return get_source(connection, name)


def _broken_rule(error: CheckViolation) -> str:
    rules = {
        "source_name_check": "the name may have lower-case letters, digits, '.', '_' and '-'",
        "source_country_code_check": "the country must be an ISO 3166 alpha-2 code such as IN",
    }
    name = error.diag.constraint_name or ""
    return rules.get(name, f"a value is out of range ({name})")


def get_source(connection: Connection, name: str) -> Source:
    """The source of that name. Raises NotFound."""
    with connection.cursor(row_factory=class_row(Source)) as cursor:
        found = cursor.execute(
            f"SELECT {_COLUMNS} FROM source WHERE name = %s",  # noqa: S608 - our own column names
            (name,),
        ).fetchone()
    if found is None:
        raise NotFound(f"no source named {name!r}; `nop source list` shows those there are")
    return found


def list_sources_to_pull(connection: Connection) -> list[Source]:
    """OCPI sources whose interval has passed since the last attempt.

    Each source has its own splay of ±10 %, so that peers are not asked in step. After failures
    the interval doubles, up to an hour, so a dead peer is not hammered.
    """
    with connection.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(
            f"""SELECT {_COLUMNS} FROM source
                WHERE kind = 'ocpi' AND state IN ('active', 'held')
                  AND (last_attempt_at IS NULL OR now() - last_attempt_at >= interval '1 second'
                       * (0.9 + 0.2 * (hashtext(name) & 1023) / 1023.0)
                       * least(pull_every_s * 2 ^ least(failures, 10),
                               greatest(pull_every_s, 3600)))
                ORDER BY last_attempt_at NULLS FIRST"""  # noqa: S608 - our own column names
        ).fetchall()


def note_attempt(connection: Connection, source: Source) -> None:
    """Remember that a pull has begun."""
    connection.execute("UPDATE source SET last_attempt_at = now() WHERE id = %s", (source.id,))


def note_success(
    connection: Connection,
    source: Source,
    *,
    started_at: datetime,
    full: bool,
    quirks: dict[str, Any],
) -> None:
    """A pull arrived whole: it confirms every status that it did not change, as of its start."""
    connection.execute(
        """UPDATE source SET seen_at = %(at)s, last_success_at = %(at)s, failures = 0,
               last_full_at = CASE WHEN %(full)s THEN %(at)s ELSE last_full_at END,
               quirks = %(quirks)s::jsonb
           WHERE id = %(id)s""",
        {
            "at": started_at,
            "full": full,
            "quirks": msgspec.json.encode(quirks).decode(),
            "id": source.id,
        },
    )


def note_failure(
    connection: Connection, source: Source, message: str, *, auth: bool = False
) -> None:
    """A pull failed; `auth` stops further attempts until a person mends the token."""
    connection.execute(
        """UPDATE source SET last_error_at = now(), last_error = %s, failures = failures + 1,
               state = CASE WHEN %s AND failures >= 2 THEN 'auth_failed' ELSE state END,
               state_reason = CASE WHEN %s AND failures >= 2 THEN %s ELSE state_reason END
           WHERE id = %s""",
        (message[:2000], auth, auth, message[:2000], source.id),
    )


def hold_source(connection: Connection, source: Source, reason: str) -> None:
    """Retire nothing of this source until a person has looked."""
    connection.execute(
        "UPDATE source SET state = 'held', state_reason = %s WHERE id = %s", (reason, source.id)
    )


def release_source(connection: Connection, name: str, *, accept_removal: bool) -> Source:
    """A person has looked: pull on. `accept_removal`: the next full pull retires what is gone."""
    source = get_source(connection, name)
    connection.execute(
        """UPDATE source SET state = 'active', state_reason = NULL, failures = 0,
               removal_approved = %s WHERE id = %s""",
        (accept_removal, source.id),
    )
    return get_source(connection, name)
