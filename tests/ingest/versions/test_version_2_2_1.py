"""Decoding of OCPI 2.2.1: what must never happen to a page, an object or a sibling."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nop_ingest.ocpi.versions.v2_2_1 import VERSION
from nop_ingest.ocpi.versions.version import Context, Key
from nop_ingest.report import Finding, Notice, Rejection
from nop_registry.enums import Status
from nop_registry.records import LocationRecord, TariffRecord

GOLDEN = Path(__file__).parents[2] / "golden" / "ocpi_2_2_1"
USUAL: dict[str, Any] = json.loads((GOLDEN / "location_usual.json").read_text())
TARIFF: dict[str, Any] = json.loads((GOLDEN / "tariff_usual.json").read_text())
CONTEXT = Context(
    country="IN", received_at=datetime(2026, 6, 1, 12, tzinfo=UTC), default_country_code="IN"
)

ODD_TEXTS = [
    "", " ", "#NA", "null", "NaN", "1e400", "-0", "١٢", "\ud800", "a\u0000b", "\u202eevil", "<b>x",
    "&lt;script&gt;", "2026-01-01", "9" * 5000, "é" * 300, "true", "24:00", "0001-01-01T00:00:00Z",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(ODD_TEXTS),
)
ANY_JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "uid", "latitude", "text", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


def to_location(value: object) -> tuple[LocationRecord | None, list[Finding]]:
    return VERSION.to_location(json.dumps(value).encode(), CONTEXT)


def to_tariff(value: object) -> tuple[TariffRecord | None, list[Finding]]:
    return VERSION.to_tariff(json.dumps(value).encode(), CONTEXT)


def with_field(base: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    changed = copy.deepcopy(base)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


def _paths(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    found = [path] if path else []
    for key, item in inner:
        found += _paths(item, (*path, key))
    return found


def evse(uid: str, **fields: Any) -> dict[str, Any]:
    connector = {
        "id": "1", "standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE",
        "max_voltage": 400, "max_amperage": 32, "max_electric_power": 22000, "tariff_ids": ["T"],
        "last_updated": "2026-05-01T00:00:00Z",
    }  # fmt: skip
    return {
        "uid": uid, "evse_id": f"IN*TPC*E{uid}", "status": "AVAILABLE", "connectors": [connector],
        "last_updated": "2026-05-01T00:00:00Z",
    } | fields  # fmt: skip


THREE = USUAL | {"evses": [evse("A"), evse("B"), evse("C")]}


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_paths(USUAL)), ANY_JSON)
def test_any_value_in_any_field_of_a_location_is_survived(path: Any, value: object) -> None:
    raw = json.dumps(with_field(USUAL, path, value)).encode()
    record, findings = VERSION.to_location(raw, CONTEXT)
    key = VERSION.peek_location(raw)
    if record is None:
        assert any(isinstance(found, Rejection) for found in findings)
        return
    # What is stored can be written to the database, and its key is the one that was peeked.
    text = msgspec.json.encode(record).decode()
    assert "\\u0000" not in text
    assert (key.country_code or "IN", key.party_id, key.id) == (
        record.country_code,
        record.party_id,
        record.id,
    )


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(_paths(TARIFF)), ANY_JSON)
def test_any_value_in_any_field_of_a_tariff_is_survived(path: Any, value: object) -> None:
    raw = json.dumps(with_field(TARIFF, path, value)).encode()
    record, findings = VERSION.to_tariff(raw, CONTEXT)
    if record is None:
        assert any(isinstance(found, Rejection) for found in findings)
    else:
        assert msgspec.json.encode(record)
        assert VERSION.peek_tariff(raw).id == record.id


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from([(), *_paths(evse("B"))]), ANY_JSON)
def test_a_bad_evse_never_costs_its_siblings(path: Any, value: object) -> None:
    without, _ = to_location(THREE | {"evses": [evse("A"), evse("C")]})
    damaged, _ = to_location(with_field(THREE, ("evses", 1, *path), value))
    assert without is not None and damaged is not None
    siblings = [e for e in damaged.evses if e.uid in ("A", "C")]
    assert siblings == list(without.evses)


@given(st.binary(max_size=60))
def test_any_bytes_are_survived(raw: bytes) -> None:
    record, findings = VERSION.to_location(raw, CONTEXT)
    assert record is None
    assert findings
    assert VERSION.peek_location(raw) == Key(None, None, None) or raw.strip()[:1] in (b"{", b"[")


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"7", b"[" * 100_000, b'{"id":' * 50_000, b"\xff\xfe"]
)
def test_what_is_no_object_is_refused_with_a_reason(raw: bytes) -> None:
    record, findings = VERSION.to_location(raw, CONTEXT)
    assert record is None
    assert [type(found) for found in findings] == [Rejection]
    assert VERSION.peek_location(raw) == Key(None, None, None)


def test_a_usual_object_raises_no_finding() -> None:
    record, findings = to_location(USUAL)
    assert findings == []
    assert record is not None and record.evses[0].status is Status.AVAILABLE


def test_half_a_character_costs_only_itself() -> None:
    raw = json.dumps(USUAL | {"name": "Mall \ud83d"}).encode()
    record, findings = VERSION.to_location(raw, CONTEXT)
    assert record is not None and record.name == "Mall"
    assert [found.code for found in findings] == ["json-irregular"]
    assert VERSION.peek_location(raw) == Key("IN", "TPC", "LOC1")


@pytest.mark.parametrize("number", ["1e400", "1e999999999", "-1e99999999999999999999", "9" * 5000])
def test_a_number_beyond_all_measure_costs_only_its_field(number: str) -> None:
    raw = json.dumps(USUAL).replace("60000", number).encode()
    record, _ = VERSION.to_location(raw, CONTEXT)
    assert record is not None
    assert record.evses[0].connectors[0].max_electric_power_w == 62_500
    assert record.evses[0].connectors[0].power_derived


def test_the_key_is_spelt_like_the_record() -> None:
    raw = json.dumps(USUAL | {"country_code": "ind", "party_id": " tpc", "id": 17}).encode()
    record, _ = VERSION.to_location(raw, CONTEXT)
    assert VERSION.peek_location(raw) == Key("IN", "TPC", "17")
    assert record is not None
    assert (record.country_code, record.party_id, record.id) == ("IN", "TPC", "17")


def test_a_missing_party_comes_from_the_source() -> None:
    lonely = {
        name: value for name, value in USUAL.items() if name not in ("country_code", "party_id")
    }
    raw = json.dumps(lonely).encode()
    record, findings = VERSION.to_location(raw, CONTEXT)
    assert record is None
    assert [found.code for found in findings] == ["party-missing"]
    known = msgspec.structs.replace(CONTEXT, default_party_id="ABC")
    record, _ = VERSION.to_location(raw, known)
    assert record is not None and (record.country_code, record.party_id) == ("IN", "ABC")


@pytest.mark.parametrize("party", ["TPCX", "T", "T C", {"id": "TPC"}])
def test_an_odd_party_is_never_taken_for_the_sources_own(party: object) -> None:
    known = msgspec.structs.replace(CONTEXT, default_party_id="ABC")
    raw = json.dumps(USUAL | {"party_id": party}).encode()
    record, findings = VERSION.to_location(raw, known)
    if isinstance(party, str):
        assert record is None
        assert "party-unusable" in [found.code for found in findings]
    else:  # not a text at all: nothing was named
        assert record is not None and record.party_id == "ABC"


@pytest.mark.parametrize(
    ("given_value", "shown", "code"),
    [
        (True, True, None),
        ("false", False, None),
        (0, False, None),
        (None, True, "publish-missing"),
        ("perhaps", False, "publish-unreadable"),
    ],
)
def test_publish_is_shown_when_missing_and_hidden_when_unclear(
    given_value: object, shown: bool, code: str | None
) -> None:
    record, findings = to_location(USUAL | {"publish": given_value})
    assert record is not None and record.publish is shown
    assert [found.code for found in findings] == ([code] if code else [])


def test_an_unknown_status_is_unknown_and_said() -> None:
    """RE-9, P11."""
    record, findings = to_location(with_field(USUAL, ("evses", 0, "status"), "WORKING"))
    assert record is not None and record.evses[0].status is Status.UNKNOWN
    assert [(f.code, f.path, f.value) for f in findings] == [
        ("unknown-status", "evses[0].status", "WORKING")
    ]


def test_prices_keep_every_decimal() -> None:
    record, _ = to_tariff(TARIFF)
    assert record is not None
    assert record.elements[0].price_components[0].price == Decimal("18.4917")
    odd = with_field(TARIFF, ("elements", 0, "price_components", 0, "step_size"), "one")
    record, _ = to_tariff(odd)  # the careful way reads the same price
    assert record is not None
    assert record.elements[0].price_components[0].price == Decimal("18.4917")


@pytest.mark.parametrize(
    ("step", "kept"), [(0, 0), (2**31 - 1, 2**31 - 1), (-1, None), (2**31, None)]
)
def test_a_step_that_cannot_be_is_left_out_and_told_once(step: int, kept: int | None) -> None:
    """TA-9."""
    element = TARIFF["elements"][0]
    priced = [component | {"step_size": step} for component in element["price_components"]]
    record, findings = to_tariff(
        TARIFF | {"elements": [element | {"price_components": priced}] * 2}
    )
    assert record is not None
    assert record.elements[1].price_components[0].step_size == kept
    told = [(f.path, f.value) for f in findings if f.code == "step-size-unusable"]
    where = "elements[0].price_components[0].step_size"
    assert told == ([] if kept is not None else [(where, str(step))])


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("elements", 0, "price_components", 0, "type"), "SESSION_TIME", "unknown-dimension"),
        (("elements", 0, "price_components", 0, "price"), "cheap", "price-unreadable"),
        (("elements", 0, "price_components", 0, "price"), "NaN", "price-unreadable"),
        (("elements", 0, "price_components", 1), "FLAT 5", "unknown-dimension"),
        (("elements", 1), 14, "element-without-prices"),
        (("elements",), [], "tariff-without-elements"),
        (("currency",), "rupees", "currency-unusable"),
        (("min_price",), {"incl_vat": "?"}, "price-limit-unreadable"),
        (("start_date_time",), "01/03/2027", "validity-unreadable"),
        (("end_date_time",), {"until": 7}, "validity-unreadable"),
    ],
)
def test_a_price_that_could_be_misread_is_refused(path: Any, value: object, code: str) -> None:
    record, findings = to_tariff(with_field(TARIFF, path, value))
    assert record is None
    assert code in [found.code for found in findings if isinstance(found, Rejection)]


@pytest.mark.parametrize("number", ["1e400", "1e999999999", "1e99999999999999999999", "1e-999999"])
def test_a_price_beyond_all_measure_is_refused(number: str) -> None:
    raw = json.dumps(TARIFF).replace("18.4917", number).encode()
    assert VERSION.to_tariff(raw, CONTEXT)[0] is None
    restricted = json.dumps(TARIFF).replace("60.5", number).encode()
    record, _ = VERSION.to_tariff(restricted, CONTEXT)
    assert record is not None and record.elements[0].restrictions is not None
    assert record.elements[0].restrictions.unknown == ("max_power",)


@pytest.mark.parametrize(
    ("name", "value"),
    [("booking", "BOOKING"), ("start_time", "25:00"), ("day_of_week", ["SOMEDAY"]),
     ("reservation", "MAYBE"), ("max_kwh", "a lot")],
)  # fmt: skip
def test_a_restriction_that_is_not_understood_is_never_ignored(name: str, value: object) -> None:
    path = ("elements", 0, "restrictions", name)
    record, findings = to_tariff(with_field(TARIFF, path, value))
    assert record is not None and record.elements[0].restrictions is not None
    assert record.elements[0].restrictions.unknown == (name,)
    assert [f.code for f in findings if isinstance(f, Notice)] == ["unknown-restriction"]


def test_restrictions_that_are_no_object_never_match() -> None:
    record, _ = to_tariff(with_field(TARIFF, ("elements", 1, "restrictions"), "nights only"))
    assert record is not None and record.elements[1].restrictions is not None
    assert record.elements[1].restrictions.unknown == ("restrictions",)


def test_version_2_2_is_read_the_same_way() -> None:
    assert VERSION.number == "2.2.1"
    assert VERSION.aliases == ("2.2",)


def test_an_exception_without_its_begin_or_end_is_told_and_costs_only_itself() -> None:
    """HO-4: nobody can say when it holds."""
    whole = {"period_begin": "2026-12-25T00:00:00Z", "period_end": "2026-12-26T00:00:00Z"}
    begun = {"period_begin": "2026-12-31T00:00:00Z"}
    hours = {
        "twentyfourseven": True,
        "exceptional_closings": [begun, whole, {"period_end": "soon"}],
    }
    raw = json.dumps(USUAL | {"opening_times": hours}).encode()
    record, findings = VERSION.to_location(raw, CONTEXT)
    assert record is not None and record.opening_times is not None
    assert len(record.opening_times.exceptional_closings) == 1
    told = [f for f in findings if f.code == "exceptional-hours-incomplete"]
    assert [(f.path, f.message[:1]) for f in told] == [("opening_times.exceptional_closings", "2")]
