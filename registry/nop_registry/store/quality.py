"""How good a source's data are: rules by dimension, counted, weighed and kept day by day.

The five dimensions are those of Implementing Regulation (EU) 2025/655 art. 3. A rule counts those
affected of those it can affect; a dimension is 1 less the sum of weight × affected / eligible. No
eligible objects in the whole source: there is no score, which is not a score of 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import msgspec

from nop_registry.database import Connection
from nop_registry.store.jobs import defer_job

WEIGHTS: Mapping[str, float] = {
    "completeness": 0.25,
    "correctness": 0.25,
    "consistency": 0.15,
    "timeliness": 0.20,
    "reliability": 0.15,
}
"""Of each dimension in the whole."""

GRADES = ((0.95, "A"), (0.85, "B"), (0.70, "C"), (0.50, "D"), (0.0, "E"))
_MEMORY = 0.9  # of yesterday's score in today's
_FORGOTTEN_DAYS = 7


class Rule(NamedTuple):
    """One thing that is counted. The code is that of the national rule set."""

    code: str
    dimension: str
    weight: float
    """Of the rule in its dimension; those of a dimension sum to 1."""
    level: str
    """location, evse, connector, object or delivery: what is eligible."""
    affected: str
    """SQL over the level's rows."""


RULES: tuple[Rule, ...] = (
    Rule("C02", "completeness", 0.20, "evse", "e.max_power_w IS NULL"),
    Rule("C03", "completeness", 0.15, "location", "NOT l.details ? 'opening_times'"),
    Rule("C04", "completeness", 0.10, "location", "NOT l.details ? 'help_phone'"),
    Rule("C05", "completeness", 0.25, "evse", "NOT e.is_priced"),
    Rule("C07", "completeness", 0.10, "evse", "NOT e.capabilities && %(payment)s::text[]"),
    Rule("C10", "completeness", 0.10, "evse", "e.evse_id IS NULL"),
    Rule("C12", "completeness", 0.10, "location",
         "coalesce(l.name, '') = '' OR coalesce(l.address, '') = ''"),
    Rule("K00", "correctness", 0.45, "object", "o.rejected"),
    Rule("K03", "correctness", 0.20, "location",
         "l.lat * 1000 = round(l.lat * 1000) AND l.lon * 1000 = round(l.lon * 1000)"),
    Rule("K05", "correctness", 0.10, "location", "l.at_place > 3"),
    Rule("K10", "correctness", 0.15, "evse", "e.evse_id IS NOT NULL AND e.evse_id !~* %(id)s"),
    Rule("K13", "correctness", 0.10, "location",
         "l.details->>'help_phone' !~ '^[+]?[0-9 ().-]{3,25}$'"),
    Rule("S02", "consistency", 0.35, "evse", "e.is_elsewhere"),
    Rule("S06", "consistency", 0.30, "evse", "e.status = 'UNKNOWN'"),
    Rule("S08", "consistency", 0.15, "evse",
         "e.status = 'CHARGING' AND e.changed_at < now() - interval '1 day'"),
    Rule("S09", "consistency", 0.20, "connector", "c.has_lost_tariff"),
    Rule("T03", "timeliness", 0.60, "evse", "e.is_stale"),
    Rule("T04", "timeliness", 0.40, "evse", "e.last_seen_at < now() - interval '30 days'"),
    Rule("R01", "reliability", 0.60, "delivery", "d.state = 'failed'"),
    Rule("R06", "reliability", 0.40, "delivery", "d.state = 'held'"),
)  # fmt: skip

_PAYMENT = [
    "CREDIT_CARD_PAYABLE", "DEBIT_CARD_PAYABLE", "PED_TERMINAL", "CONTACTLESS_CARD_SUPPORT",
    "CHIP_CARD_SUPPORT", "RFID_READER", "REMOTE_START_STOP_CAPABLE",
]  # fmt: skip
_EVSE_ID = (
    r"^([A-Z]{2}\*?[A-Z0-9]{3}\*?E[A-Z0-9][A-Z0-9*]{0,30}|\+?[0-9]{1,3}\*[0-9]{3,6}\*[0-9*]{1,32})$"
)


