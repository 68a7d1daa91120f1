"""Of how many EVSEs a price is known."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="priced",
    position=5,
    title="With price",
    unit="share",
    definition=(
        "EVSEs with at least one connector whose tariff the registry holds, divided by EVSEs in "
        "service. An EVSE without a tariff is of unknown price, not free of charge."
    ),
    citation="Regulation (EU) 2023/1804, art. 20(2): ad hoc price as dynamic data",
    numerator="coalesce(sum(priced.n), 0)",
    denominator="sum(p.n_evse - p.n_planned)",
    per_location="""
        SELECT s.location_id, count(*) AS n FROM evse_status s
        WHERE s.status NOT IN ('PLANNED', 'REMOVED') AND s.evse_id IN (
            SELECT c.evse_id FROM connector c WHERE EXISTS (SELECT FROM tariff t
                WHERE t.id = ANY(c.tariff_numbers) AND t.retired_at IS NULL))
        GROUP BY s.location_id""",
)
