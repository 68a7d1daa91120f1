from __future__ import annotations

import csv
import io

import pytest

from nop_ingest.upload_report import RowFinding, UploadReport, neutralised, write_findings
from nop_registry.enums import Severity


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\ufeff=1", "\u3000=1", "\uff1d1", "\r=1"],
)
def test_a_text_that_a_spreadsheet_would_run_is_neutralised_in_the_report(text: str) -> None:
    out = io.StringIO()
    finding = RowFinding(3, text, text, "code", Severity.ERROR, f"{text} is odd")
    write_findings([finding], out)
    _, row = csv.reader(io.StringIO(out.getvalue(), newline=""))

    assert row[0] == "3"
    assert [cell[0] for cell in (row[1], row[2], row[5])] == ["'", "'", "'"]
    assert row[2][1:] == text


def test_a_plain_text_is_left_as_it_is() -> None:
    assert neutralised("12, Market Road - East") == "12, Market Road - East"


def test_a_shortened_report_tells_how_much_it_left_off() -> None:
    finding = RowFinding(1, "a", None, "code", Severity.INFO, "")
    whole = UploadReport(source="s", filename="f", sha256="", state="preview",
                         findings=[finding] * 5, findings_left_off=2)  # fmt: skip
    short = whole.shortened(3)

    assert (len(short.findings), short.findings_left_off) == (3, 4)
    assert whole.shortened(9).findings_left_off == 2
