"""The application on this test's database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from application import client_of
from litestar import Litestar
from litestar.testing import TestClient


@pytest.fixture
def client(database_url: str) -> Iterator[TestClient[Litestar]]:
    """A client of the application."""
    with client_of(database_url) as opened:
        yield opened
