"""OICP, the roaming protocol of Hubject."""
