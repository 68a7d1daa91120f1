"""How operators' sources are doing, and what stands against their data: for those who own them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from psycopg.rows import class_row

from nop_registry.database import Connection

LIMIT = 100


class SourceHealth(msgspec.Struct, frozen=True):
    """One source now. Counts are of what is not retired."""

    id: int
    name: str
    kind: str
    simulated: bool
    state: str
    state_reason: str | None
    is_stale: bool
    """Its statuses are published as unknown."""
    seen_at: datetime | None
    last_attempt_at: datetime | None
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error: str | None
    failures: int
    pull_every_s: int
    status_ttl_s: int
    withdrawn_at: datetime | None
    peer_state: str | None
    ocpi_version: str | None
    versions_url: str | None
    locations: int
    published: int
    evses: int
    unknown: int
    tariffs: int
    errors: int
    warnings: int
    score: float | None
    """Smoothed, 0 to 1, of this week."""
    now: datetime

    @property
    def silent_for(self) -> timedelta | None:
        """Since the last contact that brought something; None: there was none."""
        heard = self.last_success_at or self.seen_at
        return self.now - heard if heard else None


_HEALTH = """
SELECT s.id, s.name, s.kind, s.simulated, s.state, s.state_reason, s.is_stale, s.seen_at,
    s.last_attempt_at, s.last_success_at, s.last_error_at, s.last_error, s.failures,
    s.pull_every_s, s.status_ttl_s, o.withdrawn_at, p.state AS peer_state,
    p.version AS ocpi_version, s.versions_url,
    (SELECT count(*) FROM location l WHERE l.source_id = s.id AND l.retired_at IS NULL)
        AS locations,
    n.published, n.evses, n.unknown,
    (SELECT count(*) FROM tariff t WHERE t.source_id = s.id AND t.retired_at IS NULL) AS tariffs,
    f.errors, f.warnings,
    (SELECT smoothed FROM quality_day q WHERE q.source_id = s.id
       AND day > (now() AT TIME ZONE 'UTC')::date - 7 ORDER BY day DESC LIMIT 1) AS score,
    now() AS now
FROM source_now s JOIN source o ON o.id = s.id
LEFT JOIN peer p ON p.source_id = s.id
LEFT JOIN LATERAL (SELECT count(*) AS published, coalesce(sum(n_evse), 0)::bigint AS evses,
        coalesce(sum(n_unknown), 0)::bigint AS unknown
    FROM site_now t WHERE t.source_id = s.id) n ON true
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE severity = 'ERROR') AS errors,
        count(*) FILTER (WHERE severity = 'WARNING') AS warnings
    FROM finding f WHERE f.source_id = s.id) f ON true
WHERE s.id = ANY(%s) ORDER BY s.name"""


def list_health(connection: Connection, source_ids: Sequence[int]) -> list[SourceHealth]:
    """These sources by name."""
    with connection.cursor(row_factory=class_row(SourceHealth)) as cursor:
        return cursor.execute(_HEALTH, (list(source_ids),)).fetchall()


class Event(msgspec.Struct, frozen=True):
    """A delivery of a source: what came and what became of it."""

    id: int
    module: str
    mode: str
    state: str
    started_at: datetime
    finished_at: datetime | None
    filename: str | None
    error: str | None
    report: dict[str, Any]


def list_events(
    connection: Connection, source_id: int, *, troubled: bool = False, limit: int = 20
) -> list[Event]:
    """The newest deliveries; `troubled`: only those that failed, were held or lost objects."""
    with connection.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(
            """SELECT id, module, mode, state, started_at, finished_at, filename, error,
                   CASE WHEN pg_column_size(report) < 100000 THEN report - 'findings'
                        ELSE '{}' END AS report
               FROM delivery WHERE source_id = %(source)s AND state <> 'preview'
                 AND (NOT %(troubled)s OR state IN ('failed', 'held')
                      OR coalesce((report->>'rejected')::bigint, 0) > 0)
               ORDER BY id DESC LIMIT %(limit)s""",
            {"source": source_id, "troubled": troubled, "limit": limit},
        ).fetchall()


class CodeCount(msgspec.Struct, frozen=True):
    """How often one thing stands against the sources' data."""

    code: str
    severity: str
    findings: int
    objects: int
    message: str
    """Of one of them, as an example."""


