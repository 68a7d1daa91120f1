"""`/graphql` over HTTP: what is answered to whom, and to what is no request at all."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from tests.graphql_api.conftest import Nation, location

from nop_registry.queries.prepared import KEPT

Client = TestClient[Litestar]
JSON = {"Content-Type": "application/json"}

NO_REQUEST = {
    "nothing": b"",
    "null": b"null",
    "a number": b"1",
    "a batch": b'[{"query": "{ __typename }"}]',
    "text": b'"{ __typename }"',
    "no query": b"{}",
    "query is no text": b'{"query": 1}',
    "bad JSON": b'{"query": ',
    "invalid UTF-8": b'{"query": "\xff\xfe"}',
    "lone surrogate": b'{"query": "\\ud800"}',
    "NaN": b'{"query": "{ __typename }", "variables": {"x": NaN}}',
    "a huge integer as variables": b'{"query": "{ __typename }", "variables": '
    + b"9" * 5000
    + b"}",
    "deep nesting": b'{"query": "{ __typename }", "variables": {"x": ' + b"[" * 30_000 + b"}}",
    "variables are a list": b'{"query": "{ __typename }", "variables": []}',
}


@pytest.mark.parametrize("case", NO_REQUEST)
def test_a_body_that_is_no_request_is_400(client: Client, case: str) -> None:
    response = client.post("/graphql", content=NO_REQUEST[case], headers=JSON)

    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST" and len(response.content) < 2000


def test_a_huge_integer_among_the_variables_is_answered_and_not_an_error_of_ours(
    client: Client,
) -> None:
    query = b"query($n: Int) { locations(first: $n) { totalCount } }"
    body = b'{"query": "' + query + b'", "variables": {"n": %s}}'

    response = client.post("/graphql", content=body % (b"9" * 5000), headers=JSON)

    assert response.status_code in (200, 400)
    assert response.json()["errors"][0]["extensions"]["code"] != "INTERNAL_ERROR"


def test_a_body_above_64_kib_is_413(client: Client) -> None:
    body = json.dumps({"query": "{ __typename }" + " " * 70_000}).encode()

    assert client.post("/graphql", content=body, headers=JSON).status_code == 413


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_only_json_is_taken_so_that_no_form_can_ask(client: Client, kind: str) -> None:
    response = client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"Content-Type": kind}
    )

    assert response.status_code == 415


UNCLEAR = "OPERATION_RESOLUTION_FAILURE"
IN_BOX = "query($b: BBox!) { locations(bbox: $b) { totalCount } }"


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, UNCLEAR),
        ({"query": "query A { __typename }", "operationName": "C"}, UNCLEAR),
        ({"query": "fragment A on Location { id }"}, None),
        ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
        ({"query": IN_BOX}, None),
        ({"query": IN_BOX, "variables": {"b": {"west": "x"}}}, None),
    ],
)  # fmt: skip
def test_a_wrong_query_is_told_with_a_code_in_the_way_the_client_accepts(
    client: Client, request_body: dict[str, Any], code: str | None
) -> None:
    older = client.post("/graphql", json=request_body)
    newer = client.post(
        "/graphql", json=request_body, headers={"Accept": "application/graphql-response+json"}
    )

    assert (older.status_code, newer.status_code) == (200, 400)
    assert older.json() == newer.json()
    given = older.json()["errors"][0]["extensions"]["code"]
    assert given != "INTERNAL_ERROR" and (code is None or given == code)


def test_an_error_inside_is_not_told(nation: Nation, client: Client) -> None:
    nation.add(location("A"))
    nation.execute("ALTER TABLE connector RENAME TO secret_name")

    query = "{ locations { edges { node { evses { connectors { price { text } } } } } } }"
    response = client.post("/graphql", json={"query": query})

    assert "secret" not in response.text and "connector c" not in response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"


def test_a_query_by_get_can_be_kept_by_caches(nation: Nation, client: Client) -> None:
    nation.add(location("A"))
    asked = {
        "query": "query($n: Int) { locations(first: $n) { totalCount } }",
        "variables": '{"n": 1}',
    }

    first = client.get("/graphql", params=asked)
    again = client.get("/graphql", params=asked, headers={"If-None-Match": first.headers["ETag"]})

    assert first.json() == {"data": {"locations": {"totalCount": 1}}}
    assert (
        "max-age" in first.headers["Cache-Control"] and "public" in first.headers["Cache-Control"]
    )
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "params", [{}, {"query": ""}, {"query": "{ __typename }", "variables": "["}]
)
def test_a_get_that_is_no_request_is_400(client: Client, params: dict[str, str]) -> None:
    assert client.get("/graphql", params=params).status_code == 400


def test_any_site_may_read(client: Client) -> None:
    preflight = client.options("/graphql", headers={"Origin": "https://app.example"})
    answer = client.post("/graphql", json={"query": "{ __typename }"})

    assert preflight.status_code == 204
    assert "content-type" in preflight.headers["Access-Control-Allow-Headers"].lower()
    for response in (preflight, answer):
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_a_browser_gets_graphiql_and_all_its_files_from_this_server(client: Client) -> None:
    page = client.get("/graphql", headers={"Accept": "text/html,*/*;q=0.8"})

    assert page.headers["Content-Type"].startswith("text/html")
    policy = page.headers["Content-Security-Policy"]
    assert "'unsafe" not in policy and "http" not in policy
    files = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert len(files) == 6 and "//" not in "".join(files)
    for file in files:
        response = client.get(file)
        assert response.status_code == 200 and len(response.content) > 50, file


@pytest.mark.parametrize(
    ("field", "statements_wanted"),
    [
        (
            "evses { status connectors { id tariffIds } } availability { total } source { name }",
            [2, 1],
        ),
        ("evses { sameId connectors { tariffs { id } } }", [2, 2]),  # of other objects
    ],
)
def test_a_list_takes_two_statements_and_one_for_what_was_shown_before(
    nation: Nation,
    client: Client,
    ask: Callable[..., Any],
    field: str,
    statements_wanted: list[int],
) -> None:
    KEPT.clear()
    nation.add(*(location(f"L{i}") for i in range(15)))
    statements: list[str] = []
    pool = client.app.state.pool
    original = pool.connection

    def counting(*args: Any, **kwargs: Any) -> Any:
        return _Counting(original(*args, **kwargs), statements)

    pool.connection = counting
    taken = []
    for _ in statements_wanted:
        ask(f"{{ locations {{ edges {{ node {{ name {field} }} }} }} }}")
        taken.append(len(statements))
        statements.clear()

    assert taken == statements_wanted


class _Counting:
    """Notes what is executed on the connection that a pool lends."""

    def __init__(self, lent: Any, statements: list[str]) -> None:
        self._lent, self._statements = lent, statements

    async def __aenter__(self) -> Any:
        connection = await self._lent.__aenter__()
        statements = self._statements

        class Cursor(connection.cursor_factory):  # type: ignore[name-defined, misc]
            async def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
                statements.append(str(query))
                return await super().execute(query, *args, **kwargs)

        self._connection, self._before = connection, connection.cursor_factory
        connection.cursor_factory = Cursor
        return connection

    async def __aexit__(self, *error: Any) -> Any:
        self._connection.cursor_factory = self._before
        return await self._lent.__aexit__(*error)
