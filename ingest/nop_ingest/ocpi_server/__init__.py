"""Our side of OCPI over HTTP: versions, credentials, the Receiver and the Sender interfaces.

Each module that defines ROUTES is found here and served by the web application; one that defines
`lifespan` runs while the application runs; what a module defines as DIRECT is served without a
router: a pattern of paths and a plain ASGI application. ELSEWHERE answers what no route does.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from litestar import Litestar

from nop_registry.discovery import find_parts

_this = sys.modules[__name__]
ROUTES = [route for part in find_parts(_this, "ROUTES") for route in part]
DIRECT = find_parts(_this, "DIRECT")
ELSEWHERE = {root: act for part in find_parts(_this, "ELSEWHERE") for root, act in part.items()}


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    """Run every module's own lifespan, by module name; they end in the opposite order."""
    async with AsyncExitStack() as stack:
        for part in find_parts(_this, "lifespan"):
            await stack.enter_async_context(part(app))
        yield
