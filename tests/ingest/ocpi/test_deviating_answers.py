"""Failures as real servers spell them: none is taken for data (P3, P19, P26)."""

from __future__ import annotations

from typing import Any

import pytest

from nop_ingest.ocpi.errors import (
    AuthFailed,
    NotOcpi,
    OcpiError,
    PeerBusy,
    PeerError,
    PeerFailing,
)
from nop_ingest.ocpi.retrying import Patience

ANSWERS: dict[str, tuple[int, bytes, type[OcpiError]]] = {
    "P3 403 of a framework": (403, b'{"detail":"Not authenticated"}', AuthFailed),
    "P26 401 after DELETE": (401, b"", AuthFailed),
    "P26 a log-in page instead of 401": (200, b"<html>Log in</html>", NotOcpi),
    "P19 a page of the proxy": (502, b"<html>Bad gateway</html>", PeerFailing),
    "P19 a page that was cut": (200, b'{"status_code":1000,"data":[{"id":"L1"},{"i', NotOcpi),
    "P19 too many requests": (429, b"<html>", PeerBusy),
    "422 of a framework": (422, b'{"detail":[{"loc":["limit"]}]}', PeerError),
    "404 in an envelope of success": (400, b'{"status_code":1000,"data":[]}', PeerError),
}


@pytest.mark.parametrize(("status", "body", "error"), ANSWERS.values(), ids=ANSWERS)
def test_a_failure_is_not_taken_for_an_empty_list(
    operator: Any, reply: Any, status: int, body: bytes, error: type[OcpiError]
) -> None:
    """P3, P19, P26, TR-14: the crawl is not complete, so nothing can be missed by it."""
    operator.routes["/locations"] = lambda asked: reply(body, status)
    with operator.peer(patience=Patience(attempts=2, first_wait_s=0.01)) as peer:
        crawl = peer.pages("locations")
        with pytest.raises(error):
            list(crawl)
    assert not crawl.complete


@pytest.mark.parametrize(
    "content_type",
    [None, "text/plain", "text/html; charset=utf-8", "application/json; charset=ISO-8859-1"],
)
def test_the_content_type_of_an_answer_does_not_matter(
    operator: Any, reply: Any, content_type: str | None
) -> None:
    """TR-15."""
    good = operator.data(operator.objects[:10])
    headers = [("Content-Type", content_type)] if content_type else []
    operator.routes["/locations"] = lambda asked: reply(good.body, headers=headers)
    with operator.peer() as peer:
        pages = list(peer.pages("locations"))
    assert len(pages[0].items) == 10
