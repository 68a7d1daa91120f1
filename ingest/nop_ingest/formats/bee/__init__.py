"""India: the list of the Bureau of Energy Efficiency (BEE)."""
