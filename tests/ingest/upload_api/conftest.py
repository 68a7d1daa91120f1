from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient
from upload_description import Description
from upload_sending import Client, MakeHeader, Work

from nop import upload_jobs
from nop_ingest import upload_api
from nop_registry import settings
from nop_registry.access import make_key
from nop_registry.database import Connection
from nop_registry.store import api_keys, sources


@pytest.fixture
def client(database_url: str) -> Iterator[Client]:
    state = State({"pool": SimpleNamespace(conninfo=database_url), "settings": settings.load({})})
    app = Litestar(route_handlers=upload_api.ROUTES, state=state, openapi_config=None)
    with TestClient(app) as opened:
        opened.event_hooks["response"].append(Description(opened).check)
        yield opened


@pytest.fixture
def work(database_url: str, make_header: MakeHeader) -> Work:
    """What the worker does when it is woken."""

    def work_off() -> None:
        for source_id in (1, 2):
            upload_jobs.work_off_source(database_url, settings.load({}), source_id)

    return work_off


@pytest.fixture
def make_header(connection: Connection) -> MakeHeader:
    def make(
        source: str | None = None,
        scopes: tuple[str, ...] = ("upload", "roll_back"),
        parties: list[str] | None = None,
    ) -> dict[str, str]:
        made = make_key()
        with connection.transaction():
            source_id = sources.get_source(connection, source).id if source else None
            api_keys.add_key(
                connection, name="Asha", prefix=made.prefix, digest=made.digest,
                scopes=list(scopes), source_id=source_id, expires_at=None, parties=parties,
            )  # fmt: skip
        return {"Authorization": f"Bearer {made.key}"}

    with connection.transaction():
        for name in ("files", "other"):
            sources.add_source(connection, name=name, kind="upload", country_code="IN")
    return make
