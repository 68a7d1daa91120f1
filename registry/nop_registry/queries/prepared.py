"""Any selection of locations' fields, cut from their documents; only what is live is asked of SQL.

The statement that finds a page brings of each location the version of its document and the JSON of
each live value, its EVSEs' too. What a selection shows of a document is written once, as texts with
holes for live values, and kept while the document has that version; one statement brings those not
kept. The object whole is kept with its row: the same row is the same object.

All objects are written together, column by column: values are slices of flat lists. Of a document's
JSON only objects inside a value are decoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, count, islice, repeat
from operator import mod
from typing import Any, NamedTuple

import msgspec

from nop_registry.database import AsyncConnection
from nop_registry.queries.json_rows import member, read_json_at_once
from nop_registry.queries.kept_texts import KeptTexts
from nop_registry.shapes.document import CHILDREN, INNER, LAYOUT, MAIN, REST, VALUE
from nop_registry.shapes.public import FOUND, LIVE, SHAPES
from nop_registry.shapes.selection import Many, NotSelectable, One, Pick, Scalar, value_sql

_Row = Sequence[bytes | None]


class _EvseTexts(NamedTuple):
    """The EVSEs of a location: the id and the text of each."""

    ids: list[bytes]
    texts: list[bytes]


class _Shown(msgspec.Struct):
    """What a selection shows of one version of a document: texts with holes for live values."""

    version: bytes
    text: bytes
    evses: tuple[_EvseTexts, ...]
    """One for each list of EVSEs that is wanted."""
    row: _Row = ()
    """What the object was last written of, with its live values."""
    object: bytes = b""

    def size(self) -> int:
        """Bytes of memory, with what the objects themselves take."""
        size = 2 * len(self.text) + 1000  # measured, as the figures below
        for evses in self.evses:
            size += 150 + 240 * len(evses.texts) + 2 * sum(map(len, evses.texts))
        return size


KEPT = KeptTexts[tuple[int, int], _Shown](most_bytes=64 << 20)
"""What this process has shown of documents, by selection and location."""

_selections = count()


@lru_cache(maxsize=256)
def prepared_nodes(picks: tuple[Pick, ...]) -> Nodes:
    """The selection of a location. Raises NotSelectable when documents do not hold all of it."""
    return Nodes(picks)


class Nodes:
    """One selection of a location's fields, for the locations of a page."""

    def __init__(self, picks: tuple[Pick, ...]) -> None:
        self._number = next(_selections)  # what is kept must not keep this alive
        live = _live("location", "found_location", picks)
        lists = [pick.picks for pick in picks if pick.name == CHILDREN["location"]]
        evse_live = _live("evse", "evse", [pick for below in lists for pick in below])
        self._locations = _Objects("location", picks, live)
        self._evses = [_Evses(below, evse_live) for below in lists]
        self._n_live = 1 + len(evse_live)
        self.joins = FOUND
        columns = ["p.document_version::text", *live.values()]
        if lists:
            self.joins += _MOMENT
            columns.append(_statuses(evse_live.values()))
        self.columns = columns
        """SQL of the rows that `write` takes: names are those of `joins` and of a page `p`."""
        has_rest = any(evses.has_rest for evses in self._evses)
        self._document = [
            "d.location_id",
            "d.version::text",
            "d.place",
            "d.place_rest" if self._locations.has_rest else "NULL",
            "d.evses" if lists else "NULL",
            "d.evses_rest" if has_rest else "NULL",
        ]

    async def write(
        self, connection: AsyncConnection, found: Sequence[tuple[int, _Row]]
    ) -> dict[int, bytes]:
        """The objects of these locations as JSON; those without a document are left out."""
        shown = await self._show(connection, found)
        ours = [(shown[number], row) for number, row in found if number in shown]
        if changed := [(one, row) for one, row in ours if one.row != row]:
            for (one, row), whole in zip(changed, self._fill(changed), strict=True):
                one.row, one.object = row, whole
        return {number: one.object for number, one in shown.items()}

    def _fill(self, changed: Sequence[tuple[_Shown, _Row]]) -> list[bytes]:
        """The objects with the live values of their rows."""
        ours, rows = zip(*changed, strict=True)
        _, *live = zip(*rows, strict=True)
        lists: list[Sequence[bytes]] = []
        if self._evses:
            moments = _cut(live.pop())
            by_selection = zip(*(one.evses for one in ours), strict=True)
            for evses, texts in zip(self._evses, by_selection, strict=True):
                lists.append(evses.fill(texts, moments, self._n_live))
        return self._locations.fill([one.text for one in ours], live, lists)

    async def _show(
        self, connection: AsyncConnection, found: Sequence[tuple[int, _Row]]
    ) -> dict[int, _Shown]:
        """What is kept of these versions of documents, and what is now written of the others."""
        shown: dict[int, _Shown] = {}
        missing: list[int] = []
        for number, row in found:
            kept = KEPT.get((self._number, number))
            if kept and kept.version == row[0]:
                shown[number] = kept
            elif row[0]:
                missing.append(number)
        if missing:
            rows = await read_json_at_once(
                connection, self._document, _OF_THESE, {"numbers": missing}
            )
            for (number, *_), one in zip(rows, self._write_shown(rows), strict=True):
                shown[number] = one
                KEPT.put((self._number, number), one, one.size())
        return shown

    def _write_shown(self, rows: Sequence[tuple[Any, ...]]) -> list[_Shown]:
        if not rows:
            return []
        _, versions, place, place_rest, evses, evses_rest = zip(*rows, strict=True)
        texts = self._locations.write(len(rows), _cut_to_fill(place), _cut_to_fill(place_rest), [])
        by_location: Iterable[tuple[_EvseTexts, ...]] = repeat(())
        if self._evses:
            page = _EvsePage(evses, evses_rest)
            by_location = zip(*(writer.write(page) for writer in self._evses), strict=True)
        return list(map(_Shown, versions, texts, by_location))


