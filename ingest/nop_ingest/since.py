"""From when on an incremental pull asks, and whether the peer heeds it (PU-5, PU-6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from nop_ingest.ocpi.envelope import parse_clock
from nop_ingest.ocpi.versions.version import Raw
from nop_registry.store.deliveries import Pulled
from nop_registry.store.sources import Source

_LOOKED_AT = 500  # objects of one pull: enough to tell


def since(source: Source, pulled: Pulled, now: datetime) -> datetime | None:
    """From when on a module is asked for, by the peer's clock; None: for all of it.

    All of it when no full pull was made, when the source's last full pull lacked this module, when
    one is due again, or when the peer does not heed date_from. Else from the last success less an
    overlap for clocks and slow transactions. A pull that failed moves nothing: after an outage
    everything since the last contact comes, for no peer keeps pushes in a queue for us (PU-14).
    """
    if pulled.at is None or pulled.full_at is None:
        return None
    missed = source.last_full_at is not None and pulled.full_at < source.last_full_at
    due = missed or pulled.full_at + timedelta(seconds=source.full_every_s) <= now
    if due or source.quirks.get("ignores_date_from") or source.quirks.get("no_incremental"):
        return None
    overlap = timedelta(seconds=min(600, max(30, 2 * source.pull_every_s)))
    skew = timedelta(seconds=float(source.quirks.get("clock_ahead_s", 0)))
    return pulled.at - overlap + skew


class _Evse(msgspec.Struct):
    last_updated: Any = None


class _Object(msgspec.Struct):
    last_updated: Any = None
    evses: list[_Evse] | None = None


_object = msgspec.json.Decoder(_Object)


class Ages:
    """How old the objects of an incremental pull are."""

    def __init__(self, date_from: datetime | None = None) -> None:
        self.date_from = date_from
        self._looked_at = self._older = 0

    def look_at(self, items: Iterable[Raw]) -> None:
        """Count them; EVSEs tell too, for some peers do not bump the Location (P6)."""
        if self.date_from is None:
            return
        for item in items:
            if self._looked_at >= _LOOKED_AT:
                return
            newest = _newest(item)
            if newest is not None:
                self._looked_at += 1
                self._older += newest < self.date_from

    @property
    def mostly_older(self) -> bool:
        """More than half are older than what was asked for."""
        return self._older * 2 > self._looked_at


def _newest(item: Raw) -> datetime | None:
    try:
        found = _object.decode(item)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    said = [found.last_updated, *(evse.last_updated for evse in found.evses or ())]
    moments = [parse_clock(text) for text in said if isinstance(text, str)]
    return max((moment for moment in moments if moment is not None), default=None)
