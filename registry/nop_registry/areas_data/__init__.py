"""Outlines that come with the platform, other spellings of area names, and reading such files."""
