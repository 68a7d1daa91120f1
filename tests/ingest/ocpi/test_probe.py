"""The probe against servers that are no operator at all, hostile ones, and slow ones."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from nop_ingest.ocpi.probe.run import ProbeReport, probe
from nop_ingest.ocpi.probe.verdicts import CHECKS, Book, Outcome

GIVEN = "s3cret-token"
LONG_AGO, NEVER = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
Operator = Any
NONSENSE = [
    b"", b"nonsense", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 100_000, b'{"status_code":1000}',
    b'{"status_code":1000,"data":3}', b'{"status_code":1000,"data":[1,null,"x",[],{}]}',
    b'{"status_code":1000,"data":{"endpoints":7,"version":[]}}', b"<html></html>",
    b'{"status_code":"1000","data":[{"id":{},"evses":7,"coordinates":[],"last_updated":5}]}',
    json.dumps({"status_code": 1000, "data": [
        {"id": "A", "party_id": [], "last_updated": LONG_AGO, "evses": [None, {"uid": []}]},
        {"id": "B", "country_code": 3, "last_updated": NEVER, "coordinates": {"latitude": {}}},
    ]}).encode(),
]  # fmt: skip


def look_at(operator: Operator, **options: Any) -> ProbeReport:
    defaults = {"country": "IN", "allow_loopback": True, "time_s": 20.0}
    return probe(operator.url("/versions"), GIVEN, **{**defaults, **options})


def outcomes(report: ProbeReport) -> dict[str, Outcome]:
    return {verdict.check: verdict.outcome for verdict in report.verdicts}


@pytest.mark.parametrize("place", ["/versions", "/2.2.1", "/locations"])
@pytest.mark.parametrize("body", NONSENSE, ids=range(len(NONSENSE)))
def test_no_answer_breaks_the_probe(
    operator: Operator, reply: Callable[..., Any], place: str, body: bytes
) -> None:
    """TR-15, PU-2: whatever comes, there is a verdict for every check."""
    operator.routes[place] = lambda asked: reply(body)
    report = look_at(operator)
    assert set(outcomes(report)) == set(CHECKS)
    assert all(verdict.found for verdict in report.verdicts)
    assert report.count(Outcome.FAIL) + report.count(Outcome.WARN) > 0


def test_a_list_that_takes_the_token_in_the_other_spelling_only_is_read_and_told(
    operator: Operator, reply: Callable[..., Any]
) -> None:
    """TR-1: versions and details took it in Base64."""
    usual = operator.routes["/locations"]
    operator.accepts = lambda value: True

    def only_raw(asked: Any) -> Any:
        raw = asked.headers["authorization"] == f"Token {GIVEN}"
        return usual(asked) if raw else operator.refusal

    operator.routes["/locations"] = only_raw
    report = look_at(operator)
    told = next(v for v in report.verdicts if v.check == "token-encoding")
    assert told.outcome is Outcome.WARN
    assert "locations take the token only as raw, not base64" in " ".join(told.found)
    assert [d.objects for d in report.deliveries] == [25]


def test_a_server_that_is_not_there_is_said_once(operator: Operator) -> None:
    report = probe("http://127.0.0.1:9/", GIVEN, country="IN", allow_loopback=True)
    assert [v.check for v in report.verdicts if v.outcome is Outcome.FAIL] == ["address"]
    assert report.why_ended and report.deliveries == []


def test_the_probe_ends_in_its_time_and_says_what_it_did_not_look_at(operator: Operator) -> None:
    """The contract takes under a minute whatever the peer does."""
    usual = operator.routes["/locations"]

    def slowly(asked: Any) -> Any:
        time.sleep(0.4)
        return usual(asked)

    operator.routes["/locations"] = slowly
    began = time.monotonic()
    report = look_at(operator, time_s=1.5)
    assert time.monotonic() - began < 12  # a busy machine included
    assert outcomes(report)["unknown-token"] is Outcome.SKIP
    assert report.why_ended == "no time was left (1.5 s)"


def test_the_token_goes_to_no_other_host(operator: Operator, other_host: Operator) -> None:
    """VE-8, TR-34: neither for details nor for a Link."""
    elsewhere = other_host.url("/").replace("127.0.0.1", "localhost")
    operator.routes["/locations"] = lambda asked: operator.data(
        [{"id": "A"}], ("Link", f'<{elsewhere}locations?offset=1>; rel="next"')
    )
    assert outcomes(look_at(operator))["paging-link"] is Outcome.FAIL
    operator.routes["/2.2.1"] = lambda asked: operator.data(
        {"endpoints": [{"identifier": "locations", "role": "SENDER", "url": elsewhere}]}
    )
    report = look_at(operator)
    assert outcomes(report)["endpoint-urls"] is Outcome.FAIL
    assert other_host.asked == []


def test_a_token_that_the_peer_writes_back_is_masked(operator: Operator) -> None:
    """TR-8."""
    operator.routes["/versions"] = lambda asked: operator.data(
        None, status_code=2001, status_message=f"{GIVEN} is unknown"
    )
    report = look_at(operator)
    assert GIVEN not in repr(report) and "*** is unknown" in repr(report)


def test_an_open_feed_is_read_without_versions_and_token(
    operator: Operator, reply: Callable[..., Any]
) -> None:
    """P22: a list without envelope or pages, under a URL that a person named."""
    operator.refusal = reply(json.dumps(operator.objects).encode())  # to whoever has no token
    report = probe(
        None, None, country="IN", allow_loopback=True,
        module_urls={"locations": operator.url("/locations")},
    )  # fmt: skip
    assert report.deliveries[0].objects == 25
    assert outcomes(report)["unknown-token"] is Outcome.SKIP
    assert outcomes(report)["whole-list"] is Outcome.PASS


def test_the_worst_of_what_was_seen_is_the_verdict() -> None:
    book = Book()
    book.passed("envelope", "fine")
    book.warn("envelope", "odd", "mend it")
    book.warn("envelope", "odd", "mend it")
    verdict = next(v for v in book.verdicts("not made") if v.check == "envelope")
    assert (verdict.outcome, verdict.found, verdict.mend) == (Outcome.WARN, ["odd"], ["mend it"])
    other = next(v for v in book.verdicts("not made") if v.check == "clock")
    assert (other.outcome, other.found) == (Outcome.SKIP, ["not made"])
