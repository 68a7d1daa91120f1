"""What charging costs now, read from the tariffs by registry.pricing."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import strawberry

from nop_graphql.enums import Basis, TaxStatus
from nop_graphql.loaders import RowDict
from nop_graphql.prices import Prices
from nop_registry.pricing import PriceNow, SessionLimit, UnitPrice, price_text


@strawberry.type(description="An amount per unit.")
class UnitPriceNow:
    excl_tax: Decimal | None
    incl_tax: Decimal | None
    tax: TaxStatus
    vat_percent: Decimal | None
    after_minutes: int = strawberry.field(description="Charged only from this minute on.")

    @classmethod
    def of(cls, found: UnitPrice | None) -> UnitPriceNow | None:
        if found is None:
            return None
        return cls(**{name: getattr(found, name) for name in cls.__annotations__})


@strawberry.type(description="The least or the most that a session costs.")
class SessionPriceLimit:
    excl_tax: Decimal
    incl_tax: Decimal | None

    @classmethod
    def of(cls, found: SessionLimit | None) -> SessionPriceLimit | None:
        return None if found is None else cls(excl_tax=found.excl_tax, incl_tax=found.incl_tax)


@strawberry.type(
    description="Price components in force now. With isKnown, a component that is null is not "
    "charged now; without it nothing is known, which is never free."
)
class Price:
    is_known: bool
    text: str = strawberry.field(description="The price in words.")
    at: datetime
    tariff_id: str | None
    currency: str | None = strawberry.field(description="ISO 4217.")
    basis: Basis | None
    per_kwh: UnitPriceNow | None
    per_minute_charging: UnitPriceNow | None
    per_minute_parked: UnitPriceNow | None
    per_session: UnitPriceNow | None
    min_price: SessionPriceLimit | None
    max_price: SessionPriceLimit | None
    is_free: bool
    depends_on: list[str] = strawberry.field(
        description="What else changes these prices: time, day, date, power, energy, duration, "
        "current."
    )
    next_change_at: datetime | None
    flags: list[str] = strawberry.field(description="What makes the price doubtful.")


def price_now(
    prices: Prices, tariffs: list[RowDict], time_zone: str | None, max_power_w: int | None
) -> Price:
    """The price of a connector with these tariffs at this moment."""
    return _shown(prices.now(tariffs, time_zone, max_power_w))


def _shown(found: PriceNow) -> Price:
    return Price(
        is_known=found.is_known,
        text=price_text(found),
        at=found.at,
        tariff_id=found.tariff_id,
        currency=found.currency,
        basis=found.basis,
        per_kwh=UnitPriceNow.of(found.per_kwh),
        per_minute_charging=UnitPriceNow.of(found.per_minute_charging),
        per_minute_parked=UnitPriceNow.of(found.per_minute_parked),
        per_session=UnitPriceNow.of(found.per_session),
        min_price=SessionPriceLimit.of(found.min_price),
        max_price=SessionPriceLimit.of(found.max_price),
        is_free=found.is_free,
        depends_on=list(found.depends_on),
        next_change_at=found.next_change_at,
        flags=list(found.flags),
    )
