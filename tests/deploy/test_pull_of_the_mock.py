"""Whatever the mock does wrong, a pull ends with everything in the registry or says why not."""

from __future__ import annotations

import functools

import pytest
from mock_operator import VERSIONS, mock_cpo

from nop.mock.faults import FAULTS
from nop.mock.server import MockCpo
from nop.mock.tokens import STATIC_TOKEN
from nop_ingest.ocpi.client import OcpiPeer
from nop_ingest.ocpi.retrying import Patience
from nop_ingest.pull import PullReport, pull
from nop_registry.database import Connection
from nop_registry.errors import NopError
from nop_registry.store import sources

KEY = bytes(32)
LOCATIONS = 25
WHOLE = {"slow": "slow=0.05", "busy": "busy=7"}  # the waits are not what is tested here
# With these a part of the list never comes, or nobody can tell: the pull has to say so.
MUST_FAIL = {"endpoint-host", "total-too-high", "offset-ignored"}
OF_A_HANDSHAKE_OR_PUSH = {fault.name for fault in FAULTS.values() if not fault.check}
CASES = [
    (fault.name, "2.2.1" if "2.2.1" in fault.versions else fault.versions[0])
    for fault in FAULTS.values()
    if fault.name not in OF_A_HANDSHAKE_OR_PUSH | {"objects-move"}
]


def pull_mock(connection: Connection, mock: MockCpo, **options: bool) -> PullReport:
    with connection.transaction():
        sources.add_source(
            connection, name="mock", kind="ocpi", country_code="IN", token=STATIC_TOKEN, key=KEY,
            versions_url=mock.versions_url, allow_loopback=True, quirks={"party": "IN*MCK"},
        )  # fmt: skip
        source = sources.get_source(connection, "mock")
    return pull(connection, source, key=KEY, country="IN", **options)


def stored(connection: Connection) -> int:
    row = connection.execute("SELECT count(*) FROM location WHERE retired_at IS NULL").fetchone()
    assert row
    connection.rollback()
    return int(row[0])


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(attempts=4, first_wait_s=0.01, longest_wait_s=0.1)
    monkeypatch.setattr("nop_ingest.pull.OcpiPeer", functools.partial(OcpiPeer, patience=patience))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mock_without_faults_is_pulled_whole(connection: Connection, version: str) -> None:
    """PU-1, VE-3: in each version alone."""
    with mock_cpo(versions=(version,), locations=LOCATIONS, longest_page=10) as mock:
        report = pull_mock(connection, mock)
    assert report.version == version and not report.failed
    assert [m.tally.rejected for m in report.modules] == [0, 0]
    assert stored(connection) == LOCATIONS


@pytest.mark.parametrize(("name", "version"), CASES)
def test_a_pull_under_any_fault_is_whole_or_fails_honestly(
    connection: Connection, name: str, version: str
) -> None:
    """PU-1, PU-2, PU-4, PU-6, PU-9, PU-10, TR-5, TR-14, TR-15, TR-43, VE-3, VE-7, VE-8."""
    fault = WHOLE.get(name, name)
    with mock_cpo(fault, versions=(version,), locations=LOCATIONS, longest_page=10) as mock:
        try:
            report = pull_mock(connection, mock)
        except NopError as error:
            assert name in MUST_FAIL and str(error)
            return
    failures = [module.error for module in report.modules if module.error]
    assert report.failed == bool(failures)
    if name in MUST_FAIL:
        assert failures
    else:
        refused = report.modules[-1].tally.rejected
        assert not failures and stored(connection) + refused - _twins(name) == LOCATIONS


def test_pages_that_overlap_bring_nothing_twice(connection: Connection) -> None:
    """PU-9: the same object on two pages is a repetition, not a publisher's duplicate."""
    with mock_cpo("pages-overlap", locations=LOCATIONS, longest_page=10) as mock:
        tally = pull_mock(connection, mock).modules[-1].tally
    assert (tally.objects, tally.created, tally.repeated, tally.rejected) == (27, 25, 2, 0)


def test_objects_that_move_while_paging_are_there_after_the_next_pull(
    connection: Connection,
) -> None:
    """TR-42, PU-4: one pull cannot see them all, but none of them is retired."""
    with mock_cpo("objects-move", locations=LOCATIONS, longest_page=10) as mock:
        first = pull_mock(connection, mock).modules[-1].tally
        assert first.created < LOCATIONS and first.repeated > 0
        source = sources.get_source(connection, "mock")
        connection.rollback()
        again = pull(connection, source, key=KEY, country="IN", full=True)
    assert not again.failed and stored(connection) == LOCATIONS


def _twins(name: str) -> int:
    """A second object of one id is refused, but takes nobody's place."""
    return 1 if name == "duplicate-id" else 0
