"""Any selection of fields becomes SQL that writes exactly its JSON."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_registry.database import Connection
from nop_registry.shapes.selection import (
    Kind,
    Many,
    NotSelectable,
    One,
    Pick,
    Scalar,
    Shape,
    object_sql,
)

SHAPES = {
    "thing": Shape(
        "Thing",
        {
            "text": Scalar("x.text"),
            "texts": Scalar("ARRAY[x.text, x.text]", Kind.TEXTS),
            "no_texts": Scalar("NULL::text[]", Kind.TEXTS),
            "number": Scalar("x.number", Kind.NUMBER),
            "yes": Scalar("x.number > 0", Kind.BOOLEAN),
            "at": Scalar("x.at", Kind.TIME),
            "word": Scalar("x.word", Kind.WORD),
            "document": Scalar("x.document", Kind.JSON),
            "itself": One("thing"),
            "absent": One("thing", present="x.number < 0"),
            "nowhere": One("thing", "(SELECT x.*) x WHERE false"),
            "thrice": Many("item", "generate_series(1, 3) AS i (n)", "i.n DESC"),
        },
    ),
    "item": Shape("Item", {"n": Scalar("i.n", Kind.NUMBER, required=True)}),
}
ROW = """(SELECT %(text)s::text AS text, 7 AS number, 'A1' AS word,
    '{"a": [1, null]}'::jsonb AS document, timestamptz '2026-11-21 12:00:00.5+05:30' AS at) x"""
NOTHING = """(SELECT NULL::text AS text, NULL::int AS number, NULL::text AS word,
    NULL::jsonb AS document, NULL::timestamptz AS at) x"""


def read(connection: Connection, *picks: Pick, rows: str = ROW, text: str = "t") -> object:
    sql = f"SELECT {object_sql(SHAPES, 'thing', picks)} FROM {rows}"
    row = connection.execute(sql, {"text": text} if rows == ROW else None).fetchone()  # type: ignore[arg-type]
    assert row
    return json.loads(row[0])


def test_values_of_every_kind_are_written(connection: Connection) -> None:
    connection.execute("SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'")
    names = ["text", "texts", "no_texts", "number", "yes", "at", "word", "document", "__typename"]

    assert read(connection, *(Pick(n, n) for n in names)) == {
        "text": "t",
        "texts": ["t", "t"],
        "no_texts": [],
        "number": 7,
        "yes": True,
        "at": "2026-11-21T06:30:00.5Z",
        "word": "A1",
        "document": {"a": [1, None]},
        "__typename": "Thing",
    }


def test_null_is_null_of_every_kind(connection: Connection) -> None:
    names = ["text", "number", "yes", "at", "word", "document", "nowhere", "absent"]

    found = read(connection, *(Pick(n, n, (Pick("n", "number"),)) for n in names), rows=NOTHING)

    assert found == dict.fromkeys(names)


def test_more_fields_than_a_function_takes_arguments_keep_their_order(
    connection: Connection,
) -> None:
    picks = [Pick(f"k{i}", ("number", "text")[i % 2]) for i in range(1000)]

    found = read(connection, *picks)

    assert isinstance(found, dict)
    assert list(found) == [pick.key for pick in picks]
    assert set(found.values()) == {7, "t"}


def test_objects_and_lists_nest(connection: Connection) -> None:
    thrice = Pick("thrice", "thrice", (Pick("n", "n"), Pick("kind", "__typename")))

    found = read(connection, Pick("a", "itself", (Pick("b", "itself", (thrice,)),)))

    listed = [{"n": n, "kind": "Item"} for n in (3, 2, 1)]
    assert found == {"a": {"b": {"thrice": listed}}}


def test_any_text_that_the_database_keeps_is_written_as_it_is(connection: Connection) -> None:
    texts = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(texts)
    def written(text: str) -> None:
        assert read(connection, Pick("x", "text"), text=text) == {"x": text}

    written()


def test_a_field_that_the_shape_does_not_have_is_refused() -> None:
    with pytest.raises(NotSelectable, match="Thing has no secret"):
        object_sql(SHAPES, "thing", (Pick("a", "secret"),))
