from __future__ import annotations

from datetime import UTC, datetime

import pytest

from nop_ingest.context import Context
from nop_ingest.normalise.mojibake import find_meaning
from nop_ingest.normalise.steps import normalise_location
from nop_registry.records import BusinessDetails, DisplayText, LocationRecord

CONTEXT = Context(country="DE", received_at=datetime(2026, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("MÃ¤rket", "Märket"),
        ("CH√ÇTEAUBRIANT", "CHÂTEAUBRIANT"),
        ("MALKAPURâ€“AMBA", "MALKAPUR–AMBA"),
        ("Rue des Glaci�res", "Rue des Glaci�res"),
        ("Sugad Â€“ Ta", "Sugad Â€“ Ta"),
        ("????? ?? 1", "????? ?? 1"),  # Hindi, by Excel's plain CSV
        ("What? Here", None),
        ("Märket", None),
        ("Łódź, Çelik Sokağı", None),  # noqa: RUF001 - real names in their own letters
        ("НЭСК#5 Анапа 150кВт", None),  # noqa: RUF001 - real names in their own letters
        ("בניין משותף", None),
        ("नई दिल्ली", None),
    ],
)
def test_garbled_texts_are_told_from_foreign_ones(text: str, meant: str | None) -> None:
    assert find_meaning(text) == meant


def test_a_garbled_text_is_mended_and_told_and_an_id_is_left_alone() -> None:
    given = LocationRecord(
        country_code="DE", party_id="ABC", id="MÃ¤rket", lat=52.5, lon=13.4, name="MÃ¤rket",
        address="Glaci�res", operator=BusinessDetails(name="SÃ¼d"),
        directions=(DisplayText(language="de", text="Hinter dem GebÃ¤ude"),),
    )  # fmt: skip

    record, findings = normalise_location(given, CONTEXT)

    assert record is not None and record.id == "MÃ¤rket" and record.operator is not None
    assert (record.name, record.address, record.operator.name, record.directions[0].text) == (
        "Märket", "Glaci�res", "Süd", "Hinter dem Gebäude",
    )  # fmt: skip
    told = {(f.code, f.path, f.value) for f in findings if f.code.startswith("text-")}
    assert told == {
        ("text-mended", "name", "MÃ¤rket"),
        ("text-garbled", "address", "Glaci�res"),
        ("text-mended", "operator.name", "SÃ¼d"),
        ("text-mended", "directions[0].text", "Hinter dem GebÃ¤ude"),
    }
