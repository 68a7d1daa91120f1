"""Each rule fires for its defect and for nothing else; a clean source loses nothing."""

from __future__ import annotations

import pytest
from small_nation import SmallNation

from nop_registry.database import Connection
from nop_registry.store import quality

_DETAILS = '{"opening_times": {"twentyfourseven": true}, "help_phone": "+91 11 5550 1000"}'
_TARIFF = """
INSERT INTO tariff (id, source_id, country_code, party_id, ocpi_id, currency, document,
    content_hash, version, first_seen_at, received_at)
VALUES (99, %(source)s, 'IN', 'TPC', 'T', 'INR', '{}', '', 1, now(), now());
UPDATE connector SET tariff_ids = '{T}', tariff_numbers = '{99}';
UPDATE evse SET capabilities = '{RFID_READER}';
INSERT INTO delivery (source_id, module, mode, state)
    VALUES (%(source)s, 'locations', 'full', 'complete');
INSERT INTO source_object (id, source_id, kind, object_key, digest, rejected)
    VALUES (7, %(source)s, 'location', 'L7', gen_random_uuid(), false)"""


@pytest.fixture
def source(connection: Connection) -> int:
    """A source with one station against which nothing can be said."""
    nation = SmallNation(connection)
    source_id = nation.add_source()
    nation.add_station(source_id, 7, lat=28.613939, details=_DETAILS)
    for statement in _TARIFF.split(";"):
        connection.execute(statement, {"source": source_id})
    return source_id


def affected(connection: Connection, source: int) -> set[str]:
    measured = quality.measure(connection, source)
    assert measured
    return {code for code, (number, _) in measured.rules.items() if number}


def test_a_clean_source_has_the_full_score(connection: Connection, source: int) -> None:
    measured = quality.measure(connection, source)
    assert measured and affected(connection, source) == set()
    assert (measured.today, measured.grade) == (1.0, "A")
    assert all(eligible for _, eligible in measured.rules.values())


_DEFECTS = {
    "C02": "UPDATE evse SET max_power_w = NULL",
    "C03": "UPDATE location SET details = details - 'opening_times'",
    "C04": "UPDATE location SET details = details - 'help_phone'",
    "C05": "UPDATE connector SET tariff_ids = '{}', tariff_numbers = '{}'",
    "C07": "UPDATE evse SET capabilities = '{RESERVABLE}'",
    "C10": "UPDATE evse SET evse_id = NULL, evse_id_canonical = NULL",
    "C12": "UPDATE location SET address = NULL",
    "K00": "UPDATE source_object SET rejected = true",
    "K03": "UPDATE location SET lat = 28.613, lon = 77.209",
    "K10": "UPDATE evse SET evse_id = 'one'",
    "K13": """UPDATE location SET details = details || '{"help_phone": "call us"}'""",
    "S06": "UPDATE evse_status SET status = 'UNKNOWN'",
    "S08": "UPDATE evse_status SET status = 'CHARGING', changed_at = now() - interval '25 h'",
    "R01": "UPDATE delivery SET state = 'failed'",
    "R06": "UPDATE delivery SET state = 'held'",
}


def test_a_defect_is_counted_by_its_rule_alone(connection: Connection, source: int) -> None:
    for code, defect in _DEFECTS.items():
        with connection.transaction(force_rollback=True):
            connection.execute(defect)
            assert affected(connection, source) == {code}


def test_defects_that_are_several(connection: Connection, source: int) -> None:
    connection.execute("UPDATE connector SET tariff_numbers = '{98}'")
    assert affected(connection, source) == {"S09", "C05"}  # a lost tariff is no price either
    connection.execute("UPDATE connector SET tariff_numbers = '{99}'")
    connection.execute("UPDATE source SET seen_at = now() - interval '31 days'")
    connection.execute("UPDATE evse_status SET received_at = now() - interval '31 days'")
    assert affected(connection, source) == {"S06", "T03", "T04"}  # silent: unknown, stale, inactive
    connection.execute("UPDATE source SET seen_at = now()")
    nation = SmallNation(connection)
    other = nation.add_source("other")
    nation.add_station(other, 8, lat=28.7000001, details=_DETAILS)
    connection.execute("UPDATE evse SET evse_id_canonical = 'SAME'")
    assert affected(connection, source) == {"S02"}
    for number in (11, 12, 13):
        nation.add_station(source, number, (), lat=28.613939, details=_DETAILS)
    assert "K05" in affected(connection, source)


def test_the_score_moves_slowly_and_nothing_is_not_perfect(
    connection: Connection, source: int
) -> None:
    assert quality.measure(connection, SmallNation(connection).add_source("empty")) is None
    connection.execute(
        """INSERT INTO quality_day (source_id, day, today, smoothed, dimensions, rules)
           VALUES (%s, (now() AT TIME ZONE 'UTC')::date - 1, 0.5, 0.5, '{}', '{}')""",
        (source,),
    )
    measured = quality.measure(connection, source)
    assert measured and (measured.today, round(measured.smoothed, 3)) == (1.0, 0.55)
    assert [one.grade for one in quality.list_days(connection, source)] == ["D", "D"]


def test_what_lifts_the_score_most_comes_first() -> None:
    counts = {rule.code: (0, 10) for rule in quality.RULES} | {"C05": (10, 10), "C04": (5, 10)}
    found = quality.losses(counts)
    assert [(rule.code, round(lost, 4)) for rule, lost in found] == [
        ("C05", 0.0625),
        ("C04", 0.0125),
    ]
    scored = quality.score(counts)
    assert scored and round(scored[0], 4) == 1 - 0.0625 - 0.0125
    for name in quality.WEIGHTS:
        assert abs(sum(r.weight for r in quality.RULES if r.dimension == name) - 1) < 1e-9
