"""How much power the EVSEs can give."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="power_kw",
    position=3,
    title="Installed power",
    unit="kW",
    definition=(
        "Sum of the highest connector power of every EVSE in service. Where EVSEs share a "
        "supply, a location can give less at once than this sum. EVSEs of unknown power are "
        "counted apart, never as 0."
    ),
    citation="Regulation (EU) 2023/1804, art. 2 (power output) and Annex III; point power summed",
    numerator=(
        "CASE WHEN sum(power_kw.n_known) > 0 THEN sum(power_kw.power_w) / 1000.0 "
        "WHEN coalesce(sum(power_kw.n_unknown), 0) = 0 THEN 0 END"
    ),
    left_out="coalesce(sum(power_kw.n_unknown), 0)",
    left_out_title="of unknown power",
    per_location="""
        SELECT e.location_id, sum(e.max_power_w) AS power_w, count(e.max_power_w) AS n_known,
               count(*) FILTER (WHERE e.max_power_w IS NULL) AS n_unknown
        FROM evse e WHERE e.retired_at IS NULL AND NOT EXISTS (SELECT FROM evse_status s
            WHERE s.evse_id = e.id AND s.status IN ('PLANNED', 'REMOVED'))
        GROUP BY e.location_id""",
)
