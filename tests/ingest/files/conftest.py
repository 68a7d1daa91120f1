"""A source that files are sent to."""

from __future__ import annotations

import pytest

from nop_registry.database import Connection
from nop_registry.store import sources
from nop_registry.store.sources import Source


@pytest.fixture
def source(connection: Connection) -> Source:
    """Bound to no party."""
    with connection.transaction():
        return sources.add_source(connection, name="files", kind="upload", country_code="FR")
