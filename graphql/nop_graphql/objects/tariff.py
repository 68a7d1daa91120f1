"""Tariffs as the publisher gave them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from nop_graphql.loaders import RowDict
from nop_graphql.objects.place import DisplayText, parse_instant


@strawberry.type(description="One price, in the tariff's currency and without an opinion on tax.")
class PriceComponent:
    type: str = strawberry.field(
        description="ENERGY per kWh, TIME per hour of charging, PARKING_TIME per hour connected "
        "and not charging, FLAT per session."
    )
    price: Decimal
    vat: Decimal | None = strawberry.field(
        description="Per cent. null: not stated, which is not 0."
    )
    step_size: int | None


@strawberry.type(description="When an element applies; all that is given must hold.")
class TariffRestrictions:
    start_time: str | None
    end_time: str | None
    start_date: str | None
    end_date: str | None
    min_kwh: Decimal | None
    max_kwh: Decimal | None
    min_current: Decimal | None
    max_current: Decimal | None
    min_power: Decimal | None
    max_power: Decimal | None
    min_duration: int | None
    max_duration: int | None
    day_of_week: list[str]
    reservation: str | None
    unknown: list[str] = strawberry.field(
        description="Restrictions we do not know: such an element never applies."
    )

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> TariffRestrictions | None:
        if found is None:
            return None
        values: dict[str, Any] = {name: found.get(name) for name in cls.__annotations__}
        values |= {name: found.get(name, []) for name in ("day_of_week", "unknown")}
        return cls(**values)


@strawberry.type(description="Price components that apply together.")
class TariffElement:
    price_components: list[PriceComponent]
    restrictions: TariffRestrictions | None

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> TariffElement:
        return cls(
            price_components=[
                PriceComponent(**{name: item.get(name) for name in PriceComponent.__annotations__})
                for item in found.get("price_components", ())
            ],
            restrictions=TariffRestrictions.of(found.get("restrictions")),
        )


@strawberry.type(description="The least or the most that a session costs.")
class PriceLimit:
    before_taxes: Decimal
    after_taxes: Decimal | None

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> PriceLimit | None:
        if found is None:
            return None
        return cls(before_taxes=found["before_taxes"], after_taxes=found.get("after_taxes"))


@strawberry.type(description="A tariff of one party (OCPI Tariff).")
class Tariff:
    id: strawberry.ID
    ocpi_id: str
    currency: str = strawberry.field(description="ISO 4217.")
    type: str | None
    alt_text: list[DisplayText]
    alt_url: str | None
    tax_included: str | None = strawberry.field(description="YES, NO or N/A; null: not stated.")
    min_price: PriceLimit | None
    max_price: PriceLimit | None
    starts_at: datetime | None
    ends_at: datetime | None
    elements: list[TariffElement]
    last_updated: datetime | None = strawberry.field(description="The publisher's claim.")
    received_at: datetime = strawberry.field(description="When this version came.")

    @classmethod
    def of(cls, row: RowDict) -> Tariff:
        document = row["document"]
        return cls(
            id=strawberry.ID(str(row["id"])),
            ocpi_id=row["ocpi_id"],
            currency=row["currency"],
            type=row["type"],
            alt_text=DisplayText.list_of(document.get("tariff_alt_text")),
            alt_url=document.get("tariff_alt_url"),
            tax_included=document.get("tax_included"),
            min_price=PriceLimit.of(document.get("min_price")),
            max_price=PriceLimit.of(document.get("max_price")),
            starts_at=parse_instant(document.get("start_date_time")),
            ends_at=parse_instant(document.get("end_date_time")),
            elements=[TariffElement.of(item) for item in document.get("elements", ())],
            last_updated=row["last_updated"],
            received_at=row["received_at"],
        )
