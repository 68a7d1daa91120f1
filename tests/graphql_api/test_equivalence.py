"""The compiled answer is the answer of plain execution, field by field."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, cast

import msgspec
import pytest
from graphql import GraphQLObjectType, get_named_type
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.graphql_api.conftest import NOW, RICH, Nation, evse, location

from nop_graphql.execution import Answer, Document, GraphQLRequest, answer, execute_plainly
from nop_graphql.loaders import Context
from nop_graphql.schema import SCHEMA
from nop_registry.enums import Status
from nop_registry.queries.prepared import KEPT

PRICE, OPENING = "price", "opening"  # computed in Python: SQL answers all else below a location
AGE = "ageSeconds"  # moves while the two executions run


def fields_of(kind: GraphQLObjectType) -> Iterator[tuple[str, GraphQLObjectType | None]]:
    for name, field in kind.fields.items():
        below = get_named_type(field.type)
        yield name, below if isinstance(below, GraphQLObjectType) else None


def everything(kind: GraphQLObjectType, depth: int, skip: frozenset[str]) -> str:
    """A selection of every field of the type and all below it."""
    parts = ["__typename"]
    for name, below in fields_of(kind):
        if name in skip:
            continue
        if below is None:
            parts.append(name)
        elif depth:
            parts.append(f"{name} {{ {everything(below, depth - 1, skip)} }}")
    return " ".join(parts)


def object_type(name: str) -> GraphQLObjectType:
    return cast(GraphQLObjectType, SCHEMA._schema.get_type(name))


NOT_COMPILED = frozenset({PRICE, OPENING, AGE})
FOREIGN = frozenset({"location", "sameId", "tariffs"})  # of other objects: not in documents
_LIST = everything(object_type("LocationConnection"), 7, NOT_COMPILED | {"location"})
_HELD = everything(object_type("LocationConnection"), 7, NOT_COMPILED | FOREIGN)
_LOCATION = everything(object_type("Location"), 6, NOT_COMPILED | {"location"})
_EVSE = everything(object_type("Evse"), 6, NOT_COMPILED | {"evses"})
EVERY_FIELD = {
    "locations": f"locations(first: 9) {{ {_LIST} }}",
    "documents": f"locations(first: 9) {{ {_HELD} }}",
    "near": "locations(near: {lat: 19.07, lon: 72.87, radiusM: 50000}) "
    "{ edges { cursor node { id distanceM } } pageInfo { startCursor } totalCount }",
    "location": f"location(id: $id) {{ {_LOCATION} }}",
    "evse": f"evse(evseId: $evseId) {{ {_EVSE} }}",
    "none": 'nothing: location(id: 1) { id } also: evse(evseId: "IN*TPC*ENONE") { id }',
}


async def both(context: Context, query: str, variables: dict[str, Any]) -> tuple[Answer, Answer]:
    request = GraphQLRequest(query, variables)
    return await answer(request, context), await execute_plainly(request, fresh(context))


def fresh(context: Context) -> Context:
    return Context(context.pool, context.country, context.shared)


@pytest.mark.parametrize("case", EVERY_FIELD)
def test_every_field_of_the_schema_is_compiled_and_equals_plain_execution(
    rich_nation: Nation, with_context: Callable[..., Any], case: str
) -> None:
    variables = {"id": str(rich_nation.number(RICH)), "evseId": "in*tpc*erich*1"}
    declared = {"location": "($id: ID!)", "evse": "($evseId: String!)"}.get(case, "")
    query = f"query{declared} {{ {EVERY_FIELD[case]} }}"

    compiled, plain = with_context(lambda context: both(context, query, variables))

    assert compiled.compiled and not plain.compiled
    assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)
    values = msgspec.json.decode(plain.body)["data"].values()
    assert b"errors" not in plain.body and (None in values) == (case == "none")


def test_keys_stand_in_the_order_in_which_they_were_asked_for(
    rich_nation: Nation, with_context: Callable[..., Any]
) -> None:
    query = """
        { locations { totalCount z: __typename
            edges { node { ...N name } } edges { node { city } } } }
        fragment N on Location { b: city a: city ... on Location { coordinates { lon lat } } }"""

    compiled, plain = with_context(lambda context: both(context, query, {}))

    assert compiled.compiled
    in_order = [json.loads(body, object_pairs_hook=list) for body in (compiled.body, plain.body)]
    assert in_order[0] == in_order[1]


def test_skip_and_include_follow_their_variables(
    rich_nation: Nation, with_context: Callable[..., Any]
) -> None:
    query = """query($a: Boolean!, $b: Boolean = true) { locations {
        edges @include(if: $a) { node { id name @skip(if: $b) ... @include(if: $b) { city } } }
        totalCount @skip(if: $a) } }"""

    async def all_four(context: Context) -> list[tuple[Answer, Answer]]:
        cases: list[dict[str, Any]] = [
            {"a": a, "b": b} for a in (True, False) for b in (True, False)
        ]
        return [await both(context, query, variables) for variables in [*cases, {"a": True}]]

    results = with_context(all_four)

    assert len({compiled.body for compiled, _ in results}) == 3
    for compiled, plain in results:
        assert compiled.compiled
        assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)


@pytest.mark.parametrize(
    "query",
    [
        "locations @skip(if: $all) { totalCount }",
        "locations { edges @skip(if: $all) { cursor } }",
        "locations { edges { cursor @skip(if: $all) } pageInfo { hasNextPage @skip(if: $all) } }",
        "locations { edges { node { id @skip(if: $all) operator { name @skip(if: $all) } } } }",
        "locations { edges { node { openingTimes { regularHours { weekday @skip(if: $all) }"
        " exceptionalClosings { endsAt @skip(if: $all) } } } } }",
        "locations { edges { node { evses { id @skip(if: $all) connectors { id @skip(if: $all) } } "
        "images { url @skip(if: $all) } source { name @skip(if: $all) } } } }",
    ],
)
def test_an_object_of_which_nothing_is_left_is_an_empty_object(
    rich_nation: Nation, with_context: Callable[..., Any], query: str
) -> None:
    request = f"query($all: Boolean!) {{ {query} }}"

    compiled, plain = with_context(lambda context: both(context, request, {"all": True}))

    assert compiled.compiled
    assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)


def test_every_value_of_the_directives_is_answered_but_few_selections_are_kept() -> None:
    names = [f"v{n}" for n in range(7)]
    fields = " ".join(f"{name}: id @skip(if: ${name})" for name in names)
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    document = Document(f"query({declared}) {{ location(id: 1) {{ {fields} }} }}")
    operation = document.operation(None)
    assert operation is not None
    for bits in range(2 ** len(names)):
        skipped = {name: bool(bits >> n & 1) for n, name in enumerate(names)}
        [wanted] = operation.wanted(skipped)
        assert [pick.key for pick in wanted.picks] == [n for n in names if not skipped[n]]
    assert len(operation._roots) < 2 ** len(names)


@st.composite
def selections(
    draw: st.DrawFn, name: str = "Location", depth: int = 4, skip: frozenset[str] = NOT_COMPILED
) -> str:
    """A selection as a client may write it: aliases, repetitions, fragments, directives."""
    chosen = draw(
        st.lists(
            st.sampled_from([f for f in fields_of(object_type(name)) if f[0] not in skip]),
            min_size=1,
            max_size=5,
        )
    )
    parts = []
    for number, (field, below) in enumerate(chosen):
        if below is not None and depth == 0:
            continue
        alias = draw(st.sampled_from(["", f"a{number}: "]))
        inner = f" {{ {draw(selections(below.name, depth - 1, skip))} }}" if below else ""
        switch = draw(st.sampled_from(["", "", "", " @include(if: $yes)", " @skip(if: $yes)"]))
        text = f"{alias}{field}{switch}{inner}"
        wrapped = draw(st.sampled_from(["{}", "{}", f"... on {name} {{{{ {{}} }}}}"]))
        parts.append(wrapped.format(text))
    return " ".join([*parts, "__typename"])


@pytest.mark.parametrize("skip", [NOT_COMPILED, NOT_COMPILED | FOREIGN], ids=["any", "documents"])
def test_any_selection_equals_plain_execution(
    rich_nation: Nation, with_context: Callable[..., Any], skip: frozenset[str]
) -> None:
    compiled_answers = 0

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(selections(skip=skip))
    def compare(selection: str) -> None:
        nonlocal compiled_answers
        query = (
            f"query($yes: Boolean = true) {{ locations {{ edges {{ node {{ {selection} }} }} }} "
            "yes: location(id: 0) @include(if: $yes) { id } }"
        )
        compiled, plain = with_context(lambda context: both(context, query, {}))
        assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)
        compiled_answers += compiled.compiled

    compare()

    assert compiled_answers > 30


LATER = NOW + timedelta(hours=1)
LIVE = """{ locations { edges { node { id name maxPowerW isSimulated
    availability { available busy unknown } source { state isStale }
    evses { uid status statusDetail { lastSeen isStale }
    connectors { id maxElectricPowerW } } } } } }"""

WRITES: dict[str, Callable[[Nation], object]] = {
    "a status": lambda n: n.add(
        location("A", evses=(evse("A-1", status=Status.CHARGING),)), at=LATER
    ),
    "a pull that confirms a status": lambda n: (
        n.add(location("A"), at=LATER),
        n.execute("UPDATE source SET seen_at = seen_at + interval '1 s'"),
    ),
    "a new name": lambda n: n.add(location("A", name="Renamed"), at=LATER),
    "another EVSE": lambda n: n.add(
        location("A", evses=(evse("A-1"), evse("A-2"))), at=LATER
    ),
    "a pull": lambda n: n.execute("UPDATE source SET seen_at = seen_at + interval '1 s'"),
    "silence": lambda n: n.execute(
        "UPDATE source SET seen_at = now() - interval '1 day'; "
        "UPDATE evse_status SET received_at = now() - interval '1 day'"
    ),
    "a source's state": lambda n: n.execute("UPDATE source SET state = 'held', simulated = true"),
    "withdrawal": lambda n: n.add(location("A", publish=False), at=LATER),
    "an EVSE's removal by its status": lambda n: n.add(
        location("B", 20, evses=(evse("B-1"), evse("B-2", status=Status.REMOVED))), at=LATER
    ),
    "absence from the newest pull of a source that speaks": lambda n: n.execute(
        "UPDATE location SET missing_since = now() WHERE ocpi_id = 'A'; "
        "UPDATE site SET missing = true FROM location WHERE id = location_id AND ocpi_id = 'A'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("write", WRITES)
def test_what_was_written_before_is_not_shown_after(
    nation: Nation, with_context: Callable[..., Any], write: str
) -> None:
    nation.add(location("A"), location("B", 20))

    async def before_and_after(context: Context) -> tuple[Answer, Answer, Answer]:
        before = await answer(GraphQLRequest(LIVE), context)
        WRITES[write](nation)
        return before, *await both(context, LIVE, {})

    before, compiled, plain = with_context(before_and_after)

    assert before.compiled and compiled.compiled
    assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)
    assert compiled.body != before.body


@pytest.mark.parametrize("case", ["documents", "near"])
def test_a_location_without_a_document_of_this_layout_is_written_by_sql(
    rich_nation: Nation, with_context: Callable[..., Any], case: str
) -> None:
    query = f"{{ {EVERY_FIELD[case]} }}"
    before, _ = with_context(lambda context: both(context, query, {}))
    rich_nation.execute(
        "DELETE FROM site_document WHERE location_id < (SELECT avg(location_id) FROM site)"
    )
    rich_nation.execute("UPDATE site_document SET layout = layout + 1, place = ''")
    KEPT.clear()  # as a program of another layout begins

    compiled, plain = with_context(lambda context: both(context, query, {}))

    assert compiled.compiled
    assert msgspec.json.decode(compiled.body) == msgspec.json.decode(plain.body)
    assert msgspec.json.decode(compiled.body) == msgspec.json.decode(before.body)


def test_the_age_of_a_status_is_compiled_too(
    rich_nation: Nation, with_context: Callable[..., Any]
) -> None:
    query = "query($id: ID!) { location(id: $id) { evses { statusDetail { ageSeconds } } } }"
    variables = {"id": str(rich_nation.number(location("RICH-COPY"), "copy"))}

    compiled, plain = with_context(lambda context: both(context, query, variables))

    ages = [
        msgspec.json.decode(found.body)["data"]["location"]["evses"][0]["statusDetail"][
            "ageSeconds"
        ]
        for found in (compiled, plain)
    ]
    assert compiled.compiled and not plain.compiled
    assert 300 <= ages[0] <= ages[1] + 1 <= ages[0] + 10


def test_what_sql_cannot_answer_is_answered_by_plain_execution(
    rich_nation: Nation, ask: Callable[..., Any]
) -> None:
    data = ask(
        """query($id: ID!) { __schema { queryType { name } } location(id: $id) { evses {
            connectors { id price { isKnown currency text perKwh { exclTax } flags } } } } }""",
        id=str(rich_nation.number(RICH)),
    )

    assert data["__schema"]["queryType"]["name"] == "Query"
    fast, without_tariff = data["location"]["evses"][0]["connectors"]
    assert fast["price"]["currency"] == "INR"
    assert without_tariff["price"] | {"text": None} == {
        "isKnown": False, "currency": None, "text": None, "perKwh": None, "flags": ["no-tariff"],
    }  # fmt: skip