_OF_THESE = f"""
FROM site_document d WHERE d.location_id = ANY(%(numbers)s::int8[]) AND d.layout = {LAYOUT}"""

# OFFSET 0: computed once for a location, not again for each of its EVSEs.
_MOMENT = """
CROSS JOIN LATERAL (
    SELECT now() - src.status_ttl_s * interval '1 second' AS stale_before OFFSET 0) moment"""


def _statuses(live: Iterable[str]) -> str:
    """The ids of the live EVSEs, each with its live values, as one flat list."""
    values = ", ".join(["n.evse_id", *live])
    return f"""(SELECT string_agg(concat_ws(chr(9), {values}), chr(9))
        FROM evse_statuses(p.location_id, src.seen_at, moment.stale_before, p.missing) n
        WHERE n.last_known_status <> 'REMOVED')"""  # noqa: S608 - constants


def _cut(texts: _Row) -> list[bytes]:
    """The values of these texts as one flat list; none where SQL was not asked for them."""
    held = [text for text in texts if text]
    return VALUE.join(held).split(VALUE) if held else []


def _cut_to_fill(texts: _Row) -> list[bytes]:
    """The same, for texts with holes: what is no hole is doubled."""
    held = [text for text in texts if text]
    return VALUE.join(held).replace(b"%", b"%%").split(VALUE) if held else []


_EVSE_WIDTH = {"main": len(MAIN["evse"]) + 1, "rest": len(REST["evse"]) + 1}  # + its connectors
_EVSE_ID = MAIN["evse"].index("id")


