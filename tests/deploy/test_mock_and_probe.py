"""Each fault of the mock CPO is what the conformance probe says it is: the contract of both."""

from __future__ import annotations

import pytest
from mock_operator import VERSIONS, mock_cpo

from nop.mock.faults import FAULTS, Fault
from nop.mock.server import MockCpo
from nop.mock.tokens import STATIC_TOKEN
from nop_ingest.ocpi.probe.run import ProbeReport, probe
from nop_ingest.ocpi.probe.verdicts import CHECKS, Outcome, Verdict

# Waiting is what these faults are about: in one version and with shorter waits.
QUICKER = {"slow": "slow=0.3", "busy": "busy=7"}
SEEN = [fault for fault in FAULTS.values() if fault.check or fault.finding]
CASES = [
    pytest.param(fault, version, id=f"{fault.name}-{version}")
    for fault in SEEN
    for version in (fault.versions[-1:] if fault.name in QUICKER else fault.versions)
]
UNSEEN = {
    "null-fields",  # legal
    # In a handshake or a push only
    "no-call-back", "credentials-201", "registered-401",
    "patch-no-time", "push-late", "push-raw-token", "patch-only",
}  # fmt: skip


def look_at(mock: MockCpo) -> ProbeReport:
    return probe(
        mock.versions_url, STATIC_TOKEN, country="IN", allow_loopback=True, slow_s=0.25, time_s=40
    )


def verdict_of(report: ProbeReport, check: str) -> Verdict:
    return next(verdict for verdict in report.verdicts if verdict.check == check)


def deviations(report: ProbeReport) -> dict[str, list[str]]:
    return {v.check: v.found for v in report.verdicts if v.outcome is not Outcome.PASS}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_mock_without_faults_passes_everything(version: str) -> None:
    """VE-1, VE-4, TR-1, TR-7, TR-10, TR-16, TR-17, TR-40, TR-41, TR-42, TR-43, PU-1, PU-15, DM-1,
    DM-12: the mock keeps them, and the probe sees that it does."""
    with mock_cpo(versions=(version,)) as mock:
        report = look_at(mock)
    assert deviations(report) == {}
    assert report.version == version and len(report.verdicts) == len(CHECKS)
    assert [(d.module, d.objects, d.rejected, d.complete) for d in report.deliveries] == [
        ("tariffs", 3, 0, True), ("locations", 40, 0, True),
    ]  # fmt: skip


@pytest.mark.parametrize(("fault", "version"), CASES)
def test_the_probe_names_each_fault_of_the_mock(fault: Fault, version: str) -> None:
    """TR-1, TR-2, TR-7, TR-10, TR-13, TR-14, TR-15, TR-16, TR-17, TR-19, TR-30, TR-32, TR-33,
    TR-40, TR-41, TR-42, TR-43, TR-45, VE-3, VE-4, VE-5, VE-7, VE-8, CR-1, CR-22, PU-2, PU-3, PU-4,
    PU-5, PU-6, PU-9, PU-10, PU-11, PU-12, PU-15, RE-4, RE-8, RE-9, DM-1, DM-3, DM-11, DM-12, TA-4,
    TA-12: whoever breaks one is told so, with how to mend it."""
    with mock_cpo(QUICKER.get(fault.name, fault.name), versions=(version,)) as mock:
        report = look_at(mock)
    if fault.check:
        verdict = verdict_of(report, fault.check)
        assert verdict.outcome in (Outcome.WARN, Outcome.FAIL), deviations(report)
        assert verdict.mend and verdict.rules
    if fault.finding:
        codes = {code.code for delivery in report.deliveries for code in delivery.codes}
        assert fault.finding in codes


def test_every_fault_is_noticed_or_known_to_be_out_of_sight() -> None:
    assert {fault.name for fault in FAULTS.values()} - {fault.name for fault in SEEN} == UNSEEN


@pytest.mark.parametrize("name", sorted(UNSEEN))
def test_faults_out_of_sight_leave_the_probe_content(name: str) -> None:
    """TR-19: what is empty may be null."""
    with mock_cpo(name) as mock:
        assert deviations(look_at(mock)) == {}


def test_the_token_is_nowhere_in_the_report() -> None:
    """TR-8: reports are sent around."""
    with mock_cpo("token-raw-only") as mock:
        report = look_at(mock)
    assert report.exchanges and STATIC_TOKEN not in repr(report)
