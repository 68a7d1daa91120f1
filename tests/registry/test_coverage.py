"""A regulator's figures: every sum agrees with the rows, and nothing unknown counts as 0."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from nop_registry.database import AsyncConnection, Connection
from nop_registry.queries import coverage
from nop_registry.queries.coverage_report import read_report
from nop_registry.queries.kept import KeptAnswers
from nop_registry.queries.outlines import list_outlines
from nop_registry.store.sites import refresh_sites

Register = Callable[..., None]
Ask = Callable[..., Any]

SQUARE = "ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 4326))"


@pytest.fixture
def areas(connection: Connection) -> None:
    """India in two states, Karnataka (70 to 72 E) and Odisha (to 74 E); two districts."""
    for level, code, name, parent, *box in (
        (0, "IN", "India", None, 68, 8, 76, 24),
        (1, "KA", "Karnataka", "IN", 70, 20, 72, 22),
        (1, "OD", "Orissa", "IN", 72, 20, 74, 22),
        (2, "1", "Mysuru", "KA", 70, 20, 71, 22),
        (2, "2", "Hassan", "KA", 71, 20, 72, 22),
    ):
        connection.execute(
            "INSERT INTO area (country_code, level, code, name, parent_id, origin, geom) VALUES "
            f"('IN', %s, %s, %s, (SELECT id FROM area WHERE code = %s), 'test', {SQUARE})",
            (level, code, name, parent, *box),
        )
    connection.execute("INSERT INTO area_part SELECT id, level, (ST_Dump(geom)).geom FROM area")


@pytest.fixture
def add(connection: Connection) -> Register:
    """Adds a location with EVSEs, each written as `status power_w current`."""
    for name, simulated, seen in (("live", False, 0), ("silent", False, 99), ("made-up", True, 0)):
        connection.execute(
            "INSERT INTO source (name, kind, country_code, simulated, seen_at) "
            "VALUES (%s, 'ocpi', 'IN', %s, now() - %s * interval '1 hour')",
            (name, simulated, seen),
        )
    connection.execute(
        "INSERT INTO tariff SELECT 9, id, 'IN', 'AAA', 'T', 'INR', NULL, '{}', NULL, '', 1, now(), "
        "now(), NULL FROM source WHERE name = 'live'"
    )
    numbers = iter(range(1, 1000))

    def add_location(lon: float, *evses: str, source: str = "live", **fields: Any) -> None:
        number = next(numbers)
        columns = {"country": "IND", "state": None, "district": None, "operator_name": "Vidyut"}
        columns |= {k: v for k, v in fields.items() if k in columns}
        connection.execute(
            f"""INSERT INTO location (id, source_id, country_code, party_id, ocpi_id, publish, lat,
                lon, details, content_hash, version, first_seen_at, received_at,
                {", ".join(columns)})
            SELECT %(n)s, id, 'IN', 'AAA', %(n)s, true, 21, %(lon)s, '{{}}', '', 1, now(), now(),
                {", ".join(f"%({name})s" for name in columns)}
            FROM source WHERE name = %(source)s""",
            {"n": number, "lon": lon, "source": source, **columns},
        )
        heard = 0 if source == "live" else 99
        for position, text in enumerate(evses):
            status, power, current = text.split()
            values = {
                "id": number * 100 + position,
                "location": number,
                "status": status,
                "power": int(power) or None,
                "current": None if current == "?" else current,
                "evse_id": fields.get("evse_id"),
                "tariffs": fields.get("tariffs", []),
                "heard": heard,
            }
            for statement in _EVSE:
                connection.execute(statement, values)
        refresh_sites(connection, [number])

    return add_location


_EVSE = (
    """INSERT INTO evse (id, location_id, position, uid, evse_id_canonical, capabilities,
           parking_restrictions, max_power_w, class_mask, details, content_hash)
       VALUES (%(id)s, %(location)s, 0, 'u', %(evse_id)s, '{}', '{}', %(power)s, 1, '{}', '')""",
    """INSERT INTO connector (evse_id, position, id, standard, power_type, power_derived,
           tariff_ids, tariff_numbers)
       VALUES (%(id)s, 0, '1', 'X', %(current)s, false, '{}', %(tariffs)s::bigint[]),
              (%(id)s, 1, '2', 'X', %(current)s, false, '{}', '{}')""",
    """INSERT INTO evse_status
           (evse_id, location_id, status, changed_at, claimed_at, received_at, source_id)
       SELECT %(id)s, id, %(status)s::ocpi_status, now(), now(),
           now() - %(heard)s * interval '1 hour', source_id FROM location
       WHERE id = %(location)s""",
)


@pytest.fixture
def ask(connection: Connection, database_url: str) -> Ask:
    """Commits, then runs a query on a connection of its own."""

    def run(query: Callable[..., Coroutine[Any, Any, Any]], *values: Any, **named: Any) -> Any:
        connection.commit()

        async def read() -> Any:
            async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as own:
                return await query(_as_ours(own), *values, **named)

        return asyncio.run(read())

    return run


def _as_ours(connection: Any) -> AsyncConnection:
    return connection  # type: ignore[no-any-return]


def by(rows: list[dict[str, Any]], key: str, value: str) -> dict[Any, Any]:
    return {row[key]: row[value] for row in rows}


def test_evses_are_counted_and_connectors_are_not(add: Register, ask: Ask, areas: None) -> None:
    add(70.5, "AVAILABLE 7400 AC_3_PHASE", "CHARGING 60000 DC")
    totals = ask(coverage.get_overview, "IN").totals
    assert (totals["evses"], totals["locations"], totals["power_kw"]) == (2, 1, Decimal("67.4"))


def test_planned_and_removed_evses_are_in_no_figure(add: Register, ask: Ask, areas: None) -> None:
    add(70.5, "AVAILABLE 7400 DC", "PLANNED 99000 DC", "REMOVED 99000 DC")
    add(72.5, "PLANNED 99000 DC")
    totals = ask(coverage.get_overview, "IN").totals
    assert (totals["evses"], totals["evses_left_out"], totals["locations"]) == (1, 2, 1)
    assert totals["power_kw"] == Decimal("7.4")
    classes = by(ask(coverage.list_by_power_class, "IN"), "code", "evses")
    assert sum(classes.values()) == 2  # one EVSE, in two schemes


def test_unknown_power_is_counted_apart_and_a_sum_of_nothing_known_is_not_determined(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 0 DC")
    add(72.5, "AVAILABLE 0 DC", "AVAILABLE 50000 DC")
    rows = ask(coverage.list_coverage, "IN", 1)
    assert by(rows, "code", "power_kw") == {"KA": None, "OD": Decimal(50)}
    assert by(rows, "code", "power_kw_left_out") == {"KA": 1, "OD": 1}


def test_the_polygon_wins_over_the_declared_state_and_the_difference_is_shown(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 1 DC", state="KARNATAKA")
    add(70.6, "AVAILABLE 1 DC", state="Odisha")
    rows = ask(coverage.list_coverage, "IN", 1)
    assert by(rows, "code", "evses") == {"KA": 2, "OD": 0}
    assert by(rows, "code", "declared_elsewhere") == {"KA": 1, "OD": 0}


def test_outside_every_polygon_the_declared_state_counts_in_any_spelling(
    add: Register, ask: Ask, areas: None
) -> None:
    for spelling in ("Orissa", "ODISHA", "odisha.", "Odisha"):
        add(80, "AVAILABLE 1 DC", state=spelling)
    add(80, "AVAILABLE 1 DC", state="Nowhere Land")
    add(80, "AVAILABLE 1 DC")
    rows = ask(coverage.list_coverage, "IN", 1)
    assert by(rows, "code", "evses") == {"KA": 0, "OD": 4, "~nowhereland": 1, None: 1}
    assert by(rows, "code", "as_declared") == {"KA": 0, "OD": 4, "~nowhereland": 1, None: 0}
    assert by(rows, "code", "name")["~nowhereland"] == "Nowhere Land"


def test_a_known_state_without_outline_counts_where_it_is_declared(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 1 DC", state="Telengana")  # its place lies in the older state's outline
    rows = ask(coverage.list_coverage, "IN", 1)
    assert by(rows, "code", "evses") == {"KA": 0, "OD": 0, "IN-TS": 1}
    assert "Telangana" in ask(coverage.list_undrawn, "IN")


def test_districts_sum_up_to_their_state(add: Register, ask: Ask, areas: None) -> None:
    add(70.5, "AVAILABLE 1 DC", "AVAILABLE 1 DC", district="Hassan")
    add(71.5, "AVAILABLE 1 DC")
    add(80, "AVAILABLE 1 DC", state="Karnataka", district="HASSAN")
    add(80, "AVAILABLE 1 DC", state="Karnataka", district="Unheard Of")
    add(72.5, "AVAILABLE 1 DC", district="Cuttack")
    within = ask(coverage.list_coverage, "IN", 2, "KA")
    assert by(within, "code", "evses") == {"1": 2, "2": 2, "~unheardof": 1}
    assert by(within, "code", "declared_elsewhere") == {"1": 1, "2": 0, "~unheardof": 0}
    everywhere = ask(coverage.list_coverage, "IN", 2)
    assert by(everywhere, "name", "parent_code")["Cuttack"] == "OD"
    assert sum(row["evses"] for row in everywhere) == 6


def test_locations_of_other_countries_are_counted_apart(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 1 DC")
    add(70.5, "AVAILABLE 1 DC", country="NPL")
    totals = ask(coverage.get_overview, "IN").totals
    assert (totals["evses"], totals["elsewhere"]) == (1, 1)


def test_a_silent_source_counts_as_unknown_and_not_as_available(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 1 DC", "OUTOFORDER 1 DC", "UNKNOWN 1 DC", "RESERVED 1 DC")
    add(70.5, "AVAILABLE 1 DC", source="silent")
    totals = ask(coverage.get_overview, "IN").totals
    rows = coverage.statuses_of(totals)
    assert by(rows, "status", "evses") == {
        "AVAILABLE": 1, "BUSY": 1, "OUT": 1, "UNKNOWN": 2, "PLANNED": 0,
    }  # fmt: skip
    assert by(rows, "status", "of_silent_sources")["UNKNOWN"] == 1
    assert (totals["live_numerator"], totals["live_denominator"], totals["live"]) == (3, 5, 0.6)


def test_shares_carry_both_parts_and_are_not_determined_of_nothing(
    add: Register, ask: Ask, areas: None
) -> None:
    add(70.5, "AVAILABLE 1 DC", tariffs=[9], evse_id="INAAAE1")
    add(70.5, "AVAILABLE 1 DC", tariffs=[8], evse_id="INAAAE1")
    add(70.5, "AVAILABLE 1 DC", evse_id="INAAAE2")
    karnataka, odisha = ask(coverage.list_coverage, "IN", 1)
    assert (karnataka["priced_numerator"], karnataka["priced_denominator"]) == (1, 3)
    assert (karnataka["repeated_ids_numerator"], karnataka["repeated_ids_denominator"]) == (2, 3)
    assert (odisha["priced"], odisha["live"], odisha["evses"]) == (None, None, 0)


def test_power_classes_hold_every_evse_once(add: Register, ask: Ask, areas: None) -> None:
    for text, code in (
        ("7399 AC_1_PHASE", "ac-slow"), ("7400 AC_3_PHASE", "ac-medium"),
        ("22000 AC_3_PHASE", "ac-medium"), ("43000 AC_3_PHASE", "ac-fast"),
        ("49999 DC", "dc-slow"), ("50000 DC", "dc-fast"), ("150000 DC", "dc-ultra-1"),
        ("350000 DC", "dc-ultra-2"), ("0 DC", "dc-unknown"), ("0 ?", "unknown"),
        ("5000 ?", "current-unknown"),
    ):  # fmt: skip
        add(70.5, f"AVAILABLE {text}", operator_name=code)
    rows = [r for r in ask(coverage.list_by_power_class, "IN") if r["scheme"] == "afir"]
    counts = by(rows, "code", "evses")
    assert counts == {name: 1 for name in counts} | {"ac-medium": 2, "ac-unknown": 0}
    assert by(rows, "code", "power_kw")["ac-medium"] == Decimal("29.4")
    assert by(rows, "code", "power_kw")["dc-unknown"] is None


def test_simulated_sources_can_be_left_out(add: Register, ask: Ask, areas: None) -> None:
    add(70.5, "AVAILABLE 1 DC")
    add(70.5, "AVAILABLE 1 DC", source="made-up")
    assert ask(coverage.get_overview, "IN").totals["simulated"] == 1
    assert ask(coverage.get_overview, "IN", None, False).totals["evses"] == 1
    names = by(ask(coverage.list_source_freshness, include_simulated=False), "name", "is_stale")
    assert names == {"live": False, "silent": True}


def test_all_tables_of_a_report_sum_up_alike(add: Register, ask: Ask, areas: None) -> None:
    add(70.5, "AVAILABLE 7400 DC", "PLANNED 1 DC", operator_name="A", tariffs=[9])
    add(72.5, "CHARGING 0 AC_3_PHASE", operator_name="B", source="silent")
    add(80, "OUTOFORDER 22000 AC_3_PHASE", operator_name=None)
    report = ask(read_report, "IN", None, True)
    for rows in (report.areas, report.operators):
        together = coverage.sum_figures(rows)
        assert together == {name: report.totals[name] for name in together}
    assert [row["operator"] for row in report.operators] == ["A", "B", "IN-AAA"]
    in_service = [r["evses"] for r in report.statuses if r["status"] != "PLANNED"]
    assert sum(in_service) == report.totals["evses"]
    classes = [r["evses"] for r in report.power_classes if r["scheme"] == "e-amrit"]
    assert sum(classes) == report.totals["evses"]
    assert {row["as_of"] for row in report.areas} == {report.totals["as_of"]}


def test_every_metric_explains_itself() -> None:
    codes = [metric.code for metric in coverage.METRICS]
    assert len(set(codes)) == len(codes) >= 6
    for metric in coverage.METRICS:
        assert metric.definition.endswith(".")
        assert metric.citation
        assert (metric.unit == "share") == (metric.denominator is not None)


def test_an_empty_register_has_zero_evses_and_undetermined_shares(ask: Ask) -> None:
    totals = ask(coverage.get_overview, "IN").totals
    assert (totals["evses"], totals["power_kw"], totals["live"]) == (0, 0, None)
    assert ask(coverage.list_coverage, "IN", 1) == []


def test_an_outline_is_drawn_in_a_frame_of_a_thousand_units(ask: Ask, areas: None) -> None:
    outlines = ask(list_outlines, "IN")
    assert [(o["code"], o["width"], o["on_map"]) for o in outlines] == [
        ("KA", 1000, True),
        ("OD", 1000, True),
    ]
    assert outlines[0]["path"].startswith("M ")
    assert len(ask(list_outlines, "IN", "KA")) == 2


def test_readers_who_come_together_wait_for_one_count_and_a_failure_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0
    monkeypatch.setattr("nop_registry.queries.kept.time", SimpleNamespace(monotonic=lambda: now))

    async def scene() -> None:
        nonlocal now
        kept, counts = KeptAnswers(), 0

        async def find() -> int:
            nonlocal counts, now
            counts += 1
            await asyncio.sleep(0)
            now += 0.05
            if counts == 1:
                raise ValueError
            return counts

        failed = await asyncio.gather(
            kept.get("k", find), kept.get("k", find), return_exceptions=True
        )
        assert [type(answer) for answer in failed] == [ValueError, ValueError]
        assert await asyncio.gather(kept.get("k", find), kept.get("k", find)) == [2, 2]
        now += 0.4
        assert await kept.get("k", find) == 2  # kept ten times as long as it took
        now += 0.2
        assert await kept.get("k", find) == 3

    asyncio.run(scene())
