"""At how many places one can charge."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="locations",
    position=2,
    title="Locations",
    unit="location",
    definition="Number of published locations with at least one EVSE in service.",
    citation="Regulation (EU) 2023/1804, art. 2: recharging pool; OCPI 2.2.1 Location",
    numerator="count(p.location_id) FILTER (WHERE p.n_evse > p.n_planned)",
)
