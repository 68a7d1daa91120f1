"""Any selection of locations' fields, cut from their documents; only what is live is asked of SQL.

One statement brings for each location its document's texts, the JSON of each live value, and the
live values of its EVSEs. All objects of a page are written together, column by column: values are
slices of flat lists, and each object is one text with holes. Of the document's JSON only objects
inside a value are decoded. The answer is what `selected_sql` would give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

import msgspec

from nop_registry.queries.json_rows import member
from nop_registry.shapes.document import CHILDREN, INNER, LAYOUT, MAIN, REST, VALUE
from nop_registry.shapes.public import FOUND, LIVE, SHAPES
from nop_registry.shapes.selection import Field, Many, NotSelectable, One, Pick, value_sql

_Column = Sequence[bytes]
_Row = Sequence[bytes | None]


@lru_cache(maxsize=256)
def prepared_nodes(picks: tuple[Pick, ...]) -> Nodes:
    """The selection of a location. Raises NotSelectable when documents do not hold all of it."""
    return Nodes(picks)


class Nodes:
    """One selection of a location's fields, for the locations of a page."""

    def __init__(self, picks: tuple[Pick, ...]) -> None:
        live = _live("location", "found_location", picks)
        lists = [pick.picks for pick in picks if pick.name == CHILDREN["location"]]
        evse_live = _live("evse", "evse", [pick for below in lists for pick in below])
        self._objects = _Objects("location", picks, live)
        self._evses = [_Evses(below, evse_live) for below in lists]
        self._n_live = 1 + len(evse_live)
        rest = "d.place_rest" if self._objects.has_rest else "NULL"
        columns = ["d.place", rest, *live.values()]
        self.joins = f"{FOUND}{_DOCUMENT}"
        if lists:
            self.joins += _MOMENT
            has_rest = any(evses.has_rest for evses in self._evses)
            columns += ["d.evses", "d.evses_rest" if has_rest else "NULL"]
            columns.append(_statuses(evse_live.values()))
        self.columns = ", ".join(columns)
        """SQL of the rows that `write` takes: names are those of `joins` and of a page `p`."""

    def write(self, rows: Sequence[_Row]) -> list[bytes]:
        """The objects as JSON. A row whose first value is None has no document: leave it out."""
        if not rows:
            return []
        place, rest, *live = zip(*rows, strict=True)
        lists: list[_Column] = []
        if self._evses:
            *live, evses, evses_rest, statuses = live
            page = _EvsePage(evses, evses_rest, statuses, self._n_live)
            lists = [evses.write(page) for evses in self._evses]
        return self._objects.write(len(rows), _cut(place), _cut(rest), live, lists)


_DOCUMENT = f"""
LEFT JOIN site_document d ON d.location_id = p.location_id AND d.layout = {LAYOUT}"""

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


_EVSE_WIDTH = {"main": len(MAIN["evse"]) + 1, "rest": len(REST["evse"]) + 1}  # + its connectors
_EVSE_ID = MAIN["evse"].index("id")


