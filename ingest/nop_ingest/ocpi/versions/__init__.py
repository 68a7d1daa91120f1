"""OCPI versions, one file each, found by their `VERSION`. They are pure and do not know another."""
