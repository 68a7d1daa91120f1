"""Hostile queries are refused before they run, quickly and with a code (ASVS 4.3.1)."""

from __future__ import annotations

import time

import pytest
from graphql import get_introspection_query

from nop_graphql.execution import Document


def spreads(levels: int) -> str:
    """Fragments that spread the next one twice: 2^levels fields from a short text."""
    fragments = [
        f"fragment F{i} on Location {{ a{i}: id ...F{i + 1} ... on Location {{ ...F{i + 1} }} }}"
        for i in range(levels)
    ]
    last = f"fragment F{levels} on Location {{ id }}"
    return f"{{ location(id: 1) {{ ...F0 }} }} {' '.join(fragments)} {last}"


def nested(levels: int) -> str:
    """Locations of EVSEs of locations."""
    inner = "id"
    for level in range(levels):
        inner = f"evses {{ {inner} }}" if level % 2 == 0 else f"location {{ {inner} }}"
    return f"{{ location(id: 1) {{ {inner} }} }}"


HOSTILE = {
    "fragment laughs": (spreads(20), "QUERY_TOO_COMPLEX"),
    "many lists": (
        "{" + " ".join(f"a{i}: locations(first: 100) {{ edges {{ node {{ evses {{ id }} }} }} }}"
                       for i in range(40)) + "}",
        "QUERY_TOO_COMPLEX",
    ),
    "variables as page sizes": (
        "query($n: Int!) {" + " ".join(
            f"a{i}: locations(first: $n) {{ edges {{ node {{ evses {{ id }} }} }} }}"
            for i in range(40)) + "}",
        "QUERY_TOO_COMPLEX",
    ),
    "depth": (nested(13), "QUERY_TOO_COMPLEX"),
    "dear counts": (
        "{" + " ".join(f"a{i}: locations(first: 100) {{ totalCount }}" for i in range(9)) + "}",
        "QUERY_TOO_COMPLEX",
    ),
    "aliases": (
        "{ location(id: 1) {" + " ".join(f"a{i}: id" for i in range(2500)) + "} }",
        "GRAPHQL_PARSE_FAILED",
    ),
    "page size": ("{ locations(first: 101) { totalCount } }", "PAGE_TOO_LARGE"),
    "huge page size": (f"{{ locations(first: {'9' * 5000}) {{ totalCount }} }}", "PAGE_TOO_LARGE"),
    "negative page size": ("{ locations(first: -1) { totalCount } }", "PAGE_TOO_LARGE"),
    "introspection, aliased": (
        "{" + " ".join(f"a{i}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}"
                       for i in range(20)) + "}",
        "QUERY_TOO_COMPLEX",
    ),
    "introspection, nested": (
        "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
        "QUERY_TOO_COMPLEX",
    ),
    "fragment cycle": (
        "{ location(id: 1) { ...A } } fragment A on Location { ...B } "
        "fragment B on Location { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "overlapping fields": (
        "{" + " ".join("location(id: 1) { id name city }" for _ in range(180)) + "}",
        "QUERY_TOO_COMPLEX",
    ),
    "directives": ("{ location(id: 1) { id " + "@include(if: true) " * 280 + "} }",
                   "GRAPHQL_VALIDATION_FAILED"),
    "mutation": ("mutation { x }", "GRAPHQL_VALIDATION_FAILED"),
    "unknown field": ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    "braces": ("{" * 1900, "GRAPHQL_PARSE_FAILED"),
    "lists in lists": ("{ location(id: " + "[" * 900 + "]" * 900 + ") { id } }", None),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_query_is_refused_before_execution_in_little_time(case: str) -> None:
    query, code = HOSTILE[case]
    Document("{ __typename }")  # imports and caches are not the query's fault
    began = time.process_time()

    document = Document(query)

    assert time.process_time() - began < 0.5  # 50 ms on a quiet machine
    if code is not None:
        assert document.errors
        codes = {(error.extensions or {}).get("code") for error in document.errors}
        assert codes == {code} or codes == {None}


@pytest.mark.parametrize(
    "query",
    [
        get_introspection_query(),
        """{ locations(first: 100) { totalCount edges { node { name evses { status connectors {
           standard tariffs { currency elements { priceComponents { price } } } } } } } } }""",
        "{ locations(first: 100) { edges { node { evses { connectors { price { text } } } } } } }",
        nested(7),
        "{" + " ".join(f"a{i}: location(id: {i}) {{ id name }}" for i in range(100)) + "}",
        "{ stats { locations } sources { name } coverage { metrics { code } } }",
    ],
    ids=["introspection", "all prices of a page", "shown prices", "deep", "many by id", "figures"],
)
def test_an_honest_query_is_not_refused(query: str) -> None:
    assert Document(query).errors == []
