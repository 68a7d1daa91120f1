"""What a price is, once a tariff has been read at one instant.

All money is Decimal in the tariff's currency. None means unknown: never 0 and never free.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

import msgspec


class TaxStatus(StrEnum):
    """What is known about the tax in an amount."""

    KNOWN = "known"
    """Both amounts are known."""
    INCLUDED = "included"
    """The price contains tax, at a rate nobody stated: only `incl_tax` is known."""
    NOT_APPLICABLE = "not_applicable"
    """The tariff says that no tax applies."""
    ASSUMED = "assumed"
    """Computed with the rate that the caller assumed."""
    UNKNOWN = "unknown"
    """The stated price may or may not contain tax; `excl_tax` is the price as stated."""


class Basis(StrEnum):
    """For whom the price is."""

    AD_HOC = "ad_hoc"
    """Anyone who pays on the spot."""
    UNTYPED = "untyped"
    """The tariff does not say: it holds for all sessions."""
    ROAMING = "roaming"
    """Only with a contract: never shown as an ad-hoc price."""


class UnitPrice(msgspec.Struct, frozen=True, kw_only=True):
    """One price component in force: an amount per unit."""

    excl_tax: Decimal | None
    incl_tax: Decimal | None
    tax: TaxStatus
    vat_percent: Decimal | None = None
    after_minutes: int = 0
    """Charged only from this minute of the session on (grace minutes); 0 = from the start."""

    @property
    def shown(self) -> Decimal | None:
        """The amount a person is shown: with tax where that is known, else as stated."""
        return self.excl_tax if self.incl_tax is None else self.incl_tax


class SessionLimit(msgspec.Struct, frozen=True, kw_only=True):
    """The least or the most that a session costs."""

    excl_tax: Decimal
    incl_tax: Decimal | None


class PriceNow(msgspec.Struct, frozen=True, kw_only=True):
    """The price components of a connector in force at one instant.

    When `is_known` is true, a component that is None is not charged now. When it is false, nothing
    is known about the price; `flags` says why.
    """

    is_known: bool
    at: datetime
    tariff_id: str | None = None
    country_code: str | None = None
    """Of the tariff's party; names the tax (GST, VAT)."""
    currency: str | None = None
    """ISO 4217."""
    basis: Basis | None = None
    per_kwh: UnitPrice | None = None
    per_minute_charging: UnitPrice | None = None
    per_minute_parked: UnitPrice | None = None
    """Connected and not charging."""
    per_session: UnitPrice | None = None
    min_price: SessionLimit | None = None
    max_price: SessionLimit | None = None
    is_free: bool = False
    """The tariff says 0 for everything it prices, whatever the time, power or duration."""
    depends_on: tuple[str, ...] = ()
    """Of time, day, date, power, energy, duration, current: what else changes these prices."""
    next_change_at: datetime | None = None
    """UTC instant at which a time, day or date changes these components, within a week."""
    time_zone: str | None = None
    """IANA zone in which the restrictions were read."""
    flags: tuple[str, ...] = ()
    """overlap, no-vat-given, incl-unknown, unknown-restriction, unknown-dimension,
    time-zone-unknown, power-unknown, current-unknown, no-tariff, no-price, reservation-fee."""
