"""Connectors."""

from __future__ import annotations

from datetime import datetime

import strawberry

from nop_graphql.described import described
from nop_graphql.enums import ConnectorFormat, PowerType
from nop_graphql.loaders import Context, RowDict
from nop_graphql.objects.price import Price, price_now
from nop_graphql.objects.tariff import Tariff


@strawberry.type(description="One plug or socket of an EVSE.")
class Connector:
    row: strawberry.Private[RowDict]
    id: str
    standard: str = strawberry.field(description="OCPI ConnectorType; an unknown one as given.")
    format: ConnectorFormat | None
    power_type: PowerType | None
    max_voltage: int | None
    max_amperage: int | None
    max_electric_power_w: int | None
    power_derived: bool = strawberry.field(
        description="The watts were computed from volts, amperes and phases."
    )
    tariff_ids: list[str] = strawberry.field(description="The publisher's own ids.")
    terms_and_conditions: str | None
    last_updated: datetime | None

    @classmethod
    def of(cls, row: RowDict) -> Connector:
        return cls(
            row=row,
            id=row["id"],
            standard=row["standard"],
            format=row["format"] and ConnectorFormat(row["format"]),
            power_type=row["power_type"] and PowerType(row["power_type"]),
            max_voltage=row["max_voltage"],
            max_amperage=row["max_amperage"],
            max_electric_power_w=row["max_electric_power_w"],
            power_derived=row["power_derived"],
            tariff_ids=row["tariff_ids"],
            terms_and_conditions=row["terms_and_conditions"],
            last_updated=row["last_updated"],
        )

    @described("Those of its tariffs that the publisher has delivered.")
    async def tariffs(self, info: strawberry.Info[Context, None]) -> list[Tariff]:
        return [Tariff.of(row) for row in await self._tariff_rows(info.context)]

    @described("What charging here costs now.")
    async def price(self, info: strawberry.Info[Context, None]) -> Price:
        location = await info.context.location.load(self.row["location_id"])
        return price_now(
            info.context.shared.prices,
            await self._tariff_rows(info.context),
            location["time_zone"] if location else None,
            self.max_electric_power_w,
        )

    async def _tariff_rows(self, context: Context) -> list[RowDict]:
        numbers = dict.fromkeys(self.row["tariff_numbers"])
        found = await context.tariff.load_many(list(numbers))
        return [row for row in found if row is not None]
