"""How many EVSEs may have been counted twice."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="repeated_ids",
    position=6,
    title="Repeated EVSE-ID",
    unit="share",
    definition=(
        "EVSEs whose EVSE-ID (in canonical form) another published EVSE bears too, divided by "
        "EVSEs in service. Two sources that publish the same charger are counted twice in every "
        "figure here; this share is the most that can concern."
    ),
    citation="eMI3/ISO 15118 EVSE-ID, which is to be unique",
    numerator="coalesce(sum(repeated_ids.n), 0)",
    denominator="sum(p.n_evse - p.n_planned)",
    # The ids are counted in the index first: few are left to look at.
    per_location="""
        SELECT location_id, count(*) AS n FROM (
            SELECT e.location_id, count(*) OVER (PARTITION BY e.evse_id_canonical) AS bearers
            FROM (SELECT evse_id_canonical FROM evse WHERE evse_id_canonical IS NOT NULL
                  GROUP BY evse_id_canonical HAVING count(*) > 1) repeated
            JOIN evse e USING (evse_id_canonical)
            JOIN evse_status s ON s.evse_id = e.id
            JOIN site t ON t.location_id = e.location_id
            WHERE s.status NOT IN ('PLANNED', 'REMOVED')) borne
        WHERE bearers > 1 GROUP BY location_id""",
)
