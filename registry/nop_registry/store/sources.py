"""Sources: who publishes, how we reach them, and how the last contact went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.errors import CheckViolation, UniqueViolation
from psycopg.rows import class_row

from nop_registry.database import Connection
from nop_registry.errors import InvalidInput, NotFound
from nop_registry.sealing import seal, unseal
from nop_registry.store import lapses


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
    """How this peer deviates: nop_ingest.ocpi.quirks."""
    removal_approved: bool
    last_success_at: datetime | None
    last_full_at: datetime | None
    module_urls: dict[str, str]
    """An open feed: where its lists are, by module; empty: the versions URL tells."""
    withdrawn_at: datetime | None
    """A person took it out of publication: nothing more of it is taken."""

    def token(self, key: bytes) -> str | None:
        """The token we send, in clear."""
        if self.token_sealed is None:
            return None
        return unseal(self.token_sealed, key=key, purpose=f"source-token:{self.name}")


_LONGEST_WAIT_S = 86_400.0

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
    module_urls: Mapping[str, str] | None = None,
    quirks: Mapping[str, Any] | None = None,
) -> Source:
    """Register a feed. `key` seals the token.

    A status is believed for `status_ttl_s` seconds after the last word on it; by default three
    pull intervals, and at least 15 minutes. `module_urls` are those of an open feed, by module.
    Adding the same feed again changes nothing.
    Raises InvalidInput when the name is taken by another feed or cannot be used.
    """
    sealed = seal(token, key=key, purpose=f"source-token:{name}") if token else None
    ttl_s = status_ttl_s or max(3 * pull_every_s, 900)
    try:
        with connection.transaction():
            connection.execute(
                """INSERT INTO source (name, kind, country_code, versions_url, token_sealed,
                       allow_loopback, simulated, pull_every_s, full_every_s, status_ttl_s,
                       module_urls, quirks)
                   VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s::jsonb)""",
                (name, kind, country_code, versions_url, sealed, allow_loopback, simulated,
                 pull_every_s, full_every_s, ttl_s, _json(module_urls), _json(quirks)),
            )  # fmt: skip
    except UniqueViolation:
        known = get_source(connection, name)
        address = (known.kind, known.versions_url, known.module_urls)
        if address != (kind, versions_url, dict(module_urls or {})):
            raise InvalidInput(
                f"a source named {name!r} exists with another address; choose another name"
            ) from None
    except CheckViolation as error:
        raise InvalidInput(f"source {name!r} cannot be added: {_broken_rule(error)}") from None
    return get_source(connection, name)


def _json(values: Mapping[str, Any] | None) -> str:
    return msgspec.json.encode(dict(values or {})).decode()


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


def find_source(connection: Connection, number: int) -> Source | None:
    """The source of that number; None too for one that was withdrawn: nobody delivers to it."""
    with connection.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(
            f"SELECT {_COLUMNS} FROM source WHERE id = %s AND withdrawn_at IS NULL",  # noqa: S608 - our own column names
            (number,),
        ).fetchone()


def list_sources_to_pull(connection: Connection) -> list[Source]:
    """OCPI sources whose interval has passed since the last attempt.

    Each source has its own splay of ±10 %, so that peers are not asked in step. After failures
    the interval doubles, up to an hour, so a dead peer is not hammered; one that asked us to wait
    (PU-10) is left alone until then.
    """
    with connection.cursor(row_factory=class_row(Source)) as cursor:
        return cursor.execute(
            f"""SELECT {_COLUMNS} FROM source
                WHERE kind = 'ocpi' AND state IN ('active', 'held')
                  AND (versions_url IS NOT NULL OR module_urls <> '{{}}')
                  AND coalesce(not_before <= now(), true)
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
    """All locations arrived: that confirms every status that it did not change, as of its start.

    If its token was refused before, that is over.
    `quirks`: what it learnt about the peer; the others stand.
    """
    lapses.note_pull(connection, source.id)
    connection.execute(
        """UPDATE source SET seen_at = %(at)s, last_success_at = %(at)s, failures = 0,
               recovered_at = CASE WHEN seen_at < now() - status_ttl_s * interval '1 second'
                                   THEN now() ELSE recovered_at END,
               last_full_at = CASE WHEN %(full)s THEN %(at)s ELSE last_full_at END,
               quirks = quirks || %(quirks)s::jsonb, not_before = NULL,
               state = CASE state WHEN 'auth_failed' THEN 'active' ELSE state END,
               state_reason = CASE state WHEN 'auth_failed' THEN NULL ELSE state_reason END
           WHERE id = %(id)s""",
        {
            "at": started_at,
            "full": full,
            "quirks": _json(quirks),
            "id": source.id,
        },
    )


def ask_for_all(connection: Connection, source_id: int) -> None:
    """The next pull is a full one, from its first page: more may be taken than until now."""
    connection.execute("UPDATE source SET last_full_at = NULL WHERE id = %s", (source_id,))
    connection.execute(
        """UPDATE delivery SET state = 'failed', finished_at = now(), error = 'more was agreed on'
           WHERE source_id = %s AND mode IN ('full', 'incremental') AND state = 'running'""",
        (source_id,),
    )


