"""What the probe knows of the peer so far; the checks read it and add to it."""

from __future__ import annotations

from typing import Any

import msgspec

from nop_ingest.ocpi.probe.asking import Asker
from nop_ingest.ocpi.probe.observing import Observer
from nop_ingest.ocpi.probe.verdicts import Book
from nop_ingest.ocpi.routing import Party
from nop_ingest.ocpi.versions.version import OcpiVersion


class CannotGoOn(Exception):
    """A check found that nothing after it can be looked at."""


class Sample:
    """The objects of one list that were read: all of them, or as many as the time allowed."""

    def __init__(self) -> None:
        self.raws: list[msgspec.Raw] = []
        self.documents: list[dict[str, Any]] = []
        """Those that are JSON objects."""
        self.pages = 0
        self.total: int | None = None
        self.complete = False
        """The list was read to a proper end."""
        self.reason: str | None = None

    def add(self, raws: list[msgspec.Raw]) -> None:
        """A page's objects."""
        self.raws += raws
        for raw in raws:
            try:
                document = msgspec.json.decode(raw)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                continue
            if isinstance(document, dict):
                self.documents.append(document)


class Scene(msgspec.Struct):
    """Who is probed, and what was found."""

    versions_url: str
    asker: Asker
    book: Book
    observer: Observer
    quirks: dict[str, Any]
    """What a person has set for this peer (see ocpi.quirks)."""
    offered: list[str] = []
    spoken: str = ""
    """The version as the peer calls it."""
    version: OcpiVersion | None = None
    endpoints: dict[str, str] = {}
    """Module -> URL of its Sender interface, where our token may go."""
    parties: set[Party] = set()
    """Those named in credentials; empty: unknown."""
    locations: Sample = msgspec.field(default_factory=Sample)
    tariffs: Sample = msgspec.field(default_factory=Sample)

    @property
    def is_older(self) -> bool:
        """OCPI 2.1.1: without roles, request ids and parties in objects."""
        return self.spoken == "2.1.1"
