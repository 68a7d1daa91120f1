"""What all OCPI routes of the router have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import route
from litestar.types import Method

from nop_ingest.ocpi_server.refusals import HANDLERS
from nop_registry.access import Action

METHODS: Sequence[Method] = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""Served by one handler, so that those not defined are answered with an envelope (TR-13)."""


def ocpi_route(path: str, *, methods: Sequence[Method] = METHODS, **options: Any) -> route:
    """The decorator of an OCPI handler. `options`: further ones of Litestar's `route`."""
    return route(
        path,
        http_method=methods,
        exception_handlers=HANDLERS,
        action=Action.EXCHANGE_OCPI,
        **options,
    )
