"""How many EVSEs there are."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="evses",
    position=1,
    title="EVSEs",
    unit="EVSE",
    definition=(
        "Number of EVSEs in service at published locations. An EVSE is what one car can use at "
        "once, however many connectors it has. Planned and removed ones are not counted."
    ),
    citation="Regulation (EU) 2023/1804, art. 2: recharging point; OCPI 2.2.1 EVSE",
    numerator="coalesce(sum(p.n_evse - p.n_planned), 0)",
    left_out="coalesce(sum(p.n_planned), 0)",
    left_out_title="planned",
)
