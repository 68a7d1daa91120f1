"""How each state of a station or EVSE looks: one place for page, map and legend.

Colours are told apart in every common colour blindness and each state has its own glyph, so colour
is never the only sign (`regulators_and_public.md` §4). The dark outline keeps light discs visible.
"""

from __future__ import annotations

import msgspec

from nop_registry.enums import AVAILABILITY_OF, Availability, Status


class Look(msgspec.Struct, frozen=True):
    """A disc with a glyph, in a square of 24 units."""

    label: str
    fill: str
    ink: str
    """Colour of the glyph."""
    glyph: str
    """SVG path."""
    is_solid: bool = False
    """The glyph is filled instead of drawn as a line."""
    is_dashed: bool = False
    """The outline is dashed."""


OUTLINE = "#1a1a1a"
LOOKS: dict[str, Look] = {
    "available": Look("Available", "#0072B2", "#ffffff", "M7 12.6l3.4 3.4 6.6-7.4"),
    "some": Look("Some available", "#56B4E9", OUTLINE, "M12 6a6 6 0 0 0 0 12z", is_solid=True),
    "busy": Look("In use", "#E69F00", OUTLINE, "M8 8h8v8h-8z", is_solid=True),
    "out": Look("Out of order", "#7A0403", "#ffffff", "M8 8l8 8M16 8l-8 8"),
    "unknown": Look(
        "Unknown",
        "#767676",
        "#ffffff",
        "M9 9.6c0-1.7 1.3-2.9 3-2.9s3 1.1 3 2.8c0 2.2-3 2.3-3 4.5M12 17.2v.1",
    ),
    "planned": Look(
        "Planned", "#ffffff", OUTLINE, "M7.6 12h.1M12 12h.1M16.3 12h.1", is_dashed=True
    ),
}

COUNTED = ("available", "busy", "out", "unknown", "planned")
"""States of one EVSE, in the order in which they are always shown."""

_STATE_OF = {
    Availability.AVAILABLE: "available",
    Availability.BUSY: "busy",
    Availability.OUT: "out",
    Availability.UNKNOWN: "unknown",
    Availability.PLANNED: "planned",
}

STATUS_WORDS = {
    Status.AVAILABLE: "Available",
    Status.BLOCKED: "Blocked",
    Status.CHARGING: "In use",
    Status.INOPERATIVE: "Out of service",
    Status.OUTOFORDER: "Out of order",
    Status.PLANNED: "Planned",
    Status.REMOVED: "Removed",
    Status.RESERVED: "Reserved",
    Status.UNKNOWN: "Unknown",
}


def state_of(status: str) -> str:
    """The state that stands for an EVSE's OCPI status."""
    availability = AVAILABILITY_OF[Status(status)]
    return _STATE_OF[availability] if availability else "unknown"
