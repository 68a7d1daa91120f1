"""What is to be done with a file, and who is told as it goes on."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nop_ingest.upload_report import RowFinding
from nop_registry.access import SYSTEM, Principal

Progress = Callable[[str, int, int | None], None]
"""Called as it goes on: what is being done, how much is done, of how much."""
KeepFindings = Callable[[list[RowFinding]], None]
"""Called with what was found, batch by batch."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done with a file, and for whom."""

    country: str
    """The nation served (ISO 3166 alpha-2)."""
    commit: bool = False
    """Do it; else only tell what it would do."""
    whole: bool = True
    """It is the source's whole inventory: what it does not list is missing."""
    actor: Principal = SYSTEM
    """Who sends it: other parties' rows are refused, by the tables too."""
    parties: frozenset[str] | None = None
    """Whose data the source brings (`IN*ABC`, or `FR*`); None: whoever's the actor may write."""
    removal_accepted: bool = False
    """A person has accepted that much of what is held is not listed."""
    is_edit: bool = False
    """It was made by hand in the portal."""
    upload_id: int | None = None
    """Its number in the table `upload`, if it has one: a cut commit is then gone on with."""

    @property
    def writable(self) -> frozenset[str] | None:
        """Whose objects the file may bring."""
        return self.parties or self.actor.parties