class _EvsePage:
    """All EVSEs of some documents, as flat lists of values."""

    def __init__(self, evses: _Row, rest: _Row) -> None:
        width = _EVSE_WIDTH["main"]
        self.counts = [(text.count(VALUE) + 1) // width if text else 0 for text in evses]
        self.main, self.rest = _cut_to_fill(evses), _cut_to_fill(rest)
        self.ids = [id[1:-1] for id in self.main[_EVSE_ID::width]]  # without its quotation marks

    def column(self, half: str, place: int) -> list[bytes]:
        values = self.main if half == "main" else self.rest
        return values[place :: _EVSE_WIDTH[half]]


class _Evses:
    """One selection of the fields of EVSEs."""

    def __init__(self, picks: tuple[Pick, ...], live: _Live) -> None:
        self._objects = _Objects("evse", picks, live)
        self._connectors = [
            _Connectors(pick.picks) for pick in picks if pick.name == CHILDREN["evse"]
        ]
        self.has_rest = self._objects.has_rest or any(c.has_rest for c in self._connectors)

    def write(self, page: _EvsePage) -> list[_EvseTexts]:
        """Of each document the ids and the texts of its EVSEs."""
        connectors = [one.write(page) for one in self._connectors]
        texts = self._objects.write(len(page.ids), page.main, page.rest, connectors)
        ids, left = iter(page.ids), iter(texts)
        return [_EvseTexts(list(islice(ids, n)), list(islice(left, n))) for n in page.counts]

    def fill(self, lists: Sequence[_EvseTexts], moments: list[bytes], n_live: int) -> list[bytes]:
        """Each list as JSON. An EVSE without live values is REMOVED, which is not shown."""
        columns = [moments[1 + place :: n_live] for place in self._objects.live_places]
        values = zip(*columns, strict=True) if columns else repeat(())
        live = dict(zip(moments[::n_live], values, strict=False))
        texts = chain.from_iterable(evses.texts for evses in lists)
        found = map(live.get, chain.from_iterable(evses.ids for evses in lists))
        left = iter(
            [text % one if one is not None else b"" for text, one in zip(texts, found, strict=True)]
        )
        return [b"[%b]" % b",".join(filter(None, islice(left, len(evses.ids)))) for evses in lists]


class _Connectors:
    """One selection of the fields of connectors. Many EVSEs have the very same: written once."""

    def __init__(self, picks: tuple[Pick, ...]) -> None:
        self._objects = _Objects("connector", picks, {})
        self.has_rest = self._objects.has_rest
        self._write_list = lru_cache(maxsize=_MOST_KINDS)(self._write)

    def write(self, page: _EvsePage) -> list[bytes]:
        """The list of each EVSE as JSON."""
        halves = ("main", "rest") if self.has_rest else ("main",)
        return list(map(self._write_list, *(page.column(h, _EVSE_WIDTH[h] - 1) for h in halves)))

    def _write(self, main: bytes, rest: bytes = b"") -> bytes:
        if not main:
            return b"[]"
        values = main.split(INNER)
        size = len(values) // len(MAIN["connector"])
        return b"[%b]" % b",".join(self._objects.write(size, values, rest.split(INNER), []))


_MOST_KINDS = 256

_Live = dict[str, str]
"""Live values, by their paths below the object: their SQL."""


def _live(shape: str, sql_shape: str, picks: Iterable[Pick]) -> _Live:
    wanted = (pick for pick in picks if pick.name in LIVE[shape])
    return {path: sql for pick in wanted for path, sql in _live_values(sql_shape, pick, "")}


def _live_values(shape: str, pick: Pick, inside: str) -> Iterator[tuple[str, str]]:
    """Each value alone: the text around values is written here, not by SQL for every row."""
    field, path = SHAPES[shape].fields[pick.name], inside + pick.name
    if isinstance(field, Scalar):
        yield path, f"({value_sql(SHAPES, shape, pick)})::text"
    elif isinstance(field, One) and not (field.rows or field.present):
        for below in pick.picks:
            if below.name != "__typename":
                yield from _live_values(field.shape, below, f"{path}.")
    else:
        raise NotSelectable(f"{path} is not of the same row")


class _Hole(NamedTuple):
    """Where the values of a field come from, and what makes them what is wanted."""

    source: str
    place: int
    render: Callable[[bytes], bytes] | None = None


class _Objects:
    """Objects of one shape, with one selection of fields: a text with holes.

    First the values that documents hold are put in, then those that are live.
    """

    def __init__(self, shape: str, picks: tuple[Pick, ...], live: _Live) -> None:
        self._width = {half: len(paths[shape]) for half, paths in _HALVES.items()}
        if shape == "evse":
            self._width = _EVSE_WIDTH
        self._shape, self._live, self._lists = shape, list(live), 0
        self._holes: list[_Hole] = []
        self._filled_later: list[_Hole] = []
        self._text = self._write_text(shape, picks)
        self.has_rest: bool = any(hole.source == "rest" for hole in self._holes)
        self.live_places = [hole.place for hole in self._filled_later if hole.source == "live"]

    def write(
        self, size: int, main: list[bytes], rest: list[bytes], lists: Sequence[Sequence[bytes]]
    ) -> list[bytes]:
        """So many objects with holes, from flat lists of held values and columns of lists."""
        if not self._holes:
            return [self._text % ()] * size
        columns: list[Iterable[bytes]] = []
        for source, place, render in self._holes:
            match source:
                case "main":
                    column: Sequence[bytes] = main[place :: self._width["main"]]
                case "rest":
                    column = rest[place :: self._width["rest"]]
                case _:
                    column = lists[place]
            columns.append(map(render, column) if render else column)
        return list(map(self._text.__mod__, zip(*columns, strict=True)))

    def fill(
        self, texts: list[bytes], live: Sequence[_Row], lists: Sequence[Sequence[bytes]]
    ) -> list[bytes]:
        """The objects whole, from columns of live values and of lists."""
        columns = [
            live[place] if source == "live" else lists[place]
            for source, place, _ in self._filled_later
        ]
        return list(map(mod, texts, zip(*columns, strict=True) if columns else repeat(())))

    def _write_text(self, shape: str, picks: tuple[Pick, ...], inside: str = "") -> bytes:
        text = b""
        for number, pick in enumerate(picks):
            text += member(number, pick.key)
            path = inside + pick.name
            if pick.name == "__typename":
                text += f'"{SHAPES[shape].typename}"'.encode()
            elif any(known.startswith(f"{path}.") for known in (*MAIN[self._shape], *self._live)):
                below = SHAPES[shape].fields[pick.name]
                assert isinstance(below, One)  # noqa: S101 - of the same row
                text += self._write_text(below.shape, pick.picks, f"{path}.")
            else:
                text += self._make_hole(path, pick)
        return text + (b"}" if picks else b"{}")

    def _make_hole(self, path: str, pick: Pick) -> bytes:
        if path in self._live:
            self._filled_later.append(_Hole("live", self._live.index(path)))
            return b"%%b"
        if path == CHILDREN.get(self._shape):
            # EVSEs have live values; connectors have none.
            is_live = self._shape == "location"
            holes = self._filled_later if is_live else self._holes
            holes.append(_Hole("lists", self._lists))
            self._lists += 1
            return b"%%b" if is_live else b"%b"
        for half, paths in _HALVES.items():
            if path in paths[self._shape]:
                field = SHAPES[self._shape].fields.get(path)
                render = _part(field, pick.picks) if isinstance(field, One | Many) else None
                self._holes.append(_Hole(half, paths[self._shape].index(path), render))
                return b"%b"
        raise NotSelectable(f"documents hold no {path} of {SHAPES[self._shape].typename}")


_HALVES = {"main": MAIN, "rest": REST}

_decode_one = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_many = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


def _part(field: One | Many, picks: tuple[Pick, ...]) -> Callable[[bytes], bytes]:
    """What cuts these fields out of a held value: an object, null, or a list of objects."""
    shape = SHAPES[field.shape]
    text, names = b"", list[str]()
    renders: list[tuple[int, Callable[[bytes], bytes]]] = []
    for number, pick in enumerate(picks):
        text += member(number, pick.key)
        if pick.name == "__typename":
            text += f'"{shape.typename}"'.encode()
            continue
        text += b"%b"
        below = shape.fields[pick.name]
        if isinstance(below, One | Many):
            renders.append((len(names), _part(below, pick.picks)))
        names.append(pick.name)
    text += b"}" if picks else b"{}"

    def write(found: dict[str, msgspec.Raw]) -> bytes:
        values = [bytes(found[name]) for name in names]
        for place, render in renders:
            values[place] = render(values[place])
        return text % tuple(values)

    def write_value(value: bytes) -> bytes:
        if value in (b"null", b"[]"):
            return value
        if isinstance(field, One):
            return write(_decode_one(value))
        return b"[%b]" % b",".join(map(write, _decode_many(value)))

    return lru_cache(maxsize=_MOST_KINDS)(write_value)  # an operator has many locations
