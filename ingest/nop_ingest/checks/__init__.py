"""Quality rules: what a publisher should mend. A check never raises and never changes a record."""
