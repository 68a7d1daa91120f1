"""The mock CPO on a loopback port, for tests of both its sides."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from loopback import listen, serve, url_of

from nop.mock.server import MockCpo
from nop.mock.switches import Switches

VERSIONS = ("2.1.1", "2.2.1", "2.3.0")


@contextlib.contextmanager
def mock_cpo(
    *faults: str, versions: tuple[str, ...] = VERSIONS, locations: int = 40, longest_page: int = 500
) -> Iterator[MockCpo]:
    """A running mock with these faults on."""
    listener = listen()
    mock = MockCpo(
        url_of(listener),
        versions=versions,
        seed=7,
        locations=locations,
        switches=Switches(faults),
        longest_page=longest_page,
    )
    with serve(mock, listener, lifespan="off", log_level="critical", access_log=False):
        yield mock
    mock.credentials.close()
