"""Which of a connector's tariffs is the one whose price is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from nop_registry.pricing.price import Basis
from nop_registry.records import TariffRecord

# In the order of preference. PROFILE_* tariffs hold only for a driver who asks for them.
_BASIS_OF: dict[str | None, Basis] = {
    "AD_HOC_PAYMENT": Basis.AD_HOC,
    None: Basis.UNTYPED,
    "REGULAR": Basis.ROAMING,
}
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Choice(NamedTuple):
    """The tariff to show and how sure that choice is."""

    tariff: TariffRecord
    basis: Basis
    overlap: bool
    """Several tariffs of the same type hold at once; the newest was taken."""


def choose(tariffs: Iterable[TariffRecord], at: datetime) -> Choice | None:
    """The tariff that holds at the instant: ad hoc, else untyped, else roaming.

    The order in which the tariffs are given does not matter. None: no price is known.
    """
    valid = [tariff for tariff in tariffs if _holds(tariff, at)]
    for kind, basis in _BASIS_OF.items():
        candidates = [tariff for tariff in valid if tariff.type == kind]
        if candidates:
            newest = max(candidates, key=_recency)
            keys = {(t.country_code, t.party_id, t.id.casefold()) for t in candidates}
            return Choice(newest, basis, overlap=len(keys) > 1)
    return None


def _holds(tariff: TariffRecord, at: datetime) -> bool:
    started = tariff.start_date_time is None or tariff.start_date_time <= at
    return started and (tariff.end_date_time is None or at < tariff.end_date_time)


def _recency(tariff: TariffRecord) -> tuple[datetime, datetime, str]:
    started = tariff.start_date_time or _LONG_AGO
    return started, tariff.last_updated or _LONG_AGO, tariff.id.casefold()
