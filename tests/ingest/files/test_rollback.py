"""Versions of a source: what was is restored exactly, and is a version itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from nop_ingest.files.errand import Errand
from nop_ingest.uploads import roll_back, upload_file
from nop_registry.access import Principal, Role
from nop_registry.database import Connection
from nop_registry.enums import ObjectKind
from nop_registry.errors import NotFound
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import source_parties, source_versions, sources
from nop_registry.store.sources import Source
from nop_registry.store.withdrawal import withdraw_source

HEADER = "country_code,party_id,location_id,lat,lon,evse_uid,connector_id,standard,address\n"
ANNA = Principal(
    kind="account", name="Anna", role=Role.OPERATOR_EDITOR, account_id=7,
    parties=frozenset({"IN*ABC"}),
)  # fmt: skip


@pytest.fixture
def source(connection: Connection) -> Source:
    with connection.transaction():
        added = sources.add_source(connection, name="files", kind="upload", country_code="IN")
        source_parties.bind_source(connection, added.id, ["IN*ABC"])
        return added


def row(location: int, evse: int = 1, standard: str = "IEC_62196_T2", address: str = "Road") -> str:
    return f"IN,ABC,L{location},28.61{location},77.21{location},E{evse},1,{standard},{address}\n"


def commit(connection: Connection, source: Source, path: Path, *rows: str, **more: Any) -> int:
    path.write_text(HEADER + "".join(rows))
    errand = Errand(country="IN", commit=True, actor=ANNA, **more)
    report = upload_file(connection, source, path, path.name, errand)
    assert report.version is not None, report
    return report.version


def said(connection: Connection) -> list[tuple[Any, ...]]:
    """Everything static that is live, without moments and counters of versions."""
    with connection.transaction():
        return connection.execute(
            """SELECT l.id, l.name, l.address, l.lat, l.content_hash, l.missing_since IS NOT NULL,
                   e.id, e.position, e.content_hash, c.position, c.standard, t.location_id
               FROM location l
               LEFT JOIN evse e ON e.location_id = l.id AND e.retired_at IS NULL
               LEFT JOIN connector c ON c.evse_id = e.id
               LEFT JOIN site t ON t.location_id = l.id
               WHERE l.retired_at IS NULL ORDER BY 1, 7, 10"""
        ).fetchall()


def restore(connection: Connection, source: Source, number: int) -> None:
    report = roll_back(connection, source, number, Errand(country="IN", actor=ANNA))
    assert report.state == "committed"


def test_each_version_is_restored_exactly_and_is_a_version_again(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    states: dict[int, list[tuple[Any, ...]]] = {}
    for rows in (
        (row(1), row(1, 2), row(2), row(3)),
        (row(1, standard="CHADEMO"), row(2, address="Street"), row(4)),  # 3 is missing
        (row(1, 3), row(2).replace("28.61", "?"), row(4), row(5)),  # 3 retired, 2 kept
        (row(9),),
    ):
        number = commit(connection, source, path, *rows, removal_accepted=True)
        states[number] = said(connection)
    assert len({str(state) for state in states.values()}) == 4
    for number in (1, 3, 2, 4, 1):
        restore(connection, source, number)
        assert said(connection) == states[number], number
    with connection.transaction():
        listed = source_versions.list_versions(connection, source.id)
        same = source_versions.diff_versions(connection, source.id, 1, 9)
    assert [v.number for v in listed] == list(range(9, 0, -1))
    assert (listed[0].kind, listed[0].restores, listed[0].actor) == ("rollback", 1, "Anna")
    assert (listed[0].account_id, same) == (7, [])


def test_after_a_rollback_the_newer_file_is_new_again(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    commit(connection, source, path, row(1))
    commit(connection, source, path, row(1, address="Street"))
    newer = said(connection)
    restore(connection, source, 1)
    assert commit(connection, source, path, row(1, address="Street")) == 4
    assert said(connection) == newer


def test_a_live_status_outlives_a_rollback(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    commit(connection, source, path, row(1))
    commit(connection, source, path, row(1, standard="CHADEMO"))
    with connection.transaction():
        connection.execute("UPDATE evse_status SET status = 'CHARGING', claimed_at = now()")
    restore(connection, source, 1)
    assert connection.execute("SELECT status::text FROM evse_status").fetchall() == [("CHARGING",)]


def test_an_evse_that_returns_has_its_old_status_but_not_as_live(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    commit(connection, source, path, row(1), row(2))
    with connection.transaction():
        connection.execute("UPDATE evse_status SET status = 'AVAILABLE'")
    commit(connection, source, path, row(1), removal_accepted=True)
    commit(connection, source, path, row(1, address="Street"), removal_accepted=True)
    with connection.transaction():
        connection.execute("UPDATE source SET seen_at = now() - interval '5 days'")
        connection.execute("ALTER TABLE source_version DISABLE TRIGGER USER")  # append-only
        connection.execute("UPDATE source_version SET made_at = now() - interval '5 days'")
        connection.execute("ALTER TABLE source_version ENABLE TRIGGER USER")
    restore(connection, source, 1)
    with connection.transaction():
        seen = connection.execute(
            """SELECT now() - n.last_seen_at > interval '4 days', n.is_stale
               FROM evse_status_now n JOIN location l ON l.id = n.location_id
               WHERE l.ocpi_id = 'L2'"""
        ).fetchall()
    assert seen == [(True, True)]


def test_a_difference_is_told_field_by_field_and_page_by_page(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    commit(connection, source, path, row(1), row(2))
    commit(connection, source, path, row(1, standard="CHADEMO"), row(1, 2), row(3))
    commit(connection, source, path, row(1, standard="CHADEMO"), row(1, 2), row(3), row(4))
    with connection.transaction():
        every = source_versions.diff_versions(connection, source.id, 1, 3)
        first = source_versions.diff_versions(connection, source.id, 1, 3, limit=1)
        rest = source_versions.diff_versions(connection, source.id, 1, 3, after=first[0].number)
        with pytest.raises(NotFound, match="no version 9"):
            source_versions.diff_versions(connection, source.id, 1, 9)
    assert first + rest == every
    by_key = {change.key: change for change in every}
    assert {key: change.change for key, change in by_key.items()} == {
        "IN*ABC*L1": "changed", "IN*ABC*L2": "gone", "IN*ABC*L3": "new", "IN*ABC*L4": "new",
    }  # fmt: skip
    assert by_key["IN*ABC*L2"].name  # what is gone is known by more than its id
    paths = {f.path: (f.before, f.after) for f in by_key["IN*ABC*L1"].fields}
    assert paths["evses[E1].connectors[1].standard"] == ("IEC_62196_T2", "CHADEMO")
    assert paths["evses[E2]"][0] is None


def test_what_a_version_holds_is_the_record_itself(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    """So that nothing of it is lost on the way back."""
    commit(connection, source, tmp_path / "a.csv", row(1), row(2))
    with connection.transaction():
        version = source_versions.get_version(connection, source.id, 1)
        numbers = [n for (n,) in connection.execute("SELECT id FROM location")]
        states = source_versions.read_states(connection, numbers, version)
        held: dict[int, Any] = {**read_locations(connection, numbers)}
        held |= read_tariffs(connection, numbers)
    for number, state in states.items():
        record = state.decoded()
        assert isinstance(record, LocationRecord | TariffRecord)
        assert state.kind is ObjectKind.LOCATION
        assert _timeless(record) == _timeless(held[number])


def test_tariffs_have_versions_too_and_leave_locations_alone(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    commit(connection, source, tmp_path / "a.csv", row(1))
    prices = tmp_path / "prices.json"
    for price in (10, 20):
        tariff = {
            "country_code": "IN", "party_id": "ABC", "id": "T1", "currency": "INR",
            "elements": [{"price_components": [{"type": "ENERGY", "price": price,
                                                "step_size": 1}]}],
            "last_updated": f"2026-01-{price}T00:00:00Z",
        }  # fmt: skip
        prices.write_bytes(msgspec.json.encode([tariff]))
        errand = Errand(country="IN", commit=True, actor=ANNA)
        report = upload_file(connection, source, prices, prices.name, errand)
        assert report.locations.missing == 0 and report.rejected == 0, report
    with connection.transaction():
        diff = source_versions.diff_versions(connection, source.id, 2, 3)
    restore(connection, source, 2)
    with connection.transaction():
        held = connection.execute(
            "SELECT document->'elements'->0->'price_components'->0->>'price' FROM tariff"
        ).fetchone()
    assert held is not None and float(held[0]) == 10
    assert any(f.path.endswith("price") for f in diff[0].fields) or diff[0].fields
    restore(connection, source, 1)
    with connection.transaction():
        live = connection.execute(
            "SELECT (SELECT count(*) FROM tariff WHERE retired_at IS NULL), count(*) FROM site"
        ).fetchone()
    assert live == (0, 1)


def _timeless(record: Any) -> Any:
    told = msgspec.to_builtins(record)
    told.pop("last_updated", None)
    for evse in told.get("evses", []):
        evse.pop("last_updated", None)
        for plug in evse.get("connectors", []):
            plug.pop("last_updated", None)
    return told


def test_a_rollback_ends_what_waited_for_a_persons_word(
    connection: Connection, source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    first = commit(connection, source, path, *(row(n) for n in range(1, 30)))
    commit(connection, source, path, row(1))
    with connection.transaction():
        held = sources.get_source(connection, "files")
    restore(connection, held, first)

    with connection.transaction():
        assert (held.state, sources.get_source(connection, "files").state) == ("held", "active")
        counted = connection.execute("SELECT max(missing_pulls) FROM source_object").fetchone()
        assert counted == (0,)


def test_what_was_withdrawn_between_two_versions_is_gone_and_the_other_way_round_new(
    connection: Connection, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_versions, "_AT_ONCE", 1)
    path = tmp_path / "a.csv"
    commit(connection, source, path, row(1), row(2))
    with connection.transaction():
        withdraw_source(connection, source.name, "asked for")
        sources.release_source(connection, source.name, accept_removal=False)
    commit(connection, source, path, row(1), row(3))
    with connection.transaction():
        there, back = (
            source_versions.diff_versions(connection, source.id, *pair) for pair in ((1, 2), (2, 1))
        )
        versions = source_versions.list_versions(connection, source.id)
    assert {c.key: c.change for c in there} == {"IN*ABC*L2": "gone", "IN*ABC*L3": "new"}
    assert {c.key: c.change for c in back} == {"IN*ABC*L2": "new", "IN*ABC*L3": "gone"}
    assert [c.number for c in there] == sorted(c.number for c in there)
    assert [version.n_missing for version in versions] == [0, 0]
