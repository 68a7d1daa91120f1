"""The operator's portal: pages for people who signed in. Each module that defines ROUTES is served.

Every handler below declares `action=`: what it lets somebody do (nop_registry.access). The router
asks for it before the handler runs, so that a page which declares nothing opens to nobody.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from litestar import Litestar, Router

from nop_dashboards.portal import doorkeeper, view
from nop_registry.discovery import find_parts

_this = sys.modules[__name__]
ROUTES = [
    Router(
        path="/",
        route_handlers=[route for part in find_parts(_this, "ROUTES") for route in part],
        guards=[doorkeeper.enter],
        exception_handlers=view.PROBLEMS | doorkeeper.ANSWERS,
        include_in_schema=False,
    )
]
before_send = doorkeeper.before_send
ELSEWHERE = {"portal": view.answer_elsewhere}


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Run every module's own lifespan, by module name; they end in the opposite order."""
    async with AsyncExitStack() as stack:
        for part in find_parts(_this, "lifespan"):
            await stack.enter_async_context(part(app))
        yield
