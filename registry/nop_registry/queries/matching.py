"""Which stations a person asked for, and their counters after the question was applied.

"CCS, 150 kW, free now" is one condition on one EVSE: a station whose Type 2 socket is free does not
answer it. The counters of a matching station count its matching EVSEs only, so that tile, list and
sheet agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from nop_registry.classes import GROUPS, POWER_CLASSES_W, class_mask
from nop_registry.errors import InvalidInput

POWER_STEPS_W = POWER_CLASSES_W[2:]
"""The least powers one can ask for: bounds of the power classes, so that a mask answers exactly."""

_LONGEST_OPERATOR = 100
_ONE_OF_GROUP = {
    "T2": "IEC_62196_T2",
    "CCS2": "IEC_62196_T2_COMBO",
    "CHADEMO": "CHADEMO",
    "GBT": "GBT_DC",
    "T1": "IEC_62196_T1",
    "OTHER": "OTHER",
}


class StationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What a station must have; a part that is None (or False) is not asked for."""

    connector: str | None = None
    """One of classes.GROUPS."""
    min_power_w: int | None = None
    """One of POWER_STEPS_W, in watts, on the same connector."""
    available: bool = False
    """At least one matching EVSE is free now."""
    operator: str | None = None
    """The operator's name as shown."""

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> StationFilter:
        """Read `connector`, `min_power` (kW), `available` and `operator`; empty values ask nothing.

        Raises InvalidInput with the values that can be used.
        """
        connector = query.get("connector", "").upper() or None
        if connector is not None and connector not in GROUPS:
            raise InvalidInput(f"connector must be one of {', '.join(GROUPS)}")
        operator = query.get("operator", "").strip() or None
        if operator is not None and (len(operator) > _LONGEST_OPERATOR or "\0" in operator):
            raise InvalidInput("operator must be a name of at most 100 characters")
        return cls(
            connector=connector,
            min_power_w=_parse_power(query.get("min_power", "")),
            available=query.get("available", "") in ("1", "true", "on"),
            operator=operator,
        )

    @property
    def query(self) -> str:
        """The one spelling of this filter in an address; empty when nothing is asked."""
        asked = {
            "connector": self.connector,
            "min_power": self.min_power_w and f"{self.min_power_w / 1000:g}",
            "available": "1" if self.available else None,
            "operator": self.operator,
        }
        return urlencode({name: value for name, value in asked.items() if value})


def sites_sql(wanted: StationFilter, place: str) -> tuple[str, dict[str, Any]]:
    """A SELECT of matching public stations, and its parameters.

    `place` is a condition on `s.geom` written by the caller (a constant, with its own parameters).
    Columns: those of site_now with the counters and max_power_w of the matching EVSEs.
    """
    conditions = [place]
    parameters: dict[str, Any] = {}
    if wanted.operator:
        conditions.append("s.operator_name = %(operator)s")
        parameters["operator"] = wanted.operator
    if wanted.connector is None and wanted.min_power_w is None:
        if wanted.available:
            conditions.append("s.n_available > 0")
        return f"{_ALL} WHERE {' AND '.join(conditions)}", parameters
    standards = [_ONE_OF_GROUP[wanted.connector]] if wanted.connector else None
    parameters["mask"] = class_mask(standards, wanted.min_power_w)
    conditions += ["s.class_mask & %(mask)s::bigint <> 0", "c.n_evse > 0"]
    if wanted.available:
        conditions += ["s.n_available > 0", "c.n_available > 0"]
    return f"{_MATCHING} WHERE {' AND '.join(conditions)}", parameters


def _parse_power(text: str) -> int | None:
    if not text:
        return None
    steps = {f"{step / 1000:g}": step for step in POWER_STEPS_W}
    if text not in steps:
        raise InvalidInput(f"min_power must be one of {', '.join(steps)} (kW)")
    return steps[text]


_SITE = "s.location_id, s.geom, s.operator_name, s.is_stale, s.simulated"
_ALL = f"""
SELECT {_SITE}, s.max_power_w, s.n_evse, s.n_available, s.n_busy, s.n_out, s.n_unknown, s.n_planned
FROM site_now s"""  # noqa: S608 - constants
# site_now's rule of staleness, EVSE by EVSE: a silent source leaves only what is planned.
_BELIEVED = "NOT s.is_stale AND k.lapsed_at IS NULL"
_MATCHING = f"""
SELECT {_SITE}, c.* FROM site_now s CROSS JOIN LATERAL (
    SELECT max(e.max_power_w) AS max_power_w, count(*) AS n_evse,
        count(*) FILTER (WHERE {_BELIEVED} AND k.status = 'AVAILABLE') AS n_available,
        count(*) FILTER (WHERE {_BELIEVED}
                           AND k.status IN ('CHARGING', 'RESERVED', 'BLOCKED')) AS n_busy,
        count(*) FILTER (WHERE {_BELIEVED}
                           AND k.status IN ('INOPERATIVE', 'OUTOFORDER')) AS n_out,
        count(*) FILTER (WHERE k.status <> 'PLANNED'
                           AND (NOT ({_BELIEVED}) OR k.status = 'UNKNOWN')) AS n_unknown,
        count(*) FILTER (WHERE k.status = 'PLANNED') AS n_planned
    FROM evse e JOIN evse_status k ON k.evse_id = e.id
    WHERE e.location_id = s.location_id AND e.retired_at IS NULL AND k.status <> 'REMOVED'
      AND e.class_mask & %(mask)s::bigint <> 0) c"""  # noqa: S608 - constants
