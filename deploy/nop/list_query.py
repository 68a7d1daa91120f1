"""Parameters of a list's URL, as the operators that we play read them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime


class WrongParameter(Exception):
    """A query parameter cannot be used."""


def number(query: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    """A whole number. Raises WrongParameter."""
    text = query.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or int(text) < least:
        raise WrongParameter(f"{name} must be a whole number from {least} on, not {text!r}")
    return int(text)


def instant(query: Mapping[str, str], name: str) -> float | None:
    """A time as seconds since 1970; without a zone it is UTC. Raises WrongParameter."""
    text = query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise WrongParameter(f"{name} must be a time such as 2026-01-31T12:00:00Z") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
