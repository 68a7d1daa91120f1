"""OCPI's envelope as real servers send it (TR-10, TR-14, TR-15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import msgspec
import pytest

from nop_ingest.ocpi.answers import open_answer
from nop_ingest.ocpi.egress import Answer
from nop_ingest.ocpi.envelope import parse_clock, parse_envelope
from nop_ingest.ocpi.errors import (
    AuthFailed,
    EndpointMissing,
    NotOcpi,
    OcpiError,
    PeerBusy,
    PeerError,
    PeerFailing,
)


@pytest.mark.parametrize(
    "body",
    [
        b'{"status_code":1000,"data":[{"id":"A"}],"timestamp":"2026-01-01T00:00:00Z"}',
        b'{"status_code":"1000","data":[{"id":"A"}]}',
        b'\xef\xbb\xbf{"status_code":1000,"data":[{"id":"A"}]}',
        b'{"status_code":1000,"data":{"id":"A"}}',
        b'{"status_code":1000.0,"data":[{"id":"A"}],"timestamp":17,"status_message":{"en":"x"}}',
        b'{"status_code":1000,"extra":1,"data":[{"id":"A"}],"status_message":null}',
    ],
    ids=["usual", "status as text", "BOM", "one object", "odd types", "extra field"],
)
def test_a_deviating_envelope_is_read(body: bytes) -> None:
    """TR-15."""
    envelope = parse_envelope(body)
    assert [msgspec.json.decode(item) for item in envelope.items] == [{"id": "A"}]
    assert envelope.status_code == 1000


@pytest.mark.parametrize("data", [b"", b',"data":null', b',"data":[]'])
def test_absent_and_null_data_are_an_empty_list(data: bytes) -> None:
    """TR-15."""
    assert parse_envelope(b'{"status_code":1000' + data + b"}").items == []


def test_an_undecodable_object_does_not_cost_its_neighbours() -> None:
    """PU-2: bytes that are not UTF-8 are found when the object is decoded, not before."""
    items = parse_envelope(b'{"status_code":1000,"data":[{"a":"\xff"},{"a":"b"}]}').items
    assert msgspec.json.decode(items[1]) == {"a": "b"}


@pytest.mark.parametrize("text", ["Köln", "Köln €"])
def test_a_stated_latin_1_is_believed_only_when_the_body_is_not_utf_8(text: str) -> None:
    """TR-15."""
    encoding = "latin-1" if text == "Köln" else "utf-8"
    body = f'{{"status_code":1000,"data":["{text}"]}}'.encode(encoding)
    items = parse_envelope(body, "application/json; charset=ISO-8859-1").items
    assert msgspec.json.decode(items[0]) == text


@pytest.mark.parametrize(
    ("body", "retriable"),
    [
        (b"<html>maintenance</html>", True),
        (b"", True),
        (b'{"status_code":1000,"data":[', True),
        (b'{"status_code":1000,"data":' + b"[" * 100_000, True),
        (b'[{"id":"A"}]', False),
        (b'{"detail":"hello"}', False),
        (b'{"status_code":"fine"}', False),
        (b'{"status_code":1e400}', False),
    ],
)
def test_what_is_no_envelope_is_told(body: bytes, retriable: bool) -> None:
    """TR-14 (7): only what may be a passing fault is asked for again."""
    with pytest.raises(NotOcpi) as caught:
        parse_envelope(body)
    assert caught.value.retriable is retriable


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21T10:00:00Z", "2026-11-21T10:00:00", "2026-11-21 12:00:00+02:00",
        "2026-11-21T10:00:00.000000000Z", "Sat, 21 Nov 2026 10:00:00 GMT",
    ],
)  # fmt: skip
def test_the_peers_clock_is_read_in_all_spellings(text: str) -> None:
    """TR-30."""
    assert parse_clock(text) == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "0001-01-01T00:00:00+14:00"])
def test_an_unreadable_clock_is_none(text: str) -> None:
    assert parse_clock(text) is None


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, httpx2.Headers(named), body, "https://operator.example/", len(body))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, b'{"status_code":2001}', AuthFailed),
        (403, b"<html>", AuthFailed),
        (404, b"<html>", EndpointMissing),
        (429, b"", PeerBusy),
        (503, b"", PeerBusy),
        (500, b'{"status_code":3000}', PeerFailing),
        (200, b'{"status_code":2001,"status_message":"bad date"}', PeerError),
        (200, b'{"status_code":3000,"data":[]}', PeerError),
        (400, b'{"status_code":2001}', PeerError),
        (422, b'{"detail":[]}', PeerError),
        (200, b'{"detail":[]}', NotOcpi),
        (304, b"", NotOcpi),
    ],
)
def test_failures_are_told_apart(status: int, body: bytes, error: type[OcpiError]) -> None:
    """TR-14."""
    with pytest.raises(error):
        open_answer(answer(status, body))


def test_the_peers_message_is_quoted_short_and_without_control_characters() -> None:
    body = msgspec.json.encode({"status_code": 2001, "status_message": "bad\x1b[2J\n" + "x" * 900})
    with pytest.raises(PeerError, match=r"2001 \(HTTP 200\): bad \[2J") as caught:
        open_answer(answer(200, body))
    assert len(str(caught.value)) < 300


def test_retry_after_is_read_as_seconds_date_and_reset() -> None:
    """TR-14 (5)."""
    soon = datetime.now(UTC) + timedelta(seconds=900)
    found = []
    for headers in (
        {"retry_after": "900"},
        {"retry_after": format_datetime(soon, usegmt=True)},
        {"x_ratelimit_reset": "900"},
        {"x_ratelimit_reset": str(int(soon.timestamp()))},
    ):
        with pytest.raises(PeerBusy) as caught:
            open_answer(answer(429, **headers))
        found.append(caught.value.retry_after_s)
    assert all(s is not None and 600 < s <= 900 for s in found)
