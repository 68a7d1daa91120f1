"""A price is read from its tariffs once, and again as soon as it may be another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from nop_graphql import prices
from nop_registry.pricing import PriceNow
from nop_registry.records import PriceComponent, TariffElement, TariffRecord

TARIFF = TariffRecord(
    country_code="IN",
    party_id="TPC",
    id="T",
    currency="INR",
    elements=(TariffElement((PriceComponent("ENERGY", Decimal("17"), vat=Decimal(18)),)),),
)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SOON = NOW + timedelta(minutes=1)
ROW: dict[str, Any] = {"id": 1, "version": 1, "document": msgspec.to_builtins(TARIFF)}


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """When tariffs were read."""
    read: list[datetime] = []
    real = prices.headline

    def counting(records: Any, at: datetime, *rest: Any) -> PriceNow:
        read.append(at)
        return real(records, at, *rest)

    monkeypatch.setattr(prices, "headline", counting)
    return read


def test_connectors_with_the_same_tariffs_share_one_reading(readings: list[datetime]) -> None:
    kept = prices.Prices()

    first, again = (kept.now([ROW], "Asia/Kolkata", 50_000) for _ in range(2))

    assert len(readings) == 1
    assert first.per_kwh == again.per_kwh and first.at < again.at


@pytest.mark.parametrize(
    "other",
    [
        ([{**ROW, "version": 2}], "Asia/Kolkata", 50_000),
        ([ROW], "Europe/Oslo", 50_000),
        ([ROW], "Asia/Kolkata", 22_000),
        ([], "Asia/Kolkata", 50_000),
    ],
)
def test_what_may_change_the_price_makes_another_reading(
    readings: list[datetime], other: tuple[Any, ...]
) -> None:
    kept = prices.Prices()
    kept.now([ROW], "Asia/Kolkata", 50_000)

    kept.now(*other)

    assert len(readings) == 2


def test_a_price_is_read_again_when_it_changes(
    readings: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([NOW, SOON - timedelta(microseconds=1), SOON])
    monkeypatch.setattr(prices, "datetime", SimpleNamespace(now=lambda zone: next(moments)))
    real = prices.headline
    monkeypatch.setattr(
        prices,
        "headline",
        lambda *given: msgspec.structs.replace(real(*given), next_change_at=SOON),
    )
    kept = prices.Prices()
    for _ in range(3):
        kept.now([ROW], "Asia/Kolkata", 50_000)

    assert readings == [NOW, SOON]
