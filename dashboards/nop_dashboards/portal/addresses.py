"""Which page an answer belongs to: what a link to "this page" must name, after a form too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from litestar import Litestar, Request
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

_SAFE = frozenset({"GET", "HEAD"})
_PARAMETER = re.compile(r"\\\{\w+:(\w+)\\\}")
_HOME = "/portal"


def page_of(request: Request[Any, Any, Any]) -> str:
    """The path of this page, or of the nearest above it that can be opened.

    What a form is sent to often answers to POST alone: a link there would lead to an error.
    """
    path = request.url.path
    if request.method in _SAFE:
        return path
    while path.startswith(_HOME):
        if _opened(request.app).fullmatch(path):
            return path
        path = path.rpartition("/")[0]
    return _HOME


def _opened(app: Litestar) -> re.Pattern[str]:
    """What can be opened in the portal; made once an application."""
    known: re.Pattern[str] | None = app.state.get("portal_pages")
    if known is None:
        known = re.compile("|".join(_patterns(app.routes)))
        app.state["portal_pages"] = known
    return known


def _patterns(routes: Iterable[Any]) -> Iterable[str]:
    for route in routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith(_HOME):
            continue
        handlers = [h for h in route.route_handlers if isinstance(h, HTTPRouteHandler)]
        if any("GET" in handler.http_methods for handler in handlers):
            yield _PARAMETER.sub(
                lambda found: r"\d+" if found[1] == "int" else "[^/]+", re.escape(route.path)
            )
