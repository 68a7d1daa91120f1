"""What a publisher is told about each object, row and field."""

from __future__ import annotations

import msgspec

from nop_registry.enums import Severity


class Rejection(msgspec.Struct, frozen=True):
    """Something that was not taken. Its last good version, if any, stays published."""

    code: str
    """Stable, kebab-case, for counting: `evse-no-uid`."""
    path: str
    """Where: `evses[2].connectors[0].id` or a column name."""
    message: str
    """A sentence a data officer understands, with how to mend it."""
    value: str | None = None
    """What was found there (cut to 200 characters when stored)."""
    row_no: int | None = None
    """Row of an uploaded file, 1 = first data row."""


class Notice(msgspec.Struct, frozen=True):
    """Something that was taken but is odd, was mended, or could not be used in part."""

    code: str
    severity: Severity
    path: str
    message: str
    value: str | None = None
    row_no: int | None = None


Finding = Rejection | Notice
