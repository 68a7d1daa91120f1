"""Resolvers with a description: strawberry.field() as a typed decorator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

_Resolver = TypeVar("_Resolver", bound=Callable[..., Any])


def described(description: str) -> Callable[[_Resolver], _Resolver]:
    """A field answered by the decorated function, with this text in the schema."""
    return cast(Callable[[_Resolver], _Resolver], strawberry.field(description=description))
