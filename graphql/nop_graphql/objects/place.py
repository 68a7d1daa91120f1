"""Small types that locations and EVSEs share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import strawberry


@strawberry.type(description="A point, WGS 84 degrees.")
class Coordinates:
    lat: float
    lon: float


@strawberry.type(description="Text in one language (ISO 639-1).")
class DisplayText:
    language: str | None
    text: str | None

    @classmethod
    def list_of(cls, found: list[Mapping[str, Any]] | None) -> list[DisplayText]:
        return [cls(language=item.get("language"), text=item.get("text")) for item in found or ()]


@strawberry.type(description="A link to a picture. The platform does not check or copy it.")
class Image:
    url: str | None
    category: str | None
    type: str | None

    @classmethod
    def list_of(cls, found: list[Mapping[str, Any]] | None) -> list[Image]:
        return [
            cls(url=item.get("url"), category=item.get("category"), type=item.get("type"))
            for item in found or ()
        ]


@strawberry.type(description="A company as the publisher names it.")
class Business:
    name: str | None
    website: str | None

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> Business | None:
        if found is None:
            return None
        return cls(name=found.get("name"), website=found.get("website"))


@strawberry.type(description="An OCPI party: who publishes this location.")
class Party:
    country_code: str = strawberry.field(description="ISO 3166 alpha-2.")
    party_id: str


@strawberry.type(description="A weekly opening period, local time.")
class RegularHours:
    weekday: int = strawberry.field(description="1 = Monday … 7 = Sunday.")
    period_begin: str | None
    period_end: str | None


@strawberry.type(description="An exceptional opening or closing.")
class Period:
    begins_at: datetime | None
    ends_at: datetime | None

    @classmethod
    def list_of(cls, found: list[Mapping[str, Any]] | None) -> list[Period]:
        return [
            cls(
                begins_at=parse_instant(item.get("period_begin")),
                ends_at=parse_instant(item.get("period_end")),
            )
            for item in found or ()
        ]


@strawberry.type(description="Opening times. No object: unknown, which is not 24/7.")
class Hours:
    twentyfourseven: bool | None
    regular_hours: list[RegularHours]
    exceptional_openings: list[Period]
    exceptional_closings: list[Period]

    @classmethod
    def of(cls, found: Mapping[str, Any] | None) -> Hours | None:
        if found is None:
            return None
        return cls(
            twentyfourseven=found.get("twentyfourseven"),
            regular_hours=[
                RegularHours(
                    weekday=item["weekday"],
                    period_begin=item.get("period_begin"),
                    period_end=item.get("period_end"),
                )
                for item in found.get("regular_hours", ())
            ],
            exceptional_openings=Period.list_of(found.get("exceptional_openings")),
            exceptional_closings=Period.list_of(found.get("exceptional_closings")),
        )


@strawberry.type(description="Is a location open now? By its hours, exceptions and time zone.")
class OpeningNow:
    is_open: bool | None = strawberry.field(description="Null: not known; do not show it as open.")
    opens_at: datetime | None = strawberry.field(
        description="While closed: when it opens next, if that is known."
    )
    closes_at: datetime | None = strawberry.field(
        description="While open: until when that is sure. Null: no end is known."
    )


def parse_instant(text: str | None) -> datetime | None:
    """An instant of a stored document."""
    return None if text is None else datetime.fromisoformat(text)
