"""Which operator is shown of a location, and names that are learnt after it was stored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from tests.registry.store.conftest import NOON
from tests.registry.store.test_site_documents import keep

from nop_registry.database import Connection, connect
from nop_registry.records import BusinessDetails, EvseRecord, LocationRecord
from nop_registry.store import peer_parties, peers
from nop_registry.store.deliveries import Delivery
from nop_registry.store.locations import LocationWrite
from nop_registry.store.party_names import show_name
from nop_registry.store.peer_parties import NamedParty
from nop_registry.store.peers import Peer
from nop_registry.store.site_documents import list_outdated, rebuild_outdated

Keep = Callable[..., None]
ABC = NamedParty("IN", "ABC", "CPO", "ABC Charging")
TPC = NamedParty("IN", "TPC", "CPO", "Tata Power")


@pytest.fixture
def peer(connection: Connection, delivery: Delivery) -> Peer:
    """The connection that the locations come by; it may speak for IN*TPC."""
    added = peers.add_peer(connection, name="try", purpose="supplier", source_id=delivery.source_id)
    peer_parties.agree(connection, added, [("IN", "TPC")])
    return added


@pytest.fixture
def store(
    connection: Connection,
    delivery: Delivery,
    a_location: Callable[..., LocationRecord],
    write: Callable[..., LocationWrite],
) -> Keep:
    """Store LOC1 with these changes."""

    def act(**changes: object) -> None:
        keep(connection, delivery, write(a_location(**changes)))

    return act


def shown(connection: Connection) -> str:
    """The operator shown, by the search row and by the document alike."""
    row = connection.execute(
        "SELECT operator_name, place FROM site JOIN site_document USING (location_id)"
    ).fetchone()
    assert row is not None
    assert f'"name":{msgspec.json.encode(row[0]).decode()}' in row[1]
    return str(row[0])


def jobs(connection: Connection) -> list[dict[str, str]]:
    rows = connection.execute(
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'party_name' ORDER BY id"
    )
    return [args for (args,) in rows]


def evse(uid: str, evse_id: str | None) -> EvseRecord:
    return EvseRecord(uid=uid, evse_id=evse_id, status="AVAILABLE", last_updated=NOON)


def test_rt_7_the_operator_shown_is_named_else_the_partys_else_of_the_evse_ids(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    """DM-5: and what was published is kept as it is."""
    foreign = (evse("1", "IN*ABC*E1"), evse("2", "inabce2"), evse("3", None))
    store(operator=None)
    assert shown(connection) == "IN-TPC"
    store(operator=None, evses=foreign)
    assert shown(connection) == "IN-ABC"
    store(operator=None, evses=(*foreign, evse("4", "IN*XYZ*E1")))
    assert shown(connection) == "IN-TPC"  # two prefixes say nothing
    peer_parties.agree(connection, peer, [("IN", "ABC")])
    peer_parties.note_parties(connection, peer, [ABC])
    store(operator=None, evses=foreign)
    assert shown(connection) == "ABC Charging"
    peer_parties.note_parties(connection, peer, [TPC])
    store(operator=None, evses=foreign, name="again")
    assert shown(connection) == "Tata Power"
    store(operator=BusinessDetails(name="Tata EZ"), suboperator=BusinessDetails(name="Mall"))
    assert shown(connection) == "Tata EZ"
    store(operator=None)
    kept = connection.execute("SELECT operator_name, details->>'operator' FROM location")
    assert kept.fetchone() == (None, None)


def test_dm_5_a_name_learnt_later_reaches_stations_already_stored(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    store(operator=None)
    connection.execute("DELETE FROM change")
    assert jobs(connection) == []
    peer_parties.note_parties(connection, peer, [TPC])
    assert jobs(connection) == [{"country_code": "IN", "party_id": "TPC"}]
    connection.commit()

    assert show_name(connection, "IN", "TPC") == 1
    assert shown(connection) == "Tata Power"
    told = connection.execute("SELECT cardinality(location_ids) FROM change").fetchall()
    assert told == [(1,)]
    assert show_name(connection, "IN", "TPC") == 0
    assert connection.execute("SELECT count(*) FROM change").fetchone() == (1,)


def test_dm_5_the_same_name_said_again_is_no_work(connection: Connection, peer: Peer) -> None:
    peer_parties.note_parties(connection, peer, [TPC])
    connection.execute("DELETE FROM procrastinate_events")
    connection.execute("DELETE FROM procrastinate_jobs")
    peer_parties.note_parties(connection, peer, [TPC])
    assert jobs(connection) == []
    peer_parties.note_parties(connection, peer, [TPC._replace(name="Tata Power EV")])
    assert len(jobs(connection)) == 1


def test_dm_5_of_a_partys_roles_the_cpos_name_is_the_operators(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    roles = [TPC, TPC._replace(role="EMSP", name="Tata Roaming")]
    peer_parties.note_parties(connection, peer, roles)
    store(operator=None)
    assert shown(connection) == "Tata Power"


def test_dm_5_a_party_in_quarantine_names_nobody_until_it_is_approved(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    other = peers.add_peer(connection, name="other", purpose="consumer", source_id=None)
    assert peer_parties.note_parties(connection, other, [TPC._replace(name="Not Tata")])
    store(operator=None)
    assert shown(connection) == "IN-TPC" and jobs(connection) == []
    peer_parties.approve(connection, other, ("IN", "TPC"))
    connection.commit()
    show_name(connection, "IN", "TPC")
    assert shown(connection) == "Not Tata"
    peer_parties.note_parties(connection, peer, [TPC])  # its own connection knows better
    connection.commit()
    show_name(connection, "IN", "TPC")
    assert shown(connection) == "Tata Power"


def test_rt_7_a_party_known_by_evse_ids_only_is_renamed_too(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    store(operator=None, evses=(evse("1", "IN*ABC*E1"),))
    peer_parties.agree(connection, peer, [("IN", "ABC")])
    peer_parties.note_parties(connection, peer, [ABC])
    connection.commit()
    show_name(connection, "IN", "ABC")
    assert shown(connection) == "ABC Charging"


def test_rt_7_a_station_of_an_older_program_gets_its_operator_with_its_document(
    connection: Connection, peer: Peer, store: Keep
) -> None:
    store(operator=None)
    connection.execute("UPDATE site SET operator_name = NULL")
    connection.execute("UPDATE site_document SET layout = 0")
    assert rebuild_outdated(connection, list_outdated(connection)) == 1
    assert shown(connection) == "IN-TPC"


def test_dm_5_a_name_waits_for_the_pull_that_writes_the_same_stations(
    connection: Connection, peer: Peer, store: Keep, database_url: str
) -> None:
    store(operator=None)
    peer_parties.note_parties(connection, peer, [TPC])
    connection.commit()
    store(operator=None, name="Being written", last_updated=NOON + timedelta(hours=1))
    with connect(database_url) as other:
        other.execute("SET lock_timeout = '200ms'")
        other.commit()
        with pytest.raises(Exception, match="lock timeout"):
            show_name(other, "IN", "TPC")


def test_dm_5_a_name_waits_for_the_pull_that_brings_the_partys_first_station(
    connection: Connection, peer: Peer, store: Keep, database_url: str
) -> None:
    connection.commit()
    store(operator=None)  # as the party was known before; seen by nobody yet
    with connect(database_url) as other:
        peer_parties.note_parties(other, peer, [TPC])
        other.execute("SET lock_timeout = '200ms'")
        other.commit()
        with pytest.raises(Exception, match="lock timeout"):
            show_name(other, "IN", "TPC")
        other.rollback()
        connection.commit()
        assert show_name(other, "IN", "TPC") == 1
    assert shown(connection) == "Tata Power"
