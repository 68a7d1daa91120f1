from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from at_once import at_once

from nop_registry.database import Connection
from nop_registry.records import PriceComponent, TariffElement, TariffRecord
from nop_registry.store.deliveries import Delivery
from nop_registry.store.tariffs import TariffWrite, store_tariffs

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def a_tariff(price: str) -> TariffWrite:
    component = PriceComponent(type="ENERGY", price=Decimal(price))
    record = TariffRecord(
        country_code="IN", party_id="TPC", id="T1", currency="INR",
        elements=(TariffElement(price_components=(component,)),), last_updated=NOON,
    )  # fmt: skip
    return TariffWrite(7, record, b"{}")


def test_the_history_tells_a_tariff_that_changed_from_one_that_came_back(
    connection: Connection, delivery: Delivery
) -> None:
    for price in ("17", "18"):
        store_tariffs(connection, delivery, [a_tariff(price)], NOON)
    connection.execute("UPDATE tariff SET retired_at = now()")
    store_tariffs(connection, delivery, [a_tariff("18")], NOON)
    events = connection.execute("SELECT event FROM object_version ORDER BY version").fetchall()
    assert [event for (event,) in events] == ["created", "changed", "returned"]
    assert connection.execute("SELECT retired_at FROM tariff").fetchone() == (None,)


def test_of_a_new_tariff_that_comes_twice_at_once_the_older_word_is_stale(
    connection: Connection, delivery: Delivery, database_url: str
) -> None:
    connection.commit()
    newest = a_tariff("17")
    older = msgspec.structs.replace(newest.record, last_updated=NOON - timedelta(hours=1))
    told = []
    at_once(
        database_url,
        lambda one: store_tariffs(one, delivery, [newest], NOON),
        lambda other: told.append(
            store_tariffs(other, delivery, [newest._replace(record=older)], NOON)
        ),
    )
    assert told[0].stale == [7] and not told[0].unchanged
