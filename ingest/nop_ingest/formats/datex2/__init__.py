"""Europe: DATEX II, energy infrastructure."""
