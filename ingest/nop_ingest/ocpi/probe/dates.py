"""Whether changes can be asked for: date_from and date_to (TR-40, TR-41, PU-6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nop_ingest.ocpi.errors import PeerError
from nop_ingest.ocpi.probe.asking import Said
from nop_ingest.ocpi.probe.reading import Moment, ids_of, moments
from nop_ingest.ocpi.probe.scene import Scene
from nop_ingest.ocpi.versions.version import peek

_PAGE = 100
_Z = "%Y-%m-%dT%H:%M:%SZ"
_OTHERS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.000Z", "%Y-%m-%d")


class Dates:
    """Asks the locations list with dates, made from the objects that were read."""

    def __init__(self, scene: Scene) -> None:
        self._book = scene.book
        self._asker = scene.asker
        self._url = scene.endpoints["locations"]
        self._is_older = scene.is_older
        self._moments = moments(scene.locations.documents)
        self._format: str | None = None

    def look(self) -> None:
        """Conclude the three checks of dates."""
        if not self._moments:
            for check in ("date-from", "date-from-inclusive", "date-to"):
                self._book.skipped(check, "no location says when it was last updated")
            return
        self._try_after_newest()
        if self._format is None:
            for check in ("date-from-inclusive", "date-to"):
                self._book.skipped(check, "no spelling of a date is accepted")
            return
        self._try_newest_itself()
        self._try_before_oldest()

    def _ask(self, name: str, moment: datetime, spelling: str) -> Said:
        text = moment.astimezone(UTC).strftime(spelling)
        return self._asker.ask(self._url, {name: text, "limit": _PAGE})

    def _try_after_newest(self) -> None:
        """Nothing that was read may come back: it is all older."""
        newest = max(self._moments, key=lambda moment: moment.at)
        since = newest.at.replace(microsecond=0) + timedelta(seconds=1)
        said = self._ask("date_from", since, _Z)
        self._format = _Z
        if isinstance(said.error, PeerError):
            said = self._in_another_spelling(since, said)
        if said.error is not None:
            self._book.fail(
                "date-from", f"date_from is refused: {said.error}",
                "accept date_from, such as 2026-01-31T12:00:00Z: else everything is pulled each "
                "time",
            )  # fmt: skip
            self._format = None
            return
        older = [m for m in moments_of(said) if m.at < since]
        if older:
            self._book.fail(
                "date-from", f"date_from is ignored: {len(older)} objects are older than it",
                "leave out what was last updated before date_from",
            )  # fmt: skip
        self._book.passed("date-from", "what is older is left out")

    def _in_another_spelling(self, since: datetime, refused: Said) -> Said:
        for spelling in _OTHERS:
            said = self._ask("date_from", since, spelling)
            if said.error is None:
                self._format = spelling
                example = since.astimezone(UTC).strftime(spelling)
                self._book.warn(
                    "date-from", f"a date_from with Z is refused; {example} is accepted",
                    "accept OCPI's DateTime with Z, and better without and with a fraction too",
                )  # fmt: skip
                return said
        return refused

    def _try_newest_itself(self) -> None:
        """TR-41: an object of exactly date_from is included (2.1.1 says only "after")."""
        whole = [moment for moment in self._moments if not moment.at.microsecond]
        if self._is_older or not whole:
            self._book.passed("date-from-inclusive", "cannot matter: " + (
                "2.1.1 leaves it open" if self._is_older else "all times have fractions"
            ))  # fmt: skip
            return
        newest = max(whole, key=lambda moment: moment.at)
        said = self._ask("date_from", newest.at, self._format or _Z)
        if said.error is None and newest.key not in ids_of(said) and len(said.items) < _PAGE:
            self._book.warn(
                "date-from-inclusive", f"{newest.key.id} of exactly date_from is left out",
                "include objects whose last_updated equals date_from",
            )  # fmt: skip
        self._book.passed("date-from-inclusive", "an object of exactly date_from is included")

    def _try_before_oldest(self) -> None:
        """TR-41: an object of exactly date_to is excluded, and date_to is heeded at all."""
        if self._is_older:
            self._book.passed("date-to", "cannot matter: 2.1.1 leaves it open")
            return
        oldest = min(self._moments, key=lambda moment: moment.at)
        said = self._ask("date_to", oldest.at.replace(microsecond=0), self._format or _Z)
        if said.error is not None:
            self._book.warn("date-to", f"date_to is refused: {said.error}", "accept date_to")
        elif oldest.key in ids_of(said):
            self._book.warn(
                "date-to", f"{oldest.key.id} of exactly date_to is included, or date_to is ignored",
                "leave out objects whose last_updated is date_to or later",
            )  # fmt: skip
        self._book.passed("date-to", "an object of exactly date_to is left out")


def moments_of(page: Said) -> list[Moment]:
    """When the objects of a page were last updated."""
    return [m for item in page.items if (m := Moment.of(peek(item), item)) is not None]
