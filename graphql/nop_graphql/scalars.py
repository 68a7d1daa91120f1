"""Scalars whose text is promised: instants in UTC, money as decimal text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import strawberry
from strawberry.types.scalar import ScalarDefinition


def instant_text(value: datetime) -> str:
    """RFC 3339 in UTC with Z, fractions of a second only where there are any.

    >>> instant_text(datetime(2026, 11, 20, 9, 0, 0, 250000, tzinfo=UTC))
    '2026-11-20T09:00:00.25Z'
    """
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"{text.rstrip('0') if '.' in text else text}Z"


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="Instant in UTC, RFC 3339: `2026-11-20T09:00:00Z`.",
        serialize=instant_text,
        parse_value=datetime.fromisoformat,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="Exact decimal number as text: `12.50`.",
        serialize=str,
        parse_value=Decimal,
    ),
}
