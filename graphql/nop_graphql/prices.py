"""Prices that many connectors share, read from their tariffs once until they change."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from nop_registry.pricing import PriceNow, headline
from nop_registry.records import TariffRecord

_LONGEST = timedelta(hours=1)
_MOST = 10_000


class Prices:
    """Prices by versions of tariffs, time zone and power: thousands of connectors share a few."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], PriceNow] = OrderedDict()

    def now(
        self, tariffs: Sequence[dict[str, Any]], time_zone: str | None, max_power_w: int | None
    ) -> PriceNow:
        """The price in force now, from rows of `tariff`."""
        at = datetime.now(UTC)
        key = (tuple((row["id"], row["version"]) for row in tariffs), time_zone, max_power_w)
        found = self._kept.get(key)
        if found is None or not _holds(found, at):
            records = [
                msgspec.convert(row["document"], TariffRecord, strict=False) for row in tariffs
            ]
            found = self._kept[key] = headline(records, at, time_zone, max_power_w)
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return msgspec.structs.replace(found, at=at)


def _holds(price: PriceNow, at: datetime) -> bool:
    until = price.at + _LONGEST
    if price.next_change_at is not None:
        until = min(until, price.next_change_at)
    return price.at <= at < until
