"""From a validated GraphQL operation to the selection that the registry answers with one statement.

What it returns is neutral: names of the registry's fields, nested. It knows nothing of SQL, and the
registry nothing of GraphQL. Whatever is unusual raises NotCompiled, and the general executor
answers instead: the same schema, the same answer, field by field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLIncludeDirective,
    GraphQLObjectType,
    GraphQLSkipDirective,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_variable_values
from strawberry.types.arguments import convert_arguments

from nop_graphql.filters import location_query
from nop_graphql.schema import SCHEMA
from nop_registry.queries.location_documents import EvseByEvseId, LocationById, Wanted
from nop_registry.queries.location_search import LocationQuery
from nop_registry.shapes.selection import Pick

_CORE = SCHEMA._schema
_DIRECTIVES = {"skip": GraphQLSkipDirective, "include": GraphQLIncludeDirective}


class NotCompiled(Exception):
    """The operation needs the general executor."""


class _Root(NamedTuple):
    """A field of Query: its nodes (merged) and what is selected of it."""

    key: str
    name: str
    node: FieldNode
    picks: tuple[Pick, ...]


class CompiledOperation:
    """One operation of a document, with its selections kept per value of its directives."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self._operation = operation
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._switches = sorted(set(_switches(document)))
        self._roots: dict[tuple[object, ...], list[_Root]] = {}

    def wanted(self, variables: dict[str, Any]) -> list[Wanted]:
        """The questions of this request. Raises NotCompiled, or InvalidInput from the registry."""
        if self._operation.operation.value != "query":
            raise NotCompiled("only queries are compiled")
        values = get_variable_values(_CORE, self._operation.variable_definitions or (), variables)
        if isinstance(values, list):
            raise NotCompiled("a variable has a wrong value")  # the executor says which
        switches = tuple(values.coerced.get(name) for name in self._switches)
        roots = self._roots.get(switches)
        if roots is None:
            roots = list(_Collector(self._fragments, values).roots(self._operation.selection_set))
            if len(self._roots) < _MOST_SWITCHED:
                self._roots[switches] = roots
        return [Wanted(root.key, _question(root, values), root.picks) for root in roots]


def _question(root: _Root, values: VariableValues) -> LocationQuery | LocationById | EvseByEvseId:
    field = _fields(cast(GraphQLObjectType, _CORE.query_type))[root.name]
    definition = field.extensions["strawberry-definition"]
    arguments = convert_arguments(
        get_argument_values(field, root.node, values),
        definition.arguments,
        scalar_registry=SCHEMA.schema_converter.scalar_registry,
        config=SCHEMA.config,
    )
    match root.name:
        case "location":
            return LocationById(**arguments)
        case "evse":
            return EvseByEvseId(**arguments)
        case _:
            return location_query(**arguments)


_MOST_SWITCHED = 32
"""Values of directives for which a document keeps its selection: an attacker might send all."""

_QUESTIONS = {"location", "evse", "locations"}


class _Collector:
    """Collects the fields of selection sets as the specification does, and nests them as picks."""

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], values: VariableValues
    ) -> None:
        self._fragments, self._values = fragments, values

    def roots(self, selection_set: SelectionSetNode) -> Iterator[_Root]:
        query_type = cast(GraphQLObjectType, _CORE.query_type)
        for key, nodes in self._merged([selection_set]).items():
            name = nodes[0].name.value
            if name not in _QUESTIONS:
                raise NotCompiled(f"{name} is not compiled")
            field = _fields(query_type)[name]
            yield _Root(key, name, nodes[0], self._picks(field, nodes))

    def _picks(self, field: GraphQLField, nodes: list[FieldNode]) -> tuple[Pick, ...]:
        """What is selected of the object (or objects) that the field gives."""
        kind = cast(GraphQLObjectType, get_named_type(field.type))
        fields = _fields(kind)
        picks = []
        for key, found in self._merged([n.selection_set for n in nodes if n.selection_set]).items():
            name = found[0].name.value
            if name == "__typename":
                picks.append(Pick(key, name))
                continue
            below = fields[name]
            if below.args:
                raise NotCompiled(f"{kind.name}.{name} has arguments")
            python_name = below.extensions["strawberry-definition"].python_name
            nested = self._picks(below, found) if found[0].selection_set else ()
            picks.append(Pick(key, python_name, nested))
        return tuple(picks)

    def _merged(self, selection_sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """Fields by their key in the answer, in the order of their first mention."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection_set in selection_sets:
            self._collect(selection_set, found, seen)
        return found

    def _collect(
        self, selection_set: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                key = (node.alias or node.name).value
                found.setdefault(key, []).append(node)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in seen:
                    seen.add(name)
                    self._collect(self._fragments[name].selection_set, found, seen)
            else:  # an inline fragment; all types are objects, so a validated one applies
                self._collect(node.selection_set, found, seen)  # type: ignore[attr-defined]

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            kind = _DIRECTIVES.get(directive.name.value)
            if kind is None:
                raise NotCompiled(f"@{directive.name.value} is not compiled")
            condition = get_argument_values(kind, directive, self._values)["if"]
            if condition != (directive.name.value == "include"):
                return False
        return True


def _fields(kind: GraphQLObjectType) -> Mapping[str, GraphQLField]:
    fields: Mapping[str, GraphQLField] = kind.fields
    return fields


def _switches(document: DocumentNode) -> Iterator[str]:
    """Names of the variables that directives depend on."""
    stack: list[Any] = list(document.definitions)
    while stack:
        node = stack.pop()
        for directive in cast("tuple[DirectiveNode, ...]", node.directives or ()):
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
        selection_set = getattr(node, "selection_set", None)
        stack.extend(selection_set.selections if selection_set else ())
