"""Upload formats: one file each, found by their FORMAT attribute, never importing one another."""