class _EvsePage:
    """All EVSEs of a page of locations: flat lists of values, and the live ones in their order."""

    def __init__(self, evses: _Row, rest: _Row, statuses: _Row, n_live: int) -> None:
        width = _EVSE_WIDTH["main"]
        self.counts = [(text.count(VALUE) + 1) // width if text else 0 for text in evses]
        self.main, self.rest = _cut(evses), _cut(rest)
        moments = _cut(statuses)
        places = {number: place for place, number in enumerate(moments[::n_live])}
        ids = self.main[_EVSE_ID::width]
        self.order = [places.get(id[1:-1], -1) for id in ids]  # without its quotation marks
        """Of each EVSE the place in `statuses`; -1 when it is REMOVED, which is not shown."""
        columns = ([*moments[n::n_live], b""] for n in range(1, n_live))
        self.live = [[column[place] for place in self.order] for column in columns]

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

    def write(self, page: _EvsePage) -> list[bytes]:
        """The list of each location as JSON."""
        lists = [connectors.write(page) for connectors in self._connectors]
        texts = self._objects.write(len(page.order), page.main, page.rest, page.live, lists)
        if -1 in page.order:
            texts = [t if place >= 0 else b"" for t, place in zip(texts, page.order, strict=True)]
        left = iter(texts)
        return [b"[%b]" % b",".join(filter(None, islice(left, n))) for n in page.counts]


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
        return b"[%b]" % b",".join(self._objects.write(size, values, rest.split(INNER), [], []))


_MOST_KINDS = 256

_Live = dict[tuple[str, tuple[Pick, ...]], str]
"""Live fields with the fields wanted of them, each once: their SQL."""


def _live(shape: str, sql_shape: str, picks: Iterable[Pick]) -> _Live:
    return {
        (pick.name, pick.picks): f"({value_sql(SHAPES, sql_shape, pick)})::text"
        for pick in picks
        if pick.name in LIVE[shape]
    }


class _Hole(NamedTuple):
    """Where the values of a field come from, and what makes them what is wanted."""

    source: str
    place: int
    render: Callable[[bytes], bytes] | None = None


class _Objects:
    """Objects of one shape, with one selection of fields: a text with holes."""

    def __init__(self, shape: str, picks: tuple[Pick, ...], live: _Live) -> None:
        self._width = {half: len(paths[shape]) for half, paths in _HALVES.items()}
        if shape == "evse":
            self._width = _EVSE_WIDTH
        self._shape, self._live, self._lists = shape, list(live), 0
        self._holes: list[_Hole] = []
        self._text = self._write_text(shape, picks)
        self.has_rest: bool = any(hole.source == "rest" for hole in self._holes)

    def write(
        self,
        size: int,
        main: list[bytes],
        rest: list[bytes],
        live: Sequence[_Row],
        lists: Sequence[_Column],
    ) -> list[bytes]:
        """So many objects, from flat lists of held values and columns of the others."""
        if not self._holes:
            return [self._text] * size
        columns: list[Iterable[bytes | None]] = []
        for source, place, render in self._holes:
            match source:
                case "main":
                    column: _Row = main[place :: self._width["main"]]
                case "rest":
                    column = rest[place :: self._width["rest"]]
                case "live":
                    column = live[place]
                case _:
                    column = lists[place]
            columns.append(map(render, column) if render else column)  # type: ignore[arg-type]
        return list(map(self._text.__mod__, zip(*columns, strict=True)))

    def _write_text(self, shape: str, picks: tuple[Pick, ...], inside: str = "") -> bytes:
        text = b""
        for number, pick in enumerate(picks):
            text += member(number, pick.key)
            path = inside + pick.name
            if pick.name == "__typename":
                text += f'"{SHAPES[shape].typename}"'.encode()
            elif any(held.startswith(f"{path}.") for held in MAIN[self._shape]):
                below = SHAPES[shape].fields[pick.name]
                assert isinstance(below, One)  # noqa: S101 - of the same row
                text += self._write_text(below.shape, pick.picks, f"{path}.")
            else:
                text += b"%b"
                self._holes.append(self._hole(path, pick))
        return text + (b"}" if picks else b"{}")

    def _hole(self, path: str, pick: Pick) -> _Hole:
        if (pick.name, pick.picks) in self._live:
            return _Hole("live", self._live.index((pick.name, pick.picks)))
        if path == CHILDREN.get(self._shape):
            self._lists += 1
            return _Hole("lists", self._lists - 1)
        for half, paths in _HALVES.items():
            if path in paths[self._shape]:
                field = SHAPES[self._shape].fields.get(path)
                render = _part(field, pick.picks) if field and pick.picks else None
                return _Hole(half, paths[self._shape].index(path), render)
        raise NotSelectable(f"documents hold no {path} of {SHAPES[self._shape].typename}")


_HALVES = {"main": MAIN, "rest": REST}

_decode_one = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_many = msgspec.json.Decoder(list[dict[str, msgspec.Raw]]).decode


def _part(field: Field, picks: tuple[Pick, ...]) -> Callable[[bytes], bytes]:
    """What cuts these fields out of a held value: an object, null, or a list of objects."""
    assert isinstance(field, One | Many)  # noqa: S101 - only these have fields below
    shape = SHAPES[field.shape]
    text, names = b"", list[str]()
    renders: list[tuple[int, Callable[[bytes], bytes]]] = []
    for number, pick in enumerate(picks):
        text += member(number, pick.key)
        if pick.name == "__typename":
            text += f'"{shape.typename}"'.encode()
            continue
        text += b"%b"
        if pick.picks:
            renders.append((len(names), _part(shape.fields[pick.name], pick.picks)))
        names.append(pick.name)
    text += b"}"

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
