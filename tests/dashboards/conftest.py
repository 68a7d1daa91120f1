"""The real application on a small nation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient
from small_nation import SmallNation

from nop_registry.database import Connection


@pytest.fixture
def nation(connection: Connection) -> SmallNation:
    """An empty nation to write stations into."""
    return SmallNation(connection)


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Litestar]]:
    """A client of the application on this test's database."""
    with client_of(database_url) as opened:
        yield opened
