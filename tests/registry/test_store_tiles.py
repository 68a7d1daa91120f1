"""The prepared map cells follow the change log and always equal the stations."""

from __future__ import annotations

import math
import random

import pytest
from small_nation import BENGALURU, DELHI, SmallNation

from nop_registry.database import Connection, connect
from nop_registry.store.tiles import rebuild, roll_up

COLUMNS = "z, x, y, i, n_location, n_evse, n_available, n_busy, n_out, n_unknown, n_planned"


def cells(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        f"SELECT {COLUMNS}, sum_x, sum_y, location_id FROM tile_cell ORDER BY z, x, y, i"
    ).fetchall()
    connection.rollback()
    return rows


def totals(connection: Connection, z: int) -> tuple[object, ...] | None:
    row = connection.execute(
        """SELECT sum(n_location), sum(n_evse), sum(n_available), sum(n_busy), sum(n_out),
               sum(n_unknown), sum(n_planned) FROM tile_cell WHERE z = %s""",
        (z,),
    ).fetchone()
    connection.rollback()
    return row


def slippy(place: tuple[float, float], zoom: int) -> tuple[int, int]:
    """Column and row of the Web Mercator square, by the formula that every web map uses."""
    lon, lat = place
    down = 1 - math.asinh(math.tan(math.radians(lat))) / math.pi
    return int((lon + 180) / 360 * 2**zoom), int(down / 2 * 2**zoom)


@pytest.fixture
def nation(connection: Connection) -> SmallNation:
    return SmallNation(connection)


def test_every_zoom_holds_every_station_once_with_its_counts_by_state(nation: SmallNation) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "CHARGING", "PLANNED"], BENGALURU)
    nation.add_station(source, 2, ["OUTOFORDER", "UNKNOWN"], DELHI)
    assert roll_up(nation.connection) == 2
    assert {totals(nation.connection, z) for z in range(12)} == {(2, 5, 1, 1, 1, 1, 1)}


def test_a_status_change_alone_recounts_its_cell_at_every_zoom(nation: SmallNation) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE"], BENGALURU)
    nation.add_station(source, 2, ["AVAILABLE"], DELHI)
    roll_up(nation.connection)
    nation.set_status(10, "OUTOFORDER")
    assert roll_up(nation.connection) == 1
    assert {totals(nation.connection, z) for z in range(12)} == {(2, 2, 1, 0, 1, 0, 0)}
    assert roll_up(nation.connection) == 0, "nothing changed since"


def test_a_station_that_moves_or_is_withdrawn_leaves_no_cell_behind(nation: SmallNation) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, place=BENGALURU)
    nation.add_station(source, 2, place=BENGALURU)
    roll_up(nation.connection)
    nation.move(1, DELHI)
    nation.withdraw(2)
    roll_up(nation.connection)
    column, row = slippy(DELHI, 15)
    leaf = (11, column // 16, row // 16, row % 16 * 16 + column % 16)
    assert [cell[:4] for cell in cells(nation.connection) if cell[0] == 11] == [leaf]
    nation.withdraw(1)
    roll_up(nation.connection)
    assert cells(nation.connection) == []


def test_a_source_that_falls_silent_is_counted_as_unknown_and_told_to_followers(
    nation: SmallNation,
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE", "PLANNED"])
    roll_up(nation.connection)
    roll_up(nation.connection)
    nation.fall_silent(source)
    roll_up(nation.connection)
    told = nation.connection.execute(
        "SELECT location_ids FROM change ORDER BY seq DESC LIMIT 1"
    ).fetchone()
    nation.connection.rollback()
    roll_up(nation.connection)
    assert told == ([1],)
    assert totals(nation.connection, 0) == (1, 2, 0, 0, 0, 1, 1)


def test_a_transaction_that_commits_late_is_not_skipped(
    nation: SmallNation, database_url: str
) -> None:
    source = nation.add_source()
    nation.add_station(source, 1, ["AVAILABLE"], BENGALURU)
    nation.add_station(source, 2, ["AVAILABLE"], DELHI)
    roll_up(nation.connection)
    with connect(database_url) as early:
        early.execute("SELECT pg_current_xact_id()")  # begins before, commits after
        nation.set_status(20, "CHARGING")
        assert roll_up(nation.connection) == 0, "held back: an older transaction still runs"
        late = SmallNation(early)
        late.set_status(10, "CHARGING")
    assert roll_up(nation.connection) == 2
    assert totals(nation.connection, 5) == (2, 2, 0, 2, 0, 0, 0)


def test_only_one_roll_up_works_at_a_time(nation: SmallNation, database_url: str) -> None:
    nation.add_station(nation.add_source(), 1)
    with connect(database_url) as other, other.transaction():
        other.execute("SELECT pg_advisory_xact_lock(hashtext('nop tiles'))")
        assert roll_up(nation.connection) == 0
    assert roll_up(nation.connection) == 1


def test_following_any_history_ends_in_the_same_cells_as_a_rebuild(nation: SmallNation) -> None:
    chance = random.Random(7)
    source = nation.add_source()
    for number in range(1, 40):
        place = (77.5 + chance.random() / 5, 12.9 + chance.random() / 5)
        nation.add_station(source, number, ["AVAILABLE"] * chance.randint(1, 3), place)
        if number % 3 == 0:
            roll_up(nation.connection)
        if number % 5 == 0:
            nation.move(number, (77.5 + chance.random(), 12.9))
        if number % 7 == 0:
            nation.withdraw(number)
        nation.set_status(chance.randint(1, number) * 10, "CHARGING")
    while roll_up(nation.connection):
        pass
    followed = cells(nation.connection)
    nation.connection.execute("UPDATE tile_cell SET n_evse = n_evse + 1 WHERE z % 2 = 0")
    rebuild(nation.connection)
    nation.connection.commit()
    assert cells(nation.connection) == followed
    assert len(followed) > 12
