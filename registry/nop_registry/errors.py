"""The one tree of errors that a person may read. Doors map these to HTTP, OCPI or exit codes."""

from __future__ import annotations


class NopError(Exception):
    """Base of every error whose text is written for the person who reads it."""


class SettingsError(NopError):
    """A setting is missing or cannot be used; the text says which and what to do."""


class NotFound(NopError):
    """The named thing does not exist."""


class InvalidIdentifier(NopError, ValueError):
    """A text is not an identifier of the expected kind."""


class InvalidInput(NopError, ValueError):
    """What a person or program gave cannot be used; the text says what to change."""


class AccessDenied(NopError):
    """The caller is not known, or may not do this."""


class DatabaseUnavailable(NopError):
    """The database cannot be reached now; the same call may succeed later."""