class Measured(msgspec.Struct, frozen=True):
    """A source's quality on one day. Shares are 0 to 1."""

    day: date
    today: float
    smoothed: float
    dimensions: dict[str, float]
    rules: dict[str, tuple[int, int]]
    """Of each rule that could be looked at: affected, eligible."""

    @property
    def grade(self) -> str:
        """A to E, of the smoothed score."""
        return grade(self.smoothed)


def grade(score: float) -> str:
    """The letter of a score.

    >>> grade(0.95), grade(0.7), grade(0.2)
    ('A', 'C', 'E')
    """
    return next(letter for least, letter in GRADES if score >= least)


def score(counts: Mapping[str, tuple[int, int]]) -> tuple[float, dict[str, float]] | None:
    """The whole score and that of each dimension; None when there is nothing to look at.

    A dimension of which no rule could be looked at is left out of the whole.
    """
    if not any(counts.get(r.code, (0, 0))[1] for r in RULES if r.level in ("location", "evse")):
        return None
    dimensions: dict[str, float] = {}
    for name in WEIGHTS:
        looked = [r for r in RULES if r.dimension == name and counts.get(r.code, (0, 0))[1]]
        if looked:
            lost = sum(r.weight * counts[r.code][0] / counts[r.code][1] for r in looked)
            dimensions[name] = 1 - min(1.0, lost)
    weight = sum(WEIGHTS[name] for name in dimensions)
    whole = sum(WEIGHTS[name] * value for name, value in dimensions.items()) / weight
    return min(1.0, max(0.0, whole)), dimensions


def losses(counts: Mapping[str, tuple[int, int]]) -> list[tuple[Rule, float]]:
    """What each rule takes off the whole score, the largest first; none that takes nothing."""
    found = [
        (rule, WEIGHTS[rule.dimension] * rule.weight * counts[rule.code][0] / counts[rule.code][1])
        for rule in RULES
        if counts.get(rule.code, (0, 0))[1]
    ]
    return sorted(((r, lost) for r, lost in found if lost > 0), key=lambda pair: -pair[1])


def measure(connection: Connection, source_id: int) -> Measured | None:
    """Count today's score of a source and keep it; None: there is nothing to look at."""
    counts = _count(connection, source_id)
    scored = score(counts)
    if scored is None:
        return None
    today, dimensions = scored
    row = connection.execute(
        """SELECT smoothed FROM quality_day WHERE source_id = %s
             AND day < (now() AT TIME ZONE 'UTC')::date
             AND day >= (now() AT TIME ZONE 'UTC')::date - %s ORDER BY day DESC LIMIT 1""",
        (source_id, _FORGOTTEN_DAYS),
    ).fetchone()
    smoothed = today if row is None else _MEMORY * row[0] + (1 - _MEMORY) * today
    kept = connection.execute(
        """INSERT INTO quality_day AS q (source_id, day, today, smoothed, dimensions, rules)
           VALUES (%s, (now() AT TIME ZONE 'UTC')::date, %s, %s, %s::jsonb, %s::jsonb)
           ON CONFLICT (source_id, day) DO UPDATE SET measured_at = now(), today = excluded.today,
               smoothed = excluded.smoothed, dimensions = excluded.dimensions,
               rules = excluded.rules
           RETURNING day""",
        (source_id, today, smoothed, _json(dimensions), _json(counts)),
    ).fetchone()
    assert kept is not None  # noqa: S101 - inserted or updated
    return Measured(kept[0], today, smoothed, dimensions, counts)


def ask(connection: Connection, source_id: int) -> None:
    """Have the worker measure a source."""
    defer_job(connection, "quality", lock=f"quality:{source_id}", source_id=source_id)


def is_outdated(connection: Connection, source_id: int) -> bool:
    """Something came since the score was measured, or a day has passed, or there is none."""
    row = connection.execute(
        """SELECT coalesce(max(q.measured_at) < greatest(now() - interval '1 day',
               (SELECT max(finished_at) FROM delivery WHERE source_id = %(id)s
                  AND state IN ('complete', 'held', 'failed')
                  AND finished_at < now() - interval '1 minute')), true)
           FROM quality_day q WHERE source_id = %(id)s""",
        {"id": source_id},
    ).fetchone()
    return bool(row and row[0])


