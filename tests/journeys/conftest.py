"""The application on this test's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from nop.asgi import create_app


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Litestar]]:
    """A client of the application."""
    with TestClient(create_app(database_url)) as opened:
        yield opened
