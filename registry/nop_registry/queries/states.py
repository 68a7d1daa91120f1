"""What one mark on the map says about a whole station."""

from __future__ import annotations

STATE_SQL = """CASE
    WHEN n_available > 0 AND n_available + n_planned = n_evse THEN 'available'
    WHEN n_available > 0 THEN 'some'
    WHEN n_busy > 0 THEN 'busy'
    WHEN n_unknown > 0 THEN 'unknown'
    WHEN n_out > 0 THEN 'out'
    ELSE 'planned' END"""
"""From the counters of site_now or tile_cell: available, some, busy, unknown, out or planned.

"Out of order" needs a word on every EVSE that is built: no data is never shown as a fault.
"""
