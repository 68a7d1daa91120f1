"""Our own client reads our own Sender: another registry then says the same (SE-1, in 2.3.0 too)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from application import serve_application
from loopback import listen, url_of
from operator_server import KEY, Operator, a_location, a_tariff

from nop_ingest.ocpi.tokens import token_digest
from nop_ingest.pull import PullReport, pull
from nop_registry.database import Connection, connect
from nop_registry.queries.records import read_locations, read_tariffs
from nop_registry.records import LocationRecord, TariffRecord
from nop_registry.store import peers, sources

TOKEN = "token-of-the-other-registry"


@contextmanager
def served(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The application on a port of its own; yields its versions URL."""
    listener = listen()
    monkeypatch.setenv("NOP_PUBLIC_URL", url_of(listener))
    with serve_application(database_url, listener) as base:
        yield f"{base}/ocpi/versions"


@pytest.fixture
def second(other_database_url: str) -> Iterator[Connection]:
    """Another registry."""
    with closing(connect(other_database_url)) as opened:
        yield opened


def everything(
    connection: Connection,
) -> tuple[dict[str, LocationRecord], dict[str, TariffRecord]]:
    """The public records by id."""
    numbers = [n for (n,) in connection.execute("SELECT location_id FROM site")]
    tariffs = [n for (n,) in connection.execute("SELECT id FROM tariff WHERE retired_at IS NULL")]
    return (
        {record.id: record for record in read_locations(connection, numbers).values()},
        {record.id: record for record in read_tariffs(connection, tariffs).values()},
    )


def take(connection: Connection, url: str, version: str, full: bool) -> PullReport:
    """Pull our own Sender as source `nap`, in that version only."""
    connection.rollback()
    with connection.transaction():
        sources.add_source(
            connection, name="nap", kind="ocpi", country_code="IN", versions_url=url, token=TOKEN,
            key=KEY, allow_loopback=True,
        )  # fmt: skip
        connection.execute(
            "UPDATE source SET quirks = quirks || %s::jsonb",  # 2.1.1 objects name no owner
            (f'{{"version": "{version}", "party": "IN*TPC"}}',),
        )
        source = sources.get_source(connection, "nap")
    report = pull(connection, source, key=KEY, country="IN", full=full)
    assert not report.failed and report.version == version, report
    connection.rollback()
    return report


@pytest.mark.parametrize("version", ["2.2.1", "2.3.0", "2.1.1"])
def test_another_registry_that_reads_us_says_the_same(
    operator: Operator,
    pull_now: Callable[..., PullReport],
    connection: Connection,
    second: Connection,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    """SE-1, TR-40, PU-1, PU-5: a full pull, then only what changed, tombstones among it."""
    operator.page_size = 1000
    operator.locations = [a_location(n) for n in range(1, 603)]
    price = {"type": "ENERGY", "price": 17.5, "vat": 12.5, "step_size": 1}
    elements = [{"price_components": [price]}]
    operator.tariffs = [a_tariff(elements=elements), a_tariff(id="T2", elements=elements)]
    pull_now(full=True)
    with connection.transaction():
        peer = peers.add_peer(connection, name="other", purpose="consumer")
        peers.add_token(connection, peer, token_digest(TOKEN), "access")
    connection.commit()
    with served(database_url, monkeypatch) as url:
        first = take(second, url, version, full=True)
        assert {m.module: m.tally.objects for m in first.modules} == {
            "locations": 602, "tariffs": 2,
        }  # fmt: skip
        agree(version, everything(connection), everything(second))
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        operator.locations[7] |= {"name": "Renamed", "last_updated": now}
        operator.locations[8] |= {"publish": False, "last_updated": now}
        operator.locations.append(a_location(2000, last_updated=now))
        operator.tariffs.append(a_tariff(id="T3", elements=elements))
        pull_now(full=True)
        second_pull = take(second, url, version, full=False)
        brought = {m.module: m.tally.objects for m in second_pull.modules}
        assert brought["locations"] == 3 and brought["tariffs"] == 1
        ours, theirs = everything(connection), everything(second)
        agree(version, ours, theirs)
        assert "LOC9" not in theirs[0] and theirs[0]["LOC8"].name == "Renamed"


def agree(version: str, ours: tuple[Any, Any], theirs: tuple[Any, Any]) -> None:
    """The same public records, but for what a version cannot say."""
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.keys() == other.keys()
        for name, record in mine.items():
            assert spoken(version, record) == spoken(version, other[name])


def spoken(version: str, record: Any) -> dict[str, Any]:
    """A record as plain values without what differs by the version or by our bookkeeping."""
    plain: dict[str, Any] = msgspec.to_builtins(record)
    plain.pop("last_updated", None)
    plain.pop("tax_included", None)  # not in 2.2.1 and 2.1.1
    plain.pop("state", None)
    if version == "2.1.1":
        plain.pop("type", None)
        for element in plain.get("elements", ()):
            for component in element["price_components"]:
                component.pop("vat", None)  # 2.1.1 has none
    for evse in plain.get("evses", ()):
        for plug in evse["connectors"]:
            if version == "2.1.1":
                plug.pop("max_electric_power_w", None)
                plug.pop("power_derived", None)
    return plain
