"""Ground floor: what a charger is, how it is kept, what may be asked and published."""
