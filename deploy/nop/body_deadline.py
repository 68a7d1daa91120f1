"""A body that drips in holds its request only so long, whatever route it is for."""

from __future__ import annotations

import asyncio
import re

from litestar.exceptions import HTTPException
from litestar.types import HTTPReceiveMessage, HTTPScope, Receive, WebSocketReceiveMessage

BODY_S = 30.0
"""For the whole body, from when it is first asked for."""
_HAS_ITS_OWN = re.compile(r"/uploads(/|$)")
"""Files take longer: nop_ingest.upload_api."""


def in_time(scope: HTTPScope, receive: Receive) -> Receive:
    """`receive` that raises HTTPException 408 when the body is not there in time.

    What comes after the body, such as the end of the connection, may be waited for without end.
    """
    if _HAS_ITS_OWN.match(scope["path"]):
        return receive
    ends_at: float | None = None
    is_whole = False

    async def receive_in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal ends_at, is_whole
        if is_whole:
            return await receive()
        ends_at = ends_at or asyncio.get_running_loop().time() + BODY_S
        try:
            async with asyncio.timeout_at(ends_at):
                message = await receive()
        except TimeoutError:
            raise HTTPException("the body took too long", status_code=408) from None
        is_whole = not message.get("more_body", False)
        return message

    return receive_in_time
