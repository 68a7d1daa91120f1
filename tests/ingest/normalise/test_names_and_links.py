"""Countries, connector standards, EVSE-IDs and links: one spelling of each."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nop_ingest.context import Context
from nop_ingest.normalise import connectors, evse_ids, links
from nop_ingest.normalise.countries import alpha_2, alpha_3
from nop_ingest.report import Finding, Rejection
from nop_registry.records import ConnectorRecord, EvseRecord, LocationRecord

CONTEXT = Context(country="IN", received_at=datetime(2026, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IND", "IND"), ("in", "IND"), ("India", "IND"), ("भारत", "IND"), ("Polska", "POL"),
        ("NEDERLAND", "NLD"), ("Deutschland", "DEU"), ("XK", "XKX"), ("Atlantis", None),
        ("ZZ", None), ("", None),
    ],
)  # fmt: skip
def test_a_country_is_known_by_code_and_by_name(text: str, code: str | None) -> None:
    """DM-4."""
    assert alpha_3(text) == code
    assert alpha_2(text) == (None if code is None else alpha_2(code))


@pytest.mark.parametrize(
    ("given_name", "standard", "codes"),
    [
        ("IEC_62196_T2", "IEC_62196_T2", []),
        ("iec_62196_t2_combo", "IEC_62196_T2_COMBO", ["connector-standard-spelling"]),
        ("IEC_60309_2_THREE_32", "IEC_60309_2_three_32", ["connector-standard-spelling"]),
        ("GB/T (DC)", "GBT_DC", ["connector-standard-spelling"]),
        ("Type 2", "IEC_62196_T2", ["connector-standard-spelling"]),
        ("Bharat DC-001", "GBT_DC", ["connector-standard-spelling"]),
        ("CCS", "CCS", ["connector-standard-unknown"]),  # of two kinds: not guessed
        ("LEV_DC", "LEV_DC", ["connector-standard-unknown"]),
        ("", None, ["connector-no-standard"]),
    ],
)
def test_a_standard_is_named_as_ocpi_does_or_kept(
    given_name: str, standard: str | None, codes: list[str]
) -> None:
    findings: list[Finding] = []
    plug = ConnectorRecord(id="1", standard=given_name)
    settled = connectors.settle_connector(plug, CONTEXT, "evses[0].connectors[0]", findings)
    assert (settled.standard if settled else None) == standard
    assert [f.code for f in findings] == codes


def test_a_connector_without_an_id_is_numbered_by_its_place() -> None:
    findings: list[Finding] = []
    plug = ConnectorRecord(id=" ", standard="CHADEMO")
    settled = connectors.settle_connector(plug, CONTEXT, "evses[0].connectors[2]", findings)
    assert settled is not None and settled.id == "3"
    assert [f.code for f in findings] == ["connector-id-missing"]


def test_of_equal_uids_the_one_updated_last_is_kept() -> None:
    day = [datetime(2026, 5, day, tzinfo=UTC) for day in (1, 2)]
    placed = [
        ("evses[0]", EvseRecord(uid="a", last_updated=day[0], floor_level="0")),
        ("evses[1]", EvseRecord(uid="B", floor_level="1")),
        ("evses[2]", EvseRecord(uid="A", last_updated=day[1], floor_level="2")),
        ("evses[3]", EvseRecord(uid="b", floor_level="3")),
    ]
    findings: list[Finding] = []
    kept = evse_ids.drop_repeated(placed, findings)
    assert [(path, evse.floor_level) for path, evse in kept] == [
        ("evses[1]", "1"),
        ("evses[2]", "2"),
    ]
    assert [(type(f), f.path) for f in findings] == [
        (Rejection, "evses[0]"),
        (Rejection, "evses[3]"),
    ]


def test_odd_evse_ids_are_reported_and_stay_as_published() -> None:
    """DM-2: with and without stars, in any case, it is the same id."""
    ids = ["IN*TPC*E1", "intpce1", "charger 7", "+49*123*456", "DE*ABC*E9", "DE*ABC*E8"]
    placed = [(f"evses[{n}]", EvseRecord(uid=str(n), evse_id=text)) for n, text in enumerate(ids)]
    owner = LocationRecord(country_code="IN", party_id="TPC", id="1", lat=28.6, lon=77.2)
    findings: list[Finding] = []
    evse_ids.report_ids(owner, placed, findings)
    assert [(f.code, f.path) for f in findings] == [
        ("evse-id-duplicate", "evses[1].evse_id"),
        ("evse-id-format", "evses[2].evse_id"),
        ("evse-id-other-operator", "evses[4].evse_id"),  # once for the location
    ]


@pytest.mark.parametrize(
    ("given_link", "link"),
    [
        ("https://tpc.example/a?b=1&c=2", "https://tpc.example/a?b=1&c=2"),
        ("HTTP://tpc.example", "HTTP://tpc.example"),
        ("www.tpc.example", "https://www.tpc.example"),
        ("unipark.lt/", "https://unipark.lt/"),
        (" https://tpc.example ", "https://tpc.example"),
        ("javascript:alert(1)", None),
        ("data:text/html,<b>", None),
        ('https://a.example/" onload="x', None),
        ("ask at the desk", None),
        ("", None),
    ],
)
def test_only_web_addresses_become_links(given_link: str, link: str | None) -> None:
    findings: list[Finding] = []
    assert links.settle_link(given_link, "operator.website", findings) == link
    assert len(findings) == (link is None and given_link != "")
