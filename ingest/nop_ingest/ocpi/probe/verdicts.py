"""What the probe says: one verdict for each check, with its rules and how to mend what is wrong."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Outcome(StrEnum):
    """How a check ended. The worst of what was seen counts."""

    PASS = "pass"  # noqa: S105 - no password
    SKIP = "skip"
    """It could not be looked at; the verdict says why."""
    WARN = "warn"
    """It deviates, but is read here nevertheless. Other clients may fail."""
    FAIL = "fail"
    """Objects are lost, wrong or hidden until it is mended."""


_RANK = [Outcome.PASS, Outcome.SKIP, Outcome.WARN, Outcome.FAIL]


class Check(NamedTuple):
    """One thing the probe looks at."""

    name: str
    area: str
    rules: tuple[str, ...]
    title: str
    """What is expected, as a clause."""


_CHECKS = (
    Check("address", "connection", ("CR-12",), "the versions URL is reached, over TLS"),
    Check("versions", "connection", ("VE-1", "VE-3"), "the versions list can be read"),
    Check("token-encoding", "connection", ("TR-1", "TR-2"), "the token is spelt as OCPI says"),
    Check("unknown-token", "connection", ("TR-7",), "a wrong token is answered with HTTP 401"),
    Check("version-details", "connection", ("VE-1", "VE-3"), "the details are there"),
    Check("endpoints", "connection", ("VE-4", "VE-5"), "locations and tariffs are offered"),
    Check("endpoint-urls", "connection", ("VE-8",), "the modules' URLs are public ones"),
    Check("trailing-slash", "connection", ("VE-7",), "URLs work with and without a last slash"),
    Check("credentials", "connection", ("CR-1", "CR-15"), "credentials say who the operator is"),
    Check("envelope", "answers", ("TR-10", "TR-15"), "answers are OCPI's envelope"),
    Check("content-type", "answers", ("TR-16",), "Content-Type is application/json"),
    Check("request-ids", "answers", ("TR-17",), "request ids are sent back"),
    Check("gzip", "answers", ("PU-10", "TR-15"), "answers are compressed when asked"),
    Check("clock", "answers", ("PU-5",), "the clock is right"),
    Check("stability", "answers", ("TR-14", "PU-10"), "no request fails"),
    Check("speed", "answers", ("PU-10",), "pages come quickly"),
    Check("paging-link", "lists", ("TR-40", "PU-9"), "Link leads to the next page"),
    Check("paging-total", "lists", ("TR-40", "PU-4"), "X-Total-Count counts all objects"),
    Check("paging-limit", "lists", ("TR-40", "TR-43"), "limit is kept and X-Limit is said"),
    Check("paging-order", "lists", ("TR-42", "PU-9"), "objects keep their place over pages"),
    Check("paging-end", "lists", ("TR-40", "PU-9"), "the list ends properly"),
    Check("wrong-limit", "lists", ("TR-13", "TR-45"), "an unusable limit is refused as OCPI says"),
    Check("date-from", "lists", ("TR-40", "PU-6"), "date_from leaves out what is older"),
    Check("date-from-inclusive", "lists", ("TR-41",), "date_from includes its own instant"),
    Check("date-to", "lists", ("TR-41",), "date_to excludes its own instant"),
    Check("whole-list", "lists", ("PU-1", "PU-4"), "our client reads the lists to their end"),
    Check("single-object", "objects", ("PU-15",), "a Location, EVSE, Connector can be read"),
    Check("absent-object", "objects", ("TR-13",), "an object that is not there is HTTP 404"),
    Check("ids", "objects", ("DM-1",), "ids are unique and not too long"),
    Check("id-case", "objects", ("TR-32",), "country and party are spelt as agreed"),
    Check("parties", "objects", ("PU-11", "CR-13"), "objects are of the parties in credentials"),
    Check("times", "objects", ("TR-30", "RE-8"), "times are UTC, as OCPI writes them"),
    Check("last-updated", "objects", ("DM-12", "RE-4"), "a parent is no older than its parts"),
    Check("coordinates", "objects", ("DM-3",), "coordinates are texts with enough decimals"),
    Check("tariff-references", "objects", ("PU-12", "TA-11"), "connectors' tariffs are listed"),
    Check("locations", "objects", ("PU-2", "PU-3"), "locations are taken without remark"),
    Check("tariffs", "objects", ("TA-1", "TA-12"), "tariffs are taken without remark"),
)  # fmt: skip

CHECKS = {check.name: check for check in _CHECKS}


class Verdict(msgspec.Struct):
    """What became of one check."""

    check: str
    area: str
    title: str
    rules: tuple[str, ...]
    outcome: Outcome
    found: list[str]
    """What was seen, in sentences."""
    mend: list[str]
    """What to do, in sentences for the operator's developers."""


class Book:
    """Collects what is seen; each sentence once."""

    def __init__(self) -> None:
        self._seen: dict[str, list[tuple[Outcome, str, str | None]]] = {}

    def passed(self, check: str, found: str) -> None:
        """Note that a check went well."""
        self._note(check, Outcome.PASS, found, None)

    def skipped(self, check: str, why: str) -> None:
        """Note that a check could not be made."""
        self._note(check, Outcome.SKIP, why, None)

    def warn(self, check: str, found: str, mend: str) -> None:
        """Note a deviation that is coped with here."""
        self._note(check, Outcome.WARN, found, mend)

    def fail(self, check: str, found: str, mend: str) -> None:
        """Note something that costs objects or hides them."""
        self._note(check, Outcome.FAIL, found, mend)

    def has(self, check: str) -> bool:
        """Whether anything was noted for a check."""
        return check in self._seen

    def verdicts(self, why_skipped: str) -> list[Verdict]:
        """One for each check; those never made are skipped for that reason."""
        return [self._verdict(check, why_skipped) for check in CHECKS.values()]

    def _note(self, check: str, outcome: Outcome, found: str, mend: str | None) -> None:
        notes = self._seen.setdefault(CHECKS[check].name, [])
        if (outcome, found, mend) not in notes:
            notes.append((outcome, found, mend))

    def _verdict(self, check: Check, why_skipped: str) -> Verdict:
        notes = self._seen.get(check.name) or [(Outcome.SKIP, why_skipped, None)]
        worst = max((outcome for outcome, _, _ in notes), key=_RANK.index)
        said = [note for note in notes if note[0] in (worst, Outcome.WARN, Outcome.FAIL)]
        said.sort(key=lambda note: -_RANK.index(note[0]))
        return Verdict(
            check=check.name,
            area=check.area,
            title=check.title,
            rules=check.rules,
            outcome=worst,
            found=list(dict.fromkeys(found for _, found, _ in said)),
            mend=list(dict.fromkeys(mend for _, _, mend in said if mend)),
        )
