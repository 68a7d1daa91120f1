"""Of how many EVSEs the status is known now."""

from nop_registry.coverage.metric import Metric

METRIC = Metric(
    code="live",
    position=4,
    title="With live status",
    unit="share",
    definition=(
        "EVSEs whose status is known now, divided by EVSEs in service. A status is not known when "
        "the publisher says UNKNOWN or when its source has been silent longer than its "
        "time-to-live."
    ),
    citation="Regulation (EU) 2023/1804, art. 20(2): availability as dynamic data",
    numerator="coalesce(sum(p.n_available + p.n_busy + p.n_out), 0)",
    denominator="sum(p.n_evse - p.n_planned)",
)
