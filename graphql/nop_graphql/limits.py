"""What a query may cost, known before it runs: one pass over the document, each fragment once.

A query costs the objects it may return: the product of page sizes and of the usual lengths of lists
along each path. Fragments are charged wherever they are spread, because that is what execution
does, but walked once, so the check is linear where naive depth limiters are exponential.
"""

from __future__ import annotations

from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
)

from nop_registry.queries.location_search import MAX_PAGE, LocationQuery

MAX_BODY_BYTES = 64 * 1024
MAX_TOKENS = 2_000
MAX_DEPTH = 10
MAX_FIELDS = 2_000
MAX_NODES = 10_000
MAX_REPEATS = 10

_MOST = 10**12
_PAGED = "locations"
_LENGTHS = {
    # of the registry
    "evses": 4,
    "connectors": 2,
    "tariffs": 1,
    "elements": 2,
    "priceComponents": 1,
    "images": 2,
    "directions": 2,
    "altText": 2,
    "regularHours": 7,
    "exceptionalOpenings": 2,
    "exceptionalClosings": 2,
    "sources": 100,
    "coverage": 40,
    "metrics": 10,
    # of introspection
    "types": 60,
    "fields": 10,
    "args": 2,
    "inputFields": 3,
    "enumValues": 5,
    "directives": 10,
}
"""Usual lengths of the lists that have no page size."""

# Answers that are dear to compute, whatever is selected of them.
_DEAR_VALUES = {"totalCount": 20}
_DEAR_OBJECTS = {"stats": 200, "coverage": 1_000, "price": 5}


class Cost(NamedTuple):
    """Of a selection: objects that may come, levels of nesting, fields written in the query."""

    nodes: int
    depth: int
    fields: int


def check_cost(document: DocumentNode) -> None:
    """Raise GraphQLError with extensions.code when an operation asks for too much."""
    walk = _Walk(document)
    for operation in document.definitions:
        if not isinstance(operation, OperationDefinitionNode):
            continue
        cost = walk.selection(operation.selection_set)
        limits = Cost(MAX_NODES, MAX_DEPTH, MAX_FIELDS)
        for what, asked, most in zip(Cost._fields, cost, limits, strict=True):
            if asked > most:
                many = str(asked) if asked < _MOST else "too many"
                raise _too_complex(f"the query asks for {many} {what}", most, operation)
        # Only now, when the fields with all their spreads are known to be few.
        repeats = walk.repeats([operation.selection_set])
        if repeats > MAX_REPEATS:
            raise _too_complex(f"the query names a field {repeats} times", MAX_REPEATS, operation)


def _too_complex(what: str, most: int, operation: OperationDefinitionNode) -> GraphQLError:
    return GraphQLError(
        f"{what}, the limit is {most}", operation, extensions={"code": "QUERY_TOO_COMPLEX"}
    )


class _Walk:
    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._known: dict[str, Cost] = {}
        self._open: set[str] = set()

    def selection(self, selection_set: SelectionSetNode) -> Cost:
        nodes = depth = fields = 0
        for item in selection_set.selections:
            if isinstance(item, FieldNode):
                cost = self._field(item)
            elif isinstance(item, FragmentSpreadNode):
                cost = self._fragment(item.name.value)
            else:
                cost = self.selection(item.selection_set)  # type: ignore[attr-defined]
            nodes, fields = min(nodes + cost.nodes, _MOST), min(fields + cost.fields, _MOST)
            depth = max(depth, cost.depth)
        return Cost(nodes, depth, fields)

    def repeats(self, merged: list[SelectionSetNode]) -> int:
        """How often the most repeated field stands where one answer is given to all its mentions.

        Whether mentions can be merged is checked pair by pair: the square of this number.
        """
        found: dict[str, list[FieldNode]] = {}
        for selection_set in merged:
            self._collect(selection_set, found)
        most = max(map(len, found.values()), default=0)
        for mentions in found.values():
            below = [field.selection_set for field in mentions if field.selection_set]
            if below and most <= MAX_REPEATS:
                most = max(most, self.repeats(below))
        return most

    def _collect(self, selection_set: SelectionSetNode, found: dict[str, list[FieldNode]]) -> None:
        for item in selection_set.selections:
            if isinstance(item, FieldNode):
                found.setdefault((item.alias or item.name).value, []).append(item)
            elif isinstance(item, FragmentSpreadNode):
                name = item.name.value
                if name in self._fragments and name not in self._open:
                    self._open.add(name)
                    self._collect(self._fragments[name].selection_set, found)
                    self._open.discard(name)
            else:
                self._collect(item.selection_set, found)  # type: ignore[attr-defined]

    def _field(self, field: FieldNode) -> Cost:
        name = field.name.value
        if field.selection_set is None:
            return Cost(_DEAR_VALUES.get(name, 0), 0, 1)
        below = self.selection(field.selection_set)
        length = _page_size(field) if name == _PAGED else _LENGTHS.get(name)
        # The standard introspection query is 14 levels deep; graphql-core bounds its recursion.
        depth = 0 if name.startswith("__") else below.depth + 1
        nodes = below.nodes if length is None else length * (1 + below.nodes)
        return Cost(nodes + _DEAR_OBJECTS.get(name, 0), depth, below.fields + 1)

    def _fragment(self, name: str) -> Cost:
        if name not in self._fragments or name in self._open:  # validation reports these
            return Cost(0, 0, 0)
        if name not in self._known:
            self._open.add(name)
            self._known[name] = self.selection(self._fragments[name].selection_set)
            self._open.discard(name)
        return self._known[name]


def _page_size(field: FieldNode) -> int:
    for argument in field.arguments or ():
        if argument.name.value != "first":
            continue
        value = argument.value
        if isinstance(value, VariableNode):
            return MAX_PAGE  # the question checks the value itself
        if not isinstance(value, IntValueNode):
            return LocationQuery().first
        # Its digits first: int() of a very long number is slow.
        if len(value.value) > 9 or not 0 <= int(value.value) <= MAX_PAGE:
            raise GraphQLError(
                f"first must be 0 to {MAX_PAGE}", field, extensions={"code": "PAGE_TOO_LARGE"}
            )
        return int(value.value)
    return LocationQuery().first