def list_outdated(connection: Connection) -> list[int]:
    """Sources with locations whose score is an hour old, or that have none."""
    rows = connection.execute(
        """SELECT s.id FROM source s LEFT JOIN LATERAL (
               SELECT max(measured_at) AS at FROM quality_day WHERE source_id = s.id) q ON true
           WHERE s.withdrawn_at IS NULL AND coalesce(q.at < now() - interval '1 hour', true)
             AND EXISTS (SELECT FROM location l WHERE l.source_id = s.id AND l.retired_at IS NULL)
           ORDER BY q.at NULLS FIRST"""
    ).fetchall()
    return [number for (number,) in rows]


def list_days(connection: Connection, source_id: int, *, days: int = 90) -> list[Measured]:
    """The kept scores, oldest first."""
    rows = connection.execute(
        """SELECT day, today, smoothed, dimensions, rules FROM quality_day
           WHERE source_id = %s AND day > (now() AT TIME ZONE 'UTC')::date - %s ORDER BY day""",
        (source_id, days),
    )
    return [
        Measured(day, today, smoothed, dimensions, {c: (n[0], n[1]) for c, n in rules.items()})
        for day, today, smoothed, dimensions, rules in rows
    ]


def peer_median(connection: Connection) -> float | None:
    """The median of all sources' newest scores of this week; None for fewer than three."""
    row = connection.execute(
        """SELECT count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY smoothed) FROM (
               SELECT DISTINCT ON (source_id) smoothed FROM quality_day
               WHERE day > (now() AT TIME ZONE 'UTC')::date - 7
               ORDER BY source_id, day DESC) newest"""
    ).fetchone()
    return float(row[1]) if row and row[0] >= 3 else None


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _count(connection: Connection, source_id: int) -> dict[str, tuple[int, int]]:
    """Affected and eligible of each rule, in one statement a level."""
    counts: dict[str, tuple[int, int]] = {}
    parameters = {"source": source_id, "payment": _PAYMENT, "id": _EVSE_ID}
    for level, rows in _ROWS.items():
        rules = [rule for rule in RULES if rule.level == level]
        sums = ", ".join(f"count(*) FILTER (WHERE {rule.affected})" for rule in rules)
        row = connection.execute(
            f"SELECT count(*), {sums} FROM {rows}",  # noqa: S608 - our own rules
            parameters,
        ).fetchone()
        assert row is not None  # noqa: S101 - an aggregate gives one row
        counts |= {rule.code: (row[n], row[0]) for n, rule in enumerate(rules, start=1)}
    return counts


_ROWS = {
    "location": """(SELECT l.name, l.address, l.lat, l.lon, l.details,
        count(*) OVER (PARTITION BY l.lat, l.lon) AS at_place FROM location l
        WHERE l.source_id = %(source)s AND l.retired_at IS NULL AND l.publish) l""",
    "evse": """(SELECT e.max_power_w, e.capabilities, e.evse_id, s.status::text, s.changed_at,
            s.is_stale, s.last_seen_at,
            EXISTS (SELECT FROM connector c, unnest(c.tariff_numbers) n WHERE c.evse_id = e.id
                    AND n IN (SELECT id FROM tariff WHERE retired_at IS NULL)) AS is_priced,
            e.evse_id_canonical IS NOT NULL AND EXISTS (
                SELECT FROM evse o JOIN location m ON m.id = o.location_id
                WHERE o.evse_id_canonical = e.evse_id_canonical AND o.retired_at IS NULL
                  AND m.retired_at IS NULL AND m.source_id <> %(source)s) AS is_elsewhere
        FROM location l JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
        JOIN evse_status_now s ON s.evse_id = e.id
        WHERE l.source_id = %(source)s AND l.retired_at IS NULL AND l.publish) e""",
    "connector": """(SELECT EXISTS (SELECT FROM unnest(c.tariff_numbers) n
            WHERE n NOT IN (SELECT id FROM tariff WHERE retired_at IS NULL))
            AS has_lost_tariff
        FROM location l JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
        JOIN connector c ON c.evse_id = e.id
        WHERE l.source_id = %(source)s AND l.retired_at IS NULL AND l.publish
          AND cardinality(c.tariff_numbers) > 0) c""",
    "object": "(SELECT rejected FROM source_object WHERE source_id = %(source)s) o",
    "delivery": """(SELECT state FROM delivery WHERE source_id = %(source)s
        AND state IN ('complete', 'held', 'failed')
        AND started_at > now() - interval '30 days') d""",
}