def note_file(
    connection: Connection,
    source: Source,
    at: datetime,
    confirmed: Iterable[int],
    as_of: datetime,
) -> None:
    """A file was taken. It told what was true `as_of` of EVSEs of the `confirmed` sources.

    A file that says nothing of statuses confirms none: only where none was ever heard it counts as
    contact.
    """
    lapses.note_end_of_file(connection, sorted(confirmed), as_of)
    connection.execute(
        """UPDATE source SET last_success_at = %(at)s, last_full_at = %(at)s, failures = 0,
               not_before = NULL WHERE id = %(id)s""",
        {"at": at, "id": source.id},
    )
    connection.execute(
        """UPDATE source s SET seen_at = greatest(seen_at, %(as_of)s)
           WHERE id = %(id)s AND NOT EXISTS (
               SELECT FROM evse_status e JOIN location l ON l.id = e.location_id
               WHERE l.source_id = s.id AND e.status <> 'UNKNOWN')""",
        {"as_of": as_of, "id": source.id},
    )


def note_failure(
    connection: Connection,
    source: Source,
    message: str,
    *,
    auth: bool = False,
    quirks: Mapping[str, Any] | None = None,
    wait_s: float | None = None,
) -> None:
    """A pull failed; `auth` stops further attempts until a person mends the token.

    `quirks`: what it learnt nevertheless. `wait_s`: how long the peer wants to be left alone; at
    most a day is granted.
    """
    connection.execute(
        """UPDATE source SET last_error_at = now(), last_error = %(message)s,
               failures = failures + 1, quirks = quirks || %(quirks)s::jsonb,
               not_before = now() + %(wait_s)s::float8 * interval '1 second',
               state = CASE WHEN %(auth)s AND failures >= 2 THEN 'auth_failed' ELSE state END,
               state_reason = CASE WHEN %(auth)s AND failures >= 2 THEN %(message)s
                                   ELSE state_reason END
           WHERE id = %(id)s""",
        {
            "message": message[:2000],
            "auth": auth,
            "quirks": _json(quirks),
            "wait_s": None if wait_s is None else min(wait_s, _LONGEST_WAIT_S),
            "id": source.id,
        },
    )


def change_quirks(
    connection: Connection, name: str, changes: Mapping[str, Any], forgotten: Iterable[str] = ()
) -> Source:
    """A person sets what is known of a peer, or lets it be found anew. Raises NotFound."""
    source = get_source(connection, name)
    connection.execute(
        "UPDATE source SET quirks = (quirks - %s::text[]) || %s::jsonb WHERE id = %s",
        (list(forgotten), _json(changes), source.id),
    )
    return get_source(connection, name)


def change_ttl(connection: Connection, name: str, believed_for: timedelta) -> None:
    """How long after the last word of a source its statuses are live. Raises NotFound."""
    source = get_source(connection, name)
    connection.execute(
        "UPDATE source SET status_ttl_s = %s WHERE id = %s",
        (round(believed_for.total_seconds()), source.id),
    )


def hold_source(connection: Connection, source: Source, reason: str) -> None:
    """Retire nothing of this source until a person has looked."""
    connection.execute(
        "UPDATE source SET state = 'held', state_reason = %s WHERE id = %s", (reason, source.id)
    )


def settle_removal(connection: Connection, source: Source) -> None:
    """What was held, or approved when the delivery began, is done with.

    What a person withdrew or disabled meanwhile stays so.
    """
    connection.execute(
        """UPDATE source SET state = 'active', state_reason = NULL, failures = 0,
               removal_approved = false
           WHERE id = %s AND withdrawn_at IS NULL
             AND (state = 'held' OR state = 'active' AND %s)""",
        (source.id, source.removal_approved),
    )


def accept_removal(connection: Connection, name: str) -> None:
    """A person says that what the last delivery did not list is gone; only that is released.

    Raises InvalidInput unless its removal is held: what was withdrawn or disabled stays so.
    """
    done = connection.execute(
        """UPDATE source SET state = 'active', state_reason = NULL, failures = 0,
               removal_approved = true
           WHERE name = %s AND state = 'held' AND withdrawn_at IS NULL""",
        (name,),
    )
    if done.rowcount == 0:
        raise InvalidInput(f"{name}: no removal waits for anybody's word")


def release_source(connection: Connection, name: str, *, accept_removal: bool) -> Source:
    """A person has looked: pull on. `accept_removal`: the next full pull retires what is gone."""
    source = get_source(connection, name)
    connection.execute(
        """UPDATE source SET state = 'active', state_reason = NULL, failures = 0,
               removal_approved = %s, withdrawn_at = NULL WHERE id = %s""",
        (accept_removal, source.id),
    )
    return get_source(connection, name)
