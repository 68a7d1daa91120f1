from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

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
