"""One page of a Sender's list, from the registry (ocpi.md SE-4 to SE-6, TR-40 to TR-45)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

import msgspec
import structlog

from nop_ingest.ocpi.versions.version import Emitted
from nop_ingest.ocpi_server.sender_objects import Speaker, say_locations, say_tariffs
from nop_ingest.ocpi_server.sender_question import Cursor, Question
from nop_registry.database import Connection
from nop_registry.queries import emissions, tariff_emissions
from nop_registry.queries.emissions import Listing, Place
from nop_registry.queries.tariff_emissions import TariffChoice, TariffListing

log = structlog.get_logger()
L = TypeVar("L", Listing, TariffListing)


class Page(NamedTuple):
    """What is answered."""

    documents: list[bytes]
    total: int
    """Objects that match, less those found so far that this version cannot say."""
    omitted: int
    """Objects of this page that it cannot say."""
    cursor: Cursor | None
    """Where the next page begins; None: this is the last one."""


class _List(NamedTuple, Generic[L]):
    """What differs between locations and tariffs."""

    name: str
    count: Callable[[Connection], int]
    counts_cheaply: bool
    """Else the first page counts, and the cursor carries the number along."""
    find: Callable[[Connection, Place | None, int, int], list[L]]
    """Listings after a place, from an offset, so many."""
    say: Callable[[Connection, Sequence[L]], list[Emitted]]


def locations_page(connection: Connection, speaker: Speaker, question: Question) -> Page:
    """A page of locations. Begins the transaction's snapshot."""
    scope, window, dated = speaker.scope, question.window, speaker.dated
    return _page(
        connection,
        speaker,
        question,
        _List[Listing](
            "locations",
            lambda connection: emissions.count_locations(connection, scope, window, dated=dated),
            window.is_open and not scope.restricts_place,
            lambda connection, after, offset, limit: emissions.list_locations(
                connection, scope, window, after=after, offset=offset, limit=limit, dated=dated
            ),
            lambda connection, found: say_locations(connection, speaker, found),
        ),
    )


def tariffs_page(connection: Connection, speaker: Speaker, question: Question) -> Page:
    """A page of tariffs. Begins the transaction's snapshot."""
    choice = TariffChoice(speaker.scope, question.window, speaker.removed_kept, speaker.dated)
    return _page(
        connection,
        speaker,
        question,
        _List[TariffListing](
            "tariffs",
            lambda connection: tariff_emissions.count_tariffs(connection, choice),
            False,
            lambda connection, after, offset, limit: tariff_emissions.list_tariffs(
                connection, choice, after=after, offset=offset, limit=limit
            ),
            lambda connection, found: say_tariffs(connection, speaker, found),
        ),
    )


def _page(connection: Connection, speaker: Speaker, question: Question, module: _List[L]) -> Page:
    take_snapshot(connection)
    cursor = question.cursor
    place, offset = (cursor.place, 0) if cursor else (None, question.offset)
    found = module.find(connection, place, offset, question.limit + 1)
    total = _total(connection, question, module, found)
    omitted = 0
    while True:
        page, more = found[: question.limit], len(found) > question.limit
        said = module.say(connection, page)
        documents = [msgspec.json.encode(one.document) for one in said if one.document is not None]
        omitted += len(page) - len(documents)
        place, offset = page[-1].place if page else place, 0
        if documents or not more:  # an empty page would be taken for the end
            break
        found = module.find(connection, place, offset, question.limit + 1)
    if omitted:
        reasons = Counter(one.dropped[-1] for one in said if one.document is None and one.dropped)
        log.info(
            "not sent", module=module.name, version=speaker.version.number, omitted=omitted,
            reasons=dict(reasons.most_common(5)),
        )  # fmt: skip
    so_far = omitted + (cursor.omitted if cursor else 0)
    following = Cursor(place, total, so_far) if more and place is not None else None
    return Page(documents, max(0, total - so_far), omitted, following)


def _total(connection: Connection, question: Question, module: _List[L], found: Sequence[L]) -> int:
    """How many match: carried along by the cursor, or found with the page, or counted."""
    if question.cursor is not None and not module.counts_cheaply:
        return question.cursor.total
    if found and found[0].matching is not None:
        return found[0].matching
    if not found and question.cursor is None and not question.offset:
        return 0
    return module.count(connection)


def take_snapshot(connection: Connection) -> None:
    """All statements of the transaction, which this begins, see the same state (SE-6)."""
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    connection.execute("SET LOCAL work_mem = '64MB'")  # the statuses of a nation, sorted in memory