def count_findings(connection: Connection, source_ids: Sequence[int]) -> list[CodeCount]:
    """What stands now, by code, the weightiest and most frequent first."""
    with connection.cursor(row_factory=class_row(CodeCount)) as cursor:
        return cursor.execute(_COUNT_FINDINGS, {"sources": list(source_ids)}).fetchall()


# Source by source, so that the index finding_by_source gives them in order and nothing is sorted;
# an object is of one source. Few findings have no object: they are counted by its name.
_COUNT_FINDINGS = """
SELECT code, severity, sum(findings)::bigint AS findings, sum(objects)::bigint AS objects,
    (SELECT f.message FROM finding f
     WHERE f.source_id = min(told.source_id) AND f.code = told.code AND f.severity = told.severity
     ORDER BY f.object_id LIMIT 1) AS message
FROM unnest(%(sources)s::int[]) AS s (id) CROSS JOIN LATERAL (
    SELECT s.id AS source_id, code, severity, count(*) AS findings,
        count(DISTINCT object_id) AS objects
    FROM finding WHERE source_id = s.id GROUP BY code, severity
    UNION ALL
    SELECT s.id, code, severity, 0, count(DISTINCT (object_kind, object_key))
    FROM finding WHERE source_id = s.id AND object_id IS NULL GROUP BY code, severity) told
GROUP BY code, severity
ORDER BY array_position(ARRAY['ERROR', 'WARNING', 'INFO'], severity), findings DESC, code"""


class Standing(msgspec.Struct, frozen=True):
    """One finding that stands."""

    id: int
    source: str
    object_id: int | None
    object_kind: str
    object_key: str
    outcome: str
    severity: str
    code: str
    path: str
    value: str | None
    message: str
    row_no: int | None
    found_at: datetime
    has_payload: bool
    """What was sent is kept."""
    is_live: bool
    """An earlier, good version is published or held."""


def list_findings(
    connection: Connection,
    source_ids: Sequence[int],
    *,
    code: str | None = None,
    severity: str | None = None,
    object_id: int | None = None,
    after: int = 0,
    limit: int = LIMIT,
) -> list[Standing]:
    """Findings that stand, in the order of their numbers; `after` is the last one seen."""
    with connection.cursor(row_factory=class_row(Standing)) as cursor:
        return cursor.execute(
            """SELECT f.id, s.name AS source, f.object_id, f.object_kind, f.object_key, f.outcome,
                   f.severity, f.code, f.path, f.value, f.message, f.row_no,
                   coalesce(d.finished_at, d.started_at) AS found_at,
                   EXISTS (SELECT FROM refused_object r WHERE r.object_id = f.object_id)
                       AS has_payload,
                   EXISTS (SELECT FROM location l WHERE l.id = f.object_id
                             AND l.retired_at IS NULL) AS is_live
               FROM finding f JOIN source s ON s.id = f.source_id
               JOIN delivery d ON d.id = f.delivery_id
               WHERE f.source_id = ANY(%(sources)s) AND f.id > %(after)s
                 AND (%(code)s::text IS NULL OR f.code = %(code)s)
                 AND (%(severity)s::text IS NULL OR f.severity = %(severity)s)
                 AND (%(object)s::bigint IS NULL OR f.object_id = %(object)s)
               ORDER BY f.id LIMIT %(limit)s""",
            {
                "sources": list(source_ids), "after": after, "code": code, "severity": severity,
                "object": object_id, "limit": limit,
            },
        ).fetchall()  # fmt: skip


def find_payload(connection: Connection, source_id: int, object_id: int) -> bytes | None:
    """What the newest good version of a source's object was made of."""
    row = connection.execute(
        """SELECT v.raw FROM object_version v JOIN source_object o ON o.id = v.object_id
           WHERE o.source_id = %s AND v.object_id = %s AND v.raw IS NOT NULL
           ORDER BY v.version DESC LIMIT 1""",
        (source_id, object_id),
    ).fetchone()
    return bytes(row[0]) if row else None
