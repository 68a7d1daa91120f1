"""A price that a small operator tells in a row: amounts, currency and tax become a Tariff."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec

from nop_ingest.reading.upload_format import ParsedLocation, ParsedTariff
from nop_registry.enums import TaxIncluded
from nop_registry.records import PriceComponent, TariffElement, TariffRecord

_MINUTES = Decimal(60)
# Column, OCPI's dimension, and what one of it is in the column's unit.
_AMOUNTS = (
    ("price_per_kwh", "ENERGY", Decimal(1)),
    ("price_per_minute", "TIME", _MINUTES),
    ("price_per_session", "FLAT", Decimal(1)),
    ("idle_price_per_minute", "PARKING_TIME", _MINUTES),
)
AMOUNTS = tuple(name for name, _, _ in _AMOUNTS)


def is_currency(code: str) -> bool:
    """Whether that is a currency's alphabetic code of ISO 4217, in capitals."""
    import pycountry  # 40 ms to load: not every child that reads a file pays

    return pycountry.currencies.get(alpha_3=code) is not None


def tariff_of(
    country_code: str, party_id: str, tariff_id: str | None, values: Mapping[str, Any]
) -> TariffRecord:
    """The Tariff that cells say by column name, one amount and the currency at least.

    Without `tariff_id` the same price of a party is the same Tariff.
    """
    vat = values.get("price_tax_percent")
    components = tuple(
        PriceComponent(type=dimension, price=values[name] * factor, vat=vat)
        for name, dimension, factor in _AMOUNTS
        if name in values
    )
    tariff = TariffRecord(
        country_code=country_code,
        party_id=party_id,
        id=tariff_id or "",
        currency=values["price_currency"],
        elements=(TariffElement(price_components=components),),
        type="AD_HOC_PAYMENT",
        tax_included=values.get("price_includes_tax"),
    )
    return tariff if tariff_id else msgspec.structs.replace(tariff, id=_id_of(tariff))


class PricesInPassing:
    """The Tariffs that a file of Locations tells in passing, each once."""

    def __init__(self) -> None:
        self._told: set[tuple[str, str, str]] = set()

    def name_in(
        self, made: ParsedLocation, prices: Sequence[Mapping[str, Any] | None]
    ) -> Iterator[ParsedTariff | ParsedLocation]:
        """The Location, whose connectors name their price, behind the Tariffs that are new.

        `prices`: of each EVSE the values by column name; None: nothing is known.
        """
        location = made.record
        evses = []
        for evse, values in zip(location.evses, prices, strict=True):
            if values is None or not evse.connectors:
                evses.append(evse)
                continue
            tariff = tariff_of(location.country_code, location.party_id, None, values)
            plugs = (
                msgspec.structs.replace(plug, tariff_ids=(tariff.id,)) for plug in evse.connectors
            )
            evses.append(msgspec.structs.replace(evse, connectors=tuple(plugs)))
            key = (tariff.country_code, tariff.party_id, tariff.id)
            if key not in self._told:
                self._told.add(key)
                raw = msgspec.Raw(msgspec.json.encode({"tariff_id": tariff.id, **values}))
                yield ParsedTariff(tariff, raw, ())
        record = msgspec.structs.replace(location, evses=tuple(evses))
        yield msgspec.structs.replace(made, record=record)


def same_price(one: TariffRecord, other: TariffRecord) -> bool:
    """Whether two Tariffs of one id, in whatever case, say the same."""
    return msgspec.structs.replace(one, id=other.id) == other


def _id_of(tariff: TariffRecord) -> str:
    (element,) = tariff.elements
    said = [f"{c.type}{c.price.normalize():f}/{c.vat}" for c in element.price_components]
    words = [tariff.country_code, tariff.party_id, tariff.currency, str(tariff.tax_included), *said]
    digest = blake2b("\x1f".join(words).encode(), digest_size=6).hexdigest()
    return f"PRICE-{digest.upper()}"


def values_of(tariff: TariffRecord) -> dict[str, Any] | None:
    """The values by column name that say the whole Tariff; None: columns cannot say it."""
    if len(tariff.elements) != 1:
        return None
    (element,) = tariff.elements
    vats = {component.vat for component in element.price_components}
    kinds = [component.type for component in element.price_components]
    if len(vats) != 1 or len(set(kinds)) != len(kinds):
        return None
    values: dict[str, Any] = {"price_currency": tariff.currency}
    for name, dimension, factor in _AMOUNTS:
        for component in element.price_components:
            if component.type == dimension:
                values[name] = component.price / factor
    if tariff.tax_included is not None:
        values["price_includes_tax"] = _WORDS[tariff.tax_included]
    if (vat := vats.pop()) is not None:
        values["price_tax_percent"] = vat
    read = values | {"price_includes_tax": tariff.tax_included}
    again = tariff_of(tariff.country_code, tariff.party_id, tariff.id, read)
    return values if again == tariff else None


_WORDS = {TaxIncluded.YES: "yes", TaxIncluded.NO: "no", TaxIncluded.NOT_APPLICABLE: "n/a"}
