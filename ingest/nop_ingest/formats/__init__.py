"""Upload formats: one file each, found by their FORMAT attribute.

A family's formats and what only they share lie in one folder. Families never import one another;
what they share is in `reading/`.
"""
