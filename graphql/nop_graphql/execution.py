"""From a request to its answer: checked once per document, then one statement and no executor.

A document is parsed, costed and validated once and kept. Its operation is compiled to a selection
that the registry answers with one SQL statement, as JSON; the bytes go into the answer as they are.
What cannot be compiled is executed by Strawberry, field by field, on the same schema.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, NamedTuple

import msgspec
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)
from psycopg import OperationalError
from psycopg.errors import QueryCanceled
from psycopg_pool import PoolTimeout

from nop_graphql.compiler import CompiledOperation, NotCompiled
from nop_graphql.limits import MAX_TOKENS, check_cost
from nop_graphql.loaders import Context
from nop_graphql.schema import SCHEMA
from nop_registry.errors import NopError
from nop_registry.queries.location_documents import read_documents
from nop_registry.shapes.selection import NotSelectable

_encode = msgspec.json.Encoder().encode


class GraphQLRequest(msgspec.Struct, frozen=True, rename="camel"):
    """A request as GraphQL over HTTP words it; other members are ignored."""

    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


class Answer(NamedTuple):
    """The body, and how it went."""

    body: bytes
    refused: bool = False
    """Not executed: the document or its variables are at fault."""
    unavailable: bool = False
    """The database cannot be reached; the same request may succeed later."""
    compiled: bool = False


async def answer(request: GraphQLRequest, context: Context) -> Answer:
    """Execute the request. Never raises for what a caller can cause."""
    document = DOCUMENTS.get(request.query)
    if document.errors:
        return Answer(_failure(document.errors), refused=True)
    operation = document.operation(request.operation_name)
    if operation is None:
        return Answer(_failure([_WHICH]), refused=True)
    try:
        wanted = operation.wanted(request.variables or {})
        async with context.pool.connection() as connection:
            pieces = await read_documents(connection, wanted)
        return Answer(b"".join((b'{"data":', *pieces, b"}")), compiled=True)
    except (NotCompiled, NotSelectable, NopError):
        return await execute_plainly(request, context)  # or it says what is wrong and where
    except (OperationalError, PoolTimeout) as error:
        return _broken(error)


_WHICH = GraphQLError(
    "operationName must name an operation of the document when it has none or several",
    extensions={"code": "OPERATION_RESOLUTION_FAILURE"},
)


async def execute_plainly(request: GraphQLRequest, context: Context) -> Answer:
    """Strawberry's own execution: any query of the schema, field by field."""
    result = await SCHEMA.execute(
        request.query,
        variable_values=request.variables,
        context_value=context,
        operation_name=request.operation_name,
    )
    errors = [_told(error) for error in result.errors or ()]
    body: dict[str, Any] = {"data": result.data}
    if errors:
        body["errors"] = errors
    return Answer(_encode(body), refused=result.data is None and bool(errors))


class Document:
    """A parsed and checked document: its operations, or what is wrong with it."""

    def __init__(self, text: str) -> None:
        self.errors: list[GraphQLError] = []
        self._operations: dict[str, CompiledOperation] = {}
        try:
            parsed = parse(text, max_tokens=MAX_TOKENS)
            check_cost(parsed)
            self.errors = validate(SCHEMA._schema, parsed, max_errors=10)
        except GraphQLError as error:
            self.errors = [error]
        except RecursionError:
            self.errors = [GraphQLError("the query is nested too deeply")]
        if not self.errors:
            self._operations = dict(_operations(parsed))

    def operation(self, name: str | None) -> CompiledOperation | None:
        """The operation of that name, or the only one; None when that does not say which."""
        if name:
            return self._operations.get(name)
        return next(iter(self._operations.values())) if len(self._operations) == 1 else None


def _operations(document: DocumentNode) -> list[tuple[str, CompiledOperation]]:
    return [
        (definition.name.value if definition.name else "", CompiledOperation(document, definition))
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]


class _Documents:
    """The documents used last."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, Document] = OrderedDict()

    def get(self, text: str) -> Document:
        found = self._kept.get(text)
        if found is None:
            found = self._kept[text] = Document(text)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(text)
        return found


DOCUMENTS = _Documents(most=256)


def _failure(errors: list[GraphQLError]) -> bytes:
    return _encode({"data": None, "errors": [_told(error) for error in errors]})


def _broken(error: Exception) -> Answer:
    told = _told(GraphQLError("", original_error=error))
    return Answer(_failure_of(told), unavailable=told["extensions"]["code"] == "UNAVAILABLE")


def _failure_of(told: dict[str, Any]) -> bytes:
    return _encode({"data": None, "errors": [told]})


def _told(error: GraphQLError) -> dict[str, Any]:
    """The error as a caller may read it: always with a code, never with our insides."""
    formatted: dict[str, Any] = dict(error.formatted)
    message, code = error.message, "GRAPHQL_VALIDATION_FAILED"
    cause = error.original_error
    if isinstance(error, GraphQLSyntaxError):
        code = "GRAPHQL_PARSE_FAILED"
    elif isinstance(cause, NopError):
        message, code = str(cause), "BAD_USER_INPUT"
    elif isinstance(cause, QueryCanceled):
        message, code = "the query took too long: ask for less at once", "TIMEOUT"
    elif isinstance(cause, (OperationalError, PoolTimeout)):
        message, code = "the database cannot be reached now: try again", "UNAVAILABLE"
    elif cause is not None and not isinstance(cause, GraphQLError):
        message, code = "internal error", "INTERNAL_ERROR"
    formatted["message"] = message[:500]
    formatted["extensions"] = {"code": code} | (error.extensions or {})
    return formatted
