"""Doors in: from a publisher's words to records."""
