"""What a metric must say of itself, so that every published figure can be explained."""

from __future__ import annotations

import msgspec


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A figure of the register. A module of this package defines `METRIC`; it then stands on the
    page, in the CSV files and in GraphQL.

    The SQL parts are aggregates over the public locations of an area. Of each they may use `p`
    (a row of the view site_now: n_evse, n_available, n_busy, n_out, n_unknown, n_planned, …) and
    `<code>`, the row that `per_location` has for it, if any.
    """

    code: str
    """Name in addresses, columns and fields; lower case with underscores. Never changes."""
    position: int
    """Place in the order of figures."""
    title: str
    unit: str
    """`EVSE`, `location`, `kW`, `share` (0 to 1)."""
    definition: str
    """The formula in one sentence."""
    citation: str
    """The law or the practice that the definition follows."""
    numerator: str
    """SQL of the value. Where nothing can be computed it must be NULL, not 0."""
    denominator: str | None = None
    """SQL; the value is then a share, and is not determined when this is 0."""
    left_out: str | None = None
    """SQL: how many EVSEs the value does not cover."""
    left_out_title: str = ""
    per_location: str | None = None
    """SQL query with one row a location: `location_id` and counts of its EVSEs."""
