"""Open Charge Map (OCM)."""
