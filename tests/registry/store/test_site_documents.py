from __future__ import annotations

from collections.abc import Callable

from tests.registry.store.conftest import NOON

from nop_registry.database import Connection, connect
from nop_registry.records import EvseRecord, LocationRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.locations import LocationWrite, evse_number, store_locations
from nop_registry.store.site_documents import list_outdated, rebuild_outdated
from nop_registry.store.sites import refresh_sites
from nop_registry.store.statuses import StatusWrite, store_statuses

Documents = list[tuple[int, str, str, int]]


def documents(connection: Connection) -> Documents:
    return connection.execute(
        "SELECT location_id, place, evses, version FROM site_document ORDER BY location_id"
    ).fetchall()


def keep(connection: Connection, delivery: Delivery, *writes: LocationWrite) -> None:
    store_locations(connection, delivery, writes, NOON)
    statuses = [
        StatusWrite(evse_number(delivery.source_id, w.record, e.uid), w.number, e.status, NOON)
        for w in writes
        for e in w.record.evses
    ]
    store_statuses(connection, delivery.source_id, statuses, NOON)
    refresh_sites(connection, [w.number for w in writes])


def test_a_document_follows_its_location_in_the_same_transaction(
    connection: Connection,
    delivery: Delivery,
    a_location: Callable[..., LocationRecord],
    write: Callable[..., LocationWrite],
) -> None:
    keep(connection, delivery, write(a_location()))
    ((_, place, evses, _),) = documents(connection)
    assert '"Connaught Place"' in place and '"A1"' in evses and '"A2"' in evses

    first_alone = a_location(name="Rajiv\tChowk", evses=a_location().evses[:1])
    keep(connection, delivery, write(first_alone))
    ((_, place, evses, _),) = documents(connection)
    assert r'"Rajiv\tChowk"' in place and '"A1"' in evses and '"A2"' not in evses

    keep(connection, delivery, write(a_location(publish=False)))
    assert documents(connection) == []


def test_an_evse_that_could_not_be_read_stays_in_the_document(
    connection: Connection,
    delivery: Delivery,
    a_location: Callable[..., LocationRecord],
    write: Callable[..., LocationWrite],
) -> None:
    keep(connection, delivery, write(a_location()))
    unread = a_location(name="Renamed", evses=a_location().evses[1:])
    keep(connection, delivery, write(unread, partial=True))

    ((_, place, evses, _),) = documents(connection)
    assert '"Renamed"' in place and '"A1"' in evses and '"A2"' in evses


def test_missing_and_older_documents_are_rebuilt_to_what_they_were(
    connection: Connection,
    delivery: Delivery,
    a_location: Callable[..., LocationRecord],
    write: Callable[..., LocationWrite],
) -> None:
    bare = EvseRecord(uid="B1", status="AVAILABLE")
    keep(
        connection, delivery, write(a_location()), write(a_location(id="LOC2", evses=(bare,))),
        write(a_location(id="LOC3")),
    )  # fmt: skip
    before = documents(connection)
    connection.execute("DELETE FROM site_document WHERE location_id = %s", (before[0][0],))
    connection.execute(
        "UPDATE site_document SET layout = 0, place = '' WHERE location_id = %s", (before[1][0],)
    )

    outdated = list_outdated(connection)
    assert sorted(outdated) == [before[0][0], before[1][0]]
    assert [rebuild_outdated(connection, outdated[:n]) for n in (1, 2, 2)] == [1, 1, 0]
    assert documents(connection) == before and list_outdated(connection) == []


def test_a_rebuild_leaves_a_location_to_the_transaction_that_writes_it(
    connection: Connection,
    delivery: Delivery,
    a_location: Callable[..., LocationRecord],
    write: Callable[..., LocationWrite],
    database_url: str,
) -> None:
    keep(connection, delivery, write(a_location()))
    connection.execute("DELETE FROM site_document")
    connection.commit()
    connection.execute("UPDATE location SET name = 'Being written'")

    with connect(database_url) as other:
        outdated = list_outdated(other)
        assert len(outdated) == 1 and rebuild_outdated(other, outdated) == 0
    connection.rollback()
    assert rebuild_outdated(connection, outdated) == 1
